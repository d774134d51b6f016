"""One class of hostile, broken and honest submissions, graded together in the sandbox."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from tests.grading.hostile_archives import ARCHIVES, FOLDERS, INSIDE, HostileArchive, HostileFolder, write_files
from tests.grading.hostile_submissions import ALL, SLOWNESS, Hostile, make_corpus
from tests.grading.small_class import make_small_class
from workbook.course.results import Verdict
from workbook.grading.gradebook import Gradebook, LearnerGrade, Standing
from workbook.grading.intake.collect import collect
from workbook.grading.sandbox.available import try_sandbox
from workbook.grading.sandbox.limits import MEGABYTE, SandboxLimits

SECRET = "only-the-grader-knows-this"
SANDBOX = try_sandbox(Path(__file__).resolve().parents[3])
pytestmark = pytest.mark.skipif(not SANDBOX.complete, reason=f"no sandbox here: {SANDBOX.text}")

_HONEST_EVERY = 8
_LESSON_SECONDS = 30.0
_PLACES = {name: f"/nowhere/{name}" for name in ("gradebook", "roster", "checks", "socket")}
UPLOADS: dict[str, HostileArchive | HostileFolder] = {
    f"upload-{number}": upload for number, upload in enumerate([*ARCHIVES, *FOLDERS])
}
NAMES = [entry.id for entry in make_corpus(secret=SECRET, port=1, places=_PLACES)]


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Gradebook, dict[str, Hostile], set[str]]:
    """The class, graded once; the programs by id; what processes there were before."""
    root = tmp_path_factory.mktemp("hostile")
    places = {name: str(root / name) for name in ("gradebook", "roster", "socket")}
    for name in ("gradebook", "roster"):
        Path(places[name]).write_text(SECRET, encoding="utf-8")
    some = make_small_class(
        root / "course", sandbox=True, limits=SandboxLimits(memory=256 * MEGABYTE, processor=20, scratch=48 * MEGABYTE)
    )
    places["checks"] = str(root / "course/checks/lesson_01/secret.py")
    Path(places["checks"]).write_text(SECRET, encoding="utf-8")
    before = _workbook_processes()
    patch = pytest.MonkeyPatch()
    patch.setenv("GITHUB_TOKEN", SECRET)
    patch.setenv("WORKBOOK_SLOWNESS", SLOWNESS)
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.socket(socket.AF_UNIX) as named,
        socket.socket(socket.AF_UNIX) as abstract,
    ):
        named.bind(places["socket"])
        abstract.bind("\0" + places["socket"])
        for listener in (named, abstract):
            listener.listen()
        corpus = make_corpus(secret=SECRET, port=server.getsockname()[1], places=places)
        some.seconds = _LESSON_SECONDS
        for number, entry in enumerate(corpus):
            some.hand_in_files(entry.id, entry.files)
            if number % _HONEST_EVERY == 0:
                some.hand_in(f"honest-{number}", f"# {number}\n" + some.solution)
        some.learners += collect(some.as_course, _uploads(root / "uploads", some.solution), wanted=[1]).learners
        book = some.grade(root / "out")
    patch.undo()
    return book, {entry.id: entry for entry in corpus}, _workbook_processes() - before


@pytest.mark.parametrize("name", NAMES)
def test_program_earns_what_it_is_worth(graded: tuple[Gradebook, dict[str, Hostile], set[str]], name: str) -> None:
    """No mark above the honest one, the proper verdict and text, and an end within the limit."""
    book, corpus, _ = graded
    grade, expected = _of(book, name), corpus[name]
    exercise = grade.lessons[0].exercise("1.1")
    assert grade.grader_errors == ()
    assert exercise is not None
    message = str(exercise.message or "")
    assert exercise.verdict in (expected.verdict, expected.or_verdict), message
    assert grade.points == expected.points, message
    assert " ".join(expected.says.split()) in " ".join(message.split())
    assert all(sign.isprintable() or sign == "\n" for sign in message)
    tries = 2  # what crashed or timed out is tried again
    assert grade.lessons[0].seconds <= tries * (_LESSON_SECONDS + 2)


@pytest.mark.parametrize("name", UPLOADS)
def test_upload_is_refused_whole(graded: tuple[Gradebook, dict[str, Hostile], set[str]], name: str) -> None:
    """F29 to F38: a hostile archive or folder is an invalid upload, with its reason, and earns nothing."""
    grade = _of(graded[0], name)
    assert grade.standing is Standing.INVALID
    assert UPLOADS[name].says in grade.problem
    assert grade.points == 0


def test_honest_neighbours_lose_nothing(graded: tuple[Gradebook, dict[str, Hostile], set[str]]) -> None:
    """Whoever sat next to them has full marks, and is not called unstable."""
    honest = [entry for entry in graded[0].learners if entry.learner.id.startswith("honest")]
    assert len(honest) >= 5
    assert {entry.points for entry in honest} == {ALL}
    assert not any(entry.lessons[0].unstable for entry in honest)


def test_nothing_is_left_behind(graded: tuple[Gradebook, dict[str, Hostile], set[str]]) -> None:
    """No process of a worker, a host or a service is there any more, and no mount."""
    assert graded[2] == set()
    assert "/run/workbook" not in Path("/proc/mounts").read_text(encoding="ascii", errors="replace")


def test_time_of_a_lesson_is_limited(tmp_path: Path) -> None:
    """Answers that are each just in time do not add up to hours."""
    some = make_small_class(tmp_path / "course", sandbox=True)
    slow = some.solution.replace("\nasync def today", "\nasync def today").replace(
        '    return {"dish": "soup"}', '    import time\n    time.sleep(2)\n    return {"dish": "soup"}'
    )
    some.seconds = 1.5
    some.hand_in("slow", slow)
    exercise = some.grade(tmp_path / "out").learners[0].lessons[0].exercise("1.2")
    assert exercise is not None
    assert exercise.verdict is Verdict.TIMED_OUT
    assert "all checks of a lesson together have 1.5 seconds" in " ".join(str(exercise.message).split())


def _uploads(folder: Path, app: str) -> Path:
    """Every hostile archive and folder, made from an honest lesson."""
    folder.mkdir()
    files = {f"{INSIDE}app/main.py": app.encode(), f"{INSIDE}app/__init__.py": b""}
    for name, upload in UPLOADS.items():
        if isinstance(upload, HostileArchive):
            (folder / f"{name}{upload.suffix}").write_bytes(upload.make(files))
        else:
            upload.spoil(write_files(folder / name, files))
    return folder


def test_processor_time_is_limited(tmp_path: Path) -> None:
    """What computes for ever is stopped by the processor time it takes, too."""
    some = make_small_class(tmp_path / "course", sandbox=True, limits=SandboxLimits(processor=1))
    some.hand_in("busy", "while True: pass\n" + some.solution)
    exercise = some.grade(tmp_path / "out").learners[0].lessons[0].exercise("1.1")
    assert exercise is not None
    assert exercise.verdict is Verdict.CRASHED
    assert "more than 1 seconds of processor time" in " ".join(str(exercise.message).split())


def _of(book: Gradebook, name: str) -> LearnerGrade:
    return next(entry for entry in book.learners if entry.learner.id == name)


def _workbook_processes() -> set[str]:
    found: set[str] = set()
    for place in Path("/proc").iterdir():
        if place.name.isdigit() and int(place.name) != os.getpid():
            try:
                command = (place / "cmdline").read_bytes()
            except OSError:
                continue
            if b"workbook.grading" in command:
                found.add(place.name)
    return found
