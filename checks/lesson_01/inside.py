"""Questions about the inside of the learner's service. It runs in the service's process, and reports facts only."""

from __future__ import annotations

import contextlib
import importlib
import io
import os
import re
import sys
import threading
from collections.abc import Generator
from pathlib import Path
from typing import Any, ClassVar

import fastapi
import httpx

_SETTINGS = ("PROJECT_NAME", "VERSION", "DEBUG", "CONTACT_EMAIL", "CORS_ORIGINS")


def missing(names: list[str]) -> list[str]:
    """Say which of these names (``"app.main:create_app"``) the learner's modules do not have yet."""
    found: list[str] = []
    for module, _, name in (text.partition(":") for text in names):
        if not hasattr(importlib.import_module(module), name):
            found.append(f"{module.replace('.', '/')}.py has no {name} yet")
    return found


def router_addresses() -> list[str]:
    """Mount the router of ``app.api.recipes`` alone in an empty service, and list the addresses it brings."""
    from app.api.recipes import router

    service = fastapi.FastAPI()
    service.include_router(router, prefix="/mounted")
    addresses = [path.removeprefix("/mounted").removeprefix("/recipes") for path in service.openapi()["paths"]]
    return sorted({re.sub(r"\{.*?\}", "{}", address.rstrip("/")) for address in addresses})


def settings_from(env: dict[str, str]) -> dict[str, Any]:
    """Make ``Settings()`` in an environment that has these settings and no others, and report its fields."""
    with _environment(env), _forgotten_modules():
        settings = importlib.import_module("app.core.config").Settings()
        return {name.lower(): getattr(settings, name.lower()) for name in _SETTINGS}


def loading(env: dict[str, str]) -> dict[str, Any]:
    """Load ``app.main`` afresh in an environment that has these settings and no others, and report what came of it."""
    with _environment(env), _forgotten_modules():
        try:
            app = importlib.import_module("app.main").app
        except (Exception, SystemExit) as refusal:
            return {"loaded": False, "refusal": f"{type(refusal).__name__}: {refusal}"}
        return {"loaded": True, "debug": app.debug}


async def services(
    make: list[dict[str, Any] | None],
    steps: list[dict[str, Any]] | None = None,
    env: dict[str, str] | None = None,
) -> dict[str, Any]:
    """Make services with ``create_app``, start them, take steps, and report every answer.

    Parameters:
        make: one entry for each service: the arguments of its ``Settings``, or None to call ``create_app()`` bare.
        steps: ``{"service": 0, "get": "/path", "headers": {}}`` or ``{"service": 0, "ready": false}``, in order.
        env: settings of the environment meanwhile, beside those of the running service.
    """
    from app.core.config import Settings
    from app.main import app, create_app

    replies: list[dict[str, Any]] = []
    async with contextlib.AsyncExitStack() as stack:
        stack.enter_context(_environment(env, keep=True))
        made = [create_app() if wish is None else create_app(Settings(**wish)) for wish in make]
        clients: list[httpx.AsyncClient] = []
        for service in made:
            await stack.enter_async_context(service.router.lifespan_context(service))
            client = httpx.AsyncClient(transport=httpx.ASGITransport(service), base_url="http://service")
            clients.append(await stack.enter_async_context(client))
        facts = [{"title": service.title, "version": service.version} for service in made]
        for step in steps or []:
            number: int = step["service"]
            if "ready" in step:
                made[number].state.ready = step["ready"]
                continue
            reply = await clients[number].get(step["get"], headers=step.get("headers"))
            replies.append({"status": reply.status_code, "headers": dict(reply.headers), "json": _json(reply)})
    return {
        "services": facts,
        "replies": replies,
        "different": len({id(service) for service in [app, *made]}) == len(made) + 1,
    }


def imported_alone(without_settings: bool = False) -> dict[str, dict[str, Any]]:
    """Import each module of ``app`` first, as in a fresh Python, and report what that did.

    Parameters:
        without_settings: take the settings of the service out of the environment meanwhile.
    """
    _install_watch()
    with _environment({} if without_settings else None):
        return {name: _import_alone(name) for name in _modules()}


def _import_alone(name: str) -> dict[str, Any]:
    printed = io.StringIO()
    fault = None
    with (
        _forgotten_modules(),
        contextlib.redirect_stdout(printed),
        contextlib.redirect_stderr(printed),
        _watching() as seen,
    ):
        try:
            importlib.import_module(name)
        except (Exception, SystemExit) as raised:
            # Python names the file at the end, in brackets; the module's name says enough
            fault = re.sub(r" \(\S+\.py\)$", "", f"{type(raised).__name__}: {raised}")
    loads_main = _LOAD_MAIN in seen
    touched = [event for event in seen if event != _LOAD_MAIN]
    return {"fault": fault, "loads_main": loads_main, "printed": printed.getvalue(), "touched": touched}


def _modules() -> list[str]:
    folder = Path(importlib.import_module("app").__path__[0])
    names: list[str] = []
    for file in sorted(folder.rglob("*.py")):
        if file.name == "__main__.py":
            continue  # a script by its very name: it is run, not imported
        parts = ("app", *file.relative_to(folder).with_suffix("").parts)
        names.append(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
    return names


def _json(reply: httpx.Response) -> Any:
    try:
        return reply.json()
    except ValueError:
        return reply.text


@contextlib.contextmanager
def _environment(env: dict[str, str] | None, keep: bool = False) -> Generator[None]:
    """Set these settings for a while; unless ``keep``, take away all others. None leaves everything as it is."""
    before = dict(os.environ)
    if env is not None:
        for name in () if keep else _SETTINGS:
            os.environ.pop(name, None)
        os.environ.update(env)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextlib.contextmanager
def _forgotten_modules() -> Generator[None]:
    """Let Python forget the learner's modules for a while, as if none had been imported yet."""
    kept = _take_modules()
    try:
        yield
    finally:
        _take_modules()
        sys.modules.update(kept)


def _take_modules() -> dict[str, Any]:
    names = [name for name in sys.modules if name == "app" or name.startswith("app.")]
    return {name: sys.modules.pop(name) for name in names}


class _Watch:
    """What the watched thread does to the world outside of it. An audit hook stays for ever, so there is one."""

    installed: ClassVar = False
    thread: ClassVar[int | None] = None
    seen: ClassVar[list[str]] = []


_LOAD_MAIN = "import app.main"
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_TRUNC
_TOUCHING = (
    "os.mkdir",
    "os.remove",
    "os.rename",
    "os.system",
    "socket.bind",
    "socket.connect",
    "sqlite3.connect",
    "subprocess.Popen",
)


def _install_watch() -> None:
    if not _Watch.installed:
        _Watch.installed = True
        sys.addaudithook(_note)


def _note(event: str, args: tuple[Any, ...]) -> None:
    if _Watch.thread != threading.get_ident():
        return
    if event == "import" and args[0] == "app.main":
        _Watch.seen.append(_LOAD_MAIN)
    elif event in _TOUCHING:
        _Watch.seen.append(event)
    elif event == "open" and _is_write(*args):
        _Watch.seen.append(f"open {Path(os.fsdecode(args[0])).name}")


def _is_write(path: Any, mode: Any, flags: Any) -> bool:
    if not isinstance(path, (str, bytes)) or ".pyc" in os.fsdecode(path) or os.fsdecode(path) == os.devnull:
        return False
    return any(letter in mode for letter in "wax+") if isinstance(mode, str) else bool(flags & _WRITING)


@contextlib.contextmanager
def _watching() -> Generator[list[str]]:
    seen: list[str] = []
    _Watch.seen = seen
    _Watch.thread = threading.get_ident()
    try:
        yield seen
    finally:
        _Watch.thread = None
