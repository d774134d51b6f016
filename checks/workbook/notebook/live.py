"""A live server for a notebook, in one line: ``api = serve(app)``."""

from __future__ import annotations

import atexit
import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import httpx

from workbook.course.model import CourseError, find_course
from workbook.notebook.cards import GREY, note, show
from workbook.notebook.errors import NotebookError
from workbook.notebook.exchange import Exchange
from workbook.notebook.server_log import log_card
from workbook.service.live.events import DoesNotStart

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from workbook.service.live.events import EventLog

REQUEST_SECONDS = 10.0
_SETTLE_SECONDS = 0.5
_CAUSE_COLUMNS = 110


class _Server(Protocol):
    """What stands behind a ``LiveServer``: a thread of the kernel, or a process."""

    events: EventLog
    port: int

    @property
    def url(self) -> str: ...
    @property
    def running(self) -> bool: ...
    def start(self) -> None: ...
    def stop(self) -> None: ...
    def end(self) -> None: ...
    def restart(self) -> None: ...
    def changed_since_start(self) -> str | None: ...
    def describe_end(self) -> str: ...


_live: dict[str, LiveServer] = {}
"""The servers that run, by name."""


class LiveServer:
    """A running API and a client for it. Made by ``serve``.

    ``get``, ``post``, ``put``, ``patch``, ``delete`` and ``request`` take the arguments of httpx, show the exchange and
    return it. ``client`` is a plain ``httpx.Client`` that shows nothing. ``log()`` shows what the server noted.
    """

    def __init__(self, name: str, server: _Server, *, in_own_process: bool) -> None:
        self.name = name
        self.in_own_process = in_own_process
        self._server = server
        self._client: httpx.Client | None = None
        self._read_to = 0
        self._stopped = False

    @property
    def url(self) -> str:
        """Its address, for a browser: ``print(api.url + "/docs")``."""
        return self._server.url

    @property
    def events(self) -> EventLog:
        """What the server reported, for other helpers."""
        return self._server.events

    @property
    def client(self) -> httpx.Client:
        """A plain client bound to the server. It follows no redirects and waits 10 seconds for an answer."""
        self.ensure_current()
        if self._client is None or self._client.is_closed or self._client.base_url != httpx.URL(self.url):
            # No proxy settings of the environment: the server is on this machine.
            hooks = {"response": [self._server.events.note_answer]}
            self._client = httpx.Client(base_url=self.url, timeout=REQUEST_SECONDS, trust_env=False, event_hooks=hooks)
        return self._client

    def get(self, path: str, **options: Any) -> Exchange:
        """Send ``GET path`` and show the exchange; see ``request``."""
        return self.request("GET", path, **options)

    def post(self, path: str, **options: Any) -> Exchange:
        """Send ``POST path``, for example with ``json={...}``, and show the exchange; see ``request``."""
        return self.request("POST", path, **options)

    def put(self, path: str, **options: Any) -> Exchange:
        """Send ``PUT path`` and show the exchange; see ``request``."""
        return self.request("PUT", path, **options)

    def patch(self, path: str, **options: Any) -> Exchange:
        """Send ``PATCH path`` and show the exchange; see ``request``."""
        return self.request("PATCH", path, **options)

    def delete(self, path: str, **options: Any) -> Exchange:
        """Send ``DELETE path`` and show the exchange; see ``request``."""
        return self.request("DELETE", path, **options)

    def request(
        self, method: str, path: str, *, show: Sequence[str] | str = (), quiet: bool = False, **options: Any
    ) -> Exchange:
        """Send a request and show the exchange.

        Args:
            method: such as ``"GET"``.
            path: such as ``"/recipes/1"``.
            show: names of answer headers to show too.
            quiet: whether to show nothing.
            options: what ``httpx.Client.request`` takes: ``json``, ``params``, ``headers``, ``data``, ``content``, …

        Returns:
            The exchange; ``.status_code``, ``.json()``, ``.text`` and ``.headers`` are those of the answer.

        Raises:
            NotebookError: no answer came, or the server does not start.
        """
        client = self.client
        events = self._server.events
        position = events.count
        try:
            response = client.request(method, path, **options)
        except httpx.TimeoutException:
            raise NotebookError(self._describe_silence(method, path)) from None
        except httpx.TransportError as fault:
            raise NotebookError(f"{method} {path} got no answer: {self._server.describe_end() or fault}") from None
        exchange = Exchange(
            response,
            show=(show,) if isinstance(show, str) else show,
            log=self._logged_since(position) if response.status_code >= 500 else None,
        )
        if not quiet:
            exchange.display()
        return exchange

    def log(self) -> None:
        """Show the requests, prints and unhandled exceptions since the last call of ``log``.

        For an app of the notebook, what it prints appears below the cell that sent the request instead.
        """
        events = self._server.events
        events.settle()
        shown = events.since(self._read_to)
        self._read_to = events.count
        show(log_card(shown))

    def restart(self) -> None:
        """Stop the server and start it again: memory is lost, a database stays.

        Raises:
            NotebookError: the app did not start.
        """
        self._close_client()
        with _as_notebook_error():
            self._server.restart()
        self._stopped = False

    def stop(self) -> None:
        """Stop the server. Not needed at the end of a notebook: it ends with the kernel."""
        self._stopped = True
        self._close_client()
        self._server.stop()
        if _live.get(self.name) is self:
            del _live[self.name]

    def ensure_current(self) -> None:
        """See to it that the next request meets a running server with the current source.

        Raises:
            NotebookError: the server was stopped, or the app does not start.
        """
        if self._stopped:
            raise NotebookError("This server was stopped: run its serve(…) cell again.")
        changed = self._server.changed_since_start()
        if changed is None and self._server.running:
            return
        self._close_client()
        with _as_notebook_error():
            self._server.restart()
        if changed is not None:
            show(note(f"({changed} has changed: the server was restarted)", colour=GREY))

    def _close_client(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None

    def _describe_silence(self, method: str, path: str) -> str:
        advice = ""
        if self.in_own_process:
            self._server.end()
            advice = " The next request starts the server again."
        return (
            f"{method} {path} got no answer within {REQUEST_SECONDS:.0f} seconds: "
            f"something in it waits or loops without end.{advice}"
        )

    def _logged_since(self, position: int) -> str | None:
        events = self._server.events
        events.settle(seconds=_SETTLE_SECONDS)
        faults = [event for event in events.since(position) if event.kind == "exception"]
        if not faults:
            return None
        places = [line for line in faults[-1].detail if not line.startswith(" ")]
        cause = " ".join(faults[-1].text.split())
        cause = cause if len(cause) <= _CAUSE_COLUMNS else cause[: _CAUSE_COLUMNS - 1] + "…"
        return f"{cause} ({places[-1]})" if places else cause


def serve(
    app: Any = None,
    *,
    lesson: int | None = None,
    target: str | Path | None = None,
    name: str | None = None,
    env: dict[str, str] | None = None,
) -> LiveServer:
    """Serve an API live on this machine, and get a client for it.

    ``api = serve(app)`` serves a FastAPI application of this notebook. ``api = serve(lesson=2)`` serves your own work
    from ``lessons/lesson_02``, always as it was last saved. Then ``api.get("/recipes/1")`` sends a request and shows
    the exchange, and ``api.log()`` shows what the server noted.

    Running it again replaces the server of the same name; all servers end with the kernel.

    Args:
        app: the application, when it is an object of the notebook.
        lesson: the number of the lesson whose app to serve, instead of ``app``.
        target: the folder that holds ``lesson_NN`` folders; ``lessons`` if not given.
        name: what tells servers apart; if not given, the variable that holds the app, or the lesson.
        env: environment variables for a lesson's app, beside those that the checks set.

    Returns:
        The running server.

    Raises:
        NotebookError: the app did not start; the message says why.
    """
    if (app is None) == (lesson is None):
        raise NotebookError("serve() takes either an app, as in serve(app), or a lesson, as in serve(lesson=2).")
    if lesson is not None:
        name = name or f"lesson {lesson}"
        previous = _stop_previous(name)
        server: _Server = _lesson_server(lesson, target, env or {}, previous)
    else:
        _require_asgi(app)
        if env is not None or target is not None:
            raise NotebookError("env and target belong to serve(lesson=…): an app of the notebook is already made.")
        name = name or _variable_of(app)
        previous = _stop_previous(name)
        from workbook.service.live.kernel_server import KernelServer

        server = KernelServer(app, port=previous)
    try:
        with _as_notebook_error():
            server.start()
    except BaseException:
        server.stop()
        raise
    _live[name] = LiveServer(name, server, in_own_process=lesson is not None)
    return _live[name]


@contextmanager
def _as_notebook_error() -> Generator[None]:
    try:
        yield
    except DoesNotStart as reason:
        raise NotebookError(str(reason)) from None


def stop_all() -> None:
    """Stop every live server of this kernel."""
    for server in list(_live.values()):
        server.stop()


atexit.register(stop_all)


def _stop_previous(name: str) -> int:
    """Stop the server of that name, and give the port that it had, or 0."""
    previous = _live.get(name)
    if previous is None:
        return 0
    port = previous._server.port  # pyright: ignore[reportPrivateUsage]
    previous.stop()
    return port


def _lesson_server(number: int, target: str | Path | None, env: dict[str, str], port: int) -> _Server:
    from workbook.service.live.lesson_server import LessonServer

    try:
        course = find_course()
        lesson = course.lesson(number)
    except CourseError as fault:
        raise NotebookError(str(fault)) from None
    chosen = Path(target or os.environ.get("WORKBOOK_TARGET") or course.lessons_dir)
    folder = (chosen if chosen.is_absolute() else course.root / chosen) / lesson.folder
    if not folder.is_dir():
        raise NotebookError(f"There is no folder {folder.name} in {chosen.name}.")
    return LessonServer(lesson, folder.resolve(), env=env, port=port)


def _require_asgi(app: Any) -> None:
    from fastapi import APIRouter

    if isinstance(app, APIRouter):
        raise NotebookError("serve() needs an app, and this is a router: include it in one first.")
    if isinstance(app, type) or not callable(app):
        raise NotebookError(f"serve() needs a FastAPI application, not {type(app).__name__}.")


def _variable_of(app: Any) -> str:
    from IPython.core.getipython import get_ipython

    shell: Any = get_ipython()
    variables: dict[str, Any] = shell.user_ns if shell is not None else {}
    return next((name for name, value in variables.items() if value is app and not name.startswith("_")), "app")
