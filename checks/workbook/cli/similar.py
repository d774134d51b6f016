"""``workbook similar``: pairs of a class to read side by side. It accuses nobody."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workbook.cli.console import console, count, print_json
from workbook.course.model import find_course
from workbook.course.text import line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workbook.grading.gradebook import Gradebook
    from workbook.grading.intake.collect import Intake
    from workbook.grading.similarity.pairs import SimilarPair

_LISTED = 20
_NAME = 40
SCHEMA = "fastapi-workbook/similar/v1"


def similar(
    submissions: Annotated[
        Path, typer.Argument(help="A folder with a folder, zip or tar of each learner, or a file that lists clones.")
    ],
    lessons: Annotated[str, typer.Option(help="Which lessons, like 1-3,7. Without it: all.")] = "",
    roster: Annotated[Path | None, typer.Option(help="A CSV with id, name, email of each learner.")] = None,
    out: Annotated[Path, typer.Option(help="The folder for index.html and similar.json.")] = Path("similar"),
    json: Annotated[bool, typer.Option("--json", help="Print the pairs as JSON.")] = False,
) -> None:
    """List pairs of similar work to read side by side; nothing is run."""
    from workbook.cli.class_input import read_lessons
    from workbook.grading.intake.collect import collect
    from workbook.grading.report.page import write_report
    from workbook.grading.similarity.similar import find_pairs

    course = find_course()
    chosen = read_lessons(course, lessons)
    intake = collect(course, submissions, roster, [lesson.number for lesson in chosen])
    works = [submission for _, submission in intake.learners if submission is not None]
    pairs = find_pairs(course, chosen, works)
    facts = as_json(pairs)
    out.mkdir(parents=True, exist_ok=True)
    (out / "similar.json").write_text(_dump(facts), encoding="utf-8", newline="\n")
    write_report(_book(intake, pairs), out / "index.html", pairs)
    if json:
        print_json(facts)
    else:
        _tell(pairs, len(works), out)


def as_json(pairs: Sequence[SimilarPair]) -> dict[str, Any]:
    """The pairs without the texts: who, how much, and which lines."""
    return {
        "schema": SCHEMA,
        "pairs": [
            {
                "lesson": pair.lesson,
                "learners": [pair.left, pair.right],
                "shares": [pair.share_left, pair.share_right],
                "passages": [
                    [
                        {"file": part.left_file, "lines": [part.left_start, part.left_end]},
                        {"file": part.right_file, "lines": [part.right_start, part.right_end]},
                    ]
                    for part in pair.fragments
                ],
            }
            for pair in pairs
        ],
    }


def _dump(facts: dict[str, Any]) -> str:
    import json

    return json.dumps(facts, indent=1) + "\n"


def _book(intake: Intake, pairs: Sequence[SimilarPair]) -> Gradebook:
    """A class without grades, for the report: the learners of the pairs only."""
    import workbook
    from workbook.grading.gradebook import Gradebook, LearnerGrade, Standing

    named = {name for pair in pairs for name in (pair.left, pair.right)}
    return Gradebook(
        course="FastAPI workbook",
        lessons=(),
        learners=tuple(
            LearnerGrade(learner, Standing.HANDED_IN) for learner, _ in intake.learners if learner.id in named
        ),
        made_at=datetime.now(UTC).astimezone(),
        tool_version=workbook.__version__,
        seed=0,
        isolation="Nothing was run: texts were compared.",
        isolated=True,
    )


def _tell(pairs: Sequence[SimilarPair], works: int, out: Path) -> None:
    from rich.table import Table

    shown = console()
    shown.print(f"{count(works, 'submission')} compared, {count(len(pairs), 'pair')} to read.")
    if pairs:
        table = Table("lesson", "learners", "share of each", "passages", box=None, pad_edge=False)
        for pair in pairs[:_LISTED]:
            table.add_row(
                str(pair.lesson),
                f"{line(pair.left, _NAME)} and {line(pair.right, _NAME)}",
                f"{pair.share_left:.0%}, {pair.share_right:.0%}",
                str(len(pair.fragments)),
            )
        shown.print(table)
        if len(pairs) > _LISTED:
            shown.print(f"and {len(pairs) - _LISTED} more, in the report")
        shown.print(
            "Alike has many innocent causes, a shared example for one: read both before you think anything of it."
        )
    shown.print(f"Side by side: {out / 'index.html'}")
