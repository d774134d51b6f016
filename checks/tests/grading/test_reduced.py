"""The reduced sandbox: a service reaches nothing of the grader's without namespaces, and what it lacks is said."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.grading.sandboxed_programs import ATTACKS, CHECK, IDIOMS, program
from tests.grading.small_class import Silent, SmallClass, make_small_class
from workbook.course.results import ExerciseResult, Verdict
from workbook.grading.exports.summary import summary
from workbook.grading.gradebook import Gradebook
from workbook.grading.report.data import report_data
from workbook.grading.run.grade_class import grade_class
from workbook.grading.run.pool import LocalPool
from workbook.grading.sandbox import landlock
from workbook.grading.sandbox.available import Sandbox, choose
from workbook.grading.sandbox.reduced import CANNOT, another_user, missing

ROOT = Path(__file__).resolve().parents[3]
pytestmark = pytest.mark.skipif(bool(missing()), reason=f"no reduced sandbox here: {missing()}")

_HELD = (
    *("plants-checks-and-bytecode", "opens-files-by-handle", "changes-the-machine", "enters-namespaces"),
    *("uses-what-it-inherited", *(["becomes-somebody-else"] if another_user() else [])),
)
"""Attacks of those on the whole sandbox that find nothing here either."""
_OWN = {
    "reads-the-checks": """
        for top in (os.path.dirname(folder), os.getcwd()):
            while top.count("/") > 2:
                top = os.path.dirname(top)
                attempt("the course in " + top, lambda: os.listdir(os.path.join(top, "course")))
                attempt("a hidden check", lambda: glob.glob(top + "/**/test_*more*.py", recursive=True) or None)
                attempt("a report", lambda: glob.glob(top + "/**/report.json", recursive=True) or None)
                attempt("another worker", lambda: [other for other in glob.glob(top + "/workbook-grade-*")
                        if not folder.startswith(other) and os.listdir(other)] or None)
    """,
    "changes-its-own-files-for-the-checks": """
        attempt("a link for its own file", lambda: os.symlink("/etc/passwd", "app/secret.py") or "made")
        attempt("its own file away", lambda: os.rename("app/main.py", "app/old.py") or "moved")
        attempt("its own file changed", lambda: open("app/main.py", "a"))
    """,
    "reads-what-belongs-to-the-grader": """
        attempt("results", lambda: open(RESULTS).read())
        attempt("results changed", lambda: open(RESULTS, "w"))
        attempt("results away", lambda: os.unlink(RESULTS) or "gone")
    """,
    "looks-into-the-grader": """
        for pid in (os.getppid(), *filter(str.isdigit, os.listdir("/proc"))):
            if str(pid) == str(os.getpid()):
                continue
            for what in ("environ", "mem", "maps", "root", "cwd"):
                place = f"/proc/{pid}/{what}"
                attempt(place, lambda: open(place, "rb").read(1) and place or None)
    """,
}
_HONEST = {
    "temporary files": """
        import tempfile
        with tempfile.NamedTemporaryFile() as file: file.write(b"x")
        with tempfile.TemporaryDirectory() as name: os.mkdir(name + "/x")
    """,
}
_RUN = ("process pool", "localhost", "threads", "subprocess", "asyncio subprocess", "event loop", "its database")


def grade(some: SmallClass, out: Path) -> Gradebook:
    """Grade a class in the reduced sandbox."""
    some.settings = replace(some.settings, reduced=True)
    plan = some.plan(isolation=choose(Sandbox.REDUCED, ROOT).text)
    return grade_class(plan, out, lambda tasks: LocalPool(some.settings, min(2, tasks)), Silent())


def first_exercise(book: Gradebook, who: str) -> ExerciseResult:
    """A learner's result of exercise 1.1."""
    learner = next(entry for entry in book.learners if entry.learner.id == who)
    assert learner.grader_errors == ()
    result = learner.lessons[0].exercise("1.1")
    assert result is not None
    return result


@pytest.fixture(scope="module")
def results() -> Iterator[Path]:
    """A file of the grader's; not in shared memory, where CI has its own scratch folder, and services may write."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        file = Path(folder) / "results.json"
        file.write_text("{}", encoding="utf-8")
        file.chmod(0o600)
        yield file


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory, results: Path) -> Gradebook:
    """Attacks and honest programs, graded where each of them runs as in a container."""
    root = tmp_path_factory.mktemp("reduced")
    some = make_small_class(root / "course", sandbox=False, hidden={"lesson_01/test_1_more.py": CHECK.encode()})
    file = root / "course/lessons/lesson_01/lesson.toml"
    file.write_text(file.read_text(encoding="utf-8").replace("minutes = 5", "minutes = 5\nuses_database = true"))
    some.seconds = 45.0
    some.hand_in("writes to /tmp", program("open('/tmp/workbook-left', 'w')"))
    for name, code in (
        {name: ATTACKS[name] for name in _HELD} | _OWN | _HONEST | {name: IDIOMS[name] for name in _RUN}
    ).items():
        some.hand_in(name, program(code.replace("RESULTS", repr(str(results)))))
    return grade(some, root / "out")


@pytest.mark.parametrize("name", [*_HELD, *_OWN])
def test_attack_finds_nothing(graded: Gradebook, name: str) -> None:
    if not landlock.version() and name == "changes-its-own-files-for-the-checks" and os.getuid() != 0:
        pytest.skip("neither another user nor Landlock")
    result = first_exercise(graded, name)
    assert result.verdict is Verdict.PASSED, [str(check.message) for check in result.checks if check.message]


def test_what_is_refused_is_named(graded: Gradebook) -> None:
    """With the places that there are here."""
    result = first_exercise(graded, "writes to /tmp")
    words = " ".join(str(check.message) for check in result.checks if check.message)
    assert "does not let a service change files outside of its home folder" in " ".join(words.split())


@pytest.mark.parametrize("name", [*_RUN, *_HONEST])
def test_honest_code_runs(graded: Gradebook, name: str) -> None:
    result = first_exercise(graded, name)
    assert result.verdict is Verdict.PASSED, [str(check.message) for check in result.checks if check.message]


def test_everybody_who_reads_the_grades_is_told(graded: Gradebook) -> None:
    book = replace(graded, isolated=False)
    assert graded.isolation.startswith("reduced: ")
    assert CANNOT in graded.isolation
    assert "**Partly isolated.** reduced: " in summary(book)
    assert report_data(book)["warning"] == "Partly isolated."


_CONTAINER = """
import os, sys
from workbook.grading.sandbox import kernel, seccomp
kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
seccomp.install()
try:
    kernel.unshare(kernel.CLONE_NEWUSER)
except OSError:
    os.execv(sys.executable, [sys.executable, "-m", "workbook", *sys.argv[1:]])
"""
"""Refuses namespaces and mounts, as the filter of a container does, and then becomes a command of the workbook's."""


def test_a_class_is_graded_where_namespaces_are_refused(tmp_path: Path) -> None:
    some = make_small_class(tmp_path / "course", sandbox=False)
    app = tmp_path / "in" / "ada" / "lesson_01" / "app"
    app.mkdir(parents=True)
    (app / "__init__.py").touch()
    (app / "main.py").write_text(some.solution, encoding="utf-8")
    environment = {**os.environ, "WORKBOOK_ROOT": str(tmp_path / "course")}

    def run(sandbox: str) -> subprocess.CompletedProcess[str]:
        words = ["grade", str(tmp_path / "in"), "--sandbox", sandbox, "--out", str(tmp_path / "out")]
        command = [sys.executable, "-c", _CONTAINER, *words]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)

    refused = run("auto")
    assert refused.returncode == 2, refused.stderr
    assert "--sandbox reduced" in refused.stderr
    done = run("reduced")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Partly isolated. reduced: " in " ".join(done.stdout.split())
    assert ",4," in (tmp_path / "out" / "grades.csv").read_text(encoding="utf-8-sig").splitlines()[1]
