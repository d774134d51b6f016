"""The journal. Only version 2 has one."""

from fastapi import APIRouter, Depends
from sqlalchemy import select

from app.api.deps import UNAUTHENTICATED, Page, SessionDep, require_role
from app.models import Entry, Role
from app.schemas.entry import EntryOut

# A dependency of the router holds for all of its routes, also for the one that somebody adds next year.
router = APIRouter(dependencies=[Depends(require_role(Role.ADMIN))], responses=UNAUTHENTICATED)


@router.get("/")
def list_entries(session: SessionDep, page: Page) -> list[EntryOut]:
    """Read who did what, the newest first."""
    query = select(Entry).order_by(Entry.id.desc()).offset(page.skip).limit(page.limit)
    return [EntryOut.model_validate(entry) for entry in session.scalars(query)]
