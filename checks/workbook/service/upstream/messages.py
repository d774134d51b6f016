"""What passes between a client and the upstream: a request that was read, and an answer as bytes."""

from __future__ import annotations

import json as jsonlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

UNSET: Final[Any] = object()


@dataclass(frozen=True)
class Request:
    """One request that reached the upstream."""

    method: str
    path: str
    """As it was sent: still percent-encoded, without the query."""
    query: dict[str, list[str]]
    headers: dict[str, str]
    """Names in lower case; the values of a repeated header are joined with ``", "``."""
    body: bytes
    connection: int
    """The number of the TCP connection it came over: equal for requests that shared one."""

    def json(self) -> Any:
        """The body read as JSON.

        Raises:
            ValueError: it is not JSON.
        """
        return jsonlib.loads(self.body)


@dataclass(frozen=True)
class Answer:
    """What the upstream sends back. At most one of ``json``, ``text`` and ``body`` is given."""

    status: int = 200
    json: Any = UNSET
    text: str | None = None
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    delay: float = 0.0
    """Seconds to wait before it is sent."""

    def encode(self) -> bytes:
        """The answer as the bytes of an HTTP message.

        Raises:
            ValueError: more than one kind of body is given.
            TypeError: ``json`` holds something that JSON has no form for.
        """
        content, kind = self._content()
        headers = {"content-type": kind, "content-length": str(len(content))}
        if self.status < HTTPStatus.OK or self.status in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED):
            headers, content = {}, b""
        elif not content and kind == "application/octet-stream":
            del headers["content-type"]
        headers |= {name.lower(): value for name, value in self.headers.items()}
        return head(self.status, headers) + content

    def _content(self) -> tuple[bytes, str]:
        if sum((self.json is not UNSET, self.text is not None, self.body is not None)) > 1:
            raise ValueError("an answer has json, text or body, not several of them")
        if self.json is not UNSET:
            return jsonlib.dumps(self.json).encode(), "application/json"
        if self.text is not None:
            return self.text.encode(), "text/plain; charset=utf-8"
        return self.body or b"", "application/octet-stream"


Responder = Callable[[Request], Answer]


def head(status: int, headers: Mapping[str, str]) -> bytes:
    """The status line and the headers of an HTTP message, as bytes."""
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = ""
    lines = [f"HTTP/1.1 {status} {phrase}", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join((*lines, "", "")).encode("latin-1")
