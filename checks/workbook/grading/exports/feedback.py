"""``feedback/<learner>.md``: what each learner is given back, in Markdown.

The messages are those that the learner knows from home. They may quote what the learner's program said, so they stand
between fences that nothing in them can close, and names are escaped. The seed and hidden checks are not in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from workbook.course.points import points_text
from workbook.course.results import ExerciseResult, Verdict
from workbook.course.text import line
from workbook.grading.exports import marks, shown
from workbook.grading.exports.files import replace_tree
from workbook.grading.exports.names import readable_names
from workbook.grading.exports.options import Options, Written
from workbook.grading.exports.text import fenced, listed, markdown
from workbook.grading.gradebook import Gradebook, LearnerGrade, LessonGrade, Standing

FOLDER = "feedback"


def write(book: Gradebook, folder: Path, options: Options = Options()) -> Written:  # noqa: B008
    """Write one file for every learner, whatever became of their work."""
    names = readable_names([grade.learner for grade in book.learners])
    texts = {f"{names[grade.learner.id]}.md": feedback(book, grade) for grade in book.learners}
    return Written(tuple(replace_tree(folder / FOLDER, texts, "*.md")))


def feedback(book: Gradebook, grade: LearnerGrade) -> str:
    """One learner's feedback in Markdown."""
    return "\n".join(_lines(book, grade)) + "\n"


def _lines(book: Gradebook, grade: LearnerGrade) -> Iterator[str]:
    yield f"# {markdown(book.course)}: {markdown(line(grade.learner.name or grade.learner.id, 120))}"
    yield ""
    yield from _total(book, grade)
    if grade.standing is not Standing.HANDED_IN and not grade.is_decided:
        return
    for lesson in grade.lessons:
        yield from _lesson(grade, lesson)


def _total(book: Gradebook, grade: LearnerGrade) -> Iterator[str]:
    about, late = shown.about_grade(grade), shown.about_lateness(grade)
    if about:
        yield from (fenced(about) if grade.standing is Standing.INVALID else about, "")
    if grade.standing is Standing.MISSING and not grade.is_decided:
        return
    if not marks.is_final(grade):
        yield f"Points so far: {points_text(grade.raw_points)} of {book.max_points}."
    elif grade.lateness.percent:
        earned = points_text(grade.raw_points)
        yield f"**{points_text(grade.points)} of {book.max_points} points**, from {earned} earned."
    else:
        yield f"**{points_text(grade.points)} of {book.max_points} points.**"
    if marks.is_final(grade) and not book.scheme.is_plain:
        mark = f"{points_text(book.mark(grade))} of {points_text(book.best_mark)}"
        yield f"**Mark: {mark}.** {markdown(book.scheme.sentence())}"
    yield from (late,) if late else ()
    yield from (f"Rule: {markdown(book.policy)}",) if late and book.policy else ()
    yield ""


def _lesson(grade: LearnerGrade, lesson: LessonGrade) -> Iterator[str]:
    points = marks.lesson_points(grade, lesson)
    of = f": {points_text(points)} of {lesson.max_points} points" if points is not None else ""
    yield f"## Lesson {lesson.lesson}, {markdown(lesson.title)}{of}"
    yield ""
    if late := shown.about_lateness(lesson):
        yield from (late, "")
    about = shown.about_lesson(grade, lesson)
    if lesson.result is None:
        yield from (fenced(about) if lesson.problem else about, "")
        return
    yield from ("| | Exercise | | Points |", "| --- | --- | --- | ---: |")
    for exercise in lesson.result.exercises:
        yield f"| {exercise.verdict.mark} | {_title(exercise)} | {exercise.verdict.words} | {_points(exercise)} |"
    yield ""
    told: set[object] = set()
    for exercise in lesson.result.exercises:
        words = "" if exercise.verdict is Verdict.NOT_STARTED else shown.explain(exercise)
        reason = shown.same_stop(exercise)
        if words and reason not in told:
            yield from (f"### {_title(exercise)}", "", fenced(words), "")
            if reason is not None:
                told.add(reason)
                yield from _others(reason, exercise, lesson.result.exercises)


def _others(reason: object, first: ExerciseResult, exercises: Sequence[ExerciseResult]) -> Iterator[str]:
    others = [entry.exercise for entry in exercises if entry is not first and shown.same_stop(entry) == reason]
    if others:
        verb = "was" if len(others) == 1 else "were"
        yield from (f"{markdown(listed(others, len(others)))} {verb} stopped by the same.", "")


def _title(exercise: ExerciseResult) -> str:
    return f"{markdown(exercise.exercise)} {markdown(exercise.title)}"


def _points(exercise: ExerciseResult) -> str:
    known = exercise.verdict is not Verdict.CHECK_ERROR
    return f"{points_text(exercise.points)} of {exercise.max_points}" if known else f"– of {exercise.max_points}"
