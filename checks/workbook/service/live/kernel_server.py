"""Serve an app that was made in the notebook: uvicorn in a thread of the kernel, on an event loop of its own."""

from __future__ import annotations

import contextvars
import logging
import threading
from typing import TYPE_CHECKING

import uvicorn

from workbook.service.live.events import DoesNotStart, Event, EventLog, Recorder
from workbook.service.protocol.loopback import HOST, listen_again

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from workbook.service.live.events import AsgiApp

START_SECONDS = 20.0
STOP_SECONDS = 3.0


class AnnouncingServer(uvicorn.Server):
    """uvicorn, which tells an event log when it answers requests."""

    def __init__(self, app: AsgiApp, emit: Callable[[Event], None]) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                lifespan="on",
                log_config=None,
                access_log=False,
                server_header=False,
                date_header=False,
                timeout_graceful_shutdown=1,
            )
        )
        self._emit = emit
        logger = logging.getLogger("uvicorn.error")
        if not logger.handlers:  # what matters is among the events; the notebook's output stays clean
            logger.addHandler(logging.NullHandler())
            logger.propagate = False

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start as uvicorn does, then say so."""
        await super().startup(sockets)
        self._emit(Event("ready"))


class KernelServer:
    """A live server for one ASGI application of this process."""

    def __init__(self, app: AsgiApp, *, port: int = 0) -> None:
        self.events = EventLog()
        self.port = port
        self._app = app
        self._server: AnnouncingServer | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://{HOST}:{self.port}"

    @property
    def running(self) -> bool:
        """Whether it answers requests."""
        return self._thread is not None and self._thread.is_alive()

    def start(self) -> None:
        """Start to serve; returns when requests can be sent.

        Raises:
            DoesNotStart: the app did not start.
        """
        position = self.events.count
        server = self._server = AnnouncingServer(Recorder(self._app, self.events.add), self.events.add)
        listener = listen_again(self.port)
        self.port = int(listener.getsockname()[1])

        def run() -> None:
            try:
                server.run(sockets=[listener])
            except SystemExit:
                pass  # uvicorn's way to say that the start-up failed; the reason is among the events
            except Exception as fault:
                self.events.add(Event("exception", f"{type(fault).__name__}: {fault}"))
            finally:
                listener.close()
                self.events.add(Event("ended"))

        # An empty context: what a handler prints then belongs to the cell that runs at that moment, not to this one.
        self._thread = threading.Thread(target=contextvars.Context().run, args=(run,), name="live-server", daemon=True)
        self._thread.start()
        outcome = self.events.wait_for({"ready", "ended"}, position, seconds=START_SECONDS)
        if outcome is not None and outcome.kind == "ready":
            return
        self.stop()
        if outcome is None:
            raise DoesNotStart(f"The app did not finish its start-up within {START_SECONDS:.0f} seconds.")
        raise DoesNotStart(f"The app did not start.\n{self.events.reason(position) or 'It gave no reason.'}")

    def stop(self) -> None:
        """Stop serving, at once if requests still run after a moment. Safe to call again."""
        if self._server is None or self._thread is None:
            return
        self._server.should_exit = True
        self._thread.join(STOP_SECONDS)
        if self._thread.is_alive():
            self._server.force_exit = True
            self._thread.join(STOP_SECONDS)
        self._thread = None

    def end(self) -> None:
        """Stop serving: there is nothing that would stay."""
        self.stop()

    def restart(self) -> None:
        """Stop serving and begin again, start-up of the app included.

        Raises:
            DoesNotStart: the app did not start.
        """
        self.stop()
        self.start()

    def describe_end(self) -> str:
        """Why a request got no answer, if that is known."""
        return ""

    def changed_since_start(self) -> str | None:
        """Nothing to look for: the app is an object of the notebook and changes when its cell and serve() run again."""
        return None
