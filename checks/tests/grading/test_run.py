"""A class is graded: resumed, repeated, told apart from our own faults, and never graded without its sandbox."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from tests.grading.small_class import MAX_POINTS, Silent, SmallClass, make_small_class
from tests.small_course import APP
from workbook.course.model import CourseError
from workbook.course.results import ExerciseResult, LessonResult, Verdict
from workbook.grading.gradebook import Gradebook, Learner, Standing
from workbook.grading.intake.submission import Submission
from workbook.grading.run import grade_class as run_module
from workbook.grading.run.cache_key import grade_key
from workbook.grading.run.pool import LocalPool, WorkerProcess, WorkerSlot
from workbook.grading.run.retry import grade_with_retry
from workbook.grading.run.store import Store, StoreFailed
from workbook.grading.run.task import GradeAnswer, GradeTask
from workbook.grading.sandbox.available import NO_ISOLATION, Isolation, Sandbox, SandboxStatus, choose, try_sandbox
from workbook.plugin import collected_session
from workbook.plugin import fork_server as warm
from workbook.plugin.collected_session import Order, RunFailed, SessionProcess

SANDBOX = try_sandbox(Path(__file__).resolve().parents[3])
needs_sandbox = pytest.mark.skipif(not SANDBOX.complete, reason=f"no sandbox here: {SANDBOX.text}")


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> SmallClass:
    """One course for all tests of the module."""
    return make_small_class(tmp_path_factory.mktemp("course"), sandbox=SANDBOX.complete)


@pytest.fixture
def some(course: SmallClass) -> SmallClass:
    """A class in which nobody has handed in anything."""
    return replace(course, learners=[])


@pytest.fixture(scope="module")
def slot(course: SmallClass) -> Iterator[WorkerSlot]:
    """A warm worker for all tests of the module."""
    slot = WorkerSlot(course.settings)
    yield slot
    slot.close()


def points(book: Gradebook) -> dict[str, float]:
    """Everybody's points."""
    return {entry.learner.id: entry.points for entry in book.learners}


def task(app: str = APP, seconds: float = 30.0) -> GradeTask:
    """The small lesson, handed in."""
    return GradeTask(1, {"app/__init__.py": b"", "app/main.py": app.encode()}, 7, seconds)


def test_class_is_graded_once(some: SmallClass, tmp_path: Path) -> None:
    """A second run grades nothing and says the same."""
    some.hand_in("ada")
    some.hand_in("bob", APP.replace('{"dish": "soup"}', '{"dish": "stew"}'))
    some.hand_in("cy")  # the same work as ada's
    some.learners.append((Learner("dee"), None))
    first, second = Silent(), Silent()
    book = some.grade(tmp_path, watcher=first)
    assert points(book) == {"ada": MAX_POINTS, "bob": 3, "cy": MAX_POINTS, "dee": 0}
    assert [entry.standing for entry in book.learners][3] is Standing.MISSING
    assert (first.total, first.known, len(first.answers)) == (2, 0, 2)
    again = some.grade(tmp_path, watcher=second)
    assert (second.total, second.known, second.answers) == (2, 2, [])
    assert replace(again, made_at=book.made_at) == book


def test_regrade_makes_one_anew(some: SmallClass, tmp_path: Path) -> None:
    """``--regrade`` grades that learner again, and nobody else."""
    some.hand_in("ada")
    some.hand_in("bob", APP.replace("soup", "stew"))
    some.grade(tmp_path)
    watcher = Silent()
    some.grade(tmp_path, watcher=watcher, regrade=frozenset({"bob"}))
    assert (watcher.total, watcher.known, len(watcher.answers)) == (2, 1, 1)


def test_changed_checks_are_run_again(tmp_path: Path) -> None:
    """A change in a lesson's checks makes its results new."""
    some = make_small_class(tmp_path / "course", sandbox=False)
    some.hand_in("ada")
    assert points(some.grade(tmp_path / "out")) == {"ada": MAX_POINTS}
    file = tmp_path / "course/checks/lesson_01/test_1_today.py"
    file.write_text(file.read_text(encoding="utf-8").replace("soup", "stew"), encoding="utf-8")
    run_module.grade_key.__globals__["checks_digest"].cache_clear()
    assert points(some.grade(tmp_path / "out")) == {"ada": 3}


def test_changed_checks_of_one_lesson_are_that_lessons_business(tmp_path: Path) -> None:
    """The other lessons' results stay known."""
    some = make_small_class(tmp_path, sandbox=False)
    for folder in ("lessons", "checks"):
        shutil.copytree(tmp_path / folder / "lesson_01", tmp_path / folder / "lesson_02")

    def keys() -> list[str]:
        run_module.grade_key.__globals__["checks_digest"].cache_clear()
        course = some.as_course
        return [grade_key(course, course.lesson(n), "same", some.settings, seed=1, seconds=1.0) for n in (1, 2)]

    before = keys()
    with (tmp_path / "checks/lesson_02/test_1_today.py").open("a", encoding="utf-8") as file:
        file.write("# changed\n")
    after = keys()
    assert before[0] == after[0]
    assert before[1] != after[1]


def test_clock_that_jumps_changes_nothing(some: SmallClass, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits and durations are counted by a clock that nobody can set."""
    some.hand_in("ada")
    times = iter(range(2_000_000_000, 0, -3600))
    monkeypatch.setattr(time, "time", lambda: float(next(times)))
    book = some.grade(tmp_path)
    assert points(book) == {"ada": MAX_POINTS}
    assert 0 < book.learners[0].lessons[0].seconds < some.seconds


def test_second_run_has_the_folder_for_itself(some: SmallClass, tmp_path: Path) -> None:
    """Two runs never write to one folder."""
    with (
        run_module._alone(tmp_path),  # pyright: ignore[reportPrivateUsage]
        pytest.raises(CourseError, match="Another run writes"),
    ):
        some.grade(tmp_path)


class Weather:
    """Answers as it is told to, instead of a worker."""

    def __init__(self, *answers: GradeAnswer) -> None:
        self._answers = list(answers)
        self.tasks: list[GradeTask] = []

    def __call__(self, task: GradeTask) -> GradeAnswer:
        self.tasks.append(task)
        return self._answers.pop(0)


def answer(*verdicts: Verdict, seconds: float = 1.0) -> GradeAnswer:
    """A lesson with these verdicts."""
    exercises = tuple(
        ExerciseResult(f"1.{number}", "title", verdict, 2.0 if verdict is Verdict.PASSED else 0.0, 2, ())
        for number, verdict in enumerate(verdicts, 1)
    )
    return GradeAnswer(LessonResult(1, "Kitchen", exercises), seconds=seconds)


@pytest.mark.parametrize("verdict", [Verdict.PASSED, Verdict.FAILED, Verdict.NOT_STARTED])
def test_clear_verdicts_are_not_tried_twice(verdict: Verdict) -> None:
    """What a busy machine cannot cause is believed at once."""
    grade = Weather(answer(verdict))
    assert grade_with_retry(grade, task()) == answer(verdict)
    assert len(grade.tasks) == 1


@pytest.mark.parametrize("verdict", [Verdict.CRASHED, Verdict.TIMED_OUT])
def test_other_verdict_on_a_second_try_is_unstable(verdict: Verdict) -> None:
    """The better verdict counts, and the exercise is listed."""
    found = grade_with_retry(Weather(answer(verdict, Verdict.FAILED), answer(Verdict.PASSED, Verdict.FAILED)), task())
    assert found.result is not None
    assert [entry.verdict for entry in found.result.exercises] == [Verdict.PASSED, Verdict.FAILED]
    assert found.unstable == ("1.1",)
    assert found.seconds == 2.0


def test_everything_is_tried_twice_if_asked() -> None:
    """A check that is not sure of itself shows: one pass and one failure are unstable. The first verdict stands."""
    grade = Weather(answer(Verdict.FAILED), answer(Verdict.PASSED))
    found = grade_with_retry(grade, replace(task(), twice=True))
    assert found.unstable == ("1.1",)
    assert found.result == answer(Verdict.FAILED).result


def test_only_the_doubtful_exercise_is_tried_again() -> None:
    """A crash on purpose in one exercise is no second draw for a coin that another one flips."""
    grade = Weather(answer(Verdict.FAILED, Verdict.CRASHED), answer(Verdict.PASSED, Verdict.CRASHED))
    found = grade_with_retry(grade, task())
    assert [entry.exercises for entry in grade.tasks] == [(), ("1.2",)]
    assert found.result == answer(Verdict.FAILED, Verdict.CRASHED).result


def test_tries_share_the_time_of_a_lesson() -> None:
    """The second try has what the first one left; with too little left there is none."""
    grade = Weather(answer(Verdict.TIMED_OUT, seconds=20.0), answer(Verdict.TIMED_OUT))
    grade_with_retry(grade, task(seconds=30.0))
    assert [entry.seconds for entry in grade.tasks] == [30.0, 10.0]
    grade = Weather(answer(Verdict.TIMED_OUT, seconds=27.0))
    assert grade_with_retry(grade, task(seconds=30.0)) == answer(Verdict.TIMED_OUT, seconds=27.0)


def test_same_verdict_on_a_second_try_is_stable() -> None:
    """Two time-outs are a time-out."""
    found = grade_with_retry(Weather(answer(Verdict.TIMED_OUT), answer(Verdict.TIMED_OUT)), task())
    assert found.result == answer(Verdict.TIMED_OUT).result
    assert found.unstable == ()


def test_fault_of_ours_is_tried_twice() -> None:
    """One dead worker loses nothing; two are a grader error."""
    dead = GradeAnswer(None, "a worker ended")
    assert grade_with_retry(Weather(dead, answer(Verdict.FAILED)), task()).result is not None
    assert grade_with_retry(Weather(dead, dead), task()).error == "a worker ended"


def _unlucky(_pool: LocalPool, tasks: Iterable[tuple[str, GradeTask]]) -> Iterator[tuple[str, GradeAnswer]]:
    return ((key, GradeAnswer(None, "no luck")) for key, _ in tasks)


def test_grader_errors_are_not_kept(some: SmallClass, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault of ours costs no points, is listed, and is tried again by the next run."""
    some.hand_in("ada")
    monkeypatch.setattr(LocalPool, "run", _unlucky)
    book = some.grade(tmp_path)
    assert book.learners[0].grader_errors == ("lesson 1: no luck",)
    assert not book.learners[0].is_final
    monkeypatch.undo()
    assert points(some.grade(tmp_path)) == {"ada": MAX_POINTS}


def test_check_that_raises_is_our_fault(tmp_path: Path) -> None:
    """A check with a fault of its own is a grader error, never the learner's zero."""
    some = make_small_class(
        tmp_path / "course", sandbox=False, hidden={"lesson_01/test_1_more.py": b"def test_it(client):\n    1 / 0\n"}
    )
    some.hand_in("ada")
    book = some.grade(tmp_path / "out")
    which = "ZeroDivisionError in hidden/lesson_01/test_1_more.py::test_it"
    assert book.learners[0].grader_errors == (f"lesson 1: exercise 1.1: a check has a fault of its own, {which}",)


def test_hidden_checks_decide_and_stay_hidden(tmp_path: Path) -> None:
    """An instructor's own check counts; its name tells that it is hidden."""
    further = (
        b'def test_secret(client):\n    """Unknown dishes are named."""\n    assert client.get("/today").json() == {}\n'
    )
    some = make_small_class(tmp_path / "course", sandbox=SANDBOX.complete, hidden={"lesson_01/test_1_more.py": further})
    some.hand_in("ada")
    book = some.grade(tmp_path / "out")
    assert points(book) == {"ada": 3}
    exercise = book.learners[0].lessons[0].exercise("1.1")
    assert exercise is not None
    assert [check.name for check in exercise.checks if not check.passed] == [
        "hidden/lesson_01/test_1_more.py::test_secret"
    ]


_ASKS_UPSTREAM = """
def test_asks(launch, upstream):
    upstream.answer("/dish", json={"dish": "soup"})
    with launch(env={"DISHES": upstream.url}) as service:
        assert service.client.get("/today").json() == {"dish": "soup"}
    assert [request.path for request in upstream.requests] == ["/dish"]
"""


def test_upstream_is_reached_from_the_sandbox(tmp_path: Path) -> None:
    """The one thing in its network that an app can reach is the upstream that the checks run."""
    hidden = {"lesson_01/test_1_more.py": _ASKS_UPSTREAM.encode()}
    some = make_small_class(tmp_path / "course", sandbox=SANDBOX.complete, hidden=hidden)
    asks = 'import os, httpx\n    url = os.environ.get("DISHES")\n    if url: return httpx.get(url + "/dish").json()\n'
    some.hand_in("ada", APP.replace('    return {"dish": "soup"}', f'    {asks}    return {{"dish": "soup"}}'))
    book = some.grade(tmp_path / "out")
    exercise = book.learners[0].lessons[0].exercise("1.1")
    assert exercise is not None
    assert exercise.verdict is Verdict.PASSED, [str(check.message) for check in exercise.checks]


def test_dead_worker_is_replaced(slot: WorkerSlot, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that is killed costs nobody anything."""
    assert slot.grade(task()).result is not None
    worker = slot._worker  # pyright: ignore[reportPrivateUsage]
    assert worker is not None
    os.killpg(worker.pid, signal.SIGKILL)
    result = slot.grade(task()).result
    assert result is not None
    assert result.points == MAX_POINTS


@needs_sandbox
def test_killed_worker_leaves_nothing(course: SmallClass) -> None:
    """With the outermost process, every process in the sandbox ends, a service's too."""
    worker = WorkerProcess(course.settings)
    assert worker.grade(task()).result is not None
    inside = _descendants(worker.pid)
    assert len(inside) >= 2
    worker.kill()
    _until(lambda: not any(Path("/proc", str(pid)).exists() for pid in inside))


def test_lost_checks_are_collected_again(course: SmallClass) -> None:
    """The process that holds a lesson's checks is killed: a fault of ours, and the next grade is right."""
    worker = WorkerProcess(replace(course.settings, sandbox=False))
    assert worker.grade(task()).result is not None
    top = psutil.Process(worker.pid)
    for holder in top.children():
        if holder.cmdline() == top.cmdline():  # a fork of the worker; the host has arguments of its own
            holder.kill()
    assert worker.grade(task()).error.startswith("the process that holds the checks ended: ")
    result = worker.grade(task()).result
    assert result is not None
    assert result.points == MAX_POINTS
    worker.close()


def test_run_that_does_not_end_is_our_fault(course: SmallClass, monkeypatch: pytest.MonkeyPatch) -> None:
    """Checks that stand still are killed in the end, and no learner pays."""
    monkeypatch.setenv("WORKBOOK_ROOT", str(course.as_course.root))
    monkeypatch.chdir(course.as_course.root)
    monkeypatch.setattr(collected_session, "_GRACE_SECONDS", 0.0)
    launcher = warm.SharedLauncher()
    runs = SessionProcess(1, launcher, course.as_course.root / "collected.txt")
    try:
        order = Order("lessons", "scratch", "report", "output", 7, seconds=0.0)
        with pytest.raises(RunFailed, match="the checks did not end within 0 seconds"):
            runs.run(order)
    finally:
        runs.close()
        launcher.close()


def test_full_disk_ends_in_a_sentence(tmp_path: Path) -> None:
    """A store that cannot grow says so; what was kept before is safe."""
    with Store(tmp_path / "grades.sqlite") as store:
        store.keep("a" * 64, answer(Verdict.PASSED))
        with store._engine.connect() as connection:  # pyright: ignore[reportPrivateUsage]
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
            raw = connection.connection.driver_connection
        assert raw is not None
        with pytest.raises(StoreFailed, match="what was graded before is safe"):
            _fill(store)
        assert set(store.known(["a" * 64])) == {"a" * 64}


def test_file_that_is_no_store_is_refused(tmp_path: Path) -> None:
    """A file of something else is left as it is."""
    (tmp_path / "grades.sqlite").write_text("my own notes, of some length, and no database at all", encoding="utf-8")
    with pytest.raises(StoreFailed, match="cannot be kept"):
        Store(tmp_path / "grades.sqlite")


def test_without_walls_nothing_is_graded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """``auto`` never means none; none is written into the report."""

    def nothing(_root: Path) -> SandboxStatus:
        return SandboxStatus(False, "bwrap is not installed")

    monkeypatch.setattr("workbook.grading.sandbox.available.try_sandbox", nothing)
    for wanted in (Sandbox.AUTO, Sandbox.BWRAP):
        with pytest.raises(CourseError, match=r"bwrap is not installed.*--sandbox none"):
            choose(wanted, tmp_path)
    assert choose(Sandbox.NONE, tmp_path) == Isolation(jailed=False, reduced=False, text=NO_ISOLATION)


def test_invalid_upload_earns_nothing(some: SmallClass, tmp_path: Path) -> None:
    """It is listed with its reason and is not graded."""
    some.learners.append((Learner("eve"), Submission("eve", "eve.zip", problem="It is a bomb.")))
    watcher = Silent()
    book = some.grade(tmp_path, watcher=watcher)
    assert watcher.total == 0
    assert book.learners[0].standing is Standing.INVALID
    assert book.learners[0].problem == "It is a bomb."
    assert book.learners[0].points == 0


def _fill(store: Store) -> None:
    for number in range(200):
        store.keep(f"{number:064}", GradeAnswer(None, "x" * 500))


def _descendants(pid: int) -> list[int]:
    found: list[int] = []
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    except OSError:
        return []
    for child in map(int, children):
        found += [child, *_descendants(child)]
    return found


def _until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)
