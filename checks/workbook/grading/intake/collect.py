"""Bring a class together: who is in the roster, what each handed in, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from workbook.course.model import Course, CourseError
from workbook.grading.gradebook import Learner
from workbook.grading.intake.entry import shown
from workbook.grading.intake.in_time import Reading, When, in_time
from workbook.grading.intake.limits import Limits
from workbook.grading.intake.match import Matcher, key_of
from workbook.grading.intake.ours import Ours
from workbook.grading.intake.reading import read_submission
from workbook.grading.intake.roster import read_roster
from workbook.grading.intake.sources import Source, find_sources
from workbook.grading.intake.submission import Submission


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
    when: When | None = None,
) -> Intake:
    """Read the submissions of a class.

    Args:
        course: ours; what a submission holds beside its lessons is compared with it.
        source: a folder with one folder, zip or tar per learner, or a file that lists clones.
        roster: a CSV of the learners; without it everybody who handed something in belongs to the class.
        wanted: the lessons to take; all of the course by default.
        limits: what an upload may hold.
        leave_out: what may lie beside the uploads and is none, such as the results; the roster is left out anyway.
        when: what else is known of when work came in, and what of a Git repository counts.

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
        submission = in_time(submission, upload.path, learner, Reading(ours, numbers, limits, when or When()))
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
