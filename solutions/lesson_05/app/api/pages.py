"""What a person sees who types the bare address into a browser."""

from pathlib import Path

# region 5.1
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from fastapi.templating import Jinja2Templates

from app.api.deps import SessionDep
from app.crud import recipes

# starter: from fastapi import APIRouter, Request
# starter:
# endregion
router = APIRouter()

TEMPLATES = Path(__file__).parent.parent / "templates"


# region 5.1 Fill the template with the newest recipes; a page is no part of the API
templates = Jinja2Templates(directory=TEMPLATES)


@router.get("/", response_class=HTMLResponse, include_in_schema=False)
def read_root(request: Request, session: SessionDep) -> HTMLResponse:
    """Welcome a visitor and show what came last."""
    return templates.TemplateResponse(
        request, "index.html", {"title": request.app.title, "recipes": recipes.get_newest(session, 10)}
    )


# starter: @router.get("/")
# starter: def read_root(request: Request) -> dict[str, str]:
# starter:     """Welcome a visitor and say where the documentation is."""
# starter:     return {"message": f"Welcome to the {request.app.title}", "docs": "/docs"}
# endregion
