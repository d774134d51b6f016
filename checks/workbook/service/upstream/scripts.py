"""The scripts of an upstream: which answer or fault is for which request."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote

from workbook.service.upstream.messages import Answer, Request, Responder

How = Literal["drop", "reset", "truncate", "garbage", "hang", "drip"]
"""The faults that can be scripted; ``Upstream.fail`` says what each does."""
PATH_SAFE = "/*%:@!$&'()+,;=~"
"""Kept as they are in a scripted path; the rest is percent-encoded, as clients do."""


@dataclass
class Script:
    """What to do with the requests that match; ``left`` counts down the times, None is for ever."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    what: Answer | Responder | How
    left: int | None

    @property
    def key(self) -> tuple[str, str, tuple[tuple[str, str], ...]]:
        """What it is for; a new script replaces the endless one with the same key."""
        return self.method, self.path, self.query

    @property
    def vagueness(self) -> tuple[int, int, int, bool]:
        """Sorts exact scripts before those with wildcards and without a query."""
        wild = sum("*" in value for _, value in self.query)
        return self.path.count("*"), -len(self.query), wild, self.method == "*"

    def matches(self, request: Request) -> bool:
        """Whether it is for this request."""
        method = "GET" if request.method == "HEAD" and self.method == "GET" else request.method
        return (
            self.method in ("*", method)
            and _fits(self.path, quote(request.path, safe=PATH_SAFE))
            and all(any(_fits(pattern, value) for value in request.query.get(name, ())) for name, pattern in self.query)
        )


def _fits(pattern: str, text: str) -> bool:
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), text, re.DOTALL) is not None
