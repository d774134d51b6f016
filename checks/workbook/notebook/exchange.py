"""One request and its answer, in a short form that stays the same from run to run."""

from __future__ import annotations

import html
import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, cast

import httpx

from workbook.notebook.cards import AMBER, BLUE, GREEN, GREY, RED, Card, edged_text, show

if TYPE_CHECKING:
    from collections.abc import Sequence

COLUMNS = 92
MAX_LINES = 40
"""Lines shown of a body; ``.text`` and ``.json()`` have all of it."""
_PHRASES = {413: "Content Too Large", 414: "URI Too Long", 416: "Range Not Satisfiable", 422: "Unprocessable Content"}
"""Where the words of RFC 9110 differ from those of older Python versions."""
_COLOURS = {2: GREEN, 3: BLUE, 4: AMBER, 5: RED}
"""By the status code's first digit."""


class Exchange:
    """What one request sent and what came back.

    ``status_code``, ``json()``, ``text``, ``headers`` and everything else of ``httpx.Response`` can be read from it;
    ``response`` is that object. It has been shown already when it is returned, so a cell that ends on it does not show
    it twice; in a later cell its name shows it again.
    """

    def __init__(self, response: httpx.Response, *, show: Sequence[str] = (), log: str | None = None) -> None:
        self.response = response
        self._show = tuple(show)
        self._log = log
        self._shown_in: int | None = None

    @property
    def status_code(self) -> int:
        """The answer's status, such as 201."""
        return self.response.status_code

    @property
    def headers(self) -> httpx.Headers:
        """The answer's headers."""
        return self.response.headers

    @property
    def text(self) -> str:
        """The answer's body as text."""
        return self.response.text

    def json(self) -> Any:
        """The answer's body, read as JSON.

        Raises:
            ValueError: the body is not JSON.
        """
        return self.response.json()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self.response, name)

    def __repr__(self) -> str:
        return f"<Exchange [{self._head()} → {_status(self.status_code)}]>"

    def __str__(self) -> str:
        return self.card().text

    def _ipython_display_(self) -> None:
        """Called by IPython for a cell's last value."""
        if self._shown_in is None or self._shown_in != _running_cell():
            self.display()

    def display(self) -> None:
        """Show the exchange below the running cell."""
        self._shown_in = _running_cell()
        show(self.card())

    def card(self) -> Card:
        """The exchange, to look at."""
        sent = _sent(self.response.request)
        status = _status(self.status_code)
        got = [f"{name.lower()}: {self.headers[name]}" for name in self._show if name in self.headers]
        got += _body(self.response)
        logged = [f"in the server's log: {self._log}"] if self._log else []
        text = "\n".join(
            [self._head(), *(f"  {line}" for line in sent), f"→ {status}", *(f"  {line}" for line in [*got, *logged])]
        )
        colour = _COLOURS.get(self.status_code // 100, GREY)
        parts = [f"<strong>{html.escape(self._head())}</strong>", *(html.escape(f"  {line}") for line in sent)]
        parts += [f'<strong style="color:{colour}">→ {html.escape(status)}</strong>']
        parts += [html.escape(f"  {line}") for line in got]
        parts += [f"<em>{html.escape(f'  {line}')}</em>" for line in logged]
        return Card(text, edged_text("\n".join(parts), colour))

    def _head(self) -> str:
        request = self.response.request
        return f"{request.method} {request.url.raw_path.decode('ascii')}"


def pretty(value: Any, *, columns: int = COLUMNS, lead: int = 0) -> list[str]:
    """JSON in as few lines as its width allows: what fits on one line stays on one line.

    Args:
        value: any JSON value; the order of its keys is kept.
        columns: the width to keep to, in characters.
        lead: how much of the first line is taken already.

    Returns:
        The lines.
    """
    line = json.dumps(value, ensure_ascii=False)
    if len(line) + lead <= columns or not isinstance(value, (dict, list)) or not value:
        return [line]
    entries: list[tuple[str, Any]]
    if isinstance(value, dict):
        members = cast("dict[str, Any]", value)
        entries = [(json.dumps(key, ensure_ascii=False) + ": ", entry) for key, entry in members.items()]
        opening, closing = "{", "}"
    else:
        entries = [("", entry) for entry in cast("list[Any]", value)]
        opening, closing = "[", "]"
    lines: list[str] = []
    for position, (name, entry) in enumerate(entries):
        comma = "," if position < len(entries) - 1 else ""
        block = pretty(entry, columns=columns - 2, lead=len(name) + len(comma))
        block[0] = name + block[0]
        block[-1] += comma
        lines += [f"  {part}" for part in block]
    return [opening, *lines, closing]


def _running_cell() -> int | None:
    from IPython.core.getipython import get_ipython

    shell = get_ipython()
    return shell.execution_count if shell is not None else None


def _status(code: int) -> str:
    try:
        return f"{code} {_PHRASES.get(code) or HTTPStatus(code).phrase}"
    except ValueError:
        return str(code)


def _sent(request: httpx.Request) -> list[str]:
    own = {"host", "accept", "accept-encoding", "connection", "user-agent", "content-length", "content-type", "cookie"}
    headers = [f"{name}: {value}" for name, value in request.headers.items() if name not in own]
    kind = request.headers.get("content-type", "")
    try:
        content = request.content
    except httpx.RequestNotRead:
        return [*headers, "(a stream)"]
    if kind.startswith("multipart/"):
        return [*headers, "(a form with files)"]
    if content and kind and not _is_json(kind):
        headers.append(f"content-type: {kind}")
    return [*headers, *_content(content, kind, request.headers.get("content-type", ""))]


def _body(response: httpx.Response) -> list[str]:
    kind = response.headers.get("content-type", "")
    return _content(response.content, kind, kind, text=response.text)


def _content(content: bytes, kind: str, name: str, *, text: str | None = None) -> list[str]:
    if not content:
        return []
    if _is_json(kind):
        try:
            value = json.loads(content)
            json.dumps(value, allow_nan=False)  # raises for 1e400: what no float can hold is shown as it was written
            return _cut(pretty(value))
        except ValueError:
            pass
    try:
        shown = text if text is not None else content.decode()
    except UnicodeDecodeError:
        return [f"({len(content)} bytes of {name or 'unknown content'})"]
    if "\0" in shown or "\ufffd" in shown:
        return [f"({len(content)} bytes of {name or 'unknown content'})"]
    return _cut([line[: COLUMNS - 1] + "…" if len(line) > COLUMNS else line for line in shown.splitlines()])


def _cut(lines: list[str]) -> list[str]:
    if len(lines) <= MAX_LINES:
        return lines
    return [*lines[: MAX_LINES - 1], f"… and {len(lines) - MAX_LINES + 1} more lines"]


def _is_json(kind: str) -> bool:
    media = kind.partition(";")[0].strip()
    return media == "application/json" or media.endswith("+json")
