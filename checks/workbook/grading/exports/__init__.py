"""A graded class in the formats that schools' systems read: one module for each, all from one ``Gradebook``.

Rules that hold for every format:

- A fault of ours never costs points. Where one stands in the way, the points are left out, never written as 0.
- Who handed nothing in has no grade, unless the instructor asks for zeros (``Options.missing``).
- An upload that cannot be read, and a lesson that is not in a submission, earn 0 points, and are flagged.
- Files for learners hold neither the seed nor anything of hidden checks.
- Files are replaced whole; a reader sees the old one or the new one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

from workbook.course.model import CourseError, Lesson
from workbook.course.text import line
from workbook.grading.exports import (
    canvas,
    classroom50,
    feedback,
    github_classroom,
    grades_csv,
    grades_json,
    gradescope,
    junit,
    moodle_gradebook,
    moodle_worksheet,
    returned,
    summary,
)
from workbook.grading.exports.grades_json import gradebook_from_json
from workbook.grading.exports.names import file_name
from workbook.grading.exports.options import Missing, Options, Writer, Written
from workbook.grading.exports.text import listed, loggable
from workbook.grading.gradebook import COURSE, Gradebook

__all__ = [
    "FORMATS",
    "NEED_ROSTER",
    "Missing",
    "Options",
    "Writer",
    "Written",
    "check_formats",
    "default_formats",
    "export_all",
    "file_name",
    "gradebook_from_json",
]

FORMATS: Mapping[str, Writer] = {
    "json": grades_json.write,
    "csv": grades_csv.write,
    "junit": junit.write,
    "gradescope": gradescope.write,
    "github-classroom": github_classroom.write,
    "classroom50": classroom50.write,
    "canvas": canvas.write,
    "moodle": moodle_worksheet.write,
    "moodle-gradebook": moodle_gradebook.write,
    "summary": summary.write,
    "feedback": feedback.write,
    "canvas-feedback": returned.write_canvas,
    "moodle-feedback": returned.write_moodle,
    "mail": returned.write_mail,
}
"""Every format by its name on the command line."""
_WRITTEN_TO: Mapping[str, str] = {
    "json": grades_json.FILE,
    "csv": grades_csv.FILE,
    "junit": junit.FILE,
    "gradescope": gradescope.FOLDER,
    "github-classroom": github_classroom.FOLDER,
    "classroom50": classroom50.FOLDER,
    "canvas": canvas.FILE,
    "moodle": moodle_worksheet.FILE,
    "moodle-gradebook": moodle_gradebook.FILE,
    "summary": summary.FILE,
    "feedback": feedback.FOLDER,
    "canvas-feedback": returned.CANVAS,
    "moodle-feedback": returned.MOODLE,
    "mail": returned.MAIL,
}
_NAMED = 10
"""Learners whom one sentence names."""


NEED_ROSTER = frozenset({"canvas", "moodle-gradebook"})
"""Formats whose readers find people by what only a roster says."""


_ASKED_FOR = frozenset(
    {"junit", "gradescope", "github-classroom", "classroom50", "canvas-feedback", "moodle-feedback", "mail"}
)
"""Formats for the machinery around single submissions, and the feedback once more as one system or another takes it."""


def default_formats(options: Options) -> tuple[str, ...]:
    """The formats that are written where none is named: what an instructor of a class reads, and imports.

    Moodle's worksheet is among them only where there is one to fill in, and Classroom 50's result only where its runner
    has said for which submission.
    """
    without = set(_ASKED_FOR) - ({"classroom50"} if options.classroom50 else set())
    without |= {"moodle"} if options.moodle_worksheet is None else set()
    return tuple(name for name in FORMATS if name not in without)


def check_formats(names: Iterable[str], options: Options, lessons: Sequence[Lesson] = ()) -> None:
    """Find out beforehand what would stop ``export_all`` after a whole class was graded.

    Raises:
        CourseError: there is no such format, or it needs an option that is not given, or a file that is not there, or
            a title that a school's system would misunderstand.
    """
    for name in names:
        if name not in FORMATS:
            raise CourseError(f"There is no format {name!r}: choose from {', '.join(FORMATS)}.")
        if name == "moodle":
            moodle_worksheet.check(options)
        if name == "moodle-gradebook":
            moodle_gradebook.check(options)
        if name == "classroom50":
            classroom50.check(options)
        if name == "canvas":
            canvas.assignment_titles(COURSE, lessons, options)


def export_all(
    book: Gradebook, folder: Path, names: Iterable[str] | None = None, options: Options | None = None
) -> Written:
    """Write a gradebook in several formats.

    Args:
        book: the class.
        folder: where to; it is made where it does not exist.
        names: keys of ``FORMATS``; None for ``default_formats``.
        options: the instructor's choices.

    Returns:
        The files, and what the instructor should know: who is left out of which formats, then further notes, each
        with its format before it, and which formats could not be written, and why. All of it may be printed in a
        terminal and in a CI log.

    Raises:
        CourseError: there is no such format, or it needs an option that is not given.
    """
    options = options or Options()
    chosen = tuple(dict.fromkeys(names)) if names is not None else default_formats(options)
    check_formats(chosen, options, book.lessons)
    folder.mkdir(parents=True, exist_ok=True)
    files: list[Path] = []
    notes: list[str] = []
    left_out: dict[tuple[str, str], list[str]] = {}
    failed: list[str] = []
    for name in chosen:
        try:
            written = FORMATS[name](book, folder, options)
        except Exception as fault:  # the other formats are wanted all the same
            failed.append(loggable(f"{name} is not written: {_reason(fault)}."))
            continue
        files += written.files
        notes += [loggable(f"{name}: {note}") for note in written.notes]
        for who in written.left_out:
            left_out.setdefault(who, []).append(name)
    notes += _left_over(folder, chosen)
    return Written(tuple(files), (*_about(left_out), *notes), tuple(left_out), tuple(failed))


def _reason(fault: Exception) -> str:
    """Why a format could not be written, without a full stop."""
    if isinstance(fault, CourseError):
        return line(str(fault)).rstrip(".")
    if isinstance(fault, OSError):
        return f"{Path(str(fault.filename or 'a file')).name}: {(fault.strerror or str(fault)).lower()}"
    return f"a fault of ours, {type(fault).__name__}: {line(str(fault), 200)}"


def _left_over(folder: Path, chosen: Collection[str]) -> list[str]:
    """Which files an earlier run has left that this one did not write anew: they may say something else."""
    left = sorted(name for fmt, name in _WRITTEN_TO.items() if fmt not in chosen and (folder / name).exists())
    return [f"Left from an earlier run, and not written anew: {listed(left, _NAMED)}."] if left else []


def _about(left_out: Mapping[tuple[str, str], list[str]]) -> list[str]:
    """One sentence for all who are left out of the same formats for the same reason."""
    groups: dict[tuple[str, str], list[str]] = {}
    for (learner_id, reason), names in left_out.items():
        groups.setdefault((reason, ", ".join(names)), []).append(line(learner_id))
    return [
        loggable(f"Left out of {formats}: {listed(people, _NAMED)} ({reason}).")
        for (reason, formats), people in groups.items()
    ]
