r"""Find out whose an upload is, by what it is called.

In this order, for the name of a folder, or of an archive without its suffix:

1. the roster's ``id``, exactly, then in capitals or not;
2. another name of the learner in the roster: email, SIS User ID, SIS Login ID, Moodle username or ID number;
3. Moodle, "Download all submissions": ``Ada Lovelace_12345_assignsubmission_file_``. The number is that of the
   participant (``Moodle Identifier``: ``Participant 12345``) or an ``id``; else the name, where one has it;
4. Canvas, "Download Submissions": ``lovelaceada_12345_67890_work`` or ``lovelaceada_LATE_12345_67890_work``. The first
   number is the Canvas ``ID`` or an ``id``;
5. GitHub Classroom: ``assignment-login``, where the ``id`` is the login; and what "Download ZIP" makes of that,
   ``assignment-login-main``.

What is still nobody's is graded under its own name and flagged.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

from workbook.grading.gradebook import Learner

_MOODLE = re.compile(r"(?P<name>.+)_(?P<number>\d+)_assignsubmission_\w+", re.DOTALL)
_CANVAS = re.compile(r"[^_]+(?:_late)?_(?P<number>\d+)_\d+_.+", re.DOTALL | re.IGNORECASE)

_BRANCH = re.compile(r"(?P<name>.+)-(?:main|master)", re.DOTALL)


def key_of(text: str) -> str:
    """One form for a name, however it is capitalised and its accents are written."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


class Matcher:
    """Finds the learners of a roster."""

    def __init__(self, learners: Iterable[Learner]) -> None:
        learners = list(learners)
        self._ids = {key_of(learner.id): learner for learner in learners}
        self._others = _unique((other, learner) for learner in learners for other in _other_names(learner))
        self._participants = _unique(
            (learner.moodle.get("Identifier", "").rpartition(" ")[2], learner) for learner in learners
        )
        self._canvas = _unique((learner.canvas.get("ID", ""), learner) for learner in learners)
        self._names = _unique((learner.name, learner) for learner in learners)

    def find(self, name: str) -> Learner | None:
        """Whose an upload of this name is; None where nobody's."""
        key = key_of(name)
        return self._ids.get(key) or self._others.get(key) or self._by_pattern(key)

    def _by_pattern(self, key: str) -> Learner | None:
        if match := _MOODLE.fullmatch(key):
            number = match["number"]
            return self._participants.get(number) or self._ids.get(number) or self._names.get(match["name"])
        if match := _CANVAS.fullmatch(key):
            return self._canvas.get(match["number"]) or self._ids.get(match["number"])
        return self._by_login(key) or ((match := _BRANCH.fullmatch(key)) and self._by_login(match["name"])) or None

    def _by_login(self, key: str) -> Learner | None:
        # logins may hold hyphens: the longest one wins
        ends = (key, *(key[at + 1 :] for at, sign in enumerate(key) if sign == "-"))
        return next((self._ids[end] for end in ends if end in self._ids), None)


def _other_names(learner: Learner) -> Iterator[str]:
    yield learner.email
    for column in ("SIS User ID", "SIS Login ID"):
        yield learner.canvas.get(column, "")
    for column in ("username", "idnumber"):
        yield learner.moodle.get(column, "")


def _unique(pairs: Iterable[tuple[str, Learner]]) -> dict[str, Learner]:
    """Learners by a name of theirs; a name that two of them have is left out."""
    found: dict[str, Learner | None] = {}
    for name, learner in pairs:
        if name:
            key = key_of(name)
            found[key] = learner if found.get(key, learner) is learner else None
    return {key: learner for key, learner in found.items() if learner is not None}
