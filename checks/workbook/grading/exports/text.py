"""Learners' words, made safe for one kind of place each."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from functools import lru_cache

from workbook.course.text import block, line

_FORMULA = re.compile(r"'*(?:[\t\r\n]|[\s\u200b\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20])")
_MARKUP = re.compile(r"([\\`*_{}\[\]<>#|~&@$^]|^[-+=]|(?<!\d):(?=\S)|(?<=www)\.)", re.IGNORECASE)
"""What could begin markup, a link, an emoji's short name or a table's cell within a line (CommonMark, GitHub's)."""
_NUMBERED = re.compile(r"^(\d+)([.)])(?=\s|$)")
_COMMAND = re.compile(r"^\s*:(?=:)|##(?=\[)", re.MULTILINE)
_TICKS = re.compile("`+")


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
