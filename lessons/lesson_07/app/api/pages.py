"""What a person sees who types the bare address into a browser."""

from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from fastapi.templating import Jinja2Templates

from app.api.deps import SessionDep
from app.crud import recipes

router = APIRouter()

TEMPLATES = Path(__file__).parent.parent / "templates"


templates = Jinja2Templates(directory=TEMPLATES)


@router.get("/", response_class=HTMLResponse, include_in_schema=False)
def read_root(request: Request, session: SessionDep) -> HTMLResponse:
    """Welcome a visitor and show what came last."""
    return templates.TemplateResponse(
        request, "index.html", {"title": request.app.title, "recipes": recipes.get_newest(session, 10)}
    )
