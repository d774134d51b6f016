"""A warm worker: it has pytest, the libraries and the checks imported, and grades one task after the other.

It runs in the outer sandbox (see ``workbook.grading.sandbox.outer``), which shows it the course and the Python
installation, read-only, and nothing else. It is trusted: learner code runs only in the services that its host forks,
each in a jail of its own.

Run as ``python -I -m workbook.grading.run.worker``. The first line of input is the ``WorkerSettings``, each other one a
``GradeTask``; each is answered by a line of JSON. It ends with its input.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from workbook.course.model import folder_name
from workbook.grading.intake.submission import Files
from workbook.grading.run.limit_messages import name_limits
from workbook.grading.run.task import ANSWER_BYTES, GradeTask, WorkerSettings
from workbook.grading.sandbox import kernel, reduced
from workbook.grading.sandbox.outer import WORK
from workbook.plugin import fork_server
from workbook.plugin.collected_session import HIDDEN, Order, RunFailed, SessionProcess
from workbook.service.database.databases import DATABASES

_DATABASE_FILES = 1000


class Worker:
    """Everything that one worker process keeps between tasks."""

    def __init__(self, settings: WorkerSettings, work: Path) -> None:
        self._settings = settings
        self._work = work
        self._course = work / "course"
        self._private = work / "private"
        """For what a run leaves for this process: no service reaches it."""
        self._count = 0
        for folder in (self._course, self._private):
            folder.mkdir(mode=0o700)
        copy_course(Path(settings.root), self._course, settings)
        os.environ["WORKBOOK_ROOT"] = str(self._course)
        os.chdir(self._course)
        root = work / "jail"
        root.mkdir()
        jail = json.dumps({"limits": settings.limits.to_json(), "root": str(root), "work": str(work)})
        self._launcher = fork_server.SharedLauncher(_host(settings, jail))
        fork_server.import_everything([f"checks/{folder_name(number)}" for number in settings.lessons])
        if settings.sandbox:
            self._protect_course()
        self._runs: dict[int, SessionProcess] = {}

    def _protect_course(self) -> None:
        """From here on, nobody can change what the trusted side imports: not even this process."""
        kernel.mount(str(self._course), self._course, flags=kernel.MS_BIND)
        flags = kernel.MS_BIND | kernel.MS_REMOUNT | kernel.MS_RDONLY | kernel.MS_NOSUID | kernel.MS_NODEV
        kernel.mount("none", self._course, flags=flags)

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
        scratch, report = folder / "scratch", self._private / "report.json"
        scratch.mkdir(parents=True)
        self._mount_databases(scratch / DATABASES)
        _write(task.files, folder / "lessons" / folder_name(task.lesson))
        output = self._private / "output.txt"
        order = Order(
            target=str(folder / "lessons"),
            scratch=str(scratch),
            report=str(report),
            output=str(output),
            seed=task.seed,
            seconds=task.seconds,
            exercises=list(task.exercises),
        )
        if task.lesson not in self._runs:
            collected = self._private / f"collected-{task.lesson}.txt"
            self._runs[task.lesson] = SessionProcess(task.lesson, self._launcher, collected)
        try:
            self._runs[task.lesson].run(order)
            text = report.read_bytes()
        except RunFailed as fault:
            self._runs.pop(task.lesson).close()
            return {"error": str(fault)}
        except FileNotFoundError:
            return {"error": f"the checks ended without a report: {fork_server.last_line(output)}"}
        if len(text) > ANSWER_BYTES:
            return {"error": "the report is too long to be read"}
        report = _show_hidden(json.loads(text))
        if self._settings.sandbox or self._settings.reduced:
            name_limits(report, self._settings.limits, reduced=self._settings.reduced)
        return {"report": report}

    def _mount_databases(self, folder: Path) -> None:
        """Mount the one place that both services and checks write to; on this side, no link in it is ever followed."""
        if self._settings.sandbox:
            folder.mkdir()
            flags = kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC | kernel.MS_NOSYMFOLLOW
            options = f"size={self._settings.limits.scratch},nr_inodes={_DATABASE_FILES},mode=0755"
            kernel.mount("tmpfs", folder, "tmpfs", flags, options)

    def _clean(self, folder: Path) -> None:
        """Leave nothing of a run: processes first, then what they could write."""
        self._launcher.clear()
        if self._settings.sandbox:
            with suppress(OSError):  # it was never mounted
                kernel.unmount(folder / "scratch" / DATABASES)
        shutil.rmtree(folder, ignore_errors=True)
        for name in ("report.json", "output.txt"):
            (self._private / name).unlink(missing_ok=True)

    def close(self) -> None:
        """End the processes that hold collected checks, and the host."""
        for runs in self._runs.values():
            runs.close()
        self._launcher.close()


def _host(settings: WorkerSettings, jail: str) -> Sequence[str]:
    """The module that starts services, with its arguments."""
    if settings.sandbox:
        return ("workbook.grading.sandbox.host", jail)
    if settings.reduced:
        return ("workbook.grading.sandbox.reduced", jail)
    return fork_server.SharedLauncher.HOST


def copy_course(root: Path, course: Path, settings: WorkerSettings) -> None:
    """Make a private copy of the checks, where pytest may keep what it compiles, with the hidden checks among them."""
    for name in ("checks/conftest.py", "pyproject.toml"):
        (course / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(root / name, course / name)
    ignored = shutil.ignore_patterns("__pycache__", "variants.toml")
    if (root / "checks" / "shared").is_dir():
        shutil.copytree(root / "checks" / "shared", course / "checks" / "shared", ignore=ignored)
    for number in settings.lessons:
        lesson = folder_name(number)
        shutil.copytree(root / "checks" / lesson, course / "checks" / lesson, ignore=ignored)
        (course / "lessons" / lesson).mkdir(parents=True)
        shutil.copyfile(root / "lessons" / lesson / "lesson.toml", course / "lessons" / lesson / "lesson.toml")
    for path, content in settings.hidden.items():
        lesson, _, name = path.partition("/")
        _, exercise, words = name.split("_", 2)
        (course / "checks" / lesson / f"test_{exercise}_{HIDDEN}{words}").write_bytes(content)


def _show_hidden(report: dict[str, Any]) -> dict[str, Any]:
    """Name hidden checks by their own folder, so that every reader can tell them."""
    for lesson in report["lessons"]:
        for exercise in lesson["exercises"]:
            for check in exercise["checks"]:
                if f"_{HIDDEN}" in check["name"]:
                    name = check["name"].replace(f"_{HIDDEN}", "_")
                    check["name"] = f"hidden/{name.removeprefix('checks/')}"
    return report


def _write(files: Files, folder: Path) -> None:
    for name, content in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    folder.mkdir(parents=True, exist_ok=True)


def main() -> None:
    """Grade what is asked until the input ends."""
    settings = WorkerSettings.from_json(json.loads(sys.stdin.buffer.readline()))
    # Answers go through a descriptor that no other process of this worker has.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    if settings.sandbox:
        kernel.own_mounts()
        work = WORK
    elif settings.reduced:
        work = reduced.work_folder()
        reduced.open_to_services(work)
    else:
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
