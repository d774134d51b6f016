"""An httpx client that records each exchange with the service, and never waits or reads without a limit."""

from __future__ import annotations

import itertools
import json
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Never

import httpcore
import httpx

from workbook.service.protocol.problem import Problem, RequestFailed
from workbook.service.protocol.spec import Limits
from workbook.service.protocol.untrusted import strings_in

_NUMBERS = itertools.count(1)
"""Exchanges are numbered through the whole run, over all services."""
_USUAL = {"host", "accept", "accept-encoding", "connection", "user-agent", "content-length", "content-type"}
"""Headers that httpx adds by itself."""
_BODY_KEPT = 20_000
"""Bytes of a body that are kept for the message to the learner."""
_HEADERS = 100
"""Header fields that an answer may have."""
_HEADER_BYTES = 32 * 1024
"""Bytes that they may have together."""
_HEADER_KEPT = 500
"""Characters of a header that are kept for the message."""
_GZIP = 16 + zlib.MAX_WBITS
"""How zlib calls the one coding that a check may ask for."""


@dataclass
class Exchange:
    """One request of a check, and what came back."""

    number: int
    method: str
    target: str
    """Path and query, as sent."""
    sent: bytes
    sent_type: str
    seconds: float
    """How long it may take, up to the last byte of the answer."""
    sent_headers: dict[str, str] = field(default_factory=dict[str, str])
    """Those that the check chose, beside what every request has."""
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict[str, str])
    body: bytes = b""
    """The beginning of the body."""
    problem: Problem | None = None


class Answer(httpx.Response):
    """A response that is read as what its bytes are, whatever its headers say of them."""

    def json(self, **kwargs: Any) -> Any:
        """The body as JSON, by RFC 8259: in UTF-8, and without ``NaN``.

        Raises:
            UnreadableAnswer: it is none.
        """
        if len(self.content) > JSON_LIMIT:
            raise UnreadableAnswer(f"the body has more than {JSON_LIMIT // 1024**2} MB of JSON")
        try:
            return json.loads(self.content.decode("utf-8"), parse_constant=_no_constant, **kwargs)
        except RecursionError:
            raise UnreadableAnswer("the body is nested too deeply to be read") from None
        except UnicodeDecodeError:
            raise UnreadableAnswer("the body is not UTF-8") from None
        except ValueError as error:
            text = error.text if isinstance(error, UnreadableAnswer) else "the body is not JSON"
            raise UnreadableAnswer(text) from None


JSON_LIMIT = 1024 * 1024
"""Bytes of a body that is read as JSON."""


class UnreadableAnswer(ValueError):
    """A body is not what it was read as; ``text`` says why, for the learner."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


def _no_constant(name: str) -> Never:
    raise UnreadableAnswer(f"the body is not JSON: JSON has no {name}")


def all_text(response: httpx.Response) -> str:
    """Everything that an answer says: what a check searches for something that must not be there.

    That is the body's bytes as UTF-8, the names and values of its headers, and, where the body is JSON, each of its
    texts and keys as a client reads them. No declared charset, no escape and no second key of the same name hides any
    of it.
    """
    body = response.content
    parts = [body.decode("utf-8", errors="replace")]
    if b"\0" in body:  # UTF-16 and UTF-32 write ASCII so
        parts.append(body.replace(b"\0", b"").decode("utf-8", errors="replace"))
    parts += [part.decode("utf-8", errors="replace") for header in response.headers.raw for part in header]
    if len(body) <= JSON_LIMIT:
        with suppress(ValueError, RecursionError):  # no JSON: then its bytes are all that it says
            parts += strings_in(json.loads(body, object_pairs_hook=list))
    return "\n".join(parts)


class RecordingTransport(httpx.BaseTransport):
    """Sends to one service, records, and turns every way of getting no answer into ``RequestFailed``."""

    def __init__(
        self,
        send: Callable[[httpx.Request], httpx.Response],
        limits: Limits,
        explain: Callable[[Exchange, Exception], Problem],
        before: Callable[[], None],
        after: Callable[[], None],
        until: float,
    ) -> None:
        """Wrap what sends.

        Args:
            send: sends to the present process of the service; it takes its time limits as points in time.
            limits: seconds for a request, bytes for a response.
            explain: finds out why a request got no answer.
            before: called before each request; it may raise when the service is not there.
            after: called when something came back.
            until: when the time of the whole run is over, by ``time.monotonic()``.
        """
        self._send = send
        self._limits = limits
        self._explain = explain
        self._before = before
        self._after = after
        self._until = until
        self.exchanges: list[Exchange] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request within the limits."""
        self._before()
        seconds = float(request.extensions["timeout"]["read"] or self._limits.request)
        exchange = Exchange(
            number=next(_NUMBERS),
            method=request.method,
            target=request.url.raw_path.decode("ascii", errors="replace"),
            sent=_sent(request),
            sent_type=request.headers.get("content-type", ""),
            seconds=seconds,
            sent_headers={name: value for name, value in request.headers.items() if name not in _USUAL},
        )
        self.exchanges.append(exchange)
        request.headers["x-workbook-request"] = str(exchange.number)
        deadline = min(time.monotonic() + seconds, self._until)
        request.extensions["timeout"] = {"connect": deadline, "write": deadline, "read": deadline, "pool": seconds}
        try:
            response = self._send(request)
        except Exception as error:  # whatever it is: it was read from the service
            raise self._failed(exchange, error) from error
        exchange.status = response.status_code
        self._after()
        try:
            exchange.headers = _checked_headers(response)
            body = _Body(response, exchange, self._limits.response, deadline, self._failed)
            stream = _Gzip(body) if _is_gzip(request, response) else body
        except (TooLarge, Unasked) as error:
            response.close()
            raise self._failed(exchange, error) from error
        answer = Answer(response.status_code, headers=response.headers, stream=stream)
        answer.encoding = "utf-8"
        return answer

    def _failed(self, exchange: Exchange, error: Exception) -> RequestFailed:
        exchange.problem = self._explain(exchange, error)
        return RequestFailed(exchange.problem)


def make_client(transport: RecordingTransport, limits: Limits) -> httpx.Client:
    """The client of a service. A ``timeout`` that a check gives is for the whole request, up to the last byte."""
    return httpx.Client(
        transport=transport,
        base_url="http://service",
        headers={"accept-encoding": "identity"},
        timeout=limits.request,
        trust_env=False,
    )


class _Body(httpx.SyncByteStream):
    """A response body that is cut off when it gets too long or takes too long."""

    def __init__(
        self,
        response: httpx.Response,
        exchange: Exchange,
        limit: int,
        deadline: float,
        failed: Callable[[Exchange, Exception], RequestFailed],
    ) -> None:
        self.limit = limit
        self._response = response
        self._exchange = exchange
        self._deadline = deadline
        self._failed = failed

    def __iter__(self) -> Iterator[bytes]:
        total = 0
        assert isinstance(self._response.stream, httpx.SyncByteStream)
        chunks = iter(self._response.stream)
        while True:
            try:
                chunk = next(chunks, b"")
                total += len(chunk)
                if total > self.limit:
                    raise TooLarge(f"{self.limit // 1024**2} MB")
                if time.monotonic() > self._deadline:
                    raise httpcore.ReadTimeout("the response did not end in time")
            except Exception as error:
                raise self.failed(error) from error
            if not chunk:
                return
            if len(self._exchange.body) < _BODY_KEPT:
                self._exchange.body += chunk[: _BODY_KEPT - len(self._exchange.body)]
            yield chunk

    def failed(self, error: Exception) -> RequestFailed:
        """The exception for a body that cannot be had."""
        return self._failed(self._exchange, error)

    def close(self) -> None:
        """Give the connection back."""
        self._response.close()


class _Gzip(httpx.SyncByteStream):
    """A body that a check asked to be compressed. httpx unpacks it, once it is known to be small enough."""

    def __init__(self, body: _Body) -> None:
        self._body = body

    def __iter__(self) -> Iterator[bytes]:
        packed = b"".join(self._body)
        try:
            unpacked = zlib.decompressobj(_GZIP).decompress(packed, self._body.limit + 1)
        except zlib.error as error:
            raise self._body.failed(Unasked("what is called gzip and is none")) from error
        if len(unpacked) > self._body.limit:
            raise self._body.failed(TooLarge(f"{self._body.limit // 1024**2} MB"))
        yield packed

    def close(self) -> None:
        """Give the connection back."""
        self._body.close()


class TooLarge(Exception):
    """A response, or a part of it, is longer than the limit, which is given in words."""


class Unasked(Exception):
    """A response has a form that nobody asked for, which is given in words."""


def _is_gzip(request: httpx.Request, response: httpx.Response) -> bool:
    """Whether the body is compressed as the check asked for.

    Raises:
        Unasked: it is encoded in another way, or several times.
    """
    codings = [coding.lower() for coding in response.headers.get_list("content-encoding", split_commas=True)]
    if not codings or codings == ["identity"]:
        return False
    asked = [part.partition(";")[0].strip() for part in request.headers.get("accept-encoding", "").split(",")]
    if codings == ["gzip"] and "gzip" in asked:
        return True
    raise Unasked(f"a body encoded as {', '.join(codings)[:_HEADER_KEPT]}")


def _checked_headers(response: httpx.Response) -> dict[str, str]:
    """The beginnings of the headers, for the message.

    Raises:
        TooLarge: there are more than can be meant; what looks at them, such as a cookie jar, looks at each.
    """
    fields = response.headers.raw
    if len(fields) > _HEADERS or sum(len(name) + len(value) for name, value in fields) > _HEADER_BYTES:
        raise TooLarge(f"{_HEADERS} header fields, or {_HEADER_BYTES // 1024} kB of them,")
    return {name: value[:_HEADER_KEPT] for name, value in response.headers.items()}


def _sent(request: httpx.Request) -> bytes:
    try:
        return request.content[:_BODY_KEPT]
    except httpx.RequestNotRead:
        return b""
