# region 1.2
"""The recipe service, put together from its parts. The one module that knows them all."""

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware

from app.api import health, pages, recipes
from app.core.config import Settings


# endregion
# region 1.5
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
    )
    app.state.ready = True
    # endregion
    # region 1.4
    app.add_middleware(CORSMiddleware, allow_origins=settings.cors_origins, allow_methods=["*"], allow_headers=["*"])
    # endregion
    # region 1.2
    app.include_router(pages.router)
    app.include_router(health.router)
    app.include_router(recipes.router)
    # endregion
    # region 1.5
    return app


app = create_app()
# endregion
