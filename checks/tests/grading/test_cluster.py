"""The same class on a Dask cluster, one of whose workers dies."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.grading.small_class import MAX_POINTS, Silent, SmallClass, make_small_class
from tests.small_course import APP
from workbook.course.model import Course, CourseError
from workbook.grading.run.cluster import ClusterPool
from workbook.grading.run.grade_class import grade_class
from workbook.grading.run.task import GradeAnswer
from workbook.grading.sandbox.available import try_sandbox

distributed = pytest.importorskip("distributed", reason="Dask is not installed: make test installs it")
SANDBOX = try_sandbox(Path(__file__).resolve().parents[3])
_SECONDS = 60.0


@dataclass
class Cluster:
    """A scheduler and its workers, as processes of this machine."""

    folder: Path
    root: Path
    address: str = ""
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list[subprocess.Popen[bytes]])
    scheduler: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start the scheduler, and wait for its address."""
        command = ["dask.distributed", "scheduler", "--port=0", "--no-dashboard", "--host=127.0.0.1"]
        self.scheduler = subprocess.Popen(
            self._dask(*command[1:]),
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
            cwd=self.folder,
            env=self._environment(),
        )
        assert self.scheduler.stderr is not None
        for line in self.scheduler.stderr:
            if match := re.search(r"tcp://127\.0\.0\.1:\d+", line):
                self.address = match[0]
                break
        drain = threading.Thread(target=self.scheduler.stderr.read, daemon=True)
        drain.start()

    def add_worker(self) -> subprocess.Popen[bytes]:
        """Start one more worker with one thread; it is there when a client sees it."""
        command = self._dask("worker", self.address, "--nthreads=1", "--no-nanny", "--no-dashboard")
        worker = subprocess.Popen(
            command,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=self.folder,
            env=self._environment(),
            start_new_session=True,
        )
        self.workers.append(worker)
        return worker

    def _environment(self) -> dict[str, str]:
        return os.environ | {"WORKBOOK_ROOT": str(self.root), "DASK_TEMPORARY_DIRECTORY": str(self.folder)}

    def _dask(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "distributed.cli.dask_" + arguments[0], *arguments[1:]]

    def stop(self) -> None:
        """End everything."""
        for process in [*self.workers, *([self.scheduler] if self.scheduler else [])]:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if self.scheduler is not None and self.scheduler.stderr is not None:
            self.scheduler.stderr.close()


@pytest.fixture(scope="module")
def some(tmp_path_factory: pytest.TempPathFactory) -> SmallClass:
    """A class of ten."""
    some = make_small_class(tmp_path_factory.mktemp("course"), sandbox=SANDBOX.complete)
    for number in range(10):
        some.hand_in(f"learner{number}", f"# {number}\n{APP}")
    return some


@pytest.fixture(scope="module")
def cluster(some: SmallClass, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A cluster of two workers."""
    cluster = Cluster(tmp_path_factory.mktemp("cluster"), some.course.root)
    cluster.start()
    cluster.add_worker()
    cluster.add_worker()
    with distributed.Client(cluster.address, set_as_default=False) as client:
        client.wait_for_workers(2, timeout=_SECONDS)
    yield cluster
    cluster.stop()


class KillsAtTheThird(Silent):
    """Kills a Dask worker, and with it the worker that it talks to, when two results are there."""

    def __init__(self, cluster: Cluster) -> None:
        super().__init__()
        self._cluster = cluster

    def done(self, answer: GradeAnswer) -> None:
        """Note one more."""
        super().done(answer)
        if len(self.answers) == 2:
            os.kill(self._cluster.workers[0].pid, signal.SIGKILL)


def test_dead_worker_costs_nothing(some: SmallClass, cluster: Cluster, tmp_path: Path) -> None:
    """What a dead worker had is given to another one; the gradebook is that of an undisturbed run."""
    watcher = KillsAtTheThird(cluster)
    book = grade_class(some.plan(), tmp_path, lambda _tasks: ClusterPool(cluster.address, some.settings), watcher)
    assert len(watcher.answers) == 10
    assert {entry.points for entry in book.learners} == {MAX_POINTS}
    assert not any(entry.grader_errors for entry in book.learners)
    assert cluster.workers[0].wait(10) == -signal.SIGKILL


def test_nobody_answers(some: SmallClass, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong address is a sentence."""
    monkeypatch.setattr("workbook.grading.run.cluster._CONNECT_SECONDS", 1)
    with pytest.raises(CourseError, match="No Dask scheduler answers at"):
        ClusterPool("tcp://127.0.0.1:1", some.settings)


def _another(_course: Course, _lesson: int) -> str:
    return "another"


def test_other_checks_are_an_error_of_ours(
    some: SmallClass, cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine whose clone differs grades nothing."""
    monkeypatch.setattr("workbook.grading.run.cluster._digests", _another)
    book = grade_class(some.plan(), tmp_path, lambda _tasks: ClusterPool(cluster.address, some.settings), Silent())
    assert all("other checks" in error for entry in book.learners for error in entry.grader_errors)
    assert sum(len(entry.grader_errors) for entry in book.learners) == 10


def test_workers_leave_nothing(cluster: Cluster) -> None:
    """With the cluster, the warm workers end too."""
    cluster.stop()
    deadline = time.monotonic() + _SECONDS
    while time.monotonic() < deadline and _left(cluster):
        time.sleep(0.1)
    assert _left(cluster) == []


def _left(cluster: Cluster) -> list[str]:
    found: list[str] = []
    for place in Path("/proc").iterdir():
        if place.name.isdigit():
            try:
                text = (place / "cmdline").read_bytes().decode(errors="replace")
            except OSError:
                continue
            if "workbook.grading.run.worker" in text and str(cluster.root) in text:
                found.append(text)
    return found
