"""The upstream answers, fails, waits and remembers as scripted, and leaves nothing behind."""

from __future__ import annotations

import gc
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar, cast

import httpx
import pytest

from workbook.service.upstream import connection, server
from workbook.service.upstream.messages import Answer, Request
from workbook.service.upstream.scripts import How
from workbook.service.upstream.server import Upstream

T = TypeVar("T")


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream() as started:
        yield started


@pytest.fixture
def client(upstream: Upstream) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=upstream.url, timeout=5.0, trust_env=False) as opened:
        yield opened


def together(n: int, fn: Callable[[int], T]) -> list[T]:
    with ThreadPoolExecutor(n) as pool:
        return list(pool.map(fn, range(n)))


def raw(upstream: Upstream, sent: bytes) -> bytes:
    """What comes back for bytes as they are, until the server closes."""
    with socket.create_connection(("127.0.0.1", int(upstream.url.rsplit(":", 1)[1])), timeout=5.0) as sock:
        sock.sendall(sent)
        received = b""
        while part := sock.recv(65_536):
            received += part
        return received


# Answers


def test_answers_json_text_and_bytes(upstream: Upstream, client: httpx.Client) -> None:
    upstream.answer("/json", json={"posts": [1, None, "é"]})
    upstream.answer("/null", json=None)
    upstream.answer("/text", text="café")
    upstream.answer("/bytes", body=b"\x00\xff", headers={"Content-Type": "image/png", "X-Cost": "3"}, status=203)
    upstream.answer("/empty", status=204)
    assert client.get("/json").json() == {"posts": [1, None, "é"]}
    assert client.get("/json").headers["content-type"] == "application/json"
    assert client.get("/null").text == "null"
    assert client.get("/text").text == "café"
    reply = client.get("/bytes")
    assert (reply.status_code, reply.content, reply.headers["x-cost"]) == (203, b"\x00\xff", "3")
    assert reply.headers.get_list("content-type") == ["image/png"]
    empty = client.get("/empty")
    assert (empty.status_code, empty.content) == (204, b"")
    assert client.get("/json").status_code == 200, "the connection is still usable after an answer without a body"
    assert upstream.connections == 1


def test_an_answer_that_cannot_be_sent_is_refused_when_it_is_scripted(upstream: Upstream) -> None:
    with pytest.raises(ValueError, match="not several"):
        upstream.answer("/", json={}, text="")
    with pytest.raises(TypeError):
        upstream.answer("/", json={1, 2})
    with pytest.raises(ValueError, match="how is one of drop"):
        upstream.fail("/", cast(How, "explode"))


def test_unknown_path_answers_404_and_is_logged(upstream: Upstream, client: httpx.Client) -> None:
    reply = client.get("/nowhere?x=1")
    assert reply.status_code == 404
    assert reply.json() == {"detail": "the upstream has no answer for GET /nowhere"}
    assert [request.path for request in upstream.requests] == ["/nowhere"]


def test_methods_are_told_apart(upstream: Upstream, client: httpx.Client) -> None:
    upstream.answer("/things", json="got")
    upstream.answer("/things", json="made", status=201, method="post")
    upstream.answer("/any", json="any", method="*")
    assert client.get("/things").json() == "got"
    assert client.post("/things").status_code == 201
    assert client.put("/things").status_code == 404
    assert client.request("PURGE", "/any").json() == "any"
    head = client.head("/things")
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", "5")
    assert client.get("/things").json() == "got"


def test_times_queue_and_the_endless_one_is_replaced(upstream: Upstream, client: httpx.Client) -> None:
    upstream.answer("/a", status=500, times=2)
    upstream.answer("/a", json="first")
    assert [client.get("/a").status_code for _ in range(3)] == [500, 500, 200]
    upstream.answer("/a", json="second")
    assert client.get("/a").json() == "second"
    upstream.answer("/b", json=1, times=1)
    assert client.get("/b").json() == 1
    assert client.get("/b").json() == {"detail": "the upstream has no further answer for GET /b"}


def test_the_most_exact_script_wins(upstream: Upstream, client: httpx.Client) -> None:
    upstream.answer("/r/*", json="any")
    upstream.answer("/r/soup", json="soup")
    upstream.answer("/r/soup?page=*&q=a b", json="page")
    upstream.answer("/r/soup?page=2&q=a b", json="second page")
    upstream.answer("/café/[x]", json="quoted")
    assert client.get("/r/stew").json() == "any"
    assert client.get("/r/soup", params={"page": "2"}).json() == "soup"
    assert client.get("/r/soup", params={"q": "a b", "page": "1", "more": "yes"}).json() == "page"
    assert client.get("/r/soup?page=2&q=a+b").json() == "second page"
    assert client.get("/café/[x]").json() == "quoted"
    assert client.get("/r").status_code == 404


def test_a_responder_makes_the_answer_from_the_request(upstream: Upstream, client: httpx.Client) -> None:
    def echo(request: Request) -> Answer:
        return Answer(status=201, json={"got": request.json(), "at": request.path})

    upstream.answer("/echo/*", echo, method="POST")
    reply = client.post("/echo/7", json=[1])
    assert (reply.status_code, reply.json()) == (201, {"got": [1], "at": "/echo/7"})
    assert upstream.errors == []
    assert client.post("/echo/7", content=b"{").status_code == 500
    assert [type(error) for error in upstream.errors] == [json.JSONDecodeError]


def test_a_delayed_answer_does_not_hold_up_another(upstream: Upstream, client: httpx.Client) -> None:
    upstream.answer("/slow", json="slow", delay=60.0)
    upstream.answer("/quick", json="quick")
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(client.get, "/slow")
        assert upstream.wait_for(1)
        assert client.get("/quick").json() == "quick"
        assert not slow.done()
        upstream.release()
        assert isinstance(slow.exception(), httpx.RemoteProtocolError)
    upstream.answer("/slow", json="late", delay=0.01)
    assert client.get("/slow").json() == "late"


# The log


def test_the_log_holds_what_was_asked(upstream: Upstream, client: httpx.Client) -> None:
    client.post("/a%2Fb/ü?q=1&q=2&empty=", json={"x": 1}, headers=[("X-Tag", "one"), ("X-Tag", "two")])
    (request,) = upstream.requests
    assert (request.method, request.path) == ("POST", "/a%2Fb/%C3%BC")
    assert request.query == {"q": ["1", "2"], "empty": [""]}
    assert request.headers["x-tag"] == "one, two"
    assert request.json() == {"x": 1}
    upstream.requests.clear()
    assert len(upstream.requests) == 1, "the log that is handed out is a copy"


def test_a_doubled_slash_is_seen(upstream: Upstream) -> None:
    raw(upstream, b"GET //a HTTP/1.1\r\nConnection: close\r\n\r\n")
    raw(upstream, b"GET http://elsewhere/b?c=d HTTP/1.1\r\nConnection: close\r\n\r\n")
    assert [(request.path, request.query) for request in upstream.requests] == [("//a", {}), ("/b", {"c": ["d"]})]


def test_connections_are_counted_and_named(upstream: Upstream, client: httpx.Client) -> None:
    upstream.answer("/", json=1)
    for _ in range(3):
        client.get("/")
    for _ in range(2):
        httpx.get(upstream.url, trust_env=False)
    assert upstream.connections == 3
    shared, *others = ([request.connection for request in upstream.requests][index] for index in (0, 3, 4))
    assert [request.connection for request in upstream.requests[:3]] == [shared] * 3
    assert len({shared, *others}) == 3


def test_chunked_bodies_are_read(upstream: Upstream, client: httpx.Client) -> None:
    client.post("/", content=iter([b"one ", b"two ", b"x" * 70_000]))
    assert upstream.requests[0].body == b"one two " + b"x" * 70_000
    head = b"POST /t HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
    reply = raw(
        upstream, head + b"3;ext=1\r\nabc\r\n0\r\nTrailer: x\r\n\r\nGET /next HTTP/1.1\r\nConnection: close\r\n\r\n"
    )
    assert reply.count(b"HTTP/1.1 404") == 2
    assert [(request.path, request.body) for request in upstream.requests[1:]] == [("/t", b"abc"), ("/next", b"")]


@pytest.mark.parametrize(
    "sent",
    [
        b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: many\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nabc",
        b"GET http://[ HTTP/1.1\r\n\r\n",
        b"nonsense\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 200 + b"\r\n",
    ],
)
def test_malformed_requests_are_answered_and_not_logged(upstream: Upstream, sent: bytes) -> None:
    assert b" 4" in raw(upstream, sent).split(b"\r\n")[0]
    assert upstream.requests == []


def test_a_request_cut_short_is_not_logged(upstream: Upstream, client: httpx.Client) -> None:
    for sent in (b"POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\nabc", b"GET / HT", b""):
        with socket.create_connection(("127.0.0.1", int(upstream.url.rsplit(":", 1)[1]))) as sock:
            sock.sendall(sent)
    client.get("/")
    assert len(upstream.requests) == 1


def test_bodies_and_the_log_have_limits(
    upstream: Upstream, client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "BODY_LIMIT", 100)
    monkeypatch.setattr(server, "LOG_LIMIT", 3)
    assert client.post("/", content=b"x" * 100).status_code == 404
    assert client.post("/", content=b"x" * 101).status_code == 413
    assert client.post("/", content=iter([b"x" * 60, b"x" * 60])).status_code == 413
    monkeypatch.setattr(server, "LOG_BYTES", 150)
    assert client.post("/", content=b"x" * 100).status_code == 503
    assert [client.get("/").status_code for _ in range(3)] == [404, 404, 503]
    upstream.reset()
    assert client.get("/").status_code == 404


# Concurrency


def test_a_barrier_is_met_by_requests_at_the_same_time(upstream: Upstream, client: httpx.Client) -> None:
    upstream.answer("/*", json="there")
    upstream.barrier(8)
    assert [reply.json() for reply in together(8, lambda i: client.get(f"/{i}"))] == ["there"] * 8
    assert upstream.barrier_met
    assert upstream.max_in_flight == 8
    assert client.get("/more").json() == "there", "once met, the barrier stays open"


def test_a_barrier_is_missed_by_one_request_after_the_other(upstream: Upstream, client: httpx.Client) -> None:
    upstream.answer("/*", json="there")
    upstream.barrier(2, timeout=0.1)
    # The second and third request are answered at once: a barrier that was missed stays missed.
    assert [client.get(f"/{i}", timeout=30.0).status_code for i in range(3)] == [503, 503, 503]
    assert not upstream.barrier_met
    assert upstream.max_in_flight == 1


def test_the_waiting_half_of_a_missed_barrier_is_answered_503(upstream: Upstream, client: httpx.Client) -> None:
    upstream.barrier(3, timeout=0.1)
    assert [reply.status_code for reply in together(2, lambda _: client.get("/"))] == [503, 503]
    assert not upstream.barrier_met
    assert upstream.max_in_flight == 2


def test_requests_that_the_client_gave_up_do_not_count(upstream: Upstream) -> None:
    upstream.barrier(3, timeout=60.0)
    for _ in range(3):
        with (
            httpx.Client(base_url=upstream.url, timeout=0.1, trust_env=False) as impatient,
            pytest.raises(httpx.ReadTimeout),
        ):
            impatient.get("/")
    assert not upstream.barrier_met
    assert upstream.max_in_flight == 1


def test_one_after_the_other_is_never_two_in_flight(upstream: Upstream, client: httpx.Client) -> None:
    upstream.answer("/", json=1)
    with httpx.Client(base_url=upstream.url, trust_env=False) as other:
        for _ in range(200):  # by turns over two connections, so that two threads answer
            client.get("/")
            other.get("/")
    assert upstream.max_in_flight == 1


def test_in_flight_counts_what_overlaps(upstream: Upstream, client: httpx.Client) -> None:
    upstream.answer("/", json=1, delay=0.05)
    slots = threading.Semaphore(3)

    def capped(_: int) -> int:
        with slots:
            return client.get("/").status_code

    assert together(9, capped) == [200] * 9
    assert upstream.max_in_flight <= 3


def test_wait_for_says_whether_they_came(upstream: Upstream, client: httpx.Client) -> None:
    assert not upstream.wait_for(1, timeout=0.01)
    client.get("/")
    assert upstream.wait_for(1, timeout=0.0)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(upstream.wait_for, 2, 5.0)
        client.get("/")
        assert waiting.result()


# Faults


@pytest.mark.parametrize(
    ("how", "error"),
    [
        ("drop", httpx.RemoteProtocolError),
        ("reset", httpx.ReadError),
        ("truncate", httpx.RemoteProtocolError),
        ("garbage", httpx.RemoteProtocolError),
        ("hang", httpx.ReadTimeout),
    ],
)
def test_each_fault_is_what_a_client_calls_it(upstream: Upstream, how: How, error: type[httpx.HTTPError]) -> None:
    upstream.fail("/", how)
    with httpx.Client(base_url=upstream.url, timeout=0.2, trust_env=False) as client, pytest.raises(error):
        client.get("/")
    assert len(upstream.requests) == 1


def test_a_drip_outlasts_the_timeout_for_each_read(upstream: Upstream) -> None:
    upstream.fail("/", "drip")
    with (
        httpx.Client(base_url=upstream.url, timeout=0.5, trust_env=False) as client,
        client.stream("GET", "/") as reply,
    ):
        assert reply.status_code == 200
        assert b"".join(part for part, _ in zip(reply.iter_raw(), range(20), strict=False)).isspace()


def test_a_fault_then_an_answer(upstream: Upstream, client: httpx.Client) -> None:
    upstream.fail("/", "drop", times=1, method="POST")
    upstream.answer("/", json="at last", method="POST")
    with pytest.raises(httpx.RemoteProtocolError):
        client.post("/")
    assert client.post("/").json() == "at last"


def test_release_lets_go_of_what_waits_and_of_nothing_later(upstream: Upstream, client: httpx.Client) -> None:
    upstream.fail("/", "hang")
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(client.get, "/")
        assert upstream.wait_for(1)
        upstream.release()
        assert isinstance(first.exception(timeout=5.0), httpx.RemoteProtocolError)
        second = pool.submit(client.get, "/")
        assert upstream.wait_for(2)
        assert not second.done()
        upstream.release()


def test_reset_drops_everything_and_releases_what_waits(upstream: Upstream, client: httpx.Client) -> None:
    upstream.answer("/a", json=1)
    upstream.fail("/hang", "hang")
    upstream.answer("/slow", json=1, delay=60.0)
    upstream.barrier(3, timeout=60.0)
    paths = ("/hang", "/slow", "/a", "/late")
    with ThreadPoolExecutor(4) as pool:
        waiting = [pool.submit(client.get, path) for path in paths[:3]]
        assert upstream.wait_for(3)
        upstream.barrier(2, timeout=60.0)
        waiting.append(pool.submit(client.get, "/late"))
        assert upstream.wait_for(4)
        upstream.reset()
        done = [future.exception(timeout=5.0) for future in waiting]
    for path, future, error in zip(paths, waiting, done, strict=True):
        # Who had not been told yet what to do finds no script any more.
        found = "dropped" if isinstance(error, httpx.RemoteProtocolError) else future.result().status_code
        assert found in ("dropped", 404, *([200] if path == "/a" else [])), path
    assert (upstream.requests, upstream.max_in_flight, upstream.connections) == ([], 0, 0)
    assert not upstream.barrier_met
    assert client.get("/a").status_code == 404


# Life


def test_start_and_stop_can_be_repeated_and_leave_nothing() -> None:
    threads = threading.active_count()
    server = Upstream()
    server.stop()
    with pytest.raises(RuntimeError, match="not running"):
        _ = server.url
    for _ in range(3):
        with server:
            assert server.start() is server
            url = server.url
            server.answer("/", json="here")
            assert httpx.get(url, trust_env=False).json() == "here"
        server.stop()
        with pytest.raises(httpx.ConnectError):
            httpx.get(url, trust_env=False)
        assert server.requests == []
    assert threading.active_count() == threads


@pytest.mark.parametrize("how", ["hang", "drip"])
def test_stop_ends_requests_that_wait_and_idle_connections(how: How) -> None:
    threads = threading.active_count()
    server = Upstream().start()
    server.fail("/fault", how)
    server.answer("/", json=1)
    with httpx.Client(base_url=server.url, timeout=30.0, trust_env=False) as client, ThreadPoolExecutor(1) as pool:
        client.get("/")
        hanging = pool.submit(client.get, "/fault")
        assert server.wait_for(2)
        client.get("/")  # on a connection of its own, which is idle afterwards
        began = time.perf_counter()
        server.stop()
        assert isinstance(hanging.exception(), httpx.HTTPError)
        assert time.perf_counter() - began < 5.0, "it did not wait for a limit to pass"
    assert threading.active_count() == threads
    gc.collect()  # a socket left open would warn here, and warnings are errors


def test_too_many_connections_are_refused(upstream: Upstream, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "CONNECTION_LIMIT", 2)
    port = int(upstream.url.rsplit(":", 1)[1])
    held = [socket.create_connection(("127.0.0.1", port)) for _ in range(3)]
    held[2].settimeout(5.0)
    assert held[2].recv(1) == b""
    for sock in held:
        sock.close()


def test_a_hundred_at_once(upstream: Upstream) -> None:
    upstream.answer("/*", lambda request: Answer(json=request.path))
    upstream.barrier(100, timeout=60.0)
    with httpx.Client(
        base_url=upstream.url, timeout=60.0, limits=httpx.Limits(max_connections=100), trust_env=False
    ) as client:
        replies = together(100, lambda i: client.get(f"/{i}").json())
    assert replies == [f"/{i}" for i in range(100)]
    assert (upstream.barrier_met, upstream.max_in_flight, upstream.connections) == (True, 100, 100)
