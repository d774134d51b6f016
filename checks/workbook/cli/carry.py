"""``workbook carry``: a learner's own last lesson, merged into the starter of the next one.

A starter is the last lesson's solution with what is new today. So each file is merged three ways: that solution, what
the learner has in its place, and the starter. Where the two touch the same lines, the starter's file stands: the
learner's is still in the last lesson's folder, which nothing here changes.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Annotated

import typer

from workbook.cli import arguments
from workbook.cli.console import YES_OPTION, ask, count
from workbook.cli.reset import carry_out, make_plan
from workbook.course import progress
from workbook.course.lesson_files import is_left_out, text_files
from workbook.course.merge import Labels, merge
from workbook.course.model import CourseError, find_course
from workbook.course.results import Verdict
from workbook.course.starter import load_starter

if TYPE_CHECKING:
    from workbook.course.model import Course, Lesson
    from workbook.course.progress import Progress
    from workbook.course.starter import Starter

_LISTED = 3


@dataclass
class Carried:
    """What becomes of a starter's files, by their path relative to the lesson folder."""

    files: dict[str, str]
    """All of them."""
    own: list[str] = field(default_factory=list[str])
    """Those that are as the learner has them."""
    merged: list[str] = field(default_factory=list[str])
    """Those that hold what the learner wrote and what is new today."""
    clashes: list[str] = field(default_factory=list[str])
    """Those of the learner's files that do not go together with what is new today."""
    unfinished: dict[str, str] = field(default_factory=dict[str, str])
    """Those that belong to an exercise of the last lesson which has not passed, each with the exercise."""


def carry(
    lesson: Annotated[str, typer.Argument(metavar="N", help="The lesson to begin.")],
    yes: Annotated[bool, YES_OPTION] = False,
) -> None:
    """Begin a lesson with your own work on the last one instead of its solution. Your files are kept in a backup."""
    course = find_course()
    chosen = arguments.Choice(arguments.find(course, lesson).lesson)
    last = course.before(chosen.lesson)
    if last is None:
        raise CourseError(f"Lesson {chosen.lesson.number} starts afresh: it takes nothing from the lesson before.")
    starter = load_starter(course, chosen.lesson)
    carried = carry_files(course, last, starter, progress.load(course))
    folder = course.lessons_dir / chosen.lesson.folder
    plan = make_plan(course, chosen, replace(starter, files=carried.files), folder)
    print("\n".join(_describe(carried, last, chosen.lesson)))
    if not (carried.own or carried.merged):
        return
    if not plan:
        print("It is there already: nothing was changed.")
        return
    if make_plan(course, chosen, starter, folder):
        print(f"lessons/{chosen.lesson.folder} is no longer as it was handed out: what is there goes to a backup.")
    if not ask(f"Begin lesson {chosen.lesson.number} like this?", yes=yes):
        print("Nothing was changed.")
        return
    kept = carry_out(course, chosen, plan, folder)
    if kept is not None:
        print(f"What was there is kept in {kept.relative_to(course.root).as_posix()}")
    print(f"Done. workbook reset {chosen.lesson.number} brings back the lesson as it was handed out.")


def carry_files(course: Course, last: Lesson, starter: Starter, known: Progress) -> Carried:
    """Merge a learner's last lesson into a starter. Nothing is written.

    Args:
        course: the course.
        last: the last lesson.
        starter: the starter of the lesson after it.
        known: which exercises have passed; files of the others are left as the starter has them.

    Raises:
        CourseError: the starter was built without the last solution, or two versions cannot be merged.
    """
    if starter.before is None:
        raise CourseError(f"The starter does not say what it was made from: run workbook build {last.number + 1}.")
    solved = starter.last_solution
    new_today = {name for name, text in starter.before.items() if text is None}
    unfinished = _unfinished(last, known)
    labels = Labels("yours", f"lesson {last.number}'s solution", "today's")
    carried = Carried(dict(starter.files))
    for name, text in _texts(course, last).items():
        before, today = solved.get(name), starter.files.get(name)
        if text in (before, today):
            continue
        if name in unfinished:
            carried.unfinished[name] = unfinished[name]
        elif name in new_today or (today is None and before is not None):
            carried.clashes.append(name)  # today brings a file of this name, or takes it away
        elif before is None or today is None or before == today:
            carried.files[name] = text
            carried.own.append(name)
        elif (merged := merge(text, before, today, labels)).conflicts:
            carried.clashes.append(name)
        else:
            carried.files[name] = merged.text
            carried.merged.append(name)
    return carried


def _unfinished(last: Lesson, known: Progress) -> dict[str, str]:
    """The files of exercises that have not passed, each with the first such exercise."""
    found: dict[str, str] = {}
    for exercise in last.exercises:
        if known.verdict(exercise.id) is not Verdict.PASSED:
            found = dict.fromkeys(exercise.files, exercise.id) | found
    return found


def _texts(course: Course, lesson: Lesson) -> dict[str, str]:
    """A learner's files that are text."""
    texts = text_files(course.lessons_dir / lesson.folder)
    return {name: text for name, text in texts.items() if not is_left_out(name)}


def _describe(carried: Carried, last: Lesson, lesson: Lesson) -> list[str]:
    lines: list[str] = []
    if carried.own:
        lines.append(f"From your lesson {last.number}: {_named(carried.own)}.")
    if carried.merged:
        lines.append(f"Yours, with what is new today: {_named(carried.merged)}.")
    if carried.unfinished:
        exercises = ", ".join(dict.fromkeys(carried.unfinished.values()))
        names = _named(list(carried.unfinished))
        lines.append(f"As handed out, because {exercises} did not pass in your last check: {names}.")
    if carried.clashes:
        lines.append(
            f"As handed out, because your changes and today's meet in the same place: {_named(carried.clashes)}."
        )
        lines.append(f"  Your version stays in lessons/{last.folder}: copy by hand what you want to keep.")
    if not (carried.own or carried.merged):
        lines.append(f"So there is nothing to carry: lesson {lesson.number} stays as it is.")
    return lines


def _named(names: list[str]) -> str:
    """``2 files (app/a.py, app/b.py)``."""
    more = len(names) - _LISTED
    return f"{count(len(names), 'file')} ({', '.join(names[:_LISTED])}{f' and {more} more' if more > 0 else ''})"
