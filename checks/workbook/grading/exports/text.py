"""Learners' words, made safe for one kind of place each."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from functools import lru_cache

_SPACE = re.compile("[\t\n\v\f\r\x1c-\x1f\x85\u2028\u2029]")
_UNSAFE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
)
"""Control characters, those that turn the direction of what follows, halves of surrogate pairs, and non-characters."""
_SURROGATE = re.compile("[\ud800-\udfff]")
_FORMULA = re.compile(r"'*(?:[\t\r\n]|[\s\u200b\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20])")
_MARKUP = re.compile(r"([\\`*_{}\[\]<>#|~&@$^]|^[-+=]|(?<!\d):(?=\S)|(?<=www)\.)", re.IGNORECASE)
"""What could begin markup, a link, an emoji's short name or a table's cell within a line (CommonMark, GitHub's)."""
_NUMBERED = re.compile(r"^(\d+)([.)])(?=\s|$)")
_COMMAND = re.compile(r"^\s*:(?=:)|##(?=\[)", re.MULTILINE)
_TICKS = re.compile("`+")


def encodable(text: str) -> str:
    """The text without lone surrogates, which stand for bytes that are no UTF-8 and cannot be written."""
    return _SURROGATE.sub("\ufffd", text)


@lru_cache(maxsize=1024)
def line(text: str, limit: int = 0) -> str:
    """The text as one line without anything that controls a terminal or the direction of writing.

    Emoji, joiners and letters written from right to left stay as they are.

    Args:
        text: anybody's words.
        limit: the most characters that are kept; 0 for all.
    """
    shown = _UNSAFE.sub("\ufffd", _SPACE.sub(" ", text))
    return shown if not limit or len(shown) <= limit else shown[: limit - 1] + "…"


def block(text: str) -> str:
    """The text as lines, each as ``line`` makes it."""
    return "\n".join(_UNSAFE.sub("\ufffd", _SPACE.sub(" ", row)) for row in text.replace("\r\n", "\n").split("\n"))


def loggable(text: str) -> str:
    """Lines that GitHub's runner prints and does not obey: it takes commands from any step's output.

    A command is ``::name::`` at the beginning of a line, blanks apart, or ``##[name]`` anywhere
    (actions/runner, ``ActionCommand.cs``).
    """
    return _COMMAND.sub(r"\g<0> ", block(text))


def cell(text: str) -> str:
    """A cell of a CSV file that a spreadsheet shows as text, whatever it begins with.

    A spreadsheet takes what begins with ``=``, ``+``, ``-`` or ``@`` (also full-width, or after blanks) for a formula;
    an apostrophe before it prevents that. Text that already has one before such a sign gets another, so that taking
    one away gives the text back.
    """
    shown = line(text)
    return f"'{shown}" if _FORMULA.match(shown) else shown


@lru_cache(maxsize=1024)
def markdown(text: str) -> str:
    """One line of Markdown that shows the text and nothing else: no markup, no HTML, no end of a table's cell."""
    return _NUMBERED.sub(r"\1\\\2", _MARKUP.sub(r"\\\1", line(text).strip()))


def fenced(text: str) -> str:
    """A block of Markdown that shows the text as it is, between fences that are longer than any in it."""
    body = block(text)
    fence = "`" * max(3, 1 + max((len(run) for run in _TICKS.findall(body)), default=0))
    return f"{fence}text\n{body}\n{fence}"


def html_lines(text: str) -> str:
    """HTML that shows the text's lines."""
    return "<br>".join(html.escape(row, quote=True) for row in block(text).split("\n"))


def listed(words: Sequence[str], most: int) -> str:
    """Words as a sentence lists them, with no more than ``most`` of them: ``a, b and 7 more``."""
    if len(words) > most:
        return f"{', '.join(words[:most])} and {len(words) - most} more"
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def number(points: float) -> str:
    """Points as CSV files and imports want them: a point, and no more than two decimals, ``12`` or ``12.5``."""
    return f"{points:.2f}".rstrip("0").rstrip(".")
