"""A gradebook as the data that the report's page shows: plain JSON, each text once.

The short keys and lists keep the page small; ``model.js`` is the one reader, and says again what stands where.
Nothing is escaped here but what would change how a text is read; the page inserts texts as texts only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from workbook.course.message import Message
from workbook.course.model import Lesson
from workbook.course.points import points_text
from workbook.course.results import ExerciseResult, Verdict
from workbook.grading.exports import marks, shown
from workbook.grading.gradebook import Gradebook, LearnerGrade, LessonGrade, Standing
from workbook.grading.report.causes import Cause, cause_of, grouped, telling_text
from workbook.grading.report.interning import NONE, Table, Texts, shortened
from workbook.grading.report.items import item_statistics
from workbook.grading.similarity.pairs import SimilarPair

CODES = {
    Verdict.PASSED: "p",
    Verdict.FAILED: "f",
    Verdict.NOT_STARTED: "n",
    Verdict.CRASHED: "c",
    Verdict.TIMED_OUT: "t",
    Verdict.CHECK_ERROR: "e",
}
"""How the page writes a verdict."""
TEXT_LIMIT = 900
"""Characters of one text of a message: about as much as twelve lines hold, and more a learner is not shown."""
GROUPS = 200
"""Kinds of failure that are listed."""
PAIR_TEXT = 1_000_000
"""Characters of learners' texts that the pairs may bring along, all together."""
_NAME = 300
_NOTE = 500
_NOTES = 50

CODE_TEXT = 2_000_000
"""Characters of learners' code that stand beside verdicts, all together."""
_AROUND = 5
"""Lines shown above and below the one that a message names."""
_LINE = 200
_PLACE = re.compile(r"lessons/lesson_\d\d/(?P<file>[^:]+):(?P<line>\d+)")

Works = Mapping[str, Mapping[int, Mapping[str, bytes]]]
"""What was handed in: by learner and lesson, each file's bytes by its path in the lesson."""
_Failure = tuple[int, Cause, Message, bool]


def report_data(
    book: Gradebook, pairs: Sequence[SimilarPair] = (), *, works: Works | None = None, limit: int = TEXT_LIMIT
) -> dict[str, Any]:
    """The class as JSON.

    Args:
        book: the class.
        pairs: similar pairs to show, in the order in which they are to be read.
        works: what was handed in, to show the code that a message speaks of.
        limit: characters of one text of a message.
    """
    maker = _Maker(book, limit, works or {})
    learners = [maker.learner(place, grade) for place, grade in enumerate(book.learners)]
    groups = [
        {
            "lesson": group.cause.lesson,
            "exercise": group.cause.exercise,
            "kind": group.cause.kind,
            "telling": maker.texts.text(telling_text(group.example)),
            "expected": maker.texts.text(group.example.row("Expected") or ""),
            "example": maker.texts.message(group.example),
            "learners": group.learners,
            "hidden": group.hidden,
        }
        for group in grouped(maker.failures, limit=GROUPS)
    ]
    return {
        "course": shortened(book.course, _NAME),
        "made": book.made_at.isoformat(timespec="minutes"),
        "version": book.tool_version,
        "seed": book.seed,
        "isolation": shortened(book.isolation, _NOTE),
        "warning": book.warning,
        "policy": shortened(book.policy, _NOTE),
        "max": book.max_points,
        "says": {"hidden": shown.HIDDEN, "notGraded": shown.NOT_GRADED},
        "words": {CODES[verdict]: verdict.words for verdict in Verdict},
        "lessons": [_columns(lesson) for lesson in book.lessons],
        "items": [
            [item.learners, item.began, item.passed, item.share, item.discrimination] for item in item_statistics(book)
        ],
        "learners": learners,
        "outcomes": maker.outcomes.entries,
        "checksets": maker.checksets.entries,
        "groups": groups,
        "pairs": _pairs(pairs, maker.keys),
        "messages": maker.texts.messages.entries,
        "strings": maker.texts.strings.entries,
    }


def _columns(lesson: Lesson) -> dict[str, Any]:
    return {
        "number": lesson.number,
        "title": lesson.title,
        "max": lesson.max_points,
        "exercises": [[entry.id, entry.title, entry.points, entry.stretch] for entry in lesson.exercises],
    }


class _Maker:
    """Turns learners into data, and remembers what they have in common."""

    def __init__(self, book: Gradebook, limit: int, works: Works) -> None:
        self.book = book
        self._works = works
        self._room = CODE_TEXT
        self.texts = Texts(limit)
        self.outcomes = Table()
        """What became of an exercise: verdict, points, message, checks, which of them passed, hidden messages."""
        self.checksets = Table()
        """The checks of an exercise: for each its name, what it expects, and whether it is hidden."""
        self._checks: dict[tuple[tuple[str, str], ...], tuple[int, tuple[bool, ...]]] = {}
        self.failures: list[_Failure] = []
        self.keys: dict[str, str] = {}
        """By the learner's id the one by which the page knows them: ids differ in signs that nobody sees, too."""
        self._taken: set[str] = set()

    def learner(self, place: int, grade: LearnerGrade) -> dict[str, Any]:
        who = grade.learner
        return {
            "key": self._key(who.id),
            "id": shortened(who.id, _NAME),
            "name": shortened(who.name, _NAME),
            "email": shortened(who.email, _NAME),
            "roster": who.in_roster,
            "extension": who.extension_days,
            "standing": grade.standing.value,
            "problem": shortened(grade.problem, _NOTE),
            "notes": [shortened(note, _NOTE) for note in grade.notes[:_NOTES]],
            "moreNotes": max(0, len(grade.notes) - _NOTES),
            "source": shortened(grade.source, _NAME),
            "at": grade.handed_in_at.isoformat(timespec="minutes") if grade.handed_in_at else "",
            "days": round(grade.lateness.days, 2),
            "percent": grade.lateness.percent,
            "raw": grade.raw_points,
            "points": grade.points,
            "max": grade.max_points,
            "final": marks.is_final(grade),
            "errors": [shortened(text, _NOTE) for text in _errors(grade)],
            "about": shortened(shown.about_grade(grade), _NOTE),
            "late": shown.about_lateness(grade),
            "mark": "" if self.book.scheme.is_plain else _mark(self.book, grade),
            "lessons": [self._lesson(place, lesson, grade) for lesson in self.book.lessons],
        }

    def _key(self, ident: str) -> str:
        key = shown = shortened(ident, _NAME)
        count = 1
        while key in self._taken:
            count += 1
            key = f"{shown}~{count}"
        self._taken.add(key)
        self.keys[ident] = key
        return key

    def _lesson(self, place: int, lesson: Lesson, learner: LearnerGrade) -> dict[str, Any]:
        grade = next((entry for entry in learner.lessons if entry.lesson == lesson.number), None)
        if grade is None:
            return {"in": False, "outcomes": []}
        data: dict[str, Any] = {"in": grade.handed_in and learner.standing is Standing.HANDED_IN}
        if grade.result is None:
            data["about"] = shown.about_lesson(learner, grade)
        if not marks.is_graded(learner, grade):
            data["unknown"] = True
        if late := shown.about_lateness(grade):
            data["late"] = late
        if grade.unstable:
            data["unstable"] = [shortened(name, _NAME) for name in grade.unstable]
        data["outcomes"] = list(self._outcomes(place, lesson, grade)) if grade.result else []
        if codes := self._codes(learner.learner.id, grade):
            data["code"] = codes
        return data

    def _codes(self, who: str, grade: LessonGrade) -> dict[str, list[Any]]:
        """By exercise, the code that its message speaks of: file, first line, the line that is meant, and the text."""
        files = self._works.get(who, {}).get(grade.lesson, {})
        found: dict[str, list[Any]] = {}
        for entry in grade.result.exercises if grade.result and files else ():
            message = shown.told(entry)
            match = _PLACE.match(message.row("Look at") or "") if message else None
            if match is None or match["file"] not in files:
                continue
            lines = _source(files[match["file"]].decode("utf-8", "replace")).split("\n")
            meant = min(int(match["line"]), len(lines))
            first = max(1, meant - _AROUND)
            text = "\n".join(shortened(line, _LINE) for line in lines[first - 1 : meant + _AROUND])
            if len(text) > self._room:
                break
            self._room -= len(text)
            found[entry.exercise] = [shortened(match["file"], _NAME), first, meant, text]
        return found

    def _outcomes(self, place: int, lesson: Lesson, grade: LessonGrade) -> Iterator[int]:
        for column in lesson.exercises:
            entry = grade.exercise(column.id)
            yield self._outcome(place, lesson.number, entry) if entry else NONE

    def _outcome(self, place: int, lesson: int, entry: ExerciseResult) -> int:
        checks, hidden = self._checkset(entry)
        points = round(entry.points, 2)
        if entry.verdict is Verdict.PASSED and not entry.remark and False not in [each.passed for each in entry.checks]:
            return self.outcomes.place((CODES[entry.verdict], points, NONE, checks, "1" * len(hidden), ()))
        stopped = [
            (position, check.message, hidden[position])
            for position, check in enumerate(entry.checks)
            if not check.passed and check.message
        ]
        public = next((message for _, message, own in stopped if not own), None)
        if entry.remark:
            public = shown.told(entry)
        own = tuple((position, self.texts.message(message)) for position, message, own in stopped if own)
        first = public or next((message for _, message, _ in stopped), None)
        if first is not None and entry.verdict not in (Verdict.PASSED, Verdict.NOT_STARTED, Verdict.CHECK_ERROR):
            self.failures.append((place, cause_of(lesson, entry.exercise, first), first, public is None))
        passed = "".join(["01"[check.passed] for check in entry.checks])
        return self.outcomes.place((CODES[entry.verdict], points, self.texts.message(public), checks, passed, own))

    def _checkset(self, entry: ExerciseResult) -> tuple[int, tuple[bool, ...]]:
        """The place of an exercise's checks, and which of them are hidden."""
        names = tuple([(check.name, check.expects) for check in entry.checks])
        if names not in self._checks:
            hidden = tuple(shown.is_hidden(check) for check in entry.checks)
            checks = [
                [self.texts.text(name), self.texts.text(expects), int(own)]
                for (name, expects), own in zip(names, hidden, strict=True)
            ]
            self._checks[names] = self.checksets.place(names, checks), hidden
        return self._checks[names]


def _mark(book: Gradebook, grade: LearnerGrade) -> str:
    return f"Mark: {points_text(book.mark(grade))} of {points_text(book.best_mark)}. {book.scheme.sentence()}"


def _errors(grade: LearnerGrade) -> tuple[str, ...]:
    """Faults of ours in words; a lesson without a result and without a word is one, too."""
    silent = [
        f"lesson {lesson.lesson}: it has no result"
        for lesson in grade.lessons
        if not lesson.grader_errors and not marks.is_graded(grade, lesson)
    ]
    return (*grade.grader_errors, *silent)


def _pairs(pairs: Sequence[SimilarPair], keys: dict[str, str]) -> dict[str, Any]:
    """The pairs, with each learner's files once."""
    works = Table()
    room = PAIR_TEXT
    listed: list[dict[str, Any]] = []
    for pair in pairs:
        entry: dict[str, Any] = {
            "lesson": pair.lesson,
            "shares": [round(pair.share_left, 3), round(pair.share_right, 3)],
            "works": [NONE, NONE],
        }
        entry["who"] = [
            keys.get(pair.left, shortened(pair.left, _NAME)),
            keys.get(pair.right, shortened(pair.right, _NAME)),
        ]
        names = [sorted(pair.left_files), sorted(pair.right_files)]
        entry["fragments"] = [
            (
                *(_index(names[0], part.left_file), part.left_start, part.left_end),
                *(_index(names[1], part.right_file), part.right_start, part.right_end),
            )
            for part in pair.fragments
        ]
        for side, files in enumerate((pair.left_files, pair.right_files)):
            content = tuple((shortened(name, _NAME), _source(files[name])) for name in names[side])
            size = sum(len(text) for _, text in content)
            if content and size <= room:
                before = len(works.entries)
                entry["works"][side] = works.place(content)
                room -= size if len(works.entries) > before else 0
        listed.append(entry)
    return {"list": listed, "works": works.entries}


def _index(names: list[str], name: str) -> int:
    return names.index(name) if name in names else NONE


def _source(text: str) -> str:
    """A file's text whose lines are counted as Python's tools do: by the signs that end a line of source."""
    return shortened(text.replace("\r\n", "\n").replace("\r", "\n"), PAIR_TEXT)
