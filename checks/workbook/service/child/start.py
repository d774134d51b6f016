"""The first steps of a service process: its own output, environment and folder, then ``serve``."""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import socket
import sys
import warnings
from typing import Any

from workbook.service.protocol.loopback import HOST, listen
from workbook.service.protocol.spec import Spec

LIBRARIES = (
    "anyio._backends._asyncio",
    "fastapi",
    "pydantic.v1",  # FastAPI imports it with the first route
    "pydantic_settings",
    "uvicorn",
    "uvicorn.lifespan.on",
    "uvicorn.protocols.http.auto",
    "uvicorn.protocols.websockets.auto",
    "uvloop",
)
"""What every service needs, and would import by itself at the latest when it starts."""


OWN = ("workbook.service.child.serve", "workbook.service.child.imports")
"""What a service runs of ours. It is imported ahead, since a service in a sandbox cannot read our files."""


def become_service(spec: Spec, http: socket.socket, control: socket.socket) -> None:
    """Turn this process into the service: never returns."""
    os.environ.clear()
    os.environ.update(spec.env)
    os.chdir(spec.folder)
    if sys.platform != "win32":
        _no_core_dumps()
    sys.path[:] = [entry for entry in sys.path if entry not in ("", ".")]
    from workbook.service.child.serve import serve

    serve(spec, http, control)


def _no_core_dumps() -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main() -> None:
    """Start from a JSON line on standard input: the way without ``fork``, on macOS and Windows."""
    order: dict[str, Any] = json.loads(sys.stdin.readline())
    spec = Spec.from_json(order["spec"])
    if "sockets" in order:
        http, control = (socket.socket(fileno=number) for number in order["sockets"])
    else:
        http, control = _over_tcp(order["port"], order["token"])
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    # Before the clock of the learner's own start runs.
    import_all(LIBRARIES + spec.preload)
    become_service(spec, http, control)


def import_all(libraries: tuple[str, ...]) -> None:
    """Import libraries ahead of the learner's code. What is not installed is the business of whoever imports it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Python 3.14 warns of pydantic.v1
        for library in libraries:
            with contextlib.suppress(ImportError):
                importlib.import_module(library)


def _over_tcp(port: int, token: str) -> tuple[socket.socket, socket.socket]:
    http = listen()
    control = socket.create_connection((HOST, port))
    control.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    hello = {"event": "hello", "token": token, "http": http.getsockname()[1]}
    control.sendall(json.dumps(hello).encode() + b"\n")
    return http, control


if __name__ == "__main__":
    main()
