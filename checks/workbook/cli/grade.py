"""``workbook grade``: a whole class, from what was handed in to what the school's system takes."""

from __future__ import annotations

import gc
import getpass
import os
import re
import sys
from dataclasses import replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from workbook.cli.console import console
from workbook.course.model import Course, CourseError, Lesson, find_course

if TYPE_CHECKING:
    from collections.abc import Callable

    from workbook.grading.run.grade_class import Plan, Pool
    from workbook.grading.run.task import WorkerSettings
    from workbook.grading.sandbox.available import Isolation

_Kind = TypeVar("_Kind", bound=StrEnum)
_RANGE = re.compile(r"(\d{1,2})(?:-(\d{1,2}))?")
_GRADER_ERRORS = 1
"""Exit code where a grade, or a file that was asked for, is missing through a fault of ours."""
_INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it."""
_INPUT, _RUNNING, _RESULTS = "What is graded", "How", "Results"


def grade(
    submissions: Annotated[
        Path | None,
        typer.Argument(help="A folder with a folder, zip or tar of each learner, or a file that lists clones."),
    ] = None,
    class_file: Annotated[
        Path | None,
        typer.Option("--class", help="A class file, which says all that is not said here.", rich_help_panel=_INPUT),
    ] = None,
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
    times: Annotated[
        Path | None,
        typer.Option(
            help="When each was handed in: a CSV with id and time, or Moodle's worksheet.", rich_help_panel=_INPUT
        ),
    ] = None,
    at_due: Annotated[
        bool, typer.Option("--at-due", help="Grade Git repositories as they were when due.", rich_help_panel=_INPUT)
    ] = False,
    instructor: Annotated[
        list[str] | None,
        typer.Option(help="A login or e-mail address whose commits are not a learner's.", rich_help_panel=_INPUT),
    ] = None,
    workers: Annotated[
        int, typer.Option(min=0, help="Workers on this machine; 0: one a core.", rich_help_panel=_RUNNING)
    ] = 0,
    cluster: Annotated[
        str, typer.Option(help="The address of a Dask scheduler to use instead.", rich_help_panel=_RUNNING)
    ] = "",
    sandbox: Annotated[
        str, typer.Option(help="auto, bwrap, reduced, or none for code that you trust.", rich_help_panel=_RUNNING)
    ] = "",
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
    out: Annotated[
        Path | None, typer.Option(help="The folder for results; else grades.", rich_help_panel=_RESULTS)
    ] = None,
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
    ] = "",
    similar: Annotated[
        bool, typer.Option("--similar", help="List pairs of similar work in the report.", rich_help_panel=_RESULTS)
    ] = False,
    anonymous: Annotated[
        bool, typer.Option("--anonymous", help="Codes for names in the report.", rich_help_panel=_RESULTS)
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print a summary as JSON.", rich_help_panel=_RESULTS)] = False,
) -> None:
    """Grade a class: everybody's lessons, each in a sandbox of its own."""
    from workbook.cli.class_input import known_times, only_one, read_lessons, read_term, whom
    from workbook.cli.class_page import PAGE, write_page
    from workbook.cli.summary import print_facts, tell
    from workbook.grading.changes import Change, ChangeKind
    from workbook.grading.exports import NEED_ROSTER, Missing, check_formats, default_formats, export_all
    from workbook.grading.exports.classroom50 import from_runner
    from workbook.grading.exports.late import LocalZone, read_policy
    from workbook.grading.intake.collect import collect
    from workbook.grading.intake.in_time import When
    from workbook.grading.intake.times import Times, read_times
    from workbook.grading.run.grade_class import (
        Plan,
        decide,
        fingerprint,
        grade_class,
        is_reported,
        note_reported,
    )
    from workbook.grading.run.progress_display import Counter
    from workbook.grading.sandbox.available import Sandbox, choose

    term, base = read_term(class_file)
    submissions = submissions or (base / term.submissions if term.submissions else None)
    if submissions is None:
        raise CourseError("Say what to grade: a folder of submissions, or a class file that names it.")
    roster = roster or (base / term.roster if term.roster else None)
    hidden = hidden or (base / term.hidden if term.hidden else None)
    out = out or (base / term.out if class_file else Path(term.out))
    due, late = due or term.due, late or term.late
    workers, cluster, seed = workers or term.workers, cluster or term.cluster, term.seed if seed is None else seed
    twice, similar = twice or term.twice, similar or term.similar
    anonymous = anonymous or term.anonymous
    if out.exists() and not out.is_dir():
        raise CourseError(f"--out {out} is a file: name a folder for the results.")
    course = find_course()
    chosen = read_lessons(course, lessons or term.lessons)
    numbers = [lesson.number for lesson in chosen]
    for number in term.lesson:
        course.lesson(number)  # which says it where there is none
    policy, policies = read_policy(due, late), term.policies(due, late)
    options = term.options(
        base,
        missing=_choice(Missing, missing, "--missing") if missing else None,
        assignment=assignment,
        moodle_worksheet=moodle_worksheet,
        classroom50=from_runner(os.environ) if one else None,
    )
    moodle_worksheet = options.moodle_worksheet
    names = [name.strip() for name in formats.split(",") if name.strip()] or term.formats
    if not names:  # schools' gradebooks find people by what only a roster says
        names = [name for name in default_formats(options) if roster is not None or name not in NEED_ROSTER]
    check_formats(names, options, chosen)  # before the long part
    if times is None:
        times = known_times(base / term.times if term.times else None, submissions, moodle_worksheet)
    when = When(
        read_times(times, policy.due.tzinfo if policy and policy.due.tzinfo else LocalZone()) if times else Times({}),
        frozenset(name.casefold() for name in instructor or term.instructors),
        {number: found for number in numbers if (found := policies.get(number, policy)) is not None},
        at_due=at_due or term.at_due,
    )
    if when.at_due and not when.policies:
        raise CourseError("--at-due needs a due date: say one with --due, or in the class file.")
    isolation = choose(_choice(Sandbox, sandbox or term.sandbox, "--sandbox"), course.root)
    settings = _settings(course, numbers, hidden, chosen, isolation)
    beside = [path for path in (out, moodle_worksheet, hidden, times) if path is not None]
    if one:
        intake = only_one(course, submissions, numbers)
    else:
        intake = collect(course, submissions, roster, numbers, leave_out=beside, when=when)
    plan = Plan(
        course,
        chosen,
        intake.learners,
        settings,
        isolation.text,
        seed,
        policy=policy,
        policies=policies,
        scheme=term.scheme(),
        twice=twice,
        regrade=whom(intake, regrade or []),
    )
    page = out / PAGE
    sheet = moodle_worksheet.read_bytes().hex() if "moodle" in names and moodle_worksheet else ""
    choices = (options, names, similar, sheet, anonymous)
    if not json and page.exists() and is_reported(out, fingerprint(plan, out, *choices)):
        console().print("Nothing has changed since the report was made. (Delete it, and all results are written anew.)")
        console().print(f"Report: {page}")
        return
    try:
        with Counter(console(), 0 if cluster else workers or os.cpu_count() or 1) as counter:
            book = grade_class(plan, out, _pool(plan, workers, cluster), counter)
    except KeyboardInterrupt:
        print("Stopped. What was graded is kept: the same command goes on where it was.", file=sys.stderr)
        raise typer.Exit(_INTERRUPTED) from None
    gc.freeze()  # millions of objects that stay: to look through them again and again takes a third of the time
    for name in sorted(plan.regrade):
        decide(out, Change(ChangeKind.REGRADE, name, "", None, "", getpass.getuser(), datetime.now(UTC)))
    # The report first: it is there whatever becomes of an export.
    write_page(book, plan, out, similar=similar, anonymous=anonymous)
    written = export_all(book, out, names, options)
    if not written.failed:
        note_reported(out, fingerprint(replace(plan, regrade=frozenset()), out, *choices))
    if json:
        print_facts(book, page, written, graded=counter.graded)
    else:
        tell(book, page, written, graded=counter.graded, seconds=counter.seconds)
    if written.failed or any(entry.grader_errors for entry in book.learners):
        raise typer.Exit(_GRADER_ERRORS)


def _choice(kinds: type[_Kind], text: str, option: str) -> _Kind:
    try:
        return kinds(text)
    except ValueError:
        known = ", ".join(kind.value for kind in kinds)
        raise CourseError(f"{option} {text} is not known: choose from {known}.") from None


def _settings(
    course: Course, numbers: list[int], hidden: Path | None, lessons: tuple[Lesson, ...], isolation: Isolation
) -> WorkerSettings:
    from workbook.grading.run.hidden import read_hidden
    from workbook.grading.run.pool import settings_for

    further = read_hidden(hidden, lessons) if hidden is not None else {}
    return settings_for(course, numbers, further, sandbox=isolation.jailed, reduced=isolation.reduced)


def _pool(plan: Plan, workers: int, cluster: str) -> Callable[[int], Pool]:
    def make(tasks: int) -> Pool:
        if cluster:
            from workbook.grading.run.cluster import ClusterPool

            return ClusterPool(cluster, plan.settings)
        from workbook.grading.run.pool import LocalPool

        return LocalPool(plan.settings, min(workers or os.cpu_count() or 1, tasks))

    return make
