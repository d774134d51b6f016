"""Tasting evenings: what would one cost?"""

from datetime import timedelta

from fastapi import APIRouter

from app.schemas.tasting import TastingQuote, TastingRequest

router = APIRouter(prefix="/tastings", tags=["tastings"])


@router.post("/quote")
def quote_tasting(evening: TastingRequest) -> TastingQuote:
    """Work out how long an evening lasts and what it brings in. Nothing is created, so the answer is 200, not 201."""
    return TastingQuote(
        title=evening.title,
        minutes=(evening.ends_at - evening.starts_at) // timedelta(minutes=1),
        total_cents=evening.attendees * evening.price_cents,
    )
