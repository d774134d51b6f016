"""The learner's app for ``workbook serve``: always from current source, and still there when it is broken.

uvicorn calls ``create`` in a process of its own, again after every save.
"""

from __future__ import annotations

import importlib
import multiprocessing
import os
import sys
import threading
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from workbook.service import fresh

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    Application = Callable[..., Awaitable[None]]

FOLDER = "WORKBOOK_LIVE_FOLDER"
"""The environment variable that holds the lesson's folder."""
APP = "WORKBOOK_LIVE_APP"
"""The environment variable that holds ``module:attribute``."""


def create() -> Application:
    """Import the app. When that fails, say why, and answer every request with it until the next save."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    folder, (module, _, attribute) = Path(os.environ[FOLDER]), os.environ[APP].partition(":")
    fresh.install(folder)
    sys.path.insert(0, str(folder))
    os.chdir(folder)
    try:
        found = getattr(importlib.import_module(module), attribute)
    except Exception as fault:
        text = words_for(fault, folder)
        print(f"{text}\nSave a file to try again.", file=sys.stderr, flush=True)
        return _broken(text)
    return cast("Application", found)


def _end_with_parent() -> None:
    """Do not go on holding the port when ``workbook serve`` was killed, as by closing its terminal."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(0)


def words_for(fault: BaseException, folder: Path) -> str:
    """A traceback without the frames of libraries and of the workbook."""
    story = traceback.TracebackException.from_exception(fault)
    own = [frame for frame in story.stack if Path(frame.filename).is_relative_to(folder)]
    lines = [f'  File "{_short(frame.filename, folder)}", line {frame.lineno}\n    {frame.line}\n' for frame in own]
    what = [line.replace(str(folder) + os.sep, "") for line in story.format_exception_only()]
    return f"The app can not be started:\n{''.join([*lines, *what])}".rstrip()


def _short(name: str, folder: Path) -> str:
    return Path(name).relative_to(folder).as_posix()


def _broken(text: str) -> Application:
    body = text.encode()

    async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await _live(receive, send)
        elif scope["type"] == "http":
            headers = [(b"content-type", b"text/plain; charset=utf-8")]
            await send({"type": "http.response.start", "status": 500, "headers": headers})
            await send({"type": "http.response.body", "body": body})

    return application


async def _live(receive: Any, send: Any) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
