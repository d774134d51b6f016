"""When work came in, and, for a Git repository, which state of it counts."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from workbook.grading.exports.late import LatePolicy
from workbook.grading.gradebook import Learner
from workbook.grading.intake.commits import Repository, State, changed_at, is_clone, last_before, opened
from workbook.grading.intake.entry import InvalidUpload
from workbook.grading.intake.limits import Limits
from workbook.grading.intake.ours import Ours
from workbook.grading.intake.reading import read_upload
from workbook.grading.intake.submission import Files, Submission
from workbook.grading.intake.times import Times

_TOO_LATE = "Nothing was in the repository when it was due."


@dataclass(frozen=True)
class When:
    """What is known of when work came in, and what follows from it."""

    times: Times = field(default_factory=lambda: Times({}))
    """What the school's system or the Git host saw."""
    instructors: frozenset[str] = frozenset()
    """Logins and e-mail addresses, in small letters, whose commits are not the learner's."""
    policies: Mapping[int, LatePolicy] = field(default_factory=dict[int, LatePolicy])
    """By lesson, what is due when."""
    at_due: bool = False
    """Whether a repository is graded as it was when each lesson was due, and not as it is."""


@dataclass(frozen=True)
class Reading:
    """What a submission is read with."""

    ours: Ours
    """What it is compared with."""
    wanted: Collection[int]
    """The lessons to take."""
    limits: Limits
    when: When


def in_time(submission: Submission, path: Path, learner: Learner, reading: Reading) -> Submission:
    """A submission with the best that is known of when it came in.

    Of a Git repository that is, for each lesson, when its learner last changed it: as the host saw it, or by the dates
    in the commits. Of anything else it is what the school's system says, or the files.

    Args:
        submission: as it was read.
        path: where it was read.
        learner: whose it is.
        reading: what it was read with, and what is known.

    Returns:
        The submission; with ``at_due`` it holds each lesson as it was in time, or not at all.
    """
    hand_ins = reading.when.times.of(learner)
    if is_clone(path):
        try:
            with opened(path) as repository:
                return _History(submission, repository, repository.states(hand_ins), learner, reading).submission()
        except InvalidUpload as fault:
            if reading.when.at_due:  # what was there in time is not known, and what came later must not count
                return replace(submission, lessons={}, problem=f"Its history cannot be read. {fault}")
            submission = replace(submission, notes=(*submission.notes, f"Its history is not used. {fault}"))
    if hand_ins and not submission.problem:
        return replace(submission, handed_in_at=hand_ins[-1].when, lessons_at={})
    return submission


@dataclass(frozen=True)
class _History:
    """A submission that is a repository."""

    read: Submission
    """As its files are."""
    repository: Repository
    states: list[State]
    learner: Learner
    reading: Reading

    def submission(self) -> Submission:
        """The submission, with what its history says."""
        if self.reading.when.at_due:
            found = self._as_it_was_due()
        else:
            found = self._as_it_is() if self.states and not self.read.problem else self.read
        return replace(found, notes=(*found.notes, *self._about_lost()))

    def _about_lost(self) -> list[str]:
        """What an instructor should know of pushes that others have replaced since."""
        held = {state.commit for state in self.states}
        lost = [push for push in self.reading.when.times.of(self.learner) if push.commit and push.commit not in held]
        if not lost:
            return []
        which = f"{lost[-1].when:%Y-%m-%d %H:%M %Z} ({lost[-1].commit[:12]}; {len(lost)} such in all)"
        return [f"No longer in the repository: a push of {which}. Where it matters, ask for it, or look on the host."]

    def _as_it_is(self) -> Submission:
        last = self._at(self.states[-1], self.reading.wanted)
        lessons_at = dict(self.read.lessons_at)
        for lesson, files in self.read.lessons.items():
            # What was changed after the last commit has the time of its files.
            if last.lessons.get(lesson) == files and (moment := self._changed(lesson, len(self.states))):
                lessons_at[lesson] = moment
        return replace(self.read, lessons_at=lessons_at, handed_in_at=max(lessons_at.values(), default=None))

    def _as_it_was_due(self) -> Submission:
        """Each lesson as it was when it was due; what was not there then was not handed in."""
        places = self._places()
        in_time = {lesson for numbers in places.values() for lesson in numbers}
        problems = {lesson: _TOO_LATE for lesson in self.reading.wanted if lesson not in in_time}
        lessons, lessons_at = dict[int, Files](), dict[int, datetime]()
        notes = list(self.read.notes)
        for place, numbers in sorted(places.items()):
            state = self.states[place]
            found = self._at(state, numbers)
            lessons |= found.lessons
            problems |= found.problems
            lessons_at |= {lesson: self._changed(lesson, place + 1) or state.when for lesson in found.lessons}
            if place < len(self.states) - 1:
                named = ", ".join(map(str, sorted(numbers)))
                notes.append(f"Graded as it was at {state.commit[:12]}, in time for lesson {named}: more came later.")
        return replace(
            self.read,
            problem="",
            lessons=lessons,
            lessons_at=lessons_at,
            problems=problems,
            notes=tuple(notes),
            handed_in_at=max(lessons_at.values(), default=None),
        )

    def _places(self) -> dict[int, list[int]]:
        """Which lessons are read from which state, by its place."""
        found: dict[int, list[int]] = {}
        for lesson in self.reading.wanted:
            policy = self.reading.when.policies.get(lesson)
            deadline = policy.deadline(self.learner.extension_days) if policy else None
            place = last_before(self.states, deadline)
            if place is not None:
                found.setdefault(place, []).append(lesson)
        return found

    def _at(self, state: State, wanted: Collection[int]) -> Submission:
        """The lessons of a state."""
        empty = Submission(self.read.id, self.read.source)
        with self.repository.files(state.commit, self.reading.limits) as upload:
            try:
                return read_upload(upload, empty, self.reading.ours, wanted, self.reading.limits)
            except InvalidUpload as fault:
                return replace(empty, problems=dict.fromkeys(wanted, str(fault)))

    def _changed(self, lesson: int, count: int) -> datetime | None:
        return changed_at(self.repository, self.states[:count], lesson, self.reading.when.instructors)
