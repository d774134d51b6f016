"""Make an executed notebook the same every time: no counters, no timestamps, and no output that changes by itself."""

from __future__ import annotations

import json
import re
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

from workbook.authoring.notebook_file import Notebook, Output, node
from workbook.authoring.notebook_run import cell_place
from workbook.authoring.notebook_source import CHECK_TAG
from workbook.course.model import Course, Lesson

NO_OUTPUT_TAG = "no-output"
IGNORE_TAG = "nbval-ignore-output"
"""nbval runs the cell but does not compare its output, and neither does ``workbook build --check``."""
RAISES_TAG = "raises-exception"
_CHANGING = {
    "the address of an object": re.compile(r"\b0x[0-9a-fA-F]{6,}"),
    "a port": re.compile(r"(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1?\]):\d{5}\b"),
    "the number of a process": re.compile(r"\bprocess \[\d+\]|\bpid[ =:]+\d+", re.IGNORECASE),
    "a measured time": re.compile(r"\b(?:Wall time|CPU times)\b"),
    "an absolute path": re.compile(r"(?<![\w.:/])/(?:home|Users|root|tmp|private|var/folders)/\w|\b[A-Z]:\\\w"),
}
_DATE_FORMATS = ("%Y-%m-%d", "%d %b %Y", "%d/%b/%Y", "%b %d %Y", "%B %d, %Y", "%d %B %Y", "%Y%m%d", "%d.%m.%Y")


def tidy_notebook(course: Course, lesson: Lesson, notebook: Notebook) -> list[str]:
    """Normalise an executed notebook in place.

    Cell ids come from lesson and position. Cells tagged ``no-output`` or ``check`` lose their output and are tagged so
    that nbval does not compare it.

    Returns:
        The faults that keep it from being stored: outputs that would differ with the next build.
    """
    faults: list[str] = []
    notebook.metadata = node(
        {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        }
    )
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    code_cells = 0
    for position, cell in enumerate(notebook.cells, start=1):
        cell["id"] = f"lesson-{lesson.number:02d}-{position:03d}"
        line = cell.metadata.pop("line", None)
        cell.metadata.pop("execution", None)
        if cell.cell_type != "code":
            continue
        code_cells += 1
        tags: list[str] = list(cell.metadata.get("tags", []))
        stored = CHECK_TAG not in tags and NO_OUTPUT_TAG not in tags
        if not stored and IGNORE_TAG not in tags:
            tags.append(IGNORE_TAG)
        if tags:
            cell.metadata["tags"] = tags
        outputs: list[Output] = list(cell.outputs) if stored else []
        cell["outputs"] = outputs
        cell["execution_count"] = code_cells if stored else None
        for output in outputs:
            _tidy_output(output, code_cells)
        if IGNORE_TAG not in tags:
            found = {cause: text for output in outputs for cause, text in _changing(course, output)}
            faults += [
                f"{cell_place(course, lesson, line)}: the output holds {cause} ({text}): print something that stays "
                f"the same, or tag the cell {IGNORE_TAG}."
                for cause, text in found.items()
            ]
    return faults


def comparable(notebook: Notebook) -> list[str]:
    """A tidy notebook as lines of text, without the outputs that may differ.

    Two notebooks are the same exactly when these lines are.
    """
    lines: list[str] = []
    for cell in notebook.cells:
        metadata: dict[str, Any] = dict(cell.metadata)
        tags: list[str] = metadata.pop("tags", [])
        lines.append(f"[{cell.get('id')}] {cell.cell_type} {' '.join(tags)}{metadata or ''}".rstrip())
        lines += [f"  {line}" for line in cell.source.splitlines()]
        if cell.cell_type != "code" or IGNORE_TAG in tags:
            continue
        lines.append(f"  [{cell.execution_count}]")
        for output in cell.outputs:
            content = {key: value for key, value in output.items() if key not in {"output_type", "execution_count"}}
            shown = output.text if output.output_type == "stream" else json.dumps(content, indent=1, sort_keys=True)
            lines.append(f"  {output.output_type} {output.get('name', '')}".rstrip())
            lines += [f"  → {line}" for line in shown.splitlines()]
    return [*lines, f"{dict(notebook.metadata)} {notebook.nbformat}.{notebook.nbformat_minor}"]


def _tidy_output(output: Output, count: int) -> None:
    if output.output_type == "execute_result":
        output["execution_count"] = count
    if output.output_type == "error":
        # frames hold paths and line numbers of the libraries; what a reader needs is the exception
        output["traceback"] = [f"{output.ename}: {output.evalue}"]


def _changing(course: Course, output: Output) -> Iterator[tuple[str, str]]:
    """What an output holds that the next build would write differently: the cause, and the text found."""
    text = _text(output)
    for cause, pattern in _CHANGING.items():
        if match := pattern.search(text):
            yield cause, match[0]
    for place in (course.root, Path.home(), Path(sys.prefix), Path(tempfile.gettempdir())):
        if len(place.parts) > 1 and f"{place}" in text:
            yield "an absolute path", f"{place}"
    now = datetime.now(UTC)
    for day in (now - timedelta(days=1), now, now + timedelta(days=1)):
        for style in _DATE_FORMATS:
            if re.search(rf"(?<!\d){re.escape(day.strftime(style))}(?!\d)", text):
                yield "today's date", day.strftime(style)


def _text(output: Output) -> str:
    if output.output_type == "stream":
        return str(output.text)
    if output.output_type == "error":
        return f"{output.ename}: {output.evalue}"
    data = cast("dict[str, Any]", output.get("data", {}))
    return "\n".join(str(content) for kind, content in data.items() if not kind.startswith("image/") or "svg" in kind)
