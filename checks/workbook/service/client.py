"""An httpx client that records each exchange with the service, and never waits or reads without a limit."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import httpx

from workbook.service.problem import Problem, RequestFailed
from workbook.service.spec import Limits

_NUMBERS = itertools.count(1)
"""Exchanges are numbered through the whole run, over all services."""
_BODY_KEPT = 20_000
"""Bytes of a body that are kept for the message to the learner."""


@dataclass
class Exchange:
    """One request of a check, and what came back."""

    number: int
    method: str
    target: str
    """Path and query, as sent."""
    sent: bytes
    sent_type: str
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict[str, str])
    body: bytes = b""
    problem: Problem | None = None


class RecordingTransport(httpx.BaseTransport):
    """Sends to one service, records, and turns every way of getting no answer into ``RequestFailed``."""

    def __init__(
        self,
        inner: httpx.BaseTransport,
        limits: Limits,
        explain: Callable[[Exchange, Exception], Problem],
        before: Callable[[], None],
    ) -> None:
        """Wrap a transport.

        Args:
            inner: what really sends.
            limits: seconds for a request, bytes for a response.
            explain: finds out why a request got no answer.
            before: called before each request; it may raise when the service is not there.
        """
        self._inner = inner
        self._limits = limits
        self._explain = explain
        self._before = before
        self.exchanges: list[Exchange] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request within the limits."""
        self._before()
        exchange = Exchange(
            number=next(_NUMBERS),
            method=request.method,
            target=request.url.raw_path.decode("ascii", errors="replace"),
            sent=_sent(request),
            sent_type=request.headers.get("content-type", ""),
        )
        self.exchanges.append(exchange)
        request.headers["x-workbook-request"] = str(exchange.number)
        # A single wait is limited here; LimitedBody limits the sum, so that dripping bytes buy no time.
        limit = self._limits.request
        request.extensions["timeout"] = {"connect": limit, "read": limit, "write": limit, "pool": limit}
        deadline = time.monotonic() + limit
        try:
            response = self._inner.handle_request(request)
        except httpx.TransportError as fault:
            raise self._failed(exchange, fault) from fault
        exchange.status = response.status_code
        exchange.headers = dict(response.headers)
        body = LimitedBody(response, exchange, self._limits.response, deadline, self._failed)
        return httpx.Response(
            response.status_code, headers=response.headers, stream=body, extensions=response.extensions
        )

    def _failed(self, exchange: Exchange, fault: Exception) -> RequestFailed:
        exchange.problem = self._explain(exchange, fault)
        return RequestFailed(exchange.problem)

    def close(self) -> None:
        """Close the transport below."""
        self._inner.close()


class LimitedBody(httpx.SyncByteStream):
    """A response body that is cut off when it gets too long or takes too long."""

    def __init__(
        self,
        response: httpx.Response,
        exchange: Exchange,
        limit: int,
        deadline: float,
        failed: Callable[[Exchange, Exception], RequestFailed],
    ) -> None:
        self._response = response
        self._exchange = exchange
        self._limit = limit
        self._deadline = deadline
        self._failed = failed

    def __iter__(self) -> Iterator[bytes]:
        total = 0
        stream = self._response.stream
        if not isinstance(stream, httpx.SyncByteStream):
            raise TypeError("the inner transport must be a synchronous one")
        try:
            for chunk in stream:
                total += len(chunk)
                if total > self._limit:
                    raise TooLarge(self._limit)
                if time.monotonic() > self._deadline:
                    raise httpx.ReadTimeout("the response did not end in time")
                if len(self._exchange.body) < _BODY_KEPT:
                    self._exchange.body += chunk[: _BODY_KEPT - len(self._exchange.body)]
                yield chunk
        except (httpx.TransportError, TooLarge) as fault:
            raise self._failed(self._exchange, fault) from fault

    def close(self) -> None:
        """Give the connection back."""
        self._response.close()


class TooLarge(Exception):
    """A response body is longer than the limit, in bytes."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"the response is longer than {limit} bytes")
        self.limit = limit


def _sent(request: httpx.Request) -> bytes:
    try:
        return request.content[:_BODY_KEPT]
    except httpx.RequestNotRead:
        return b""
