"""Connections to a service on which one deadline ends a whole request, however slowly the answer drips."""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import httpcore
import httpx

_CONNECTIONS = 200
_KEPT_CONNECTIONS = 50


class Connections(httpx.BaseTransport):
    """Sends requests to one service.

    A request's ``timeout`` extension holds points in time, by ``time.monotonic()``, and no seconds: httpcore hands them
    to each single read and write, and only so can all of them together have a limit.
    """

    def __init__(self, uds: Path | None, port: int) -> None:
        """Nothing is opened yet.

        Args:
            uds: the unix socket of the service, or None where it listens on ``port`` of this machine.
            port: used without ``uds``.
        """
        self._port = None if uds else port
        self._pool = httpcore.ConnectionPool(
            max_connections=_CONNECTIONS,
            max_keepalive_connections=_KEPT_CONNECTIONS,
            uds=None if uds is None else str(uds),
            network_backend=_Backend(),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request, and wait for the head of its answer."""
        # Wherever a URL points that a check has from an answer: nobody but the service is asked.
        host = request.url.raw_host if self._port is None else b"127.0.0.1"
        target = request.url.raw_path
        url = httpcore.URL(scheme=b"http", host=host, port=self._port, target=target)
        assert isinstance(request.stream, Iterable)
        answer = self._pool.handle_request(
            httpcore.Request(
                request.method, url, headers=request.headers.raw, content=request.stream, extensions=request.extensions
            )
        )
        assert isinstance(answer.stream, Iterable)
        return httpx.Response(answer.status, headers=answer.headers, stream=_Body(answer))

    def close(self) -> None:
        """Close all connections."""
        self._pool.close()


class _Body(httpx.SyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        return self._answer.iter_stream()

    def close(self) -> None:
        self._answer.close()


class _Backend(httpcore.NetworkBackend):
    """Opens connections whose time limits are points in time."""

    def __init__(self) -> None:
        self._inner = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        left = _left(timeout, httpcore.ConnectTimeout)
        return _Stream(self._inner.connect_tcp(host, port, left, local_address, socket_options))

    def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None
    ) -> httpcore.NetworkStream:
        left = _left(timeout, httpcore.ConnectTimeout)
        return _Stream(self._inner.connect_unix_socket(path, left, socket_options))


class _Stream(httpcore.NetworkStream):
    """A connection whose ``timeout`` is a point in time."""

    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        # Piece by piece: a service that reads a byte now and then must not make one write last for ever.
        connection = self._inner.get_extra_info("socket")
        rest = memoryview(buffer)
        try:
            while rest:
                connection.settimeout(_left(timeout, httpcore.WriteTimeout))
                rest = rest[connection.send(rest) :]
        except TimeoutError as error:
            raise httpcore.WriteTimeout(str(error)) from error
        except OSError as error:
            raise httpcore.WriteError(str(error)) from error

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        raise httpcore.ConnectError("a service speaks plain HTTP")

    def get_extra_info(self, info: str) -> object:
        return self._inner.get_extra_info(info)


def _left(until: float | None, over: type[httpcore.TimeoutException]) -> float | None:
    """Seconds that are left; raises ``over`` where there are none."""
    if until is None:
        return None
    left = until - time.monotonic()
    if left <= 0:
        raise over("the time of the request is over")
    return left
