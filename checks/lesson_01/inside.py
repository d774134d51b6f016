"""Questions about the inside of the learner's service. They are asked in its process; the checks judge the answers."""

from __future__ import annotations

import contextlib
import importlib
import inspect
import json
import os
import re
import tempfile
from collections.abc import Callable, Generator, Iterator, Sequence
from pathlib import Path
from typing import Any
from unittest.mock import patch

import fastapi
import httpx
from fastapi.routing import iter_route_contexts
from pydantic import TypeAdapter
from starlette.routing import BaseRoute

_SETTINGS = ("PROJECT_NAME", "VERSION", "DEBUG", "CONTACT_EMAIL", "CORS_ORIGINS")
_ANYTHING = TypeAdapter[Any](Any)
Env = dict[str, str]


def missing(names: list[str]) -> list[str]:
    """Say which of these names (``"app.main:create_app"``) the learner's modules do not have yet."""
    found: list[str] = []
    for module, _, name in (text.partition(":") for text in names):
        if not hasattr(importlib.import_module(module), name):
            found.append(f"{module.replace('.', '/')}.py has no {name} yet")
    return found


def router_routes() -> dict[str, str]:
    """Include the router of ``app.api.recipes`` alone in an empty service: what each address after /recipes is called.

    Parameters in an address become ``{}``.
    """
    from app.api.recipes import router

    service = fastapi.FastAPI()
    service.include_router(router, prefix="/mounted")
    routes: dict[str, str] = {}
    for path, operations in service.openapi()["paths"].items():
        address = path.removeprefix("/mounted").removeprefix("/recipes").rstrip("/")
        routes[re.sub(r"\{.*?\}", "{}", address)] = operations.get("get", {}).get("summary", "")
    return routes


def addresses() -> list[tuple[str, bool]]:
    """Every address that the running service answers GET at, also where the documentation does not show it.

    Returns:
        The address, ``{}`` for a parameter, and whether a route of the router in ``app.api.recipes`` answers there.
    """
    from app.api.recipes import router
    from app.main import app

    moved = [endpoint for _, endpoint in _served(router.routes)]
    own = (app.openapi_url, app.docs_url, app.redoc_url, app.swagger_ui_oauth2_redirect_url)
    served = [(path, endpoint) for path, endpoint in _served(app.routes) if path not in own]
    return [(re.sub(r"\{.*?\}", "{}", path), endpoint in moved) for path, endpoint in served]


def _served(routes: Sequence[BaseRoute], prefix: str = "") -> Iterator[tuple[str, Callable[..., Any] | None]]:
    for route in iter_route_contexts(routes):
        path = prefix + (route.path or "")
        mounted: Sequence[BaseRoute] | None = getattr(route.original_route, "routes", None)
        if mounted:
            yield from _served(mounted, path)
        elif "GET" in (route.methods or ()):
            yield path, route.endpoint


def settings_from(env: Env, dotenv: str = "") -> dict[str, Any]:
    """Make ``Settings()`` where these settings and no others are set: its five fields, or why it cannot be made.

    Args:
        env: the environment variables.
        dotenv: the text of a ``.env`` file in the current folder.
    """
    from app.core.config import Settings

    with _only(env), tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        if dotenv:
            Path(".env").write_text(dotenv, encoding="utf-8")
        try:
            settings = Settings()  # pyright: ignore[reportCallIssue] - its fields come from the environment
        except Exception as error:
            return {"error": f"{type(error).__name__}: {' '.join(str(error).split())}"}
        return {
            name: _ANYTHING.dump_python(getattr(settings, name.lower()), mode="json", fallback=repr)
            for name in _SETTINGS
        }


def debug_mode() -> bool:
    """Whether the running service shows the details of a crash."""
    from app.main import app

    return app.debug


def crash_at(path: str) -> None:
    """Give the running service a route that crashes."""
    from app.main import app

    def crash() -> None:
        raise RuntimeError("the pot boiled over")

    app.add_api_route(path, crash, include_in_schema=False)


def set_ready(value: bool) -> None:
    """Set the flag of the running service."""
    from app.main import app

    app.state.ready = value


async def services(
    settings: list[Env | None], steps: list[tuple[int, str | bool]] | None = None, around: Env | None = None
) -> dict[str, Any]:
    """Make services with ``create_app``, start them, and take steps.

    Args:
        settings: one entry for each service: the variables that its ``Settings`` are made from, or None to call
            ``create_app()`` without any.
        steps: ``(0, "/ready")`` sends a request to the first service, ``(0, False)`` sets its flag.
        around: the settings in the environment while the services are made; None leaves those of the service.

    Returns:
        ``held``: what the settings of ``app`` and of each service hold; ``shown``: what the services show of them, app
        before the others are made; ``flags``: what each one's flag is once it has started; ``statuses``: of the
        requests; ``different``: whether no two services are the same; ``made_once``: whether the settings of a bare
        call are a default value, which is made when ``def`` is run.
    """
    from app.core.config import Settings
    from app.main import app, create_app

    known = [os.environ, around or {}, *(env for env in settings if env)]
    origins = [origin for env in known for origin in json.loads(env.get("CORS_ORIGINS", "[]"))]
    own = Settings()  # pyright: ignore[reportCallIssue]
    held, shown = [_held(own)], [await _shown(app, origins)]
    made: list[fastapi.FastAPI] = []
    with contextlib.nullcontext() if around is None else _only(around):
        for env in settings:
            with contextlib.nullcontext() if env is None else _only(env):
                own = Settings()  # pyright: ignore[reportCallIssue]
            made.append(create_app() if env is None else create_app(settings=own))
            held.append(_held(own))
    statuses: list[int] = []
    async with contextlib.AsyncExitStack() as stack:
        clients: list[httpx.AsyncClient] = []
        for service in made:
            await stack.enter_async_context(service.router.lifespan_context(service))
            clients.append(await stack.enter_async_context(_client(service)))
        flags = [repr(getattr(service.state, "ready", "missing")) for service in made]
        for number, step in steps or []:
            if isinstance(step, bool):
                made[number].state.ready = step
            else:
                statuses.append((await clients[number].get(step)).status_code)
        shown += [await _shown(service, origins) for service in made]
    different = len({id(one) for one in (app, *made)}) == len(made) + 1
    made_once = any(isinstance(one.default, Settings) for one in inspect.signature(create_app).parameters.values())
    found = {"held": held, "shown": shown, "flags": flags, "statuses": statuses, "different": different}
    return {**found, "made_once": made_once}


def _client(service: fastapi.FastAPI) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(service, raise_app_exceptions=False), base_url="http://service"
    )


def _held(settings: Any) -> dict[str, Any]:
    return {
        "title": settings.project_name,
        "version": settings.version,
        "contact": settings.contact_email,
        "debug": bool(settings.debug),
        "origins": [str(origin) for origin in settings.cors_origins],
    }


async def _shown(service: fastapi.FastAPI, origins: list[str]) -> dict[str, Any]:
    """What a service shows of its settings; of the origins, which of these it lets in."""
    info = service.openapi()["info"]
    async with _client(service) as client:
        replies = [await client.get("/", headers={"Origin": origin}) for origin in origins]
    return {
        "title": info["title"],
        "version": info["version"],
        "contact": info.get("contact", {}).get("email"),
        "debug": service.debug,
        "origins": [
            origin
            for origin, reply in zip(origins, replies, strict=True)
            if "access-control-allow-origin" in reply.headers
        ],
    }


@contextlib.contextmanager
def _only(env: Env) -> Generator[None]:
    """Let these settings be set for a while, and no others."""
    with patch.dict(os.environ):
        for name in _SETTINGS:
            os.environ.pop(name, None)
        os.environ.update(env)
        yield
