"""Text that somebody else wrote, made safe to show: it controls no terminal and turns no writing round."""

from __future__ import annotations

import re
from functools import lru_cache

_SPACE = re.compile("[\t\n\v\f\r\x1c-\x1f\x85\u2028\u2029]")
_UNSAFE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
)
"""Control characters, those that turn the direction of what follows, halves of surrogate pairs, and non-characters."""
_SURROGATE = re.compile("[\ud800-\udfff]")


def visible(text: str) -> str:
    """The text with what is dangerous in it replaced by U+FFFD; white space and ends of lines stay."""
    return _UNSAFE.sub("\ufffd", text)


@lru_cache(maxsize=1024)
def line(text: str, limit: int = 0) -> str:
    """The text as one line without anything that controls a terminal or the direction of writing.

    Emoji, joiners and letters written from right to left stay as they are.

    Args:
        text: anybody's words.
        limit: the most characters that are kept; 0 for all.
    """
    shown = visible(_SPACE.sub(" ", text))
    return shown if not limit or len(shown) <= limit else shown[: limit - 1] + "…"


def block(text: str) -> str:
    """The text as lines, each as ``line`` makes it."""
    return "\n".join(visible(_SPACE.sub(" ", row)) for row in text.replace("\r\n", "\n").split("\n"))


def encodable(text: str) -> str:
    """The text without lone surrogates, which stand for bytes that are no UTF-8 and cannot be written."""
    return _SURROGATE.sub("\ufffd", text)
