"""``junit.xml``: for CI systems that show tests. The form is the one that pytest writes (xunit2).

A suite is one lesson of one learner, a case one exercise: a viewer then shows whose lesson fails, and at which
exercise. A grader error is an ``error``, a learner who handed nothing in is ``skipped``, and an exercise that was not
started fails, because nothing was earned. Points are properties. Texts are those that the learner reads.
"""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

from workbook.course.files import replace_file
from workbook.course.points import points_text
from workbook.course.results import ExerciseResult, Verdict
from workbook.course.text import block, line
from workbook.grading.exports import marks, shown
from workbook.grading.exports.names import file_name
from workbook.grading.exports.options import Options, Written
from workbook.grading.gradebook import Gradebook, LearnerGrade, LessonGrade, Standing

FILE = "junit.xml"


def write(book: Gradebook, folder: Path, options: Options = Options()) -> Written:  # noqa: B008
    """Write ``junit.xml``."""
    root = ET.Element("testsuites", name=line(book.course))
    for grade in book.learners:
        for lesson in grade.lessons:
            _suite(root, book, grade, lesson)
    text = ET.tostring(root, encoding="unicode")
    return Written((replace_file(folder / FILE, f'<?xml version="1.0" encoding="utf-8"?>\n{text}\n'),))


def _suite(root: ET.Element, book: Gradebook, grade: LearnerGrade, lesson: LessonGrade) -> None:
    whose = line(f"{grade.learner.id} {grade.learner.name}".strip(), 120)
    suite = ET.SubElement(root, "testsuite", name=f"{whose}, lesson {lesson.lesson}")
    place = f"{file_name(grade.learner.id)}.lesson_{lesson.lesson:02d}"
    points = marks.lesson_points(grade, lesson)
    properties: dict[str, str] = {
        "points": "" if points is None else points_text(points),
        "max_points": points_text(lesson.max_points),
        "flags": "; ".join(marks.flags(grade)),
    }
    _properties(suite, {name: text for name, text in properties.items() if text})
    if lesson.result is None or lesson.error:
        _whole_lesson(suite, place, grade, lesson)
    else:
        for exercise in lesson.result.exercises:
            _case(suite, place, exercise)
    cases = suite.findall("testcase")
    counts = {name: sum(case.find(tag) is not None for case in cases) for name, tag in _COUNTED.items()}
    suite.attrib |= {name: str(count) for name, count in counts.items()}
    suite.attrib |= {"tests": str(len(cases)), "time": f"{lesson.seconds:.3f}", "timestamp": book.made_at.isoformat()}


_TELLING = ("What happened", "Looks like", "Found", "Cannot read", "Import failed")
"""Labels of rows that say in one line what is wrong, the best one first."""
_SHORT = 200
_COUNTED = {"errors": "error", "failures": "failure", "skipped": "skipped"}


def _case(suite: ET.Element, place: str, exercise: ExerciseResult) -> None:
    seconds = sum(check.seconds for check in exercise.checks)
    case = ET.SubElement(
        suite,
        "testcase",
        classname=place,
        name=f"{exercise.exercise} {line(exercise.title)}",
        time=f"{seconds:.3f}",
    )
    _properties(case, {"points": points_text(exercise.points), "max_points": points_text(exercise.max_points)})
    if exercise.verdict is Verdict.PASSED:
        return
    ours = exercise.verdict is Verdict.CHECK_ERROR
    problem = ET.SubElement(case, "error" if ours else "failure", message=_in_short(exercise))
    problem.text = block(shown.explain(exercise))


def _in_short(exercise: ExerciseResult) -> str:
    """The verdict with its reason: many tools show nothing else in a list of failures."""
    message = shown.told(exercise) if exercise.verdict is not Verdict.NOT_STARTED else None
    reason = next((text for label in _TELLING if message and (text := message.row(label))), "")
    return line(f"{exercise.verdict.words}: {reason}" if reason else exercise.verdict.words, _SHORT)


def _whole_lesson(suite: ET.Element, place: str, grade: LearnerGrade, lesson: LessonGrade) -> None:
    """One case in the place of exercises that were not run."""
    case = ET.SubElement(suite, "testcase", classname=place, name=f"lesson {lesson.lesson}", time="0.000")
    if not marks.is_graded(grade, lesson):
        fault = line("; ".join(lesson.grader_errors) or "the lesson has no result")
        ET.SubElement(case, "error", message=fault).text = fault
    elif grade.standing is Standing.MISSING:
        ET.SubElement(case, "skipped", type="missing", message="nothing was handed in")
    elif grade.standing is Standing.INVALID:
        ET.SubElement(case, "failure", message="invalid upload").text = block(grade.problem)
    elif lesson.problem:
        ET.SubElement(case, "failure", message="this lesson cannot be graded").text = block(lesson.problem)
    else:
        ET.SubElement(case, "failure", message="this lesson was not handed in")


def _properties(parent: ET.Element, values: dict[str, str]) -> None:
    group = ET.SubElement(parent, "properties")
    for name, value in values.items():
        ET.SubElement(group, "property", name=name, value=value)
