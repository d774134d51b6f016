"""Bring a class together: who is in the roster, what each handed in, and what is wrong with it."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from workbook.course.model import Course, CourseError
from workbook.grading.gradebook import Learner
from workbook.grading.intake.archive import open_upload
from workbook.grading.intake.entry import InvalidUpload, shown
from workbook.grading.intake.limits import Limits
from workbook.grading.intake.locate import locate
from workbook.grading.intake.match import CANVAS_LATE, Matcher, key_of
from workbook.grading.intake.ours import MAX_BYTES, Ours
from workbook.grading.intake.roster import read_roster
from workbook.grading.intake.sources import Source, find_sources
from workbook.grading.intake.submission import Files, Submission

_CLOCKS_DIFFER = 300.0
"""Seconds by which a learner's clock may be ahead of ours before it is worth a word."""
_EARLIEST = datetime(1981, 1, 1, tzinfo=UTC).timestamp()
"""Zips without a time say 1980."""


@dataclass(frozen=True)
class Intake:
    """A class, as it came in."""

    learners: list[tuple[Learner, Submission | None]]
    """Ordered by id. None where a learner of the roster handed nothing in."""


def collect(
    course: Course,
    source: Path,
    roster: Path | None = None,
    wanted: Sequence[int] | None = None,
    limits: Limits | None = None,
    leave_out: Collection[Path] = (),
) -> Intake:
    """Read the submissions of a class.

    Args:
        course: ours; what a submission holds beside its lessons is compared with it.
        source: a folder with one folder, zip or tar per learner, or a file that lists clones.
        roster: a CSV of the learners; without it everybody who handed something in belongs to the class.
        wanted: the lessons to take; all of the course by default.
        limits: what an upload may hold.
        leave_out: what may lie beside the uploads and is none, such as the results; the roster is left out anyway.

    Raises:
        CourseError: the source or the roster cannot be read, or two uploads are of one learner.
    """
    limits = limits or Limits()
    numbers = {lesson.number for lesson in course.lessons} if wanted is None else set(wanted)
    known = read_roster(roster) if roster is not None else None
    uploads = list(find_sources(source, leave_out=[*leave_out, *([roster] if roster else [])]))
    matcher = Matcher(known, [upload.name for upload in uploads]) if known is not None else None
    owners = _owners(uploads, matcher)
    ours = Ours(course)
    learners: list[tuple[Learner, Submission | None]] = []
    for learner, upload in owners:
        submission = read_submission(upload, learner.id, ours, numbers, limits)
        if matcher is not None and matcher.is_guess(upload.name):
            note = (
                f"Nothing but the end of its name, {shown(upload.name)}, says that this is {shown(learner.id)}'s work."
            )
            submission = replace(submission, notes=(note, *submission.notes))
        learners.append((learner, submission))
    present = {key_of(learner.id) for learner, _ in owners}
    learners += [(learner, None) for learner in known or () if key_of(learner.id) not in present]
    return Intake(sorted(learners, key=lambda pair: pair[0].id))


def _owners(sources: Iterable[Source], matcher: Matcher | None) -> list[tuple[Learner, Source]]:
    """Whose each upload is.

    Two uploads of one learner are an error even where they are the same: only the instructor can say which counts.
    Ids that differ in capitals only are one: GitHub, mail and many file systems take them so.

    Raises:
        CourseError: two are of one learner.
    """
    found: dict[str, tuple[Learner, Source]] = {}
    for upload in sources:
        learner = matcher.find(upload.name) if matcher is not None else None
        if learner is None:
            learner = Learner(shown(upload.name), in_roster=matcher is None)
        key = key_of(learner.id)
        if key in found:
            other = found[key][1]
            raise CourseError(
                f"{shown(other.path.name)} and {shown(upload.path.name)} are both submissions of "
                f"{shown(learner.id)}: keep the one that counts."
            )
        found[key] = (learner, upload)
    return list(found.values())


def read_submission(source: Source, learner_id: str, ours: Ours, wanted: Collection[int], limits: Limits) -> Submission:
    """Read one upload, completely and within limits; one that is not valid says why in ``problem``."""
    name = shown(source.path.name)
    try:
        return _read(source.path, Submission(learner_id, name), ours, wanted, limits)
    except InvalidUpload as fault:
        return Submission(learner_id, name, problem=str(fault))
    except Exception as fault:  # whatever a reader of archives stumbles over must not stop the class
        note = f"The upload could not be read: {type(fault).__name__}."
        return Submission(learner_id, name, notes=(note,), problem="It cannot be read: pack it again, as a zip.")


def _read(path: Path, empty: Submission, ours: Ours, wanted: Collection[int], limits: Limits) -> Submission:
    upload = open_upload(path, limits)
    try:
        located = locate(upload.entries, wanted, limits)
        places = {
            entry.name: (number, name) for number, files in located.lessons.items() for name, entry in files.items()
        }
        taken = [entry for files in located.lessons.values() for entry in files.values()]
        lessons: dict[int, dict[str, bytes]] = {number: {} for number in located.lessons}
        comparison = ours.compare(upload.entries, located)
        # in one go: a tar is unpacked from its beginning each time
        for entry, content in upload.read([*taken, *comparison.wanted], max(limits.file_bytes, MAX_BYTES)):
            if place := places.get(entry.name):
                number, name = place
                lessons[number][name] = content
            else:
                comparison.check(entry, content)
        times = [upload.modified(entry) for entry in taken]
        notes = (*located.notes, *comparison.notes, *_about_times(times), *_about_name(path.name))
    finally:
        upload.close()
    ordered: dict[int, Files] = {number: dict(sorted(files.items())) for number, files in lessons.items()}
    problems = located.problems
    return Submission(empty.id, empty.source, ordered, notes, problems=problems, handed_in_at=_newest(times))


def _about_times(times: Iterable[float | None]) -> list[str]:
    """What an instructor should know of times that cannot be."""
    ahead = max((when for when in times if when is not None and when > time.time() + _CLOCKS_DIFFER), default=None)
    if ahead is None:
        return []
    try:
        day = f" ({datetime.fromtimestamp(ahead, tz=UTC):%Y-%m-%d})"
    except (OverflowError, OSError, ValueError):
        day = ""
    return [f"A file in it has a time in the future{day}, which says nothing about when it was handed in."]


def _about_name(name: str) -> list[str]:
    """What Canvas has put into an upload's name."""
    return ["Canvas has marked this upload as late."] if CANVAS_LATE.fullmatch(name) else []


def _newest(times: Iterable[float | None]) -> datetime | None:
    """When the newest of the files was changed, in the local zone.

    It is what the upload says, and a learner can set it. Times before 1981 and in the future are no times.
    """
    now = time.time()
    newest = max((when for when in times if when is not None and _EARLIEST <= when <= now), default=None)
    return None if newest is None else datetime.fromtimestamp(newest, tz=UTC).astimezone()
