"""The recipe service, put together from its parts. The one module that knows them all."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.cors import CORSMiddleware
from sqlalchemy import Engine
from sqlalchemy.exc import DataError
from sqlalchemy.orm import sessionmaker

from app.api import health, pages
from app.api.api_v1.api import api_router as api_v1
from app.api.api_v2.api import api_router as api_v2
from app.api.deprecation import HeadersBelow, deprecation_headers
from app.api.errors import answer_forbidden, answer_invalid_request, answer_refusal, answer_unstorable_value
from app.api.metadata import DESCRIPTION, TAGS, Service, name_operations
from app.api.process_time import ProcessTime
from app.clients.reddit import RedditClient
from app.core.config import Settings
from app.crud.errors import Conflict
from app.db.base import Base
from app.db.init_db import add_first_admin
from app.db.session import make_engine
from app.services.permissions import NotAllowed
from app.services.recipes import TooManyRecipes


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
    """What happens before the first request, above ``yield``, and after the last one, below it.

    ``create_all`` makes the tables that are missing; it never changes one that is there. Lesson 12 does that.
    """
    engine: Engine = app.state.engine
    settings: Settings = app.state.settings
    Base.metadata.create_all(engine)
    with app.state.sessions() as session:
        add_first_admin(session, settings)
    async with RedditClient(
        settings.reddit_url, timeout=settings.reddit_timeout, most_at_once=settings.reddit_most_at_once
    ) as reddit:
        app.state.reddit = reddit
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
    app = Service(
        title=settings.project_name,
        version=settings.version,
        description=DESCRIPTION,
        openapi_tags=TAGS,
        openapi_url=f"{settings.API_V1_STR}/openapi.json",
        generate_unique_id_function=name_operations(),
        debug=settings.debug,
        contact={"email": settings.contact_email},
        responses={400: {"description": "The request cannot be read."}},
        lifespan=lifespan,
    )
    app.state.settings = settings
    app.state.ready = True
    app.state.engine = make_engine(settings.database_url)
    app.state.sessions = sessionmaker(app.state.engine)
    app.add_exception_handler(RequestValidationError, answer_invalid_request)
    app.add_exception_handler(DataError, answer_unstorable_value)
    app.add_exception_handler(Conflict, answer_refusal)
    app.add_exception_handler(TooManyRecipes, answer_refusal)
    app.add_exception_handler(NotAllowed, answer_forbidden)
    app.add_middleware(CORSMiddleware, allow_origins=settings.cors_origins, allow_methods=["*"], allow_headers=["*"])
    app.add_middleware(ProcessTime)
    app.add_middleware(HeadersBelow, prefix=settings.API_V1_STR, headers=deprecation_headers(settings))
    app.include_router(pages.router)
    app.include_router(health.router)
    app.include_router(
        api_v1,
        prefix=settings.API_V1_STR,
        deprecated=True,
        generate_unique_id_function=name_operations("v1"),
    )
    app.include_router(api_v2, prefix=settings.API_V2_STR, generate_unique_id_function=name_operations("v2"))
    return app


app = create_app()
