"""Serve one lesson's app. This runs in the service process, with the learner's code in it.

The checks process hands over two connections: a listening socket for HTTP, on which uvicorn serves the app, and a
control channel, on which probes are read and functions are called. A thread of its own answers the control channel,
so that it can say where the learner's code hangs.
"""

from __future__ import annotations

import asyncio
import faulthandler
import os
import socket
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import uvicorn

from workbook.service.child import source_loader
from workbook.service.child.calls import Caller
from workbook.service.child.load import LoadFailed, load_app
from workbook.service.child.omissions import find_omissions
from workbook.service.child.probes import Probes, Scope
from workbook.service.child.tracing import Tracer, innermost, name_of, text_of
from workbook.service.database import strict_sqlite
from workbook.service.protocol.channel import Channel, ChannelClosed
from workbook.service.protocol.problem import Problem, ProblemKind
from workbook.service.protocol.spec import Spec

_LOOP_SECONDS = 1.0


class _Server(uvicorn.Server):
    """uvicorn, which tells the control channel when it answers requests."""

    def __init__(self, config: uvicorn.Config, control: Control) -> None:
        super().__init__(config)
        self._control = control

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(self._control.saw_loop_fault)
        self._control.loop = loop
        await super().startup(sockets)
        self._control.send({"event": "ready"})


class Control:
    """The service's end of the control channel."""

    def __init__(self, channel: Channel, spec: Spec, tracer: Tracer) -> None:
        self._channel = channel
        self._tracer = tracer
        self.probes = Probes(tracer)
        self.loop: asyncio.AbstractEventLoop | None = None
        self.server: uvicorn.Server | None = None
        self.app: Any = None
        self._caller = Caller(tracer, spec.inside)

    def send(self, message: dict[str, Any]) -> None:
        """Tell the checks process something; without it, there is nobody to serve."""
        try:
            self._channel.send(message)
        except ChannelClosed:
            os._exit(0)

    def fail(self, problem: Problem) -> None:
        """Report why the service cannot start, and end."""
        self.send({"event": "failed", "problem": problem.to_json()})
        _flush()
        os._exit(1)

    def saw_loop_fault(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Note what asyncio would only print: an exception in a task that nobody awaited."""
        fault = context.get("exception")
        if isinstance(fault, BaseException):
            self.probes.saw_exception(fault)

    def listen(self) -> None:
        """Answer commands until the checks process is gone. Runs in a thread of its own."""
        while True:
            try:
                command = self._channel.receive()
            except ChannelClosed:
                os._exit(0)
            if command is None:
                continue
            try:
                self._obey(command)
            except Exception as fault:
                self.send({"id": command.get("id"), "error": f"{name_of(fault)}: {text_of(fault)}"})

    def _obey(self, command: dict[str, Any]) -> None:
        number = command["id"]
        match command["do"]:
            case "collect":
                self.send({"id": number, "result": self.probes.collect()})
            case "begin":
                self.probes.clear()
                self.send(
                    {
                        "id": number,
                        "result": {"out": self.probes.connections.out, "stuck": self.probes.connections.stuck},
                    }
                )
            case "where":
                place, on_loop = self._tracer.running()
                self.send({"id": number, "result": asdict(place) if place else None, "on_loop": on_loop})
            case "watch":
                self.probes.clear()
                self.probes.measure_memory()
                self._on_loop(self.probes.start_heartbeat)
                self.send({"id": number, "result": None})
            case "unwatch":
                self._on_loop(self.probes.stop_heartbeat)
                self.send({"id": number, "result": self.probes.collect(settled=True)})
            case "routes":
                self.send({"id": number, "result": _openapi(self.app)})
            case "omissions":
                self.send({"id": number, "result": find_omissions(self._tracer)})
            case "call":
                threading.Thread(target=self._call, args=(command,), daemon=True).start()
            case "stop":
                if self.server is not None:
                    self.server.should_exit = True
            case other:
                self.send({"id": number, "error": f"unknown command {other!r}"})

    def _on_loop(self, action: Callable[[asyncio.AbstractEventLoop], None]) -> None:
        """Run something on the event loop, and wait until it has run; not for ever, since the loop may be blocked."""
        loop = self.loop
        if loop is None:
            return
        done = threading.Event()

        def act() -> None:
            action(loop)
            done.set()

        loop.call_soon_threadsafe(act)
        done.wait(_LOOP_SECONDS)

    def _call(self, command: dict[str, Any]) -> None:
        self.send({"id": command["id"], "result": self._caller.call(command, self.loop)})


def _openapi(app: Any) -> Any:
    make = getattr(app, "openapi", None)
    return make() if callable(make) else None


def serve(spec: Spec, http: socket.socket, control: socket.socket) -> None:
    """Serve until told to stop. The process's environment, folder and output are already the service's own."""
    folder = Path(spec.folder)
    tracer = Tracer(folder)
    channel = Channel(control)
    desk = Control(channel, spec, tracer)
    faulthandler.enable(all_threads=False)
    sys.dont_write_bytecode = True
    source_loader.install(folder)
    sys.path.insert(0, str(folder))
    sys.argv = ["uvicorn", spec.app]
    desk.probes.watch_warnings()
    desk.probes.watch_sql()
    strict_sqlite.enforce(spec.env.get("DATABASE_URL", ""))
    threading.Thread(target=desk.listen, daemon=True).start()
    desk.send({"event": "importing"})
    try:
        app = desk.app = load_app(spec.app, folder, tracer)
    except LoadFailed as failure:
        desk.fail(failure.problem)
        return
    startup_fault: list[BaseException] = []
    observed = desk.probes.wrap(app)

    async def application(scope: Scope, receive: Any, send: Any) -> None:
        if scope["type"] != "lifespan":
            await observed(scope, receive, send)
            return
        try:
            await app(scope, receive, send)
        except BaseException as fault:
            startup_fault.append(fault)
            raise

    config = uvicorn.Config(
        application,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=2,
        timeout_keep_alive=600,  # a connection that the checks keep must not be closed under a request
    )
    server = desk.server = _Server(config, desk)
    try:
        server.run(sockets=[http])
    except SystemExit:
        desk.fail(_startup_problem(innermost(startup_fault[0]) if startup_fault else None, tracer))
    except BaseException as fault:
        desk.fail(_startup_problem(fault, tracer))
    desk.send({"event": "stopped"})
    _flush()
    # Interpreter shutdown waits for threads and frees a large heap; nothing of value is left to do.
    os._exit(0)


def _startup_problem(fault: BaseException | None, tracer: Tracer) -> Problem:
    if fault is None:
        return Problem(ProblemKind.STARTUP_EXCEPTION, detail={"omissions": find_omissions(tracer)})
    place = tracer.of_exception(fault)
    return Problem(
        ProblemKind.STARTUP_EXCEPTION,
        exception=name_of(fault),
        text=text_of(fault),
        place=place,
        detail={} if place else {"omissions": find_omissions(tracer)},
    )


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError, AttributeError):
            continue
