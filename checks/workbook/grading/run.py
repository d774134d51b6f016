"""Grade a class: take everything in, grade what is not known yet, keep each result at once, make the gradebook."""

from __future__ import annotations

import fcntl
import hashlib
import os
import secrets
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol, Self

import workbook
from workbook.course import Course, CourseError, Lesson
from workbook.grading.gradebook import Gradebook, Learner, LearnerGrade, LessonGrade, Standing
from workbook.grading.keys import engine_digest, grade_key, report_digest
from workbook.grading.late import LatePolicy
from workbook.grading.store import Store
from workbook.grading.submission import Submission
from workbook.grading.task import GradeAnswer, GradeTask, WorkerSettings

STORE = "grades.sqlite"
"""The file in the report folder that keeps every result."""
LESSON_SECONDS = 120.0
"""How long all checks of one lesson may take."""
_NEW_SEED = 2**31


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
    """Of the random inputs; None for the one that the store remembers, or a new one."""
    seconds: float = LESSON_SECONDS
    policy: LatePolicy | None = None
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
        CourseError: the results cannot be kept, or another run uses the folder.
    """
    out.mkdir(parents=True, exist_ok=True)
    with _alone(out), Store(out / STORE) as store:
        seed = plan.seed
        if seed is None:
            seed = int(store.setting("seed", str(secrets.randbelow(_NEW_SEED))))
        keys = _keys(plan, seed)
        forced = {key for (learner, _), key in keys.items() if learner in plan.regrade}
        store.forget(forced)
        answers = store.known(keys.values())
        tasks = _tasks(plan, keys, answers, seed)
        watcher.begin(len(set(keys.values())), len(answers))
        if tasks:
            with open_pool(len(tasks)) as pool:
                for key, answer in pool.run(tasks.items()):
                    if answer.is_final:  # a fault of ours is tried again by the next run
                        store.keep(key, answer)
                    answers[key] = answer
                    watcher.done(answer)
    return _gradebook(plan, keys, answers, seed)


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
        seed = plan.seed if plan.seed is not None else int(store.setting("seed", "-1"))
        keys = _keys(plan, seed)
        if store.count_known(keys.values()) < len(set(keys.values())):
            return ""
    people = [
        (learner, submission and replace(submission, lessons=sorted(submission.lessons)))
        for learner, submission in plan.learners
    ]
    parts = [sorted(keys.items()), people, plan.isolation, plan.policy, seed, report_digest(), choices]
    return hashlib.sha256(repr(parts).encode()).hexdigest()


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


def _keys(plan: Plan, seed: int) -> dict[tuple[str, int], str]:
    """The key of every lesson that was handed in, by learner and lesson."""
    keys: dict[tuple[str, int], str] = {}
    for learner, submission in plan.learners:
        for lesson in plan.lessons:
            if submission is not None and lesson.number in submission.lessons:
                digest = submission.digest(lesson.number)
                key = grade_key(
                    plan.course, lesson, digest, plan.settings, seed=seed, seconds=plan.seconds, twice=plan.twice
                )
                keys[learner.id, lesson.number] = key
    return keys


def _tasks(
    plan: Plan, keys: Mapping[tuple[str, int], str], known: Mapping[str, GradeAnswer], seed: int
) -> dict[str, GradeTask]:
    """What is left to do. The same work handed in twice is graded once."""
    tasks: dict[str, GradeTask] = {}
    for learner, submission in plan.learners:
        for lesson in plan.lessons:
            key = keys.get((learner.id, lesson.number))
            if key is not None and submission is not None and key not in known and key not in tasks:
                tasks[key] = GradeTask(lesson.number, submission.lessons[lesson.number], seed, plan.seconds, plan.twice)
    return tasks


def _gradebook(
    plan: Plan, keys: Mapping[tuple[str, int], str], answers: Mapping[str, GradeAnswer], seed: int
) -> Gradebook:
    grades = [_learner_grade(plan, learner, submission, keys, answers) for learner, submission in plan.learners]
    return Gradebook(
        course="FastAPI workbook",
        lessons=plan.lessons,
        learners=tuple(sorted(grades, key=lambda grade: grade.learner.id)),
        made_at=datetime.now(UTC).astimezone(),
        tool_version=f"{workbook.__version__} ({engine_digest()[:8]})",
        seed=seed,
        isolation=plan.isolation,
        isolated=plan.settings.sandbox,
        policy=plan.policy.sentence() if plan.policy else "",
    )


def _learner_grade(
    plan: Plan,
    learner: Learner,
    submission: Submission | None,
    keys: Mapping[tuple[str, int], str],
    answers: Mapping[str, GradeAnswer],
) -> LearnerGrade:
    lessons = tuple(
        _lesson_grade(lesson, answers.get(keys.get((learner.id, lesson.number), ""))) for lesson in plan.lessons
    )
    if submission is None:
        return LearnerGrade(learner, Standing.MISSING, lessons)
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
