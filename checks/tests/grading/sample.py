"""A made-up class with learners of every kind, for the tests of exports and of the report.

The lessons are three of its own. The names, messages and file names are those that a grader meets on a bad day:
formulas, markup, escape codes, text from right to left, and bytes that are no UTF-8.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.grading.sample_lessons import SAMPLE_LESSONS
from workbook.course.message import Message
from workbook.course.model import Exercise, Lesson
from workbook.course.results import CheckResult, ExerciseResult, LessonResult, Verdict
from workbook.grading.exports import FORMATS, Options, export_all
from workbook.grading.gradebook import Gradebook, Lateness, Learner, LearnerGrade, LessonGrade, Standing

DUE = datetime(2026, 12, 1, 22, 59, tzinfo=UTC)
SEED = 902_144_371
"""A number that no other part of the sample holds, so that a test can look for it."""

HIDDEN_NAME = "hidden/test_1_extra.py::test_secret_handshake"
HIDDEN_EXPECTS = "The answer to the hidden question is xyzzy-7719."
HIDDEN_INPUT = "GET /hidden-route-4242"
HIDDEN_WORDS = ("secret_handshake", "test_1_extra", "xyzzy-7719", "hidden-route-4242", "hidden/")
"""Words of a hidden check, none of which a learner may read."""

HOSTILE_TEXTS = (
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2+3",
    "@SUM(A1:A9)",
    "\t=1+1",
    "\r=1+1",
    '  =HYPERLINK("http://evil.example")',
    "</textarea></td><script>alert(1)</script><img src=x onerror=alert(1)>",
    "<!--",
    "]]><failure message='forged'/>",
    "&lt;b&gt;&amp;",
    "\x1b[2J\x1b[31mred\x1b[0m\x07\x08\x00",
    "\x1b]0;title\x07",
    "\u202egnp.exe\u202c",
    "\ufeffmark \u2028 line \u2029 paragraph",
    "bytes that are no text: \udcff\udcfe",
    "not XML: \x0b \x0c \ufffe \uffff",
    "```\n# Grade: 100/100\n```",
    "````\n~~~\n| a | b |\n",
    "[click](javascript:alert(1)) ![x](http://evil.example/pixel)",
    "::error title=forged::all is lost\n::set-output name=result::x",
    "100%25 %0A::notice::forged",
    "\n   ::add-mask::a\nx ##[set-output name=result]x",
    'a "quoted", comma; and semicolon',
    "two\r\nlines\nand a third",
    "🍲 👩🏽‍🍳 ñandú Ωmega 漢字",
    "שלום عليكم",
    "x" * 5_000,
)
"""What a learner may have written anywhere."""

NAMES = (
    "Ada Lovelace",
    "O'Brien, Conan",
    'Robert "Bob" Martin',
    "Zoë 🍲 Müller",
    "محمد بن موسى",
    "דנה כהן",
    "=cmd|' /C calc'!A0",
    "<script>alert('name')</script>",
    "**bold** | [link](javascript:alert(1))",
    "\x1b[31mRed\x1b[0m Terminal",
    "José\u0301 Nuñez; semicolon",
    "Line\r\nBreak",
    "\u202egnp.exe",
    "@here",
    "-Dash",
    "+49 30 1234",
)
"""Names of learners; more than there are fall back to plain ones."""

MOODLE_HEADER = (
    "Identifier,Full name,Email address,Status,Grade,Maximum Grade,Grade can be changed,"
    "Last modified (submission),Last modified (grade),Feedback comments"
)
"""What Moodle writes over its offline grading worksheet, in English."""

_Fate = Callable[["_Maker"], LearnerGrade]


def sample_gradebook(learners: int = 12, *, seed: int = 1) -> Gradebook:
    """A class, the same one for the same arguments.

    Args:
        learners: how many; the first sixteen are of a different kind each, in the order of ``KINDS``, and then the
            kinds repeat.
        seed: of the made-up points and messages (not the gradebook's own seed, which is ``SEED``).
    """
    lessons = SAMPLE_LESSONS
    made = [_learner(position, lessons, random.Random(f"{seed}/{position}")) for position in range(learners)]
    return Gradebook(
        course="FastAPI workbook",
        lessons=lessons,
        learners=tuple(sorted(made, key=lambda grade: grade.learner.id)),
        made_at=datetime(2026, 12, 5, 9, 30, tzinfo=UTC),
        tool_version="0.1.0",
        seed=SEED,
        isolation="Each submission ran in its own namespaces (bubblewrap), closed in by Landlock and resource limits.",
        isolated=True,
        policy="Due 1 December 2026 22:59 UTC; 10 % of the points are taken off for each day begun, at most 50 %.",
    )


RUNNER_SAYS = {
    "classroom": "spring",
    "assignment": "week-1",
    "submission": "submit/2026-11-20T10-00-00Z-0123abc",
    "commit": "https://github.com/school/spring-week-1-ada/commit/0123abc",
    "release": "https://github.com/school/spring-week-1-ada/releases/tag/submit",
}
"""What Classroom 50's runner says of a submission."""


def export_everything(book: Gradebook, folder: Path) -> Path:
    """Write all formats of a class, Moodle's worksheet filled in among them; returns the folder that holds them."""
    sheet = folder / "sheet.csv"
    sheet.write_text(moodle_sheet(book), encoding="utf-8")
    export_all(book, folder / "out", FORMATS, Options(moodle_worksheet=sheet, classroom50=RUNNER_SAYS))
    return folder / "out"


def of_kind(book: Gradebook, kind: str) -> LearnerGrade:
    """The first learner of one of ``KINDS``.

    Raises:
        StopIteration: the book is too small to hold one.
    """
    return next(grade for grade in book.learners if grade.learner.email.startswith(f"{kind}."))


def moodle_sheet(
    book: Gradebook, *, header: str = MOODLE_HEADER, maximum: str = "100.00", more: tuple[str, ...] = ()
) -> str:
    """Moodle's offline grading worksheet for a class, nothing graded yet.

    Args:
        book: the class; learners without Moodle's columns in the roster have no row.
        header: the first line.
        maximum: what the assignment is worth, as the sheet writes it.
        more: further lines.
    """
    rows = [
        f"{grade.learner.moodle['Identifier']},Somebody,,Submitted for grading,,{maximum},Yes,-,-,"
        for grade in book.learners
        if grade.learner.moodle
    ]
    return "\r\n".join([header, *rows, *more]) + "\r\n"


@dataclass
class _Maker:
    """Makes one learner's grade."""

    learner: Learner
    lessons: tuple[Lesson, ...]
    chance: random.Random

    def lesson(self, lesson: Lesson, verdict: Callable[[Exercise], Verdict]) -> LessonGrade:
        """A lesson whose exercises ended as the function says."""
        exercises = tuple(self.exercise(exercise, verdict(exercise)) for exercise in lesson.exercises)
        result = LessonResult(lesson.number, lesson.title, exercises)
        seconds = round(self.chance.uniform(1, 9), 2)
        return LessonGrade(lesson.number, lesson.title, lesson.max_points, result, seconds=seconds)

    def exercise(self, exercise: Exercise, verdict: Verdict) -> ExerciseResult:
        """An exercise with three checks, of which the last one is hidden."""
        folder = f"checks/lesson_{exercise.lesson:02d}"
        names = [f"{folder}/test_{exercise.number}_it.py::test_{word}" for word in ("answers", "refuses")]
        passed_one = verdict is Verdict.FAILED and self.chance.random() < 0.5
        checks: list[CheckResult] = []
        for position, name in enumerate((*names, HIDDEN_NAME)):
            passed = verdict is Verdict.PASSED or (passed_one and position == 0)
            hidden = name == HIDDEN_NAME
            expects = HIDDEN_EXPECTS if hidden else f"{exercise.title}, part {position + 1}"
            message = None if passed else self.message(exercise, verdict, hidden=hidden)
            ended = Verdict.PASSED if passed else verdict
            checks.append(CheckResult(name, expects, passed, ended, message, round(self.chance.uniform(0, 1), 3)))
        points = float(exercise.points) if verdict is Verdict.PASSED else 0.0
        if passed_one and exercise.partial:
            points = round(exercise.points / 3, 2)
        return ExerciseResult(exercise.id, exercise.title, verdict, points, exercise.points, tuple(checks))

    def message(self, exercise: Exercise, verdict: Verdict, *, hidden: bool) -> Message:
        """What such an exercise says, with something hostile in the learner's part."""
        if hidden:
            return Message((("We sent", HIDDEN_INPUT), ("Expected", HIDDEN_EXPECTS)), kind="wrong_status")
        theirs = self.chance.choice(HOSTILE_TEXTS)
        file = f"lessons/lesson_{exercise.lesson:02d}/{exercise.files[0]}"
        end = (("Look at", file), ("Stuck?", f"workbook hint {exercise.id}"))
        if verdict is Verdict.CRASHED:
            return Message((("Cannot read", f"Python stops at this line: {theirs}"), *end), kind="syntax_error")
        if verdict is Verdict.TIMED_OUT:
            rows = (("We sent", "GET /recipes/1"), ("No answer", "within 5 seconds"), ("It was at", theirs))
            return Message((*rows, *end), kind="timed_out")
        if verdict is Verdict.CHECK_ERROR:
            return Message((("Fault", "the check itself raised ZeroDivisionError"),), kind="check_error")
        kind = self.chance.choice(("wrong_status", "wrong_value", "missing_field", "status_404"))
        rows = (("We sent", "GET /recipes/1"), ("You answered", f"200 {theirs}"), ("Expected", "200: the recipe"))
        return Message((*rows, *end), kind=kind)

    def grade(self, *lessons: LessonGrade, late_days: float = 0.0, percent: float = 0.0) -> LearnerGrade:
        """Put a handed-in grade together."""
        return LearnerGrade(
            self.learner,
            Standing.HANDED_IN,
            lessons,
            source=f"{self.learner.id}.zip",
            handed_in_at=DUE - timedelta(hours=5) + timedelta(days=late_days),
            lateness=Lateness(late_days, percent),
        )

    def mixed(self) -> tuple[LessonGrade, ...]:
        """Lessons that went better at their beginning than at their end."""
        strength = self.chance.uniform(0.3, 1.1)

        def verdict(exercise: Exercise) -> Verdict:
            luck = self.chance.random() + 0.05 * exercise.number + 0.1 * exercise.lesson
            if luck < strength:
                return Verdict.PASSED
            return Verdict.FAILED if luck < strength + 0.5 else Verdict.NOT_STARTED

        return tuple(self.lesson(lesson, verdict) for lesson in self.lessons)

    def all(self, verdict: Verdict) -> tuple[LessonGrade, ...]:
        """Every exercise with one verdict."""
        return tuple(self.lesson(lesson, lambda _: verdict) for lesson in self.lessons)

    def empty(self, *, handed_in: bool) -> tuple[LessonGrade, ...]:
        """Lessons without any result."""
        return tuple(
            LessonGrade(lesson.number, lesson.title, lesson.max_points, None, handed_in=handed_in)
            for lesson in self.lessons
        )


def _passed(maker: _Maker) -> LearnerGrade:
    return maker.grade(*maker.all(Verdict.PASSED))


def _half_done(maker: _Maker) -> LearnerGrade:
    return maker.grade(*maker.mixed())


def _not_started(maker: _Maker) -> LearnerGrade:
    return maker.grade(*maker.all(Verdict.NOT_STARTED))


def _missing(maker: _Maker) -> LearnerGrade:
    return LearnerGrade(maker.learner, Standing.MISSING, maker.empty(handed_in=False))


def _invalid(maker: _Maker) -> LearnerGrade:
    problem = "The archive names a file outside of itself (../../etc/passwd): pack the lessons folder again."
    grade = LearnerGrade(maker.learner, Standing.INVALID, maker.empty(handed_in=False), problem)
    return replace(grade, source="<b>upload</b>.zip", handed_in_at=DUE)


def _timed_out(maker: _Maker) -> LearnerGrade:
    first, *others = maker.mixed()
    slow = maker.lesson(maker.lessons[0], lambda ex: Verdict.TIMED_OUT if ex.number > 2 else Verdict.PASSED)
    return maker.grade(replace(slow, seconds=first.seconds + 40), *others)


def _crashed(maker: _Maker) -> LearnerGrade:
    return maker.grade(*maker.all(Verdict.CRASHED))


def _grader_error(maker: _Maker) -> LearnerGrade:
    first, second, *others = maker.all(Verdict.PASSED)
    lost = replace(first, result=None, error="the worker that graded this lesson ended before its answer came")
    broken = maker.lesson(
        maker.lessons[second.lesson - 1], lambda ex: Verdict.CHECK_ERROR if ex.number == 2 else Verdict.PASSED
    )
    return maker.grade(lost, broken, *others)


def _unstable(maker: _Maker) -> LearnerGrade:
    first, *others = maker.all(Verdict.PASSED)
    return maker.grade(replace(first, unstable=(maker.lessons[0].exercises[-1].id,)), *others)


def _not_in_roster(maker: _Maker) -> LearnerGrade:
    stranger = replace(maker.learner, name="", in_roster=False, canvas={}, moodle={})
    grade = replace(maker, learner=stranger).grade(*maker.mixed())
    return replace(grade, notes=("This id is not in the roster.",))


def _late(maker: _Maker) -> LearnerGrade:
    return maker.grade(*maker.all(Verdict.PASSED), late_days=1.5, percent=20.0)


def _meddled(maker: _Maker) -> LearnerGrade:
    notes = tuple(f"ignored: {text[:80]} differs from ours" for text in HOSTILE_TEXTS)
    return replace(maker.grade(*maker.mixed()), notes=notes, source="=cmd|' /C calc'!A0.zip")


def _part_handed_in(maker: _Maker) -> LearnerGrade:
    first, *others = maker.all(Verdict.PASSED)
    absent = [replace(lesson, result=None, handed_in=False) for lesson in others]
    absent[-1] = replace(absent[-1], problem=f"{HOSTILE_TEXTS[7]} is a link: hand in plain files.")
    return maker.grade(first, *absent)


def _hidden_only(maker: _Maker) -> LearnerGrade:
    """Passes every check that can be read, and fails the instructor's own."""

    def with_hidden(entry: ExerciseResult) -> ExerciseResult:
        rows = (("We sent", HIDDEN_INPUT), ("Expected", HIDDEN_EXPECTS))
        last = replace(entry.checks[-1], passed=False, verdict=Verdict.FAILED, message=Message(rows))
        return replace(entry, verdict=Verdict.FAILED, points=0.0, checks=(*entry.checks[:-1], last))

    lessons: list[LessonGrade] = []
    for lesson in maker.all(Verdict.PASSED):
        assert lesson.result is not None
        result = replace(lesson.result, exercises=tuple(with_hidden(entry) for entry in lesson.result.exercises))
        lessons.append(replace(lesson, result=result))
    return maker.grade(*lessons)


def _extended(maker: _Maker) -> LearnerGrade:
    extended = replace(maker, learner=replace(maker.learner, extension_days=3.0))
    return replace(extended.grade(*maker.mixed()), handed_in_at=DUE + timedelta(days=2))


def _half_late(maker: _Maker) -> LearnerGrade:
    return maker.grade(*maker.mixed(), late_days=6.2, percent=50.0)


_FATES: dict[str, _Fate] = {
    "passed": _passed,
    "half_done": _half_done,
    "not_started": _not_started,
    "missing": _missing,
    "invalid": _invalid,
    "timed_out": _timed_out,
    "crashed": _crashed,
    "grader_error": _grader_error,
    "unstable": _unstable,
    "not_in_roster": _not_in_roster,
    "late": _late,
    "meddled": _meddled,
    "part_handed_in": _part_handed_in,
    "hidden_only": _hidden_only,
    "extended": _extended,
    "half_late": _half_late,
}
KINDS = tuple(_FATES)
"""The kinds of learners, in the order in which they are made; a learner's email address begins with theirs."""

_IDS = ("s001", "S001", "con", "a/../b", "=1+2", "-s007", "s 008", "søren", "..", "s\u202e10", "x" * 300, "s|12`")
"""Ids of the first learners: each has to survive as a file name, and two differ in their case alone."""


def _learner(position: int, lessons: tuple[Lesson, ...], chance: random.Random) -> LearnerGrade:
    kind = KINDS[position % len(KINDS)]
    ident = _IDS[position] if position < len(_IDS) else f"s{position + 1:03d}"
    name = NAMES[position] if position < len(NAMES) else f"Learner {position + 1}"
    learner = Learner(
        id=ident,
        name=name,
        email=f"{kind}.{position + 1}@example.org",
        canvas={
            "Student": name,
            "ID": str(7_000 + position),
            "SIS User ID": f"sis-{position + 1}",
            "SIS Login ID": f"login{position + 1}",
            "Section": "Group A, Monday",
        },
        moodle={
            "Identifier": f"Participant {500 + position}",
            "idnumber": f"00{position + 1}",
            "username": f"user{position + 1}",
        },
    )
    return _FATES[kind](_Maker(learner, lessons, chance))
