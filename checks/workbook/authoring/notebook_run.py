"""Run a notebook from top to bottom in a kernel of its own."""

from __future__ import annotations

import asyncio
import os
import subprocess
import threading
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from workbook.authoring.errors import AuthoringError
from workbook.authoring.notebook_file import Cell, Notebook
from workbook.authoring.notebook_source import CHECK_TAG
from workbook.course.model import Course, Lesson

_running: set[tuple[asyncio.AbstractEventLoop, asyncio.Task[None] | None]] = set()
_stopped = threading.Event()
CELL_SECONDS = 60
"""How long one cell may take."""


def run_notebook(course: Course, lesson: Lesson, notebook: Notebook, target: Path, *, with_checks: bool) -> Notebook:
    """Run every code cell in order, with ``notebooks/`` as the current folder.

    Args:
        course: the course.
        lesson: the lesson whose notebook it is.
        notebook: what ``read_source`` gave; its outputs are filled in.
        target: the folder of ``lesson_NN`` folders that ``%check`` and ``serve`` use.
        with_checks: whether the cells tagged ``check`` are run too; nothing of their output is ever stored.

    Returns:
        The same notebook.

    Raises:
        AuthoringError: a cell raises without the tag ``raises-exception``, takes too long, or ends the kernel.
    """
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    begun: list[Cell] = []

    def note(cell: Cell, cell_index: int) -> None:
        begun.append(cell)

    def place() -> str:
        return cell_place(course, lesson, begun[-1].metadata.get("line") if begun else None)

    client = NotebookClient(
        notebook,
        timeout=CELL_SECONDS,
        kernel_name="python3",
        resources={"metadata": {"path": str(course.notebooks_dir)}},
        coalesce_streams=True,
        record_timing=False,
        skip_cells_with_tag="skip-execution" if with_checks else CHECK_TAG,
        extra_arguments=["--HistoryManager.enabled=False"],
        on_cell_start=note,
    )
    try:
        # kernels need a loop that can watch sockets, which is not the default one on Windows
        with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
            runner.run(_stoppable(client.async_execute(env=_environment(course, target), stderr=subprocess.DEVNULL)))
    except CellExecutionError as error:
        raise AuthoringError(f"{place()}: {error.ename}: {_first(error.evalue)}") from None
    except CellTimeoutError:
        raise AuthoringError(f"{place()}: the cell takes more than {CELL_SECONDS} seconds.") from None
    except (DeadKernelError, RuntimeError) as error:
        raise AuthoringError(f"{place()}: the kernel died ({_first(str(error))}).") from None
    return notebook


async def _stoppable(work: Coroutine[Any, Any, object]) -> None:
    entry = (asyncio.get_running_loop(), asyncio.current_task())
    _running.add(entry)
    try:
        if _stopped.is_set() and entry[1] is not None:
            entry[1].cancel()  # it was asked for while this notebook was being prepared
        await work
    finally:
        _running.discard(entry)


def stop_notebooks() -> None:
    """End every notebook that another thread runs or is about to run, with its kernel: this process is being ended."""
    _stopped.set()
    for loop, task in list(_running):
        if task is not None:
            loop.call_soon_threadsafe(task.cancel)


def cell_place(course: Course, lesson: Lesson, line: int | None) -> str:
    """Where a code cell is, for a message: the source and its line."""
    name = f"notebooks/src/{course.notebook_source(lesson).name}"
    return name if line is None else f"{name}:{line}"


def _environment(course: Course, target: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    named = {course.solutions_dir: "solutions", course.lessons_dir: "lessons"}.get(target, str(target))
    return {**kept, "WORKBOOK_ROOT": str(course.root), "WORKBOOK_TARGET": named}


def _first(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[0] if lines else ""
