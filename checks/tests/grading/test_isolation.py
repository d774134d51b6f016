"""The sandbox from inside: attacks find nothing, honest code runs, refusals are named, and neighbours are safe."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.grading.sandboxed_programs import ATTACKS, CHECK, IDIOMS, REFUSED, program
from tests.grading.small_class import SmallClass, make_small_class
from tests.small_course import APP
from workbook.course.results import ExerciseResult, Verdict
from workbook.grading.gradebook import Gradebook
from workbook.grading.run.pool import WorkerSlot
from workbook.grading.run.task import GradeTask
from workbook.grading.sandbox.available import try_sandbox
from workbook.grading.sandbox.limits import MEGABYTE, SandboxLimits

SANDBOX = try_sandbox(Path(__file__).resolve().parents[3])
pytestmark = pytest.mark.skipif(not SANDBOX.complete, reason=f"no sandbox here: {SANDBOX.text}")


def make_class(root: Path, checks: str, limits: SandboxLimits | None = None) -> SmallClass:
    """The small course with a database, and a hidden check for its first exercise."""
    hidden = {"lesson_01/test_1_more.py": checks.encode()}
    some = make_small_class(root, sandbox=True, hidden=hidden, limits=limits)
    file = root / "lessons/lesson_01/lesson.toml"
    file.write_text(file.read_text(encoding="utf-8").replace("minutes = 5", "minutes = 5\nuses_database = true"))
    return some


def first_exercise(book: Gradebook, who: str) -> ExerciseResult:
    """A learner's result of exercise 1.1."""
    grade = next(entry for entry in book.learners if entry.learner.id == who)
    assert grade.grader_errors == ()
    result = grade.lessons[0].exercise("1.1")
    assert result is not None
    return result


def words(result: ExerciseResult) -> str:
    """What its checks say."""
    return " ".join(" ".join(str(check.message).split()) for check in result.checks if check.message is not None)


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Gradebook:
    """Every attack and every honest program, graded by two workers."""
    root = tmp_path_factory.mktemp("isolation")
    some = make_class(root / "course", CHECK)
    some.seconds = 45.0
    for name, code in {**ATTACKS, **IDIOMS}.items():
        some.hand_in(name, program(code))
    for name, (code, _) in REFUSED.items():
        some.hand_in(name, program(code))
    return some.grade(root / "out")


@pytest.mark.parametrize("name", ATTACKS)
def test_attack_finds_nothing(graded: Gradebook, name: str) -> None:
    """It finds nothing, not even what it prepared for its next service; and it costs nobody but itself."""
    result = first_exercise(graded, name)
    assert result.verdict is Verdict.PASSED, words(result)


@pytest.mark.parametrize("name", IDIOMS)
def test_honest_code_runs(graded: Gradebook, name: str) -> None:
    """What runs at home runs here."""
    result = first_exercise(graded, name)
    assert result.verdict is Verdict.PASSED, words(result)


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_is_named(graded: Gradebook, name: str) -> None:
    """The message says that it is the grader that does not allow this."""
    result = first_exercise(graded, name)
    assert result.verdict is Verdict.FAILED
    assert "The limit the grader does not let a service" in words(result)
    assert REFUSED[name][1] in words(result)


@pytest.fixture
def slot(tmp_path: Path) -> Iterator[WorkerSlot]:
    """One worker, whose checks tell a service something, and ask the next one for it."""
    some = make_class(tmp_path / "course", _TELLS)
    slot = WorkerSlot(some.settings)
    yield slot
    slot.close()


_TELLS = '''
def test_is_told(launch, rng):
    """A service with a setting."""
    told = "told-earlier-" + f"{rng.randrange(16**8):08x}"
    many = {f"TOLD_{number}": told * number for number in range(1, 30)}
    with launch(env={"TOLD": told * 300, **many}) as other:
        assert other.client.get("/told").json() == 21 * 300


def test_later(launch):
    """A later service, which was told nothing."""
    with launch() as other:
        assert other.client.get("/found").json() == []
'''
_SCANS = """
import re
pattern = re.compile(b"told-" + b"earlier-" + b"[0-9a-f]{8}")
for line in open("/proc/self/maps"):
    span, rights = line.split()[:2]
    start, end = (int(part, 16) for part in span.split("-"))
    if rights.startswith("rw") and "[v" not in line:
        for match in pattern.findall(ctypes.string_at(start, end - start)):
            found.append(match.decode())
"""


def test_no_service_is_told_what_an_earlier_one_was(slot: WorkerSlot) -> None:
    """Neither in the same run, nor in that of the next submission, is anything of it left in memory."""
    told = '\n\n@app.get("/told")\ndef told() -> int:\n    return len(os.environ.get("TOLD", ""))\n'
    for number in range(2):
        app = f"# {number}\n{program(_SCANS)}{told}"
        answer = slot.grade(GradeTask(1, {"app/__init__.py": b"", "app/main.py": app.encode()}, number))
        assert answer.result is not None, answer.error
        result = answer.result.exercises[0]
        assert result.verdict is Verdict.PASSED, words(result)


_ASKS = '''
def test_asks(client, rng):
    """A hidden question."""
    client.post("/dishes", json={"name": "hidden-question", "price": 1.0})
    assert client.get("/today").json() == {"dish": "soup"}
'''
_REMEMBERS = """
import os, pathlib
folder = os.path.dirname(os.environ["DATABASE_URL"].removeprefix("sqlite:///"))
kept = [pathlib.Path(place) for place in (".", "/tmp", "/var/tmp", "/dev/shm", folder)]


def remember(text):
    for place in kept:
        try:
            (place / "kept.txt").write_text(text)
        except OSError:
            pass


def tell():
    for place in kept:
        if (place / "kept.txt").exists():
            raise RuntimeError((place / "kept.txt").read_text())
"""


def test_visible_messages_know_nothing_of_hidden_checks(tmp_path: Path) -> None:
    """A program that writes down each question, and tells it wherever it can, tells none of the hidden ones."""
    some = make_class(tmp_path / "course", _ASKS)
    app = APP.replace("    number = len(dishes) + 1", "    remember(str(dish))\n    number = len(dishes) + 1")
    app = app.replace('    return {"dish": "soup"}', '    tell()\n    return {"dish": "soup"}')
    some.hand_in("ada", _REMEMBERS + app)
    some.hand_in("ada-again", "# again\n" + _REMEMBERS + app)
    book = some.grade(tmp_path / "out", workers=1)
    for who in ("ada", "ada-again"):
        result = first_exercise(book, who)
        visible = [check for check in result.checks if not check.name.startswith("hidden/")]
        assert len(visible) == len(result.checks) - 1 == 1
        assert "hidden-question" not in str([check.message for check in visible])
        assert visible[0].passed, visible[0].message


_HANGS = '''
import time


def test_hangs():
    """A check that whatever a service did has sent to sleep."""
    time.sleep(1000)
'''


def test_what_does_not_end_is_the_learners_result(tmp_path: Path) -> None:
    """A lesson has its time; what is not decided then has run out of it, for good, and the rest counts."""
    some = make_class(tmp_path / "course", _HANGS)
    some.seconds = 6.0
    some.hand_in("ada")
    book = some.grade(tmp_path / "out")
    assert book.learners[0].lessons[0].seconds < 20
    result = first_exercise(book, "ada")
    assert result.verdict is Verdict.TIMED_OUT
    assert "all checks of a lesson together have 6 seconds" in words(result)
    assert book.learners[0].is_final
    assert book.learners[0].points == 3


def test_every_hand_in_has_a_seed_of_its_own(tmp_path: Path) -> None:
    """Another one for each learner and each time, and the one that is kept repeats the inputs."""
    some = make_small_class(tmp_path / "course", sandbox=False)
    some.hand_in("ada")
    some.hand_in("bob", APP.replace("soup", "stew"))
    seeds: list[int | None] = []
    for _ in range(2):
        book = some.grade(tmp_path / "out", seed=None, regrade=frozenset({"ada", "bob"}))
        seeds += [entry.lessons[0].seed for entry in book.learners]
    assert None not in seeds
    assert len(set(seeds)) == 4
    assert some.grade(tmp_path / "out", seed=None).learners[0].lessons[0].seed == seeds[2]
    chosen = some.grade(tmp_path / "chosen", seed=11)
    assert [entry.lessons[0].seed for entry in chosen.learners] == [11, 11]


_GREEDY = {
    "200-sessions": """
        for _ in range(200):
            if os.fork() == 0:
                os.setsid()
                while True: pass
        time.sleep(60)
    """,
    "sockets": """
        for _ in range(60):
            if os.fork() == 0:
                mine = []
                try:
                    while True:
                        a, b = socket.socketpair()
                        a.setblocking(False)
                        mine += [a, b]
                        try:
                            while True: a.send(bytes(60_000))
                        except BlockingIOError: pass
                except OSError: pass
                time.sleep(60)
        time.sleep(60)
    """,
    "files-in-memory": """
        for number in range(40):
            for place in ("/dev/shm", "/tmp", "/var/tmp", folder):
                try:
                    with open(f"{place}/{number}", "wb") as file: file.write(bytes(8_000_000))
                except OSError: pass
        keep = bytearray(b"x" * 60_000_000)
        time.sleep(60)
    """,
    "many-small-processes": """
        for _ in range(30):
            if os.fork() == 0:
                keep = bytearray(b"x" * 12_000_000)
                time.sleep(60)
        time.sleep(60)
    """,
}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Gradebook:
    """Four greedy submissions and eight model solutions, graded by two workers."""
    root = tmp_path_factory.mktemp("greedy")
    limits = SandboxLimits(memory=200 * MEGABYTE, processor=10, scratch=64 * MEGABYTE)
    some = make_class(root / "course", CHECK, limits)
    for number in range(8):
        some.hand_in(f"honest-{number}", f"# {number}\n" + program("pass"))
        if number < len(_GREEDY):
            name = list(_GREEDY)[number]
            at_import = program(_GREEDY[name]).replace("    look()\n", "").replace("\napp = ", "\nlook()\napp = ")
            some.hand_in(name, at_import)
    return some.grade(root / "out")


def test_neighbours_keep_their_share(shared: Gradebook) -> None:
    """Whatever a submission takes, a model solution that is graded beside it earns every point at its first try."""
    honest = [entry for entry in shared.learners if entry.learner.id.startswith("honest")]
    assert {entry.points for entry in honest} == {4}
    assert not any(entry.lessons[0].unstable for entry in honest)


@pytest.mark.parametrize("name", _GREEDY)
def test_the_greedy_are_stopped(shared: Gradebook, name: str) -> None:
    """Memory of every kind counts, wherever it lies; and processes share their processor time."""
    greedy = first_exercise(shared, name)
    assert greedy.verdict in (Verdict.CRASHED, Verdict.TIMED_OUT)
    if name != "200-sessions":  # there, the limit of time for a start may come first
        assert "more than 200 MB of memory" in words(greedy) or "open files" in words(greedy)
