"""A learner's files as streams of signs, one sign a token, so that a copy is seen through what is easily changed.

``Look.STRUCTURE`` knows no names, comments, docstrings, imports or layout: renaming, rewording and reformatting change
nothing in it. ``Look.WORDS`` keeps names, and the words of comments and docstrings: where every right answer has the
same structure, those are what people write differently.

Nothing is parsed or run: the lexer is that of Pygments, which reads any text, whether it is Python or not.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from importlib import import_module
from typing import Any

from pygments.token import Comment, Error, Keyword, Name, Number, String, Text

FILE_BYTES = 60_000
"""A file larger than this is not compared: no lesson asks for anything near it."""
ALL_BYTES = 200_000
"""Of one learner's files in one lesson, in the order of their names; the others are not compared."""
LINE = 2_000
"""A longer line counts as an empty one: nobody wrote it by hand."""
TOKENS = 20_000
"""Of one learner in one lesson; what comes after is not compared."""

_WORD = re.compile(r"\w+")
_CLOSE = ")]}"
_DEPTH = {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}

_Token = tuple[Any, str, int]
"""Pygments' kind, the text, and the line on which it begins."""


class Look(Enum):
    """What is looked at in a text."""

    STRUCTURE = "structure"
    WORDS = "words"


@dataclass(frozen=True, slots=True)
class Stream:
    """One file's tokens: a sign for each, and the line on which it begins, counted from 1."""

    file: str
    signs: str
    lines: tuple[int, ...]


def readable(files: Mapping[str, bytes]) -> dict[str, str]:
    """The Python files of one learner that can be compared, as texts.

    Files that are too large or hold NUL bytes are left out; bytes that are no UTF-8 are replaced.
    """
    texts: dict[str, str] = {}
    room = ALL_BYTES
    for name in sorted(files):
        data = files[name]
        if name.endswith(".py") and len(data) <= min(room, FILE_BYTES) and b"\0" not in data:
            room -= len(data)
            texts[name] = data.decode("utf-8-sig", errors="replace")
    return {name: text.replace("\r\n", "\n").replace("\r", "\n") for name, text in texts.items()}


def streams(texts: Mapping[str, str]) -> dict[Look, list[Stream]]:
    """The streams of one learner's files, one a file, for both looks."""
    found: dict[Look, list[Stream]] = {look: [] for look in Look}
    room = dict.fromkeys(Look, TOKENS)
    lexer: Any = import_module("pygments.lexers.python").PythonLexer(stripnl=False, ensurenl=False)  # it has no types
    for name in sorted(texts):
        short = "\n".join(line if len(line) <= LINE else "" for line in texts[name].split("\n"))
        tokens = list(_placed(lexer.get_tokens(short)))
        for look, signs in ((Look.STRUCTURE, _structure(_without_imports(tokens))), (Look.WORDS, _words(tokens))):
            stream = _stream(name, signs, room[look])
            room[look] -= len(stream.signs)
            found[look].append(stream)
    return found


def _stream(name: str, placed: Iterable[tuple[str, int]], room: int) -> Stream:
    signs: list[str] = []
    lines: list[int] = []
    for sign, line in placed:
        if len(signs) >= room:
            break
        if sign in _CLOSE and signs and signs[-1] == ",":  # a trailing comma is layout
            signs.pop()
            lines.pop()
        signs.append(sign)
        lines.append(line)
    return Stream(name, "".join(signs), tuple(lines))


def _placed(tokens: Iterable[tuple[Any, str]]) -> Iterator[_Token]:
    line = 1
    for kind, text in tokens:
        yield kind, text, line
        line += text.count("\n")


def _without_imports(tokens: Iterable[_Token]) -> Iterator[_Token]:
    """Leave out import statements: they follow from the rest."""
    fresh, skipping, depth = True, False, 0
    for kind, text, line in tokens:
        if kind in Text:
            if "\n" in text:
                fresh = True
                skipping = skipping and depth > 0
        else:
            if fresh and not skipping and kind in Keyword.Namespace:
                skipping, depth = True, 0
            fresh = False
        if skipping:
            depth += _DEPTH.get(text, 0)
        else:
            yield kind, text, line


def _structure(tokens: Iterable[_Token]) -> Iterator[tuple[str, int]]:
    in_string = False
    for kind, text, line in tokens:
        if kind in String.Doc or kind in Comment or kind in Text:
            continue
        if kind in String and kind not in String.Interpol:
            if not in_string:
                yield "S", line
            in_string = True
            continue
        in_string = False
        if kind in Name and kind not in Name.Builtin:
            yield "D" if kind in Name.Decorator else "V", line
        elif kind in Number:
            yield "N", line
        else:
            yield _sign(text), line


def _words(tokens: Iterable[_Token]) -> Iterator[tuple[str, int]]:
    for kind, text, line in tokens:
        if kind in Text or kind in Error:
            continue
        if kind in Comment or kind in String:
            for match in _WORD.finditer(text):
                yield _sign(match[0].lower()), line + text.count("\n", 0, match.start())
        else:
            yield _sign(text), line


def _sign(text: str) -> str:
    """A sign for a token: itself where it is one, else one of a million in the upper planes, the same in every run."""
    return text if len(text) == 1 else chr(0x10000 + zlib.crc32(text.encode("utf-8", "replace")) % 0x100000)
