"""The recipe service, put together from its parts. The one module that knows them all."""

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.cors import CORSMiddleware

from app.api import health, pages, recipes, shopping, tastings, users
from app.api.errors import answer_invalid_request
from app.core.config import Settings
from app.store import put_store


def create_app(settings: Settings | None = None) -> FastAPI:
    """Put one service together, independent of every other.

    Args:
        settings: what this service runs with; read from the environment when left out.

    Returns:
        The service, ready to be served.

    Raises:
        pydantic.ValidationError: a setting is missing from the environment.
        pydantic_settings.SettingsError: a setting in the environment cannot be read.
    """
    if settings is None:
        settings = Settings()  # pyright: ignore[reportCallIssue]  # the environment gives what is missing here
    app = FastAPI(
        title=settings.project_name,
        version=settings.version,
        debug=settings.debug,
        contact={"email": settings.contact_email},
        responses={400: {"description": "The request cannot be read."}},
    )
    app.state.ready = True
    put_store(app)
    app.add_exception_handler(RequestValidationError, answer_invalid_request)
    app.add_middleware(CORSMiddleware, allow_origins=settings.cors_origins, allow_methods=["*"], allow_headers=["*"])
    app.include_router(pages.router)
    app.include_router(health.router)
    app.include_router(recipes.router)
    app.include_router(users.router)
    app.include_router(tastings.router)
    app.include_router(shopping.router)
    return app


app = create_app()
