"""A class without names: every learner has a code, always the same one, so that nobody is marked by who they are.

The report alone is without names. What goes to a school's system needs them, and ``names.csv`` says whose a code is.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from workbook.course.files import replace_file
from workbook.grading.exports.files import BOM, csv_text
from workbook.grading.exports.text import cell
from workbook.grading.gradebook import Gradebook, Learner, LearnerGrade
from workbook.grading.similarity.pairs import SimilarPair

FILE = "names.csv"
_SHORTEST = 4
_Work = TypeVar("_Work")


def codes(ids: Collection[str], secret: str) -> dict[str, str]:
    """A code for each id, by which nobody who does not know the secret finds the id: ``K7QM``.

    Args:
        ids: of the class.
        secret: kept in the store; with another one the codes are others.
    """
    whole = {name: _code(name, secret) for name in ids}
    length = _SHORTEST
    while len({code[:length] for code in whole.values()}) < len(whole):
        length += 1
    return {name: code[:length] for name, code in whole.items()}


def _code(name: str, secret: str) -> str:
    digest = hmac.digest(secret.encode(), f"code of {name}".encode("utf-8", "surrogatepass"), hashlib.sha256)
    return base64.b32encode(digest).decode("ascii")


def without_names(
    book: Gradebook, pairs: Sequence[SimilarPair], works: Mapping[str, _Work], known: Mapping[str, str]
) -> tuple[Gradebook, list[SimilarPair], dict[str, _Work]]:
    """What the report shows, with codes for names.

    Notes that name the learner or the upload are left out. A learner's own words, in messages and in code, stay.
    """
    learners = sorted((_unnamed(grade, known[grade.learner.id]) for grade in book.learners), key=lambda g: g.learner.id)
    return (
        replace(book, learners=tuple(learners)),
        [replace(pair, left=known[pair.left], right=known[pair.right]) for pair in pairs],
        {known[name]: work for name, work in works.items()},
    )


def _unnamed(grade: LearnerGrade, code: str) -> LearnerGrade:
    who = grade.learner
    telling = [text.casefold() for text in (who.id, who.name, who.email, grade.source) if text]
    notes = tuple(note for note in grade.notes if not any(text in note.casefold() for text in telling))
    stranger = Learner(code, in_roster=who.in_roster, extension_days=who.extension_days)
    return replace(grade, learner=stranger, notes=notes, source="")


def write_names(learners: Iterable[Learner], known: Mapping[str, str], folder: Path) -> Path:
    """Write whose each code is."""
    rows = sorted((known[who.id], cell(who.id), cell(who.name)) for who in learners)
    return replace_file(folder / FILE, BOM + csv_text([("code", "id", "name"), *rows]))
