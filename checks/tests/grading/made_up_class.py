"""A class of made-up learners of every kind, as an instructor gets it: uploads in a folder, and a roster.

``python -m checks.tests.made_up_class FOLDER`` writes thirty of them; ``make_class`` says what each one must earn. The
work is made from the real lessons: their solutions, variants and starters.
"""

from __future__ import annotations

import argparse
import csv
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tests.grading.made_up_uploads import KINDS, Person, Upload, make_upload
from tests.grading.made_up_work import Points, Workshop
from workbook.course.model import find_course
from workbook.grading.gradebook import Standing

DUE = "2025-03-01T12:00"
"""When the work of these learners is due. Some days before it they handed it in, or after it."""
LATE = "10%/day, grace 30m, max 50%"
ROSTER = "roster.csv"
UPLOADS = "uploads"
HEADER = (
    "id",
    "name",
    "email",
    "extension",
    "Canvas Student",
    "Canvas ID",
    "Canvas SIS User ID",
    "Canvas SIS Login ID",
    "Canvas Section",
    "Moodle Identifier",
    "Moodle username",
)
_NAMES = (
    ("ada", "Lovelace, Ada"),
    ("bilal", "بلال الرشيد"),
    ("chloe", "Chloé 🍜 Dubois"),
    ("dmitri", "Дмитрий Иванов"),
    ("evil", "=cmd|' /C calc'!A0"),
    ("freya", 'Freya "Fey" Nilsen'),
    ("grace", "Grace Hopper"),
    ("hana", "佐藤 花"),
    ("ivan", "Ivan O'Neill"),
    ("jana", "<b>Jana</b> | Novák"),
)


@dataclass(frozen=True)
class MadeUpLearner:
    """One learner, and what a fair grader gives."""

    id: str
    kind: str
    """What is special about them, in a word or two."""
    standing: Standing
    points: Points
    """For each exercise the least and the most that it may earn, before anything is taken off for being late."""
    late_percent: float = 0.0
    """What being late costs under ``DUE`` and ``LATE``."""
    in_roster: bool = True
    upload: str = ""
    """The name of the file or folder that was handed in; empty where there is none."""


@dataclass(frozen=True)
class MadeUpClass:
    """A class on disk."""

    folder: Path
    learners: Sequence[MadeUpLearner]
    due: str = DUE
    late: str = LATE

    @property
    def uploads(self) -> Path:
        """What ``workbook grade`` takes: one file or folder a learner."""
        return self.folder / UPLOADS

    @property
    def roster(self) -> Path:
        """The roster, with columns for Canvas and Moodle."""
        return self.folder / ROSTER

    def of_kind(self, kind: str) -> MadeUpLearner:
        """The first learner of a kind.

        Raises:
            StopIteration: there is none.
        """
        return next(learner for learner in self.learners if learner.kind == kind)


def make_class(
    folder: Path, learners: int = 30, *, lessons: Sequence[int] = (1, 2, 3), kinds: Sequence[str] = ()
) -> MadeUpClass:
    """Write a class.

    Args:
        folder: where to; it gets ``uploads`` and ``roster.csv``.
        learners: how many; kinds repeat, each time with other variants.
        lessons: which lessons they work on.
        kinds: only these, in this order; all of ``KINDS`` where it is empty.

    Returns:
        What each must earn.
    """
    shop = Workshop(find_course(), tuple(lessons))
    (folder / UPLOADS).mkdir(parents=True, exist_ok=True)
    chosen = list(kinds or KINDS)
    rows: list[Sequence[str]] = [HEADER]
    made: list[MadeUpLearner] = []
    seen = Counter[str]()
    for number in range(1, learners + 1):
        kind = chosen[(number - 1) % len(chosen)]
        person = _person(number, seen[kind])
        seen[kind] += 1
        upload = make_upload(shop, kind, person)
        if upload.in_roster:
            rows.append(_row(person, upload))
        made.append(
            MadeUpLearner(
                id=person.id,
                kind=kind,
                standing=upload.standing,
                points=upload.work.points
                if upload.work and upload.standing is Standing.HANDED_IN
                else shop.worth(solved=()),
                late_percent=upload.late_percent,
                in_roster=upload.in_roster,
                upload=upload.write(folder / UPLOADS, person, datetime.fromisoformat(DUE)),
            )
        )
    stream = io.StringIO()
    csv.writer(stream).writerows(rows)
    (folder / ROSTER).write_text(stream.getvalue(), encoding="utf-8", newline="")
    return MadeUpClass(folder, made)


def _person(number: int, turn: int) -> Person:
    login, name = _NAMES[(number - 1) % len(_NAMES)]
    again = (number - 1) // len(_NAMES)
    return Person(number, f"{login}{again + 1 if again else ''}", f"{name} {again + 1 if again else ''}".strip(), turn)


def _row(person: Person, upload: Upload) -> Sequence[str]:
    return (
        person.id,
        person.name,
        f"{person.id}@school.example",
        f"{upload.extension:g}" if upload.extension else "",
        person.name,
        person.canvas_id,
        f"SIS{person.number:05}",
        person.id,
        f"Group {'AB'[person.number % 2]}",
        f"Participant {person.participant}",
        person.id,
    )


def main() -> None:
    """Write a class into a folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--learners", type=int, default=30)
    chosen = parser.parse_args()
    made = make_class(chosen.folder, chosen.learners)
    for learner in made.learners:
        least, most = (sum(bound[side] for bound in learner.points.values()) for side in (0, 1))
        earns = f"{least:g}" if least == most else f"{least:g} to {most:g}"
        print(f"{learner.id:10} {learner.kind:28} {learner.standing:10} {earns:>10}  {learner.upload}")
    print(f'workbook grade {made.uploads} --roster {made.roster} --due {made.due} --late "{made.late}"')


if __name__ == "__main__":
    main()
