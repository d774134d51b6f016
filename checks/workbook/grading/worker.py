"""A warm worker: it has pytest, the libraries and the checks imported, and grades one task after the other.

It runs inside the outer wall (see ``workbook.grading.sandbox.wall``), which shows it the course and the Python
installation, read-only, and nothing else. It is trusted: learner code runs only in the services that its host forks,
each in a cage of its own.

Run as ``python -I -m workbook.grading.worker``. The first line of input is the ``WorkerSettings``, each other one a
``GradeTask``; each is answered by a line of JSON. It ends with its input.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from workbook import warm
from workbook.course import folder_name
from workbook.grading.lesson_runs import LessonRuns, Order, RunFailed
from workbook.grading.sandbox import kernel
from workbook.grading.sandbox.cage import MEGABYTE, CageLimits
from workbook.grading.sandbox.wall import WORK
from workbook.grading.submission import Files
from workbook.grading.task import ANSWER_BYTES, GradeTask, WorkerSettings
from workbook.service import process

_HIDDEN_PREFIX = "hidden__"


class Worker:
    """Everything that one worker process keeps between tasks."""

    def __init__(self, settings: WorkerSettings, work: Path) -> None:
        self._settings = settings
        self._work = work
        self._course = work / "course"
        self._count = 0
        _copy_course(Path(settings.root), self._course, settings)
        os.environ["WORKBOOK_ROOT"] = str(self._course)
        os.chdir(self._course)
        place = work / "cage"
        place.mkdir()
        cage = json.dumps({"limits": settings.limits.to_json(), "place": str(place)})
        caged = ("workbook.grading.sandbox.host", cage)
        self._launcher = warm.SharedLauncher(caged if settings.sandbox else warm.SharedLauncher.HOST)
        process.make_launcher = lambda: self._launcher
        warm.import_everything([f"checks/{folder_name(number)}" for number in settings.lessons])
        self._runs: dict[int, LessonRuns] = {}

    def grade(self, task: GradeTask) -> dict[str, Any]:
        """Grade one lesson.

        Returns:
            The report, or a fault of ours, as JSON.
        """
        began = time.monotonic()
        self._count += 1
        folder = self._work / f"run-{self._count}"
        try:
            answer = self._run(task, folder)
        except OSError as fault:
            answer = {"error": f"the worker could not run the checks: {fault}"}
        finally:
            self._clean(folder)
        return answer | {"seconds": round(time.monotonic() - began, 3)}

    def _run(self, task: GradeTask, folder: Path) -> dict[str, Any]:
        scratch, report = folder / "scratch", folder / "report.json"
        scratch.mkdir(parents=True)
        self._mount_scratch(scratch)
        _write(task.files, folder / "lessons" / folder_name(task.lesson))
        output = folder / "output.txt"
        order = Order(
            target=str(folder / "lessons"),
            scratch=str(scratch),
            report=str(report),
            output=str(output),
            seed=task.seed,
            seconds=task.seconds,
        )
        if task.lesson not in self._runs:
            collected = self._work / f"collected-{task.lesson}.txt"
            self._runs[task.lesson] = LessonRuns(task.lesson, self._launcher, collected)
        try:
            self._runs[task.lesson].run(order)
            text = report.read_bytes()
        except RunFailed as fault:
            self._runs.pop(task.lesson).close()
            return {"error": str(fault)}
        except FileNotFoundError:
            return {"error": f"the checks ended without a report: {warm.last_line(output)}"}
        if len(text) > ANSWER_BYTES:
            return {"error": "the report is too long to be read"}
        report = _show_hidden(json.loads(text))
        return {"report": _name_limits(report, self._settings.limits) if self._settings.sandbox else report}

    def _mount_scratch(self, scratch: Path) -> None:
        if self._settings.sandbox:
            limits = self._settings.limits
            options = f"size={limits.scratch},nr_inodes={limits.scratch_files},mode=0755"
            kernel.mount("tmpfs", scratch, "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, options)

    def _clean(self, folder: Path) -> None:
        """Leave nothing of a run: processes first, then what they could write."""
        self._launcher.kill_all()
        if self._settings.sandbox:
            with suppress(OSError):  # it was never mounted
                kernel.unmount(folder / "scratch")
        shutil.rmtree(folder, ignore_errors=True)

    def close(self) -> None:
        """End the processes that hold collected checks, and the host."""
        for runs in self._runs.values():
            runs.close()
        self._launcher.close()


def _copy_course(root: Path, course: Path, settings: WorkerSettings) -> None:
    """A private copy of the checks, where pytest may keep what it compiles, with the hidden checks among them."""
    for name in ("checks/conftest.py", "pyproject.toml"):
        (course / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(root / name, course / name)
    for number in settings.lessons:
        lesson = folder_name(number)
        ignored = shutil.ignore_patterns("__pycache__", "variants.toml")
        shutil.copytree(root / "checks" / lesson, course / "checks" / lesson, ignore=ignored)
        (course / "lessons" / lesson).mkdir(parents=True)
        shutil.copyfile(root / "lessons" / lesson / "lesson.toml", course / "lessons" / lesson / "lesson.toml")
    for path, content in settings.hidden.items():
        lesson, _, name = path.partition("/")
        _, exercise, words = name.split("_", 2)
        (course / "checks" / lesson / f"test_{exercise}_{_HIDDEN_PREFIX}{words}").write_bytes(content)


def _show_hidden(report: dict[str, Any]) -> dict[str, Any]:
    """Name hidden checks by their own folder, so that every reader can tell them."""
    for lesson in report["lessons"]:
        for exercise in lesson["exercises"]:
            for check in exercise["checks"]:
                if f"_{_HIDDEN_PREFIX}" in check["name"]:
                    name = check["name"].replace(f"_{_HIDDEN_PREFIX}", "_")
                    check["name"] = f"hidden/{name.removeprefix('checks/')}"
    return report


def _name_limits(report: dict[str, Any], limits: CageLimits) -> dict[str, Any]:
    """Say in messages which limit of the grader an exception came from: at home there is none."""
    known = (
        ("MemoryError", f"an app may use {limits.memory // MEGABYTE} MB of memory"),
        ("can't start new thread", f"an app may have {limits.tasks} processes and threads"),
        ("[Errno 11]", f"an app may have {limits.tasks} processes and threads"),
        ("[Errno 24]", f"an app may have {limits.files} files and connections open at a time"),
        ("[Errno 27]", f"an app may write {limits.file_size // MEGABYTE} MB into one file"),
        ("[Errno 28]", f"an app may keep {limits.scratch // MEGABYTE} MB in {limits.scratch_files} files"),
        ("database or disk is full", f"an app may keep {limits.scratch // MEGABYTE} MB in files"),
    )
    for lesson in report["lessons"]:
        for message in (check["message"] for exercise in lesson["exercises"] for check in exercise["checks"]):
            rows: list[list[str]] = message["rows"] if message else []
            found = next((words for sign, words in known if any(sign in text for _, text in rows)), None)
            if found is not None:
                # behind what happened, before where to look
                place = next((number for number, row in enumerate(rows) if row[0] == "Look at"), len(rows))
                rows.insert(place, ["The limit", found])
    return report


def _write(files: Files, folder: Path) -> None:
    for name, content in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    folder.mkdir(parents=True, exist_ok=True)


def main() -> None:
    """Obey until the input ends."""
    settings = WorkerSettings.from_json(json.loads(sys.stdin.buffer.readline()))
    # Answers go through a descriptor that no other process of this worker has.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    if settings.sandbox:
        kernel.enter_user_namespace(kernel.CLONE_NEWNS, as_user=0)
        work = WORK
    else:
        import tempfile

        work = Path(tempfile.mkdtemp(prefix="workbook-grade-"))
    worker = Worker(settings, work)
    try:
        _answer(answers, {"ready": True})
        for line in sys.stdin.buffer:
            _answer(answers, worker.grade(GradeTask.from_json(json.loads(line))))
    finally:
        worker.close()
        if not settings.sandbox:
            shutil.rmtree(work, ignore_errors=True)


def _answer(answers: Any, data: dict[str, Any]) -> None:
    answers.write(json.dumps(data, ensure_ascii=True).encode() + b"\n")
    answers.flush()


if __name__ == "__main__":
    main()
