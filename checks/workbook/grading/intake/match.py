r"""Find out whose an upload is, by what it is called.

In this order, for the name of a folder, or of an archive without its suffix:

1. the roster's ``id``, exactly, then in capitals or not;
2. another name of the learner in the roster: email, SIS User ID, SIS Login ID, Moodle username or ID number;
3. Moodle, "Download all submissions": ``Ada Lovelace_12345_assignsubmission_file_``. The number is that of the
   participant (``Moodle Identifier``: ``Participant 12345``) or an ``id``; else the name, where one has it;
4. Canvas, "Download Submissions": ``lovelaceada_12345_67890_work`` or ``lovelaceada_LATE_12345_67890_work``. The first
   number is the Canvas ``ID`` or an ``id``;
5. GitHub Classroom: ``assignment-login``, where the ``id`` is the login; and what "Download ZIP" makes of that,
   ``assignment-login-main``. Both parts may hold hyphens, so the assignment is told by the other uploads: beside
   ``week-3-bob``, ``week-3-evil-ada`` is of ``evil-ada`` and not of ``ada``. Where no other upload tells, it is a
   guess, and noted.

What is still nobody's is graded under its own name and flagged.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator

from workbook.grading.gradebook import Learner

_MOODLE = re.compile(r"(?P<name>.+)_(?P<number>\d+)_assignsubmission_\w+", re.DOTALL)
_CANVAS = re.compile(r"[^_]+(?:_late)?_(?P<number>\d+)_\d+_.+", re.DOTALL | re.IGNORECASE)

CANVAS_LATE = re.compile(r"[^_]+_LATE_\d+_\d+_.+", re.DOTALL)
"""An upload that came in after Canvas's due date, as "Download Submissions" names it."""
_BRANCH = re.compile(r"(?P<name>.+)-(?:main|master)", re.DOTALL)


def key_of(text: str) -> str:
    """One form for a name, however it is capitalised and its accents are written."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


class Matcher:
    """Finds the learners of a roster."""

    def __init__(self, learners: Iterable[Learner], uploads: Iterable[str]) -> None:
        """Learn the names.

        Args:
            learners: of the roster.
            uploads: what every upload is called.
        """
        learners = list(learners)
        self._ids = {key_of(learner.id): learner for learner in learners}
        self._others = _unique((other, learner) for learner in learners for other in _other_names(learner))
        self._participants = _unique(
            (learner.moodle.get("Identifier", "").rpartition(" ")[2], learner) for learner in learners
        )
        self._canvas = _unique((learner.canvas.get("ID", ""), learner) for learner in learners)
        self._names = _unique((learner.name, learner) for learner in learners)
        self._assignments = Counter(
            assignment for key in map(key_of, uploads) if not self._exact(key) for assignment, _ in self._by_login(key)
        )

    def _exact(self, key: str) -> Learner | None:
        return self._ids.get(key) or self._others.get(key)

    def find(self, name: str) -> Learner | None:
        """The learner whom an upload of this name belongs to, if there is one."""
        key = key_of(name)
        return self._exact(key) or self._by_pattern(key)

    def is_guess(self, name: str) -> bool:
        """Whether nothing but the end of its name says whose an upload is."""
        key = key_of(name)
        if self._exact(key) or _MOODLE.fullmatch(key) or _CANVAS.fullmatch(key):
            return False
        return any(self._assignments[assignment] == 1 for assignment, _ in self._of_class(key))

    def _by_pattern(self, key: str) -> Learner | None:
        if match := _MOODLE.fullmatch(key):
            number = match["number"]
            return self._participants.get(number) or self._ids.get(number) or self._names.get(match["name"])
        if match := _CANVAS.fullmatch(key):
            return self._canvas.get(match["number"]) or self._ids.get(match["number"])
        if (match := _BRANCH.fullmatch(key)) and (learner := self._ids.get(match["name"])):
            return learner
        return next((learner for _, learner in self._of_class(key)), None)

    def _of_class(self, key: str) -> Iterator[tuple[str, Learner]]:
        """The same as ``_by_login``, where the assignment is none that another upload makes a part of the login."""
        for assignment, learner in self._by_login(key):
            if not any(assignment.startswith(f"{shorter}-") for shorter in self._assignments):
                yield assignment, learner

    def _by_login(self, key: str) -> Iterator[tuple[str, Learner]]:
        """The assignment and the login that a name may be made of: the longest login, with the branch and without."""
        branch = _BRANCH.fullmatch(key)
        for name in (key, *([branch["name"]] if branch else [])):
            cuts = (at for at, sign in enumerate(name) if sign == "-")
            found = ((name[:at], self._ids[name[at + 1 :]]) for at in cuts if name[at + 1 :] in self._ids)
            first = next(found, None)
            if first is not None:
                yield first
                return


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
