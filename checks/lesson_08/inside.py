"""What the checks of lesson 8 do in the service's process: services of their own, fakes, and the learner's tests.

It reports facts only.
"""

import asyncio
import contextlib
import os
import socket
import ssl
import sys
import tempfile
import threading
from collections.abc import AsyncGenerator, Callable, Generator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import httpx
import pytest
from fastapi import Depends, FastAPI, HTTPException
from fastapi.testclient import TestClient
from starlette.datastructures import MutableHeaders

V1, V2 = "/api/v1", "/api/v2"


@contextmanager
def _no_network() -> Generator[list[str]]:
    """Refuse every connection that this process opens, and note where it would have gone.

    Meanwhile the certificates of the world, which httpx reads for each client that is made, are read only once.
    """
    tried: list[str] = []
    connect, context = socket.socket.connect, ssl.create_default_context

    def refuse(_self: socket.socket, address: Any) -> None:
        tried.append(str(address))
        raise ConnectionRefusedError("there is no network in this test")

    socket.socket.connect = refuse  # type: ignore[method-assign,assignment]
    ssl.create_default_context = cache(context)
    try:
        yield tried
    finally:
        socket.socket.connect = connect  # type: ignore[method-assign]
        ssl.create_default_context = context


def _asked(app: Any, *requests: tuple[str, str]) -> list[Any]:
    """Send requests to a service whose lifespan does not run; report each status and body."""
    client = TestClient(app, raise_server_exceptions=False)
    found: list[Any] = []
    for method, address in requests:
        reply = client.request(method, address, json={} if method in {"PUT", "PATCH"} else None)
        is_json = reply.headers.get("content-type", "").startswith("application/json")
        found.append([reply.status_code, reply.json() if is_json else reply.text])
    return found


def override_market(label: str, price: float | None) -> dict[str, Any]:
    """Override the market, and report what the price is, what the fake was asked, and what connections were tried."""
    from app.api.deps import get_market
    from app.clients.market import MarketError
    from app.main import create_app

    asked: list[str] = []

    class Fake:
        def price_of(self, label: str) -> float:
            asked.append(label)
            if price is None:
                raise MarketError("nothing today")
            return price

    app = create_app()
    app.dependency_overrides[get_market] = Fake
    with _no_network() as tried:
        [answer] = _asked(app, ("GET", f"{V1}/recipes/price/?label={label}"))
    return {"answer": answer, "asked": asked, "tried": tried}


def override_reddit(answers: dict[str, list[str] | None]) -> dict[str, Any]:
    """Override Reddit, and report what ideas are, and what connections were tried."""
    from app.api.deps import get_reddit_client
    from app.clients.reddit import RedditError
    from app.main import create_app

    class Fake:
        async def get_top(self, subreddit: str, limit: int = 5) -> list[str]:
            await asyncio.sleep(0)
            answer = answers[subreddit]
            if answer is None:
                raise RedditError(subreddit)
            return answer

    app = create_app()
    app.dependency_overrides[get_reddit_client] = Fake
    with _no_network() as tried:
        [answer] = _asked(app, ("GET", f"{V1}/recipes/ideas/"))
    return {"answer": answer, "tried": tried}


def given_market() -> list[bool]:
    """Report whether ``get_market`` gives what stands in ``app.state.market``, each time, and for each service."""
    from starlette.requests import Request

    from app.api.deps import get_market
    from app.main import create_app

    found: list[bool] = []
    for _ in range(2):
        app = create_app()
        app.state.market = object()
        request = Request({"type": "http", "app": app, "headers": [], "method": "GET", "path": "/"})
        given: Any = get_market(request)
        found.append((asyncio.run(given) if asyncio.iscoroutine(given) else given) is app.state.market)
    return found


class _Tool:
    """A context manager that writes into a log."""

    def __init__(self, name: str, log: list[str], opens: bool = True, closes: bool = True) -> None:
        self.name = name
        self.log = log
        self.opens = opens
        self.closes = closes

    def _enter(self) -> str:
        self.log.append(f"enter {self.name}")
        if not self.opens:
            raise OSError(f"{self.name} jams")
        return f"the {self.name}"

    def _leave(self, error: BaseException | None) -> None:
        self.log.append(f"leave {self.name}" + (f" after {type(error).__name__}" if error else ""))
        if not self.closes:
            raise OSError(f"{self.name} does not close")

    def __enter__(self) -> str:
        return self._enter()

    def __exit__(self, _kind: Any, error: BaseException | None, _trace: Any) -> None:
        self._leave(error)

    async def __aenter__(self) -> str:
        await asyncio.sleep(0)
        return self._enter()

    async def __aexit__(self, _kind: Any, error: BaseException | None, _trace: Any) -> None:
        await asyncio.sleep(0)
        self._leave(error)


def lend_in_order(fails: str = "") -> dict[str, Any]:
    """Serve two requests with two lent things, and report the log of each.

    Args:
        fails: what the endpoint raises: nothing, an ``HTTPException``, or an error that nobody handles.
    """
    from app.api.lending import lend

    log: list[str] = []
    made: list[str] = []

    def make(name: str) -> Callable[[], _Tool]:
        def tool() -> _Tool:
            made.append(name)
            return _Tool(name, log)

        return tool

    app = FastAPI()

    def serve(
        first: Annotated[str, Depends(lend(make("bowl")))], second: Annotated[str, Depends(lend(make("whisk")))]
    ) -> Any:
        log.append(f"serve with {first} and {second}")
        if fails == "HTTPException":
            raise HTTPException(409)
        if fails:
            raise ValueError("the dough")
        return "cake"

    app.get("/")(serve)
    client = TestClient(app, raise_server_exceptions=False)
    logs: list[list[str]] = []
    statuses: list[int] = []
    for _ in range(2):
        log.clear()
        statuses.append(client.get("/").status_code)
        logs.append(list(log))
    return {"statuses": statuses, "logs": logs, "made": made}


def lend_until_sent() -> dict[str, Any]:
    """Report what has happened to a lent thing when the first piece of an answer is sent, and in the end."""
    from starlette.responses import StreamingResponse

    from app.api.lending import lend

    log: list[str] = []
    app = FastAPI()

    def serve(_: Annotated[str, Depends(lend(lambda: _Tool("bowl", log)))]) -> StreamingResponse:
        def pieces() -> Iterator[bytes]:
            for number in range(3):
                log.append(f"piece {number}")
                yield b"x" * 10

        return StreamingResponse(pieces())

    app.get("/")(serve)
    reply = TestClient(app, raise_server_exceptions=False).get("/")
    return {"log": log, "length": len(reply.content)}


def lend_until_gone() -> list[str]:
    """Let the client go away in the middle of an answer, and report the log."""
    from starlette.responses import StreamingResponse

    from app.api.lending import lend

    log: list[str] = []
    app = FastAPI()

    def serve(_: Annotated[str, Depends(lend(lambda: _Tool("bowl", log)))]) -> StreamingResponse:
        async def pieces() -> AsyncGenerator[bytes]:
            while True:
                yield b"x" * 10
                await asyncio.sleep(0.001)

        return StreamingResponse(pieces())

    app.get("/")(serve)
    gone = asyncio.Event()

    async def receive() -> dict[str, Any]:
        if not gone.is_set():
            sent.append("asked")
            if len(sent) == 1:
                return {"type": "http.request", "body": b"", "more_body": False}
            await gone.wait()
        return {"type": "http.disconnect"}

    sent: list[str] = []
    parts: list[Any] = []

    async def send(message: Any) -> None:
        parts.append(message["type"])
        if len(parts) > 3:
            gone.set()

    scope: dict[str, Any] = {
        "type": "http", "method": "GET", "path": "/", "raw_path": b"/", "query_string": b"", "headers": [],
        "http_version": "1.1", "scheme": "http", "server": ("kitchen", 80), "asgi": {"version": "3.0"},
    }  # fmt: skip

    async def ask() -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(app(scope, receive, send), 3)

    asyncio.run(ask())
    return log


def lend_until_cancelled() -> list[str]:
    """Cancel a request while its endpoint works, and report the log."""
    from app.api.lending import lend

    log: list[str] = []
    app = FastAPI()

    async def serve(thing: Annotated[str, Depends(lend(lambda: _Tool("bowl", log)))]) -> None:
        log.append(f"serve with {thing}")
        request.cancel()
        await asyncio.sleep(3)

    app.get("/")(serve)

    async def ask() -> None:
        nonlocal request
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://kitchen") as client:
            request = asyncio.create_task(client.get("/"))
            with contextlib.suppress(asyncio.CancelledError):
                await request

    request: asyncio.Task[Any]
    asyncio.run(ask())
    return log


def lend_at_once(number: int) -> dict[str, Any]:
    """Serve requests at once, each of which waits for all others, and report what was made and what each was given."""
    from app.api.lending import lend

    made: list[str] = []
    log: list[str] = []
    barrier = threading.Barrier(number)

    def make() -> _Tool:
        made.append(f"bowl {len(made)}")
        return _Tool(made[-1], log)

    app = FastAPI()

    def serve(thing: Annotated[str, Depends(lend(make))]) -> str:
        with contextlib.suppress(threading.BrokenBarrierError):
            barrier.wait(3)
        return thing

    app.get("/")(serve)

    async def ask() -> list[httpx.Response]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://kitchen") as client:
            return await asyncio.gather(*(client.get("/") for _ in range(number)))

    given = sorted(reply.json() for reply in asyncio.run(ask()))
    return {"made": made, "given": given, "met": not barrier.broken}


def lend_nothing() -> Any:
    """Lend what gives nothing when it is entered, and report what the endpoint was given."""
    from app.api.lending import lend

    app = FastAPI()

    def serve(thing: Annotated[Any, Depends(lend(contextlib.nullcontext))]) -> list[str]:
        return [type(thing).__name__]

    app.get("/")(serve)
    return TestClient(app, raise_server_exceptions=False).get("/").json()


def workspaces() -> list[str]:
    """The folders that lie where temporary folders are made."""
    return sorted(path.name for path in Path(tempfile.gettempdir()).iterdir() if path.is_dir())


def hold_in_order(
    opens: dict[str, bool], closes: dict[str, bool], missing: str = "", fails: bool = False
) -> dict[str, Any]:
    """Hold things, and report the log, what stood on ``app.state`` meanwhile, and which error came out.

    Args:
        opens: for each thing whether it can be entered, in order.
        closes: for each thing whether it can be left.
        missing: the thing that cannot be made.
        fails: whether there is an error inside of ``hold``.
    """
    from app.api.lending import hold

    log: list[str] = []
    state: dict[str, Any] = {}

    def maker(name: str) -> Callable[[], _Tool]:
        def make() -> _Tool:
            log.append(f"make {name}")
            if name == missing:
                raise OSError(f"there is no {name}")
            return _Tool(name, log, opens[name], closes[name])

        return make

    app = FastAPI()

    async def use() -> None:
        async with hold(app, **{name: maker(name) for name in opens}):
            log.append("serve")
            state.update({name: getattr(app.state, name, None) for name in opens})
            await asyncio.sleep(0)
            if fails:
                raise ValueError("the dough")

    error: str | None = None
    try:
        asyncio.run(use())
    except Exception as fault:
        error = f"{type(fault).__name__}: {fault}"
    return {"log": log, "state": state, "error": error}


def hold_twice() -> dict[str, Any]:
    """Hold things for two services at once, and for one of them again, and report what each had."""
    from app.api.lending import hold

    log: list[str] = []
    numbers = iter(range(100))

    @asynccontextmanager
    async def numbered() -> AsyncGenerator[int]:
        number = next(numbers)
        yield number
        log.append(f"leave {number}")

    first, second = FastAPI(), FastAPI()
    found: dict[str, Any] = {}

    async def use() -> None:
        async with hold(first, pot=numbered):
            async with hold(second, pot=numbered):
                found["together"] = [first.state.pot, second.state.pot]
            found["after"] = first.state.pot
        async with hold(first, pot=numbered):
            found["again"] = first.state.pot

    asyncio.run(use())
    return {**found, "log": log}


def started_and_stopped() -> dict[str, Any]:
    """Start and stop a service of the learner's, and report whether its clients are there meanwhile, and closed after.

    Both of its clients are told apart by their classes only.
    """
    from app.clients.market import Market
    from app.clients.reddit import RedditClient
    from app.main import create_app

    closed: list[str] = []
    kinds: list[Any] = [Market, RedditClient]
    originals = {kind: kind.__aexit__ for kind in kinds}

    def watched(kind: Any) -> Any:
        async def leave(self: Any, *details: Any) -> Any:
            closed.append(kind.__name__)
            return await originals[kind](self, *details)

        return leave

    app = create_app()
    for kind in originals:
        kind.__aexit__ = watched(kind)
    try:
        with TestClient(app):
            there = [isinstance(app.state.reddit, RedditClient), isinstance(app.state.market, Market)]
            early = list(closed)
    finally:
        for kind, original in originals.items():
            kind.__aexit__ = original
    return {"there": there, "early": early, "closed": sorted(closed)}


def overridden(dependency: str, number: int) -> dict[str, int]:
    """Override a dependency with one that answers 418, and report what each operation on one recipe answers."""
    import app.api.deps as deps
    from app.main import create_app
    from app.models import User

    def teapot() -> None:
        raise HTTPException(418)

    app = create_app()
    app.dependency_overrides[getattr(deps, dependency)] = teapot
    if dependency == "valid_recipe":
        app.dependency_overrides[deps.get_current_user] = lambda: User(id=1, role="admin", is_active=True)
    operations = [
        ("GET", f"{V1}/recipes/{number}"),
        ("GET", f"{V1}/recipes/{number}/label"),
        ("GET", f"{V2}/recipes/{number}"),
        ("PUT", f"{V1}/recipes/{number}"),
        ("PATCH", f"{V1}/recipes/{number}"),
        ("PATCH", f"{V2}/recipes/{number}"),
        ("DELETE", f"{V1}/recipes/{number}"),
        ("DELETE", f"{V2}/recipes/{number}"),
    ]
    answers = _asked(app, *operations)
    return {f"{method} {address}": answer[0] for (method, address), answer in zip(operations, answers, strict=True)}


class _Change:
    """An ASGI middleware that makes a service wrong in one way, or different in one that does not matter."""

    how = ""
    """In which one: said here, since it would be seen among the parameters of a middleware."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.memory: dict[str, bytes] = {}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        messages: list[Any] = []

        async def keep(message: Any) -> None:
            messages.append(message)

        await self.app(scope, receive, keep)
        start, body = messages[0], b"".join(message.get("body", b"") for message in messages[1:])
        status, body = self._changed(scope["method"], scope["path"], start["status"], body)
        headers = MutableHeaders(raw=list(start["headers"]))
        headers["content-length"] = str(len(body))
        if self.how == "one_header_more":
            headers["x-kitchen"] = "north"
        await send({"type": "http.response.start", "status": status, "headers": headers.raw})
        await send({"type": "http.response.body", "body": body})

    def _changed(self, method: str, path: str, status: int, body: bytes) -> tuple[int, bytes]:
        import json

        is_ideas, is_price = path.startswith(f"{V1}/recipes/ideas"), path.startswith(f"{V1}/recipes/price")
        found: Any = json.loads(body) if body and (is_ideas or is_price) else None
        if is_ideas and status == 200:
            if self.how == "leaves_one_out":
                found.pop(sorted(found)[1])
            if self.how == "fails_with_one" and None in found.values():
                return 500, b"Internal Server Error"
            if self.how == "empty_for_none":
                emptied: dict[str, Any] = {name: lines or [] for name, lines in found.items()}
                found = emptied
            if self.how == "remembers":
                return status, self.memory.setdefault(path, body)
        if is_price and status == 200:
            if self.how == "rounds":
                found["price"] = round(found["price"])
            if self.how == "one_field_more":
                found["currency"] = "EUR"
        if is_price and status == 502 and self.how == "crashes_without_a_price":
            return 500, b"Internal Server Error"
        if method == "POST" and "/recipes" in path and status == 401 and self.how == "open_door":
            return 201, b'{"id": 1}'
        return status, body if found is None else json.dumps(found).encode()


class _Report:
    """Counts what pytest says of tests."""

    def __init__(self) -> None:
        self.collected = 0
        self.failed: list[str] = []
        self.said = ""

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        self.collected = len(items)

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.failed:
            self.failed.append(report.nodeid.rpartition("::")[2])
            self.said = self.said or str(getattr(report.longrepr, "reprcrash", report.longrepr) or "")[-400:]

    def pytest_collectreport(self, report: Any) -> None:
        if report.failed:
            self.failed.append(report.nodeid)
            self.said = self.said or str(report.longrepr)[-400:]


def run_tests(how: str = "") -> dict[str, Any]:
    """Run the learner's tests on their service, changed in one way, and report how many there are and which fail."""
    import app.main as main

    make, module_app = main.create_app, main.app

    def changed(app: Any) -> Any:
        app.add_middleware(_Change)  # on the right service too, so that its presence says nothing
        return app

    report = _Report()
    _Change.how = how
    environment = dict(os.environ)

    def make_changed(*args: Any, **options: Any) -> Any:
        return changed(make(*args, **options))

    main.create_app = make_changed
    main.app = changed(make())
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    arguments = ["tests", "-q", "-s", "--rootdir=.", "--confcutdir=.", "-c", os.devnull, "-p", "no:cacheprovider"]
    try:
        with _no_network() as tried, Path(os.devnull).open("w") as nowhere, contextlib.redirect_stdout(nowhere):
            code = int(pytest.main([*arguments, "-p", "anyio"], plugins=[report]))
    finally:
        main.create_app, main.app = make, module_app
        os.environ.clear()
        os.environ.update(environment)
        for name in [name for name in sys.modules if name.startswith(("test_", "conftest", "tests."))]:
            del sys.modules[name]
    return {
        "code": code,
        "collected": report.collected,
        "failed": report.failed,
        "said": report.said,
        "tried": tried,
    }
