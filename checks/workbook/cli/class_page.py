"""The report of ``workbook grade``, with or without names and pairs of similar work."""

from __future__ import annotations

from pathlib import Path

from workbook.grading.anonymous import without_names, write_names
from workbook.grading.gradebook import Gradebook
from workbook.grading.report.page import write_report
from workbook.grading.run.grade_class import Plan, read_codes

PAGE = "index.html"


def write_page(book: Gradebook, plan: Plan, out: Path, *, similar: bool, anonymous: bool) -> None:
    """Write the report, and beside an anonymous one the list that says whose a code is.

    Args:
        book: the class.
        plan: what was graded.
        out: the folder of the results.
        similar: whether pairs of similar work are looked for.
        anonymous: whether codes stand for names.
    """
    handed_in = [(learner, work) for learner, work in plan.learners if work is not None]
    works = {learner.id: work.lessons for learner, work in handed_in}
    pairs = ()
    if similar:
        from workbook.grading.similarity.similar import find_pairs

        pairs = find_pairs(plan.course, plan.lessons, [work for _, work in handed_in])
    if not anonymous:
        write_report(book, out / PAGE, pairs, works)
        return
    known = read_codes(out)
    unnamed, unnamed_pairs, unnamed_works = without_names(book, pairs, works, known)
    write_report(unnamed, out / PAGE, unnamed_pairs, unnamed_works)
    write_names((grade.learner for grade in book.learners), known, out)
