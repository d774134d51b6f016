"""What a person sees who types the bare address into a browser."""

from fastapi import APIRouter, Request

router = APIRouter(tags=["pages"])


@router.get("/")
def read_root(request: Request) -> dict[str, str]:
    """Welcome a visitor and say where the documentation is."""
    return {"message": f"Welcome to the {request.app.title}", "docs": "/docs"}
