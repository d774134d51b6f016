"""Warm workers on this machine: started, asked, ended, and started again when one dies."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import count
from pathlib import Path
from queue import Empty, Queue
from typing import Any

from workbook.course.model import Course
from workbook.grading.run.retry import grade_with_retry
from workbook.grading.run.task import ANSWER_BYTES, GradeAnswer, GradeTask, WorkerSettings
from workbook.grading.sandbox import outer
from workbook.grading.sandbox.cgroups import WorkerGroup

_START_SECONDS = 120.0
"""For a worker to import its libraries, on a slow machine whose bytecode is not compiled."""
_MARGIN_SECONDS = 60.0
"""How much longer than its task a worker may stay silent."""
_END_SECONDS = 10.0
_PIPE_SECONDS = 2.0
"""How long the last words of an ended worker may take."""


_starter = ThreadPoolExecutor(1, thread_name_prefix="starts workers")
"""Linux ends what is to die with its parent when the thread that started it ends: this one stays."""
_numbers = count(1)


class WorkerDied(Exception):
    """A worker ended, hung or answered something that is no answer. Never a fault of the submission's marks."""


class WorkerProcess:
    """One warm worker."""

    def __init__(self, settings: WorkerSettings) -> None:
        """Start it; it may still be importing when this returns.

        Raises:
            CourseError: the sandbox needs a program that is not installed.
        """
        root = Path(settings.root)
        inner = [sys.executable, "-I", "-X", "utf8", "-m", "workbook.grading.run.worker"]
        environment = _environment(settings)
        command = inner
        self._group: WorkerGroup | None = None
        if settings.sandbox:
            seen = [root / "checks", root / "lessons", root / "pyproject.toml"]
            user = outer.first_user()
            self._group = WorkerGroup.make(settings.limits, user, next(_numbers))
            command = outer.command(inner, seen, environment, user, self._group)
        self._ready = False
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment,
            start_new_session=True, bufsize=0,
        )  # fmt: skip
        self._errors = bytearray()
        self._listener = threading.Thread(target=self._read_errors, daemon=True)
        self._listener.start()
        try:
            self._send(settings.to_json())
        except WorkerDied:  # the first task will meet it
            return

    @property
    def pid(self) -> int:
        """The outermost process of the worker."""
        return self._process.pid

    def grade(self, task: GradeTask) -> GradeAnswer:
        """Grade one lesson.

        Raises:
            WorkerDied: then this worker is of no more use.
        """
        try:
            if not self._ready:
                self._receive(_START_SECONDS)
                self._ready = True
            self._send(task.to_json())
            return GradeAnswer.from_json(self._receive(task.seconds + _MARGIN_SECONDS))
        except (KeyError, TypeError, ValueError, IndexError) as fault:
            raise WorkerDied(f"a worker answered something that is no answer: {fault!r}") from fault

    def _send(self, data: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        text = memoryview(json.dumps(data).encode() + b"\n")
        try:
            while text:
                text = text[self._process.stdin.write(text) or 0 :]
        except OSError as fault:
            raise WorkerDied(self._last_words()) from fault

    def _receive(self, seconds: float) -> dict[str, Any]:
        assert self._process.stdout is not None
        stream = self._process.stdout.fileno()
        line = bytearray()
        while not line.endswith(b"\n"):
            ready, _, _ = select.select([stream], [], [], seconds)
            if not ready:
                raise WorkerDied(f"a worker did not answer within {seconds:g} seconds")
            part = os.read(stream, 1 << 16)
            line += part
            if not part:
                raise WorkerDied(self._last_words())
            if len(line) > ANSWER_BYTES * 2:
                raise WorkerDied("a worker's answer is too long")
        return json.loads(line)

    def _read_errors(self) -> None:
        assert self._process.stderr is not None
        with suppress(OSError, ValueError):
            while part := self._process.stderr.read(4096):
                self._errors = (self._errors + part)[-4096:]

    def _last_words(self) -> str:
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(1)
        lines = self._errors.decode("utf-8", "replace").strip().splitlines()
        return f"a worker ended (exit code {self._process.poll()}): {lines[-1][:300] if lines else 'no word of it'}"

    def close(self) -> None:
        """End the worker and all that it started."""
        if self._process.stdin is not None:
            with suppress(OSError):
                self._process.stdin.close()
        try:
            self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
        else:
            self._give_back()

    def kill(self) -> None:
        """End it at once. In the sandbox, the kernel ends every process with it."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._give_back()

    def _give_back(self) -> None:
        self._listener.join(_PIPE_SECONDS)
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            if stream is not None:
                with suppress(OSError):  # what was not yet sent has nobody to read it
                    stream.close()
        if self._group is not None:
            self._group.close()


def _environment(settings: WorkerSettings) -> dict[str, str]:
    """All variables of a worker: none of the instructor's."""
    place = str(outer.WORK) if settings.sandbox else os.environ.get("TMPDIR", "/tmp")
    kept = {name: os.environ[name] for name in ("TZ", "WORKBOOK_SLOWNESS") if name in os.environ}
    return kept | {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": place, "TMPDIR": place}


class WorkerSlot:
    """A place for one worker: it starts one when a task comes, and another one when that has died."""

    def __init__(self, settings: WorkerSettings) -> None:
        self._settings = settings
        self._worker: WorkerProcess | None = None

    def grade(self, task: GradeTask) -> GradeAnswer:
        """Grade one lesson; what goes wrong on our side comes back as the answer's ``error``."""
        return grade_with_retry(self._once, task)

    def _once(self, task: GradeTask) -> GradeAnswer:
        if self._worker is None:
            self._worker = _starter.submit(WorkerProcess, self._settings).result()
        try:
            return self._worker.grade(task)
        except WorkerDied as fault:
            self._worker.kill()
            self._worker = None
            return GradeAnswer(None, str(fault))

    def close(self) -> None:
        """End its worker."""
        if self._worker is not None:
            self._worker.close()
            self._worker = None


class LocalPool:
    """Several workers on this machine. A context manager, which ends them."""

    def __init__(self, settings: WorkerSettings, workers: int) -> None:
        self._slots = [WorkerSlot(settings) for _ in range(max(1, workers))]
        self._stop = threading.Event()

    def __enter__(self) -> LocalPool:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for slot in self._slots:
            slot.close()

    def run(self, tasks: Iterable[tuple[str, GradeTask]]) -> Iterator[tuple[str, GradeAnswer]]:
        """Grade everything; the answers come in the order in which they are known."""
        waiting: Queue[tuple[str, GradeTask]] = Queue()
        for entry in tasks:
            waiting.put(entry)
        count = waiting.qsize()
        answers: Queue[tuple[str, GradeAnswer] | BaseException] = Queue()

        def work(slot: WorkerSlot) -> None:
            try:
                while not self._stop.is_set():
                    try:
                        key, task = waiting.get_nowait()
                    except Empty:
                        return
                    answers.put((key, slot.grade(task)))
            except BaseException as fault:
                answers.put(fault)

        threads = [threading.Thread(target=work, args=(slot,), daemon=True) for slot in self._slots[:count]]
        for thread in threads:
            thread.start()
        for _ in range(count):
            answer = answers.get()
            if isinstance(answer, BaseException):
                raise answer
            yield answer
        for thread in threads:
            thread.join()


def settings_for(
    course: Course, lessons: Iterable[int], hidden: dict[str, bytes], *, sandbox: bool, reduced: bool = False
) -> WorkerSettings:
    """What the workers of a run have to know."""
    return WorkerSettings(str(course.root), tuple(lessons), sandbox, hidden, reduced=reduced)
