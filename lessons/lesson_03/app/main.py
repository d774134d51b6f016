"""The recipe service, put together from its parts. The one module that knows them all."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.cors import CORSMiddleware
from sqlalchemy import Engine
from sqlalchemy.exc import DataError
from sqlalchemy.orm import sessionmaker

from app.api import health, pages, recipes, shopping, tastings, users
from app.api.errors import answer_invalid_request, answer_unstorable_value
from app.core.config import Settings
from app.db.base import Base
from app.db.session import make_engine


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
    """What happens before the first request, above ``yield``, and after the last one, below it.

    ``create_all`` makes the tables that are missing; it never changes one that is there. Lesson 12 does that.
    """
    engine: Engine = app.state.engine
    Base.metadata.create_all(engine)
    yield
    engine.dispose()


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
        lifespan=lifespan,
    )
    app.state.ready = True
    app.state.engine = make_engine(settings.database_url)
    app.state.sessions = sessionmaker(app.state.engine)
    app.add_exception_handler(RequestValidationError, answer_invalid_request)
    app.add_exception_handler(DataError, answer_unstorable_value)
    app.add_middleware(CORSMiddleware, allow_origins=settings.cors_origins, allow_methods=["*"], allow_headers=["*"])
    app.include_router(pages.router)
    app.include_router(health.router)
    app.include_router(recipes.router)
    app.include_router(users.router)
    app.include_router(tastings.router)
    app.include_router(shopping.router)
    return app


app = create_app()
