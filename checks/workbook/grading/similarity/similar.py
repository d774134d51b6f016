"""Which pairs of a class may be worth reading side by side, because they share what hardly anybody else wrote.

Exercises have narrow right answers, so honest solutions look alike. Left out is therefore what the starter and the
model solution hold, and what more than a third of the class has; and the rest weighs the more, the fewer learners have
it. A pair is listed where what both have is a large part of what either wrote (``LEAST``), and long enough to mean
anything (``LEAST_PRINTS``). It is a list of texts to read, and accuses nobody: two learners of one study group, or with
one example from the documentation, are listed as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from workbook.authoring.starters import build_lesson
from workbook.course.model import Course, Lesson
from workbook.course.starter import load_starter
from workbook.grading.intake.submission import Submission
from workbook.grading.similarity import passages
from workbook.grading.similarity.classwork import Classwork
from workbook.grading.similarity.pairs import SimilarPair
from workbook.grading.similarity.streams import Look, Stream, readable, streams

LEAST = {Look.STRUCTURE: 0.55, Look.WORDS: 0.3}
"""A pair is listed from this likeness on, in either look. Names and comments differ sooner than structure does."""
LEAST_PRINTS = 40
"""Fingerprints that both must have: about ten lines."""
MOST = 50
"""Pairs of one lesson that are listed: the likest ones."""


@dataclass(frozen=True, slots=True)
class _Candidate:
    score: float
    """Likeness over the least that is listed, in the look where it is highest."""
    look: Look
    left: int
    right: int


def find_pairs(course: Course, lessons: Iterable[Lesson], submissions: Sequence[Submission]) -> tuple[SimilarPair, ...]:
    """Look for similar work.

    Args:
        course: ours: its starters and, where it has them, its solutions are common ground.
        lessons: the lessons to look at.
        submissions: the class; who handed a lesson in is compared with everybody else who did.

    Returns:
        The pairs, the likest first. ``share_left`` and ``share_right`` are shares of what a learner wrote beside
        common ground.

    Raises:
        CourseError: a starter is missing.
    """
    ordered = sorted(submissions, key=lambda submission: submission.id)
    found = [entry for lesson in lessons for entry in _lesson_pairs(course, lesson, ordered)]
    return tuple(pair for _, pair in sorted(found, key=lambda entry: (-entry[0], entry[1].lesson)))


def _lesson_pairs(course: Course, lesson: Lesson, submissions: Sequence[Submission]) -> list[tuple[float, SimilarPair]]:
    starter = load_starter(course, lesson).files
    handed_in = [entry for entry in submissions if lesson.number in entry.lessons]
    texts = [_own_files(readable(entry.lessons[lesson.number]), starter) for entry in handed_in]
    works = [streams(files) for files in texts]
    given = [streams(files) for files in (starter, _solution(course, lesson))]
    class_in = {look: Classwork(look, [work[look] for work in works], [text[look] for text in given]) for look in Look}
    pairs: list[tuple[float, SimilarPair]] = []
    for candidate in _candidates(class_in):
        left, right = candidate.left, candidate.right
        parts = [part for look in Look for part in _fragments(class_in[look], look, works, candidate)]
        shown = passages.readable(parts)
        in_left, in_right = {part.left_file for part in shown}, {part.right_file for part in shown}
        pair = SimilarPair(
            lesson=lesson.number,
            left=handed_in[left].id,
            right=handed_in[right].id,
            share_left=round(class_in[candidate.look].share(left, right), 3),
            share_right=round(class_in[candidate.look].share(right, left), 3),
            fragments=shown,
            left_files={name: text for name, text in texts[left].items() if name in in_left},
            right_files={name: text for name, text in texts[right].items() if name in in_right},
        )
        pairs.append((candidate.score, pair))
    return pairs


def _own_files(texts: Mapping[str, str], starter: Mapping[str, str]) -> dict[str, str]:
    """Without the files that are as they were handed out."""
    return {name: text for name, text in texts.items() if starter.get(name) != text}


def _solution(course: Course, lesson: Lesson) -> dict[str, str]:
    """The model solution: what everybody is expected to write. None in a copy for students."""
    if not (course.solutions_dir / lesson.folder).is_dir():
        return {}
    return readable(build_lesson(course, lesson).solution)


def _candidates(class_in: Mapping[Look, Classwork]) -> list[_Candidate]:
    best: dict[tuple[int, int], _Candidate] = {}
    for look, classwork in class_in.items():
        for pair, (likeness, count) in classwork.likeness().items():
            if likeness >= LEAST[look] and count >= LEAST_PRINTS:
                found = _Candidate(likeness / LEAST[look], look, *pair)
                if pair not in best or found.score > best[pair].score:
                    best[pair] = found
    return sorted(best.values(), key=lambda entry: (-entry.score, entry.left, entry.right))[:MOST]


def _fragments(
    classwork: Classwork, look: Look, works: Sequence[Mapping[Look, Sequence[Stream]]], pair: _Candidate
) -> list[passages.Fragment]:
    shared = passages.matches(classwork.shared(pair.left, pair.right))
    return passages.fragments(works[pair.left][look], works[pair.right][look], shared, look)
