"""What a person sees who types the bare address into a browser."""

from pathlib import Path

from fastapi import APIRouter, Request

router = APIRouter()

TEMPLATES = Path(__file__).parent.parent / "templates"


# Exercise 5.1: Fill the template with the newest recipes; a page is no part of the API
@router.get("/")
def read_root(request: Request) -> dict[str, str]:
    """Welcome a visitor and say where the documentation is."""
    return {"message": f"Welcome to the {request.app.title}", "docs": "/docs"}
