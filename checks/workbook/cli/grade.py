"""``workbook grade``: a whole class, from what was handed in to what the school's system takes."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from workbook.cli.talk import console
from workbook.course import Course, CourseError, Lesson, find_course

if TYPE_CHECKING:
    from collections.abc import Callable

    from workbook.grading.intake.collect import Intake
    from workbook.grading.pairs import SimilarPair
    from workbook.grading.run import Plan, Pool
    from workbook.grading.task import WorkerSettings

_Kind = TypeVar("_Kind", bound=StrEnum)
_RANGE = re.compile(r"(\d{1,2})(?:-(\d{1,2}))?")
_GRADER_ERRORS = 1
"""Exit code where a grade is missing through a fault of ours."""
_INPUT, _RUNNING, _RESULTS = "What is graded", "How", "Results"


def grade(
    submissions: Annotated[
        Path, typer.Argument(help="A folder with a folder, zip or tar of each learner, or a file that lists clones.")
    ],
    lessons: Annotated[
        str, typer.Option(help="Which lessons, like 1-3,7. Without it: all.", rich_help_panel=_INPUT)
    ] = "",
    roster: Annotated[
        Path | None, typer.Option(help="A CSV with id, name, email of each learner.", rich_help_panel=_INPUT)
    ] = None,
    one: Annotated[
        bool, typer.Option("--one", help="SUBMISSIONS is the work of one learner.", rich_help_panel=_INPUT)
    ] = False,
    hidden: Annotated[
        Path | None, typer.Option(help="A folder with further checks of yours.", rich_help_panel=_INPUT)
    ] = None,
    due: Annotated[str | None, typer.Option(help="Like 2026-12-01T23:59.", rich_help_panel=_INPUT)] = None,
    late: Annotated[
        str | None, typer.Option(help='Like "10%/day, grace 30m, max 50%".', rich_help_panel=_INPUT)
    ] = None,
    workers: Annotated[
        int, typer.Option(min=0, help="Workers on this machine; 0: one a core.", rich_help_panel=_RUNNING)
    ] = 0,
    cluster: Annotated[
        str, typer.Option(help="The address of a Dask scheduler to use instead.", rich_help_panel=_RUNNING)
    ] = "",
    sandbox: Annotated[
        str, typer.Option(help="auto, bwrap, or none for code that you trust.", rich_help_panel=_RUNNING)
    ] = "auto",
    seed: Annotated[
        int | None, typer.Option(help="Of the random inputs, to repeat a run.", rich_help_panel=_RUNNING)
    ] = None,
    twice: Annotated[
        bool,
        typer.Option("--twice", help="Grade everything twice, to find unstable verdicts.", rich_help_panel=_RUNNING),
    ] = False,
    regrade: Annotated[
        list[str] | None, typer.Option(help="Grade this learner anew; may be repeated.", rich_help_panel=_RUNNING)
    ] = None,
    out: Annotated[Path, typer.Option(help="The folder for results.", rich_help_panel=_RESULTS)] = Path("grades"),
    formats: Annotated[
        str,
        typer.Option("--formats", help="Which exports, like csv,canvas; without it all.", rich_help_panel=_RESULTS),
    ] = "",
    assignment: Annotated[
        str, typer.Option(help="The assignment's title in Canvas, with its number.", rich_help_panel=_RESULTS)
    ] = "",
    moodle_worksheet: Annotated[
        Path | None, typer.Option(help="Moodle's grading worksheet, to fill in.", rich_help_panel=_RESULTS)
    ] = None,
    missing: Annotated[
        str, typer.Option(help="For those who handed nothing in: empty or zero.", rich_help_panel=_RESULTS)
    ] = "empty",
    similar: Annotated[
        bool, typer.Option("--similar", help="List pairs of similar work in the report.", rich_help_panel=_RESULTS)
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print a summary as JSON.", rich_help_panel=_RESULTS)] = False,
) -> None:
    """Grade a class: everybody's lessons, each in a sandbox of its own."""
    from workbook.cli.graded import print_facts, tell
    from workbook.grading.exports import NEED_ROSTER, Missing, Options, check_formats, default_formats, export_all
    from workbook.grading.intake.collect import collect
    from workbook.grading.late import read_policy
    from workbook.grading.progress import Counter
    from workbook.grading.report.page import write_report
    from workbook.grading.run import Plan, fingerprint, grade_class, is_reported, note_reported
    from workbook.grading.sandbox.available import Sandbox, choose

    if out.exists() and not out.is_dir():
        raise CourseError(f"--out {out} is a file: name a folder for the results.")
    course = find_course()
    chosen = read_lessons(course, lessons)
    numbers = [lesson.number for lesson in chosen]
    policy = read_policy(due, late)
    options = Options(
        missing=_choice(Missing, missing, "--missing"), assignment=assignment, moodle_worksheet=moodle_worksheet
    )
    names = [name.strip() for name in formats.split(",") if name.strip()]
    if not names:  # schools' gradebooks find people by what only a roster says
        names = [name for name in default_formats(options) if roster is not None or name not in NEED_ROSTER]
    check_formats(names, options)  # before the long part
    kept_apart, isolation = choose(_choice(Sandbox, sandbox, "--sandbox"), course.root)
    settings = _settings(course, numbers, hidden, chosen, sandbox=kept_apart)
    beside = [path for path in (out, moodle_worksheet, hidden) if path is not None]
    if one:
        intake = _only(course, submissions, numbers)
    else:
        intake = collect(course, submissions, roster, numbers, leave_out=beside)
    plan = Plan(
        course,
        chosen,
        intake.learners,
        settings,
        isolation,
        seed,
        policy=policy,
        twice=twice,
        regrade=_whom(intake, regrade or []),
    )
    page = out / "index.html"
    sheet = moodle_worksheet.read_bytes() if "moodle" in names and moodle_worksheet else b""
    choices = (options, names, similar, sheet)
    if not json and page.exists() and is_reported(out, fingerprint(plan, out, *choices)):
        console().print("Nothing has changed since the report was made. (Delete it, and all results are written anew.)")
        console().print(f"Report: {page}")
        return
    with Counter(console(), 0 if cluster else workers or os.cpu_count() or 1) as counter:
        book = grade_class(plan, out, _pool(plan, workers, cluster), counter)
    pairs = _pairs(course, chosen, intake) if similar else ()
    written = export_all(book, out, names, options)
    write_report(book, page, pairs)
    note_reported(out, fingerprint(replace(plan, regrade=frozenset()), out, *choices))
    if json:
        print_facts(book, page, graded=counter.graded)
    else:
        tell(book, page, written, graded=counter.graded, seconds=counter.seconds)
    if any(entry.grader_errors for entry in book.learners):
        raise typer.Exit(_GRADER_ERRORS)


def read_lessons(course: Course, text: str) -> tuple[Lesson, ...]:
    """The lessons that ``1-3,7`` means, in order."""
    if not text.strip():
        return course.lessons
    numbers: set[int] = set()
    for part in text.split(","):
        match = _RANGE.fullmatch(part.strip())
        if match is None:
            raise CourseError(f"--lessons {text} is no list of lessons: write it like 1-3,7.")
        first, last = int(match[1]), int(match[2] or match[1])
        if last < first:
            raise CourseError(f"--lessons {text} runs backwards: write {last}-{first}.")
        numbers |= set(range(first, last + 1))
    return tuple(course.lesson(number) for number in sorted(numbers))


def _choice(kinds: type[_Kind], text: str, option: str) -> _Kind:
    try:
        return kinds(text)
    except ValueError:
        known = ", ".join(kind.value for kind in kinds)
        raise CourseError(f"{option} {text} is not known: choose from {known}.") from None


def _settings(
    course: Course, numbers: list[int], hidden: Path | None, lessons: tuple[Lesson, ...], *, sandbox: bool
) -> WorkerSettings:
    from workbook.grading.hidden import read_hidden
    from workbook.grading.pool import settings_for

    further = read_hidden(hidden, lessons) if hidden is not None else {}
    return settings_for(course, numbers, further, sandbox=sandbox)


def _only(course: Course, folder: Path, numbers: list[int]) -> Intake:
    """One learner's own work as a class of one."""
    from workbook.grading.gradebook import Learner
    from workbook.grading.intake.collect import Intake, read_submission
    from workbook.grading.intake.limits import Limits
    from workbook.grading.intake.ours import Ours
    from workbook.grading.intake.sources import Source

    if not folder.exists():
        raise CourseError(f"There is no {folder} to grade.")
    name = os.environ.get("GITHUB_ACTOR") or folder.resolve().name
    submission = read_submission(Source(name, folder.resolve()), name, Ours(course), set(numbers), Limits())
    return Intake([(Learner(name), submission)])


def _whom(intake: Intake, wanted: list[str]) -> frozenset[str]:
    known = {learner.id for learner, _ in intake.learners}
    for name in wanted:
        if name not in known:
            raise CourseError(f"--regrade {name}: nobody of that id is in this class.")
    return frozenset(wanted)


def _pool(plan: Plan, workers: int, cluster: str) -> Callable[[int], Pool]:
    def make(tasks: int) -> Pool:
        if cluster:
            from workbook.grading.cluster import ClusterPool

            return ClusterPool(cluster, plan.settings)
        from workbook.grading.pool import LocalPool

        return LocalPool(plan.settings, min(workers or os.cpu_count() or 1, tasks))

    return make


def _pairs(course: Course, lessons: tuple[Lesson, ...], intake: Intake) -> tuple[SimilarPair, ...]:
    from workbook.grading.similar import find_pairs

    submissions = [submission for _, submission in intake.learners if submission is not None]
    return tuple(find_pairs(course, lessons, submissions))
