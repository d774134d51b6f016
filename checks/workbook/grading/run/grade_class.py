"""Grade a class: take everything in, grade what is not known yet, keep each result at once, make the gradebook."""

from __future__ import annotations

import difflib
import fcntl
import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol, Self

from pydantic import TypeAdapter

import workbook
from workbook.course.model import Course, CourseError, Lesson
from workbook.grading.anonymous import codes
from workbook.grading.changes import Change, apply, overrides
from workbook.grading.exports.late import LatePolicy
from workbook.grading.gradebook import COURSE, Gradebook, Learner, LearnerGrade, LessonGrade, Standing
from workbook.grading.intake.submission import Submission
from workbook.grading.run.cache_key import engine_digest, grade_key, report_digest
from workbook.grading.run.collection import refuse_broken_checks
from workbook.grading.run.store import Store
from workbook.grading.run.task import GradeAnswer, GradeTask, WorkerSettings
from workbook.grading.scheme import Scheme

STORE = "grades.sqlite"
"""The file in the report folder that keeps every result."""
LESSON_SECONDS = 60.0
"""How long one lesson of one learner may take: starts, checks and second tries together."""
_SEEDS = 2**31
_CLASS = "class"
"""The setting in the store that holds the ids of the class."""
_SECRET = "secret"
"""The setting in the store from which seeds are made. No learner may see it."""


class Pool(AbstractContextManager["Pool"], Protocol):
    """Whoever runs tasks: workers on this machine, or a cluster."""

    def __enter__(self) -> Self:
        """Begin."""
        ...

    def run(self, tasks: Iterable[tuple[str, GradeTask]]) -> Iterator[tuple[str, GradeAnswer]]:
        """Grade everything; the answers come in the order in which they are known."""
        ...


@dataclass(frozen=True)
class Plan:
    """What there is to grade, and with what."""

    course: Course
    lessons: tuple[Lesson, ...]
    learners: Sequence[tuple[Learner, Submission | None]]
    settings: WorkerSettings
    isolation: str
    """What keeps submissions apart, in one sentence."""
    seed: int | None = None
    """Of all random inputs; None for a new one for each hand-in, each time that it is graded."""
    seconds: float = LESSON_SECONDS
    policy: LatePolicy | None = None
    policies: Mapping[int, LatePolicy] = field(default_factory=dict[int, LatePolicy])
    """Of lessons with a due date of their own, by number."""
    scheme: Scheme = field(default_factory=Scheme)
    twice: bool = False
    """Whether everything is graded twice, to find verdicts that are not stable."""
    regrade: frozenset[str] = field(default_factory=frozenset[str])
    """Ids of learners whose results are made anew."""


class Watcher(Protocol):
    """Whoever shows how far the run is."""

    def begin(self, total: int, known: int) -> None:
        """So many lesson-grades there are, and so many of them are known already."""
        ...

    def done(self, answer: GradeAnswer) -> None:
        """One more is known."""
        ...


def grade_class(plan: Plan, out: Path, open_pool: Callable[[int], Pool], watcher: Watcher) -> Gradebook:
    """Grade everything that is not known yet.

    Args:
        plan: what there is to grade.
        out: the report folder; results are kept in it as they come.
        open_pool: makes the pool for so many tasks; not called where nothing is to do.
        watcher: is told how far the run is.

    Returns:
        The gradebook of the whole class.

    Raises:
        CourseError: the results cannot be kept, another run uses the folder, or the checks are broken.
    """
    out.mkdir(parents=True, exist_ok=True)
    with _alone(out), Store(out / STORE) as store:
        secret = store.setting(_SECRET, secrets.token_hex(32))
        keys = _keys(plan)
        store.note(_CLASS, json.dumps([learner.id for learner, _ in plan.learners]))
        changes = store.changes()
        forced = {key for (learner, _), key in keys.items() if learner in plan.regrade}
        store.forget(forced)
        answers = store.known(keys.values())
        tasks = _tasks(plan, keys, answers, secret)
        watcher.begin(len(set(keys.values())), len(answers))
        if tasks:
            refuse_broken_checks(plan.settings, plan.lessons)
            with open_pool(len(tasks)) as pool:
                for key, answer in pool.run(tasks.items()):
                    if answer.is_final:  # a fault of ours is tried again by the next run
                        store.keep(key, answer)
                    answers[key] = answer
                    watcher.done(answer)
    return _gradebook(plan, keys, answers, overrides(changes))


def fingerprint(plan: Plan, out: Path, *choices: object) -> str:
    """What the report and the exports of a run depend on: with the same one, they are the same but for their time.

    Args:
        plan: what there is to grade.
        out: the report folder.
        choices: whatever else decides about them.

    Returns:
        A hash; empty where a result is still missing or wanted anew.
    """
    if plan.regrade or not (out / STORE).exists():
        return ""
    with Store(out / STORE) as store:
        keys = _keys(plan)
        changes = store.changes()
        if store.count_known(keys.values()) < len(set(keys.values())):
            return ""
    people = [
        (learner, submission and replace(submission, lessons=sorted(submission.lessons)))
        for learner, submission in plan.learners
    ]
    parts = [
        sorted(keys.items()),
        people,
        plan.isolation,
        plan.policy,
        plan.policies,
        plan.scheme,
        plan.seed,
        report_digest(),
        changes,
        choices,
    ]
    facts = TypeAdapter[Any](Any).dump_python(parts, mode="json")
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def decide(out: Path, change: Change) -> None:
    """Note a decision about a class that has been graded.

    Raises:
        CourseError: nothing has been graded there, or nobody of that id or code.
    """
    with _graded(out) as store:
        known: list[str] = json.loads(store.setting(_CLASS, "[]"))
        by_code = {code: name for name, code in codes(known, store.setting(_SECRET, "")).items()}
        if change.learner not in known and (name := by_code.get(change.learner.upper())):
            change = replace(change, learner=name)
        if change.learner not in known:
            close = difflib.get_close_matches(change.learner, known, n=1)
            meant = f": did you mean {close[0]}?" if close else "."
            raise CourseError(f"Nobody in {out} has the id {change.learner}{meant}")
        store.decide(change)


def read_codes(out: Path) -> dict[str, str]:
    """The code of each learner of a graded class, for a report without names.

    Raises:
        CourseError: nothing has been graded there.
    """
    with _graded(out) as store:
        return codes(json.loads(store.setting(_CLASS, "[]")), store.setting(_SECRET, ""))


def read_changes(out: Path) -> list[Change]:
    """Every decision about a class, the first one first.

    Raises:
        CourseError: nothing has been graded there.
    """
    with _graded(out) as store:
        return store.changes()


def _graded(out: Path) -> Store:
    if not (out / STORE).exists():
        raise CourseError(f"Nothing has been graded in {out} yet: workbook grade does that.")
    return Store(out / STORE)


def is_reported(out: Path, mark: str) -> bool:
    """Whether everything that a run leaves was written under this fingerprint."""
    if not mark:
        return False
    with Store(out / STORE) as store:
        return store.setting("reported", "") == mark


def note_reported(out: Path, mark: str) -> None:
    """Remember that everything was written."""
    with Store(out / STORE) as store:
        store.note("reported", mark)


def _keys(plan: Plan) -> dict[tuple[str, int], str]:
    """The key of every lesson that was handed in, by learner and lesson."""
    keys: dict[tuple[str, int], str] = {}
    for learner, submission in plan.learners:
        for lesson in plan.lessons:
            if submission is not None and lesson.number in submission.lessons:
                digest = submission.digest(lesson.number)
                key = grade_key(
                    plan.course, lesson, digest, plan.settings, seed=plan.seed, seconds=plan.seconds, twice=plan.twice
                )
                keys[learner.id, lesson.number] = key
    return keys


def _tasks(
    plan: Plan, keys: Mapping[tuple[str, int], str], known: Mapping[str, GradeAnswer], secret: str
) -> dict[str, GradeTask]:
    """What is left to do. The same work handed in twice is graded once."""
    tasks: dict[str, GradeTask] = {}
    for learner, submission in plan.learners:
        for lesson in plan.lessons:
            key = keys.get((learner.id, lesson.number))
            if key is not None and submission is not None and key not in known and key not in tasks:
                seed = plan.seed if plan.seed is not None else _new_seed(secret, key)
                tasks[key] = GradeTask(lesson.number, submission.lessons[lesson.number], seed, plan.seconds, plan.twice)
    return tasks


def _new_seed(secret: str, key: str) -> int:
    """A seed that nobody can know beforehand: not from the work, not from an earlier grade of the same work."""
    text = f"{key} {secrets.token_hex(16)}".encode()
    return int.from_bytes(hmac.digest(secret.encode(), text, "sha256")[:8], "big") % _SEEDS


def _gradebook(
    plan: Plan,
    keys: Mapping[tuple[str, int], str],
    answers: Mapping[str, GradeAnswer],
    held: Mapping[tuple[str, str], Change],
) -> Gradebook:
    by_learner: dict[str, dict[str, Change]] = {}
    for (whose, exercise), change in held.items():
        by_learner.setdefault(whose, {})[exercise] = change
    grades = [
        _learner_grade(plan, learner, submission, keys, answers, by_learner.get(learner.id, {}))
        for learner, submission in plan.learners
    ]
    return Gradebook(
        course=COURSE,
        lessons=plan.lessons,
        learners=tuple(sorted(grades, key=lambda grade: grade.learner.id)),
        made_at=datetime.now(UTC).astimezone(),
        tool_version=f"{workbook.__version__} ({engine_digest()[:8]})",
        seed=plan.seed,
        isolation=plan.isolation,
        isolated=plan.settings.sandbox,
        policy=_policy_sentence(plan),
        scheme=plan.scheme,
    )


def _learner_grade(
    plan: Plan,
    learner: Learner,
    submission: Submission | None,
    keys: Mapping[tuple[str, int], str],
    answers: Mapping[str, GradeAnswer],
    held: dict[str, Change],
) -> LearnerGrade:
    lessons = tuple(
        apply(lesson, _lesson_grade(lesson, answers.get(keys.get((learner.id, lesson.number), ""))), held)
        for lesson in plan.lessons
    )
    if submission is None:
        return LearnerGrade(learner, Standing.MISSING, lessons)
    lessons = tuple(replace(lesson, problem=submission.problems.get(lesson.lesson, "")) for lesson in lessons)
    lessons = tuple(
        replace(
            lesson,
            lateness=plan.policies[lesson.lesson].lateness(submission.lesson_at(lesson.lesson), learner.extension_days),
        )
        if lesson.lesson in plan.policies
        else lesson
        for lesson in lessons
    )
    lateness = plan.policy.lateness(submission.handed_in_at, learner.extension_days) if plan.policy else None
    return LearnerGrade(
        learner,
        Standing.INVALID if submission.problem else Standing.HANDED_IN,
        lessons,
        problem=submission.problem,
        notes=submission.notes,
        source=submission.source,
        handed_in_at=submission.handed_in_at,
        **({"lateness": lateness} if lateness else {}),
    )


def _policy_sentence(plan: Plan) -> str:
    """When work is due, and what being late costs."""
    whole = [plan.policy.sentence()] if plan.policy else []
    return " ".join(
        [*whole, *(f"Lesson {number}: {each.sentence()}" for number, each in sorted(plan.policies.items()))]
    )


def _lesson_grade(lesson: Lesson, answer: GradeAnswer | None) -> LessonGrade:
    if answer is None:
        return LessonGrade(lesson.number, lesson.title, lesson.max_points, None, handed_in=False)
    return LessonGrade(
        lesson.number,
        lesson.title,
        lesson.max_points,
        answer.result,
        error=answer.error,
        unstable=answer.unstable,
        seconds=answer.seconds,
        seed=answer.seed if answer.result is not None else None,
    )


@contextmanager
def _alone(out: Path) -> Generator[None]:
    """Keep a second run away from the folder; the lock ends with the process, however it ends."""
    descriptor = os.open(out / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CourseError(f"Another run writes to {out.name} now: wait for it, or choose another --out.") from None
        yield
    finally:
        os.close(descriptor)
