"""The grader is killed, and its disk is full: nothing that was graded is lost, and the end is the same."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from tests.grading.small_class import Silent, SmallClass, make_small_class
from tests.small_course import APP
from workbook.grading.gradebook import Gradebook, LessonGrade
from workbook.grading.sandbox.available import try_sandbox

SANDBOX = try_sandbox(Path(__file__).resolve().parents[3])
_LEARNERS = 10
_KILLS = 10 if os.environ.get("CI") else 3
_LONGEST = 3.0
"""Seconds after its start in which a run is killed; undisturbed, it takes longer."""
_SCRIPT = """
import sys
sys.path.insert(0, sys.argv[3])
from pathlib import Path
from tests.grading.small_class import SmallClass, WorkerSettings
from tests.small_course import SmallCourse
from tests.grading.test_kill import hand_everything_in
root = Path(sys.argv[1])
some = SmallClass(SmallCourse(root), WorkerSettings(str(root), (1,), sys.argv[4] == "True"))
hand_everything_in(some)
some.grade(Path(sys.argv[2]))
"""


def hand_everything_in(some: SmallClass) -> None:
    """A class of which every second learner is wrong."""
    for number in range(_LEARNERS):
        some.hand_in(f"learner{number}", f"# {number}\n" + APP.replace("soup", "soup" if number % 2 else "stew"))


@pytest.mark.skipif(sys.platform != "linux", reason="the grader runs on Linux")
def test_run_goes_on_after_each_kill(tmp_path: Path) -> None:
    """Killed at any moment and started again, a run comes to the same gradebook as one that nobody disturbed."""
    some = make_small_class(tmp_path / "course", sandbox=SANDBOX.complete)
    hand_everything_in(some)
    out, tests = tmp_path / "out", str(Path(__file__).parents[2])
    command = [sys.executable, "-c", _SCRIPT, str(some.course.root), str(out), tests, str(SANDBOX.complete)]
    # What SIGKILL ends cannot clear up after itself: its temporary folder is the test's own.
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    moments = [round(random.uniform(0, _LONGEST), 2) for _ in range(_KILLS)]
    print("killed after seconds:", moments)
    for moment in moments:
        process = subprocess.Popen(command, start_new_session=True, env=os.environ | {"TMPDIR": str(temporary)})
        time.sleep(moment)
        inside = _descendants(process.pid)
        process.kill()
        process.wait()
        _until(partial(_are_gone, inside))
    watcher = Silent()
    book = some.grade(out, watcher=watcher)
    assert watcher.known + len(watcher.answers) == watcher.total == _LEARNERS
    undisturbed = some.grade(tmp_path / "other")
    assert _without_times(book) == _without_times(undisturbed)


@pytest.mark.skipif(not SANDBOX.complete, reason=f"no sandbox here: {SANDBOX.text}")
def test_disk_is_full(tmp_path: Path) -> None:
    """On a disk that is full, the command ends in a sentence; with room again, it goes on."""
    some = make_small_class(tmp_path / "course", sandbox=False)
    uploads = tmp_path / "uploads"
    for number in range(6):
        folder = uploads / f"learner{number}/lesson_01/app"
        folder.mkdir(parents=True)
        text = f"# {number}\n" + APP.replace('{"dish": "soup"}', '{"dish": "' + "x" * 4000 + '"}')
        (folder / "main.py").write_text(text, encoding="utf-8")
    bwrap = shutil.which("bwrap")
    assert bwrap is not None
    kept = tmp_path / "kept"
    kept.mkdir()
    small = [bwrap, "--dev-bind", "/", "/", "--size", str(160 * 1024), "--tmpfs", "/mnt"]
    grade = [sys.executable, "-m", "workbook", "grade", str(uploads), "--sandbox", "none", "--workers", "1"]
    script = f"{' '.join(grade)} --out /mnt/out; code=$?; cp /mnt/out/grades.sqlite* {kept}; exit $code"
    env = os.environ | {"WORKBOOK_ROOT": str(some.course.root)}
    done = subprocess.run(
        [*small, "sh", "-c", script], env=env, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 2, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    out = tmp_path / "out"
    shutil.copytree(kept, out)
    again = subprocess.run(
        [*grade, "--out", str(out)], env=env, capture_output=True, text=True, timeout=120, check=False
    )
    assert again.returncode == 0, again.stderr
    assert (out / "index.html").exists()


def _are_gone(processes: list[int]) -> bool:
    return not any(Path("/proc", str(pid)).exists() for pid in processes)


def _descendants(pid: int) -> list[int]:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    except OSError:
        return []
    return [found for child in map(int, children) for found in (child, *_descendants(child))]


def _until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def _timeless(lesson: LessonGrade) -> LessonGrade:
    result = lesson.result
    if result is not None:
        exercises = tuple(
            replace(entry, checks=tuple(replace(check, seconds=0.0) for check in entry.checks))
            for entry in result.exercises
        )
        result = replace(result, exercises=exercises)
    return replace(lesson, seconds=0.0, result=result)


def _without_times(book: Gradebook) -> Gradebook:
    learners = tuple(
        replace(entry, lessons=tuple(_timeless(lesson) for lesson in entry.lessons)) for entry in book.learners
    )
    return replace(book, learners=learners, made_at=book.learners[0].handed_in_at)  # pyright: ignore[reportArgumentType]


def test_worker_killed_while_it_gets_its_users_leaves_no_helper() -> None:
    """The process that was to give it users ends with it; its words and its pipes would stay open otherwise."""
    killed = (
        "import os, signal, sys\n"
        "from workbook.grading.sandbox import kernel, users\n"
        "kernel.unshare = lambda _: os.kill(os.getpid(), signal.SIGKILL)\n"
        "sys.argv = ['users', '60000', 'true']\n"
        "users.main()\n"
    )
    ended = subprocess.run([sys.executable, "-c", killed], capture_output=True, timeout=20, check=False)
    assert ended.returncode == -signal.SIGKILL
