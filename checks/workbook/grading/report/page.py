"""Write the report: the page's parts, and the data, put into one file.

The file asks nothing of any server. Its content security policy allows the one style sheet and the one script that
stand in it, by their hashes, and forbids every way of making HTML from text.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from string import Template
from typing import Any

from workbook.grading.gradebook import Gradebook
from workbook.grading.report.data import TEXT_LIMIT, Works, report_data
from workbook.grading.report.interning import shortened
from workbook.grading.similarity.pairs import SimilarPair

SIZE_LIMIT = 5_000_000
"""Bytes that the page should not exceed: more is slow to send and to open."""
_SCRIPTS = ("dom", "model", "map", "charts", "items", "findings", "overview", "learner", "pairs", "main")
"""The page's script, in this order, from the folder ``script``."""
_LIMITS = (TEXT_LIMIT, TEXT_LIMIT // 3, TEXT_LIMIT // 9)
"""Characters of one text of a message: fewer where the page would grow too large."""
# JSON inside HTML: none of these may end the element, open a comment, or end a line of a script.
_ESCAPES = {sign: f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"}


def write_report(book: Gradebook, file: Path, pairs: Sequence[SimilarPair] = (), works: Works | None = None) -> None:
    """Write the report on a class as one HTML file.

    Args:
        book: the class.
        file: where it goes; its folder is made where it is missing.
        pairs: similar pairs to read, when they were looked for.
        works: what was handed in, to show the code that a message speaks of.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(report_page(book, pairs, works), encoding="utf-8", newline="\n")


def report_page(book: Gradebook, pairs: Sequence[SimilarPair] = (), works: Works | None = None) -> str:
    """The report as HTML, with shorter texts where it would become larger than ``SIZE_LIMIT``."""
    page = ""
    for limit in _LIMITS:
        page = _page(book.course, report_data(book, pairs, works=works, limit=limit))
        if len(page.encode()) <= SIZE_LIMIT:
            break
    return page


def as_script(data: dict[str, Any]) -> str:
    """JSON that may stand inside a ``script`` element."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for sign, escape in _ESCAPES.items():
        text = text.replace(sign, escape)
    return text


def _page(course: str, data: dict[str, Any]) -> str:
    style, script, frame = _parts()
    policy = (
        f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(style)}'; img-src data:; "
        "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
    )
    return Template(frame).substitute(
        title=html.escape(shortened(course, 200)), policy=policy, style=style, script=script, data=as_script(data)
    )


@cache
def _parts() -> tuple[str, str, str]:
    here = Path(__file__).parent
    script = "\n".join((here / "script" / f"{name}.js").read_text(encoding="utf-8") for name in _SCRIPTS)
    style = (here / "report.css").read_text(encoding="utf-8")
    return style, f'(() => {{\n"use strict";\n{script}\n}})();', (here / "frame.html").read_text(encoding="utf-8")


def _hash(text: str) -> str:
    """A source expression of a content security policy."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
