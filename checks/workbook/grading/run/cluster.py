"""The same tasks on a Dask cluster: its client spreads them and repeats what a dead worker had, we do neither.

Each machine has a clone of this repository with ``make setup`` done. A Dask worker never runs learner code and never
forks: it talks to warm workers in the same sandbox as on one machine.
"""

from __future__ import annotations

import atexit
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Self, cast

from workbook.course.model import Course, CourseError, find_course, folder_name
from workbook.grading.run.cache_key import checks_digest, engine_digest
from workbook.grading.run.pool import WorkerSlot
from workbook.grading.run.task import GradeAnswer, GradeTask, WorkerSettings

_CONNECT_SECONDS = 15
_DEATHS = 3
"""How often a task may lose its worker before it is called a grader error."""

_slots: dict[str, SimpleQueue[WorkerSlot]] = {}
"""In a Dask worker: idle slots by settings; a task takes one, or makes one."""


def grade_here(settings: str, task: str, digests: str) -> str:
    """Grade one lesson in a Dask worker. All arguments and the result are JSON: nothing of ours is pickled.

    Args:
        settings: a ``WorkerSettings``.
        task: a ``GradeTask``.
        digests: of the tool and of the lesson's checks on the machine that asks.
    """
    course = find_course()
    work = GradeTask.from_json(json.loads(task))
    if _digests(course, work.lesson) != digests:
        error = "a machine of the cluster has other checks or another version of the tool: update its clone"
        return json.dumps(GradeAnswer(None, error).to_json())
    idle = _slots.setdefault(settings, SimpleQueue())
    try:
        slot = idle.get_nowait()
    except Empty:
        slot = WorkerSlot(WorkerSettings.from_json(json.loads(settings) | {"root": str(course.root)}))
    answer = slot.grade(work)
    idle.put(slot)
    return json.dumps(answer.to_json())


def _digests(course: Course, lesson: int) -> str:
    return f"{engine_digest()} {checks_digest(course, folder_name(lesson))}"


@atexit.register
def _end_slots() -> None:
    for idle in _slots.values():
        while not idle.empty():
            idle.get().close()


class ClusterPool:
    """A Dask cluster as a pool. A context manager, which leaves the cluster as it was."""

    def __init__(self, address: str, settings: WorkerSettings) -> None:
        """Connect.

        Args:
            address: of the scheduler, such as ``tcp://10.0.0.5:8786``.
            settings: for the workers.

        Raises:
            CourseError: ``distributed`` is not installed, nobody answers, or the cluster has no workers.
        """
        try:
            from distributed import Client
        except ImportError:
            raise CourseError(
                "Grading on a cluster needs the library distributed: .venv/bin/uv pip install distributed installs it."
            ) from None
        self._course = find_course(Path(settings.root))
        self._settings = json.dumps(settings.to_json())
        try:
            # Its types say nothing of what its methods take and give.
            self._client: Any = Client(address, timeout=_CONNECT_SECONDS, set_as_default=False)
        except (OSError, TimeoutError, ValueError) as fault:
            raise CourseError(
                f"No Dask scheduler answers at {address}: start one with dask scheduler. ({fault})"
            ) from fault
        if not self._workers():
            self._client.close()
            raise CourseError(f"The cluster at {address} has no workers: start one with dask worker {address}.")

    def _workers(self) -> Any:
        return self._client.scheduler_info(n_workers=-1)["workers"]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def run(self, tasks: Iterable[tuple[str, GradeTask]]) -> Iterator[tuple[str, GradeAnswer]]:
        """Grade everything; the answers come in the order in which they are known."""
        from distributed import as_completed

        waiting: dict[Any, str] = {
            self._client.submit(
                grade_here,
                self._settings,
                json.dumps(task.to_json()),
                _digests(self._course, task.lesson),
                key=f"grade-{key}",
                retries=_DEATHS,
                pure=False,
            ): key
            for key, task in tasks
        }
        for future in cast("Iterable[Any]", as_completed(list(waiting), loop=self._client.loop)):
            key = waiting.pop(future)
            fault: BaseException | None = future.exception()
            if fault is not None:
                yield key, GradeAnswer(None, f"the cluster lost it: {type(fault).__name__}: {str(fault)[:200]}")
            else:
                yield key, GradeAnswer.from_json(json.loads(future.result()))
            future.release()
