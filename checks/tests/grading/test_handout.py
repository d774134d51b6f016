"""The copy that students get: it works, and no solution is in it."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
import textwrap
import zipfile
from pathlib import Path

import pytest

from tests.grading.hostile_archives import write_files
from tests.grading.test_intake import LESSON
from workbook.authoring.starters import build_lesson
from workbook.course.model import Course, CourseError, find_course
from workbook.grading.handout import write_class_copy
from workbook.grading.intake.collect import collect

REAL = find_course(Path(__file__))


@pytest.fixture(scope="module")
def handed_out(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """The real course, as students get it."""
    if not REAL.solutions_dir.is_dir():
        pytest.skip("this copy of the workbook has no solutions to look for")
    return Course(write_class_copy(REAL, tmp_path_factory.mktemp("handout") / "course").place)


def names(root: Path) -> set[str]:
    """The files below a folder, without what a run of the workbook leaves there."""
    found = {file.relative_to(root).as_posix() for file in root.rglob("*") if file.is_file()}
    return {name for name in found if not name.startswith(".workbook/")}


def run(course: Course, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run this Python in the copy, with the copy's own workbook."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "WORKBOOK_"))}
    env |= {"PYTHONPATH": str(course.checks_dir), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [sys.executable, *arguments], cwd=course.root, env=env, capture_output=True, text=True, timeout=120, check=False
    )


def test_what_is_in_it(handed_out: Course) -> None:
    found = names(handed_out.root)
    tops = {name.split("/")[0] for name in found}
    assert {"README.md", "LICENSE", "Makefile", "pyproject.toml", "requirements.lock", ".gitignore"} <= tops
    assert {"lessons", "checks", "notebooks"} <= tops
    assert {"solutions", ".ci", ".git", ".venv", "artifacts"}.isdisjoint(tops)
    for lesson in REAL.lessons:
        assert f"checks/{lesson.folder}/starter.json" in found
        assert f"notebooks/{REAL.notebook(lesson).name}" in found
    assert not [name for name in found if name.endswith(("variants.toml", ".pyc", ".db"))]
    assert not [name for name in found if name.startswith(("checks/tests/", "notebooks/src/"))]
    assert ".github/workflows/ci.yml" not in found


def test_lessons_are_starters(handed_out: Course) -> None:
    for lesson in REAL.lessons:
        built = build_lesson(REAL, lesson)
        folder = handed_out.lessons_dir / lesson.folder
        assert names(folder) == {*built.files, "lesson.toml"}
        assert all((folder / name).read_bytes() == content for name, content in built.files.items())


def test_notebooks_keep_their_outputs(handed_out: Course) -> None:
    notebook = json.loads(handed_out.notebook(REAL.lessons[0]).read_text(encoding="utf-8"))
    assert any(cell.get("outputs") for cell in notebook["cells"])


def test_no_region_of_a_solution_is_in_it(handed_out: Course) -> None:
    """A later lesson begins with what the one before left, so its starter holds the earlier solution: that is meant."""
    texts = {
        name: " ".join((handed_out.root / name).read_text(encoding="utf-8", errors="ignore").split())
        for name in names(handed_out.root)
        if name.endswith((".py", ".toml", ".json", ".ipynb", ".md", ".txt", ".html", ".yml"))
    }
    looked_for = 0
    for lesson in REAL.lessons:
        later = tuple(
            f"{place}/{other.folder}/" for other in REAL.lessons if other.number > lesson.number
            for place in ("lessons", "checks")
        )  # fmt: skip
        for name, regions in build_lesson(REAL, lesson).regions.items():
            for region in regions:
                lines = textwrap.dedent(region.solution).splitlines()
                telling = [line for line in lines if line.strip() and not line.startswith(("from ", "import "))]
                if len(telling) < 2:
                    continue  # a single line, or what is imported, is no secret
                looked_for += 1
                wanted = " ".join(region.solution.split())
                escaped = " ".join(json.dumps(region.solution)[1:-1].split())
                where = [
                    file
                    for file, text in texts.items()
                    if (wanted in text or escaped in text) and not file.startswith(later)
                ]
                assert not where, f"{lesson.folder}/{name}, exercise {region.exercise}"
    assert looked_for > 20


def test_the_checks_run_and_say_that_nothing_is_started(handed_out: Course) -> None:
    done = run(handed_out, "-m", "pytest", "checks/lesson_01", "-p", "no:cacheprovider")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "0 of " in done.stdout
    assert done.stdout.count("not started") >= len(REAL.lesson(1).exercises) - 1


def test_commands_answer_politely_without_solutions(handed_out: Course) -> None:
    done = run(
        handed_out,
        "-c",
        "import sys, workbook\n"
        "from workbook.cli import main\n"
        "print(workbook.__file__)\n"
        "for line in (['diff', '1'], ['solution', '1.1', '--yes'], ['build', '1'], ['hint', '1.1']):\n"
        "    sys.argv = ['workbook', *line]\n"
        "    try:\n"
        "        main()\n"
        "    except SystemExit as end:\n"
        "        print('ended', line[0], end.code)\n",
    )
    assert str(handed_out.root) in done.stdout, "the copy's own workbook has to be the one that is tried"
    assert "Traceback" not in done.stderr
    ended = [line.removeprefix("ended ") for line in done.stdout.splitlines() if line.startswith("ended ")]
    assert ended == ["diff 2", "solution 2", "build 2", "hint 0"]
    assert done.stderr.count("The solutions are not part of this copy of the workbook: ask your instructor.") == 2


def test_some_lessons_hold_nothing_of_the_others(tmp_path: Path) -> None:
    """Lesson 3's starter would hold lesson 2's solution."""
    copy = Course(write_class_copy(REAL, tmp_path / "copy", lessons=REAL.lessons[:2]).place)
    found = names(copy.root)
    assert [lesson.number for lesson in copy.lessons] == [1, 2]
    assert not [name for name in found if "lesson_03" in name or "03_database" in name]
    for name in (name for name in found if name.startswith("notebooks/") and name.endswith(".ipynb")):
        assert "03_database.ipynb" not in (copy.root / name).read_text(encoding="utf-8"), name
    readme = (copy.root / "README.md").read_text(encoding="utf-8")
    assert "[2 Schemas](notebooks/02_schemas.ipynb)" in readme
    assert "Database" not in readme
    assert "workbook grade" not in readme
    assert not [name for name in found if name.startswith("checks/workbook/authoring/")]
    assert "CONTRIBUTING.md" not in found


def test_make_test_in_a_students_copy_says_one_sentence(handed_out: Course) -> None:
    done = run(handed_out, "checks/workbook/bootstrap.py", "test")
    assert done.returncode == 2
    assert done.stderr == ""
    said = "This is a student's copy, without the tests of the workbook itself. For your own work: workbook check 1.\n"
    assert done.stdout == said


def test_own_work_is_carried_on_in_a_students_copy(handed_out: Course, tmp_path: Path) -> None:
    """It needs the starters only, which say what they were made from."""
    copy = Course(shutil.copytree(handed_out.root, tmp_path / "copy"))
    (copy.lessons_dir / "lesson_02" / "app" / "mine.py").write_text("MINE = True\n", encoding="utf-8")
    done = run(copy, "-m", "workbook", "carry", "3", "--yes")
    assert done.returncode == 0, done.stderr
    assert (copy.lessons_dir / "lesson_03" / "app" / "mine.py").read_text(encoding="utf-8") == "MINE = True\n"


def test_a_student_can_be_handed_the_copy_s_own_copy(handed_out: Course, tmp_path: Path) -> None:
    """Without solutions the lessons have to be untouched; then the same comes out."""
    again = write_class_copy(handed_out, tmp_path / "again").place
    assert names(again) == names(handed_out.root)
    main = handed_out.lessons_dir / "lesson_01" / "app" / "main.py"
    before = main.read_bytes()
    main.write_bytes(before + b"# begun\n")
    with pytest.raises(CourseError, match=r"lessons/lesson_01/app/main\.py is not as it is handed out: .*reset 1"):
        write_class_copy(handed_out, tmp_path / "more")
    main.write_bytes(before)
    assert not (tmp_path / "more").exists()


def test_the_zip_is_the_same_each_time_and_comes_back_without_a_note(handed_out: Course, tmp_path: Path) -> None:
    one = write_class_copy(REAL, tmp_path / "class" / "workbook", as_zip=True).place
    two = write_class_copy(REAL, tmp_path / "other" / "workbook.zip", as_zip=True).place
    assert one.name == "workbook.zip"
    assert one.read_bytes() == two.read_bytes()
    with zipfile.ZipFile(one) as archive:
        assert {name.removeprefix("workbook/") for name in archive.namelist()} == names(handed_out.root)

    [(_, submission)] = collect(REAL, one.parent).learners
    assert submission is not None
    assert (submission.problem, submission.notes, submission.handed_in_at) == ("", (), None)
    for lesson in REAL.lessons:
        assert submission.lessons[lesson.number] == build_lesson(REAL, lesson).files


# -- small ones ---------------------------------------------------------------------------------------------------


@pytest.fixture
def small(tmp_path: Path) -> Course:
    """A course with what an instructor may have lying about in it."""
    files = {
        "README.md": "hello\n",
        ".github/workflows/ci.yml": "on: push\n",
        ".github/workflows/grade.yml": "on: push\n",
        "checks/conftest.py": "",
        "checks/lesson_01/test_1_serve.py": "",
        "checks/shared/makers.py": "",
        "checks/lesson_01/starter.json": "{}",
        "checks/lesson_01/variants.toml": "[[wrong]]\n",
        "checks/lesson_01/__pycache__/x.pyc": "",
        "checks/hidden/test_secret.py": "",
        "checks/tests/test_tool.py": "",
        "checks/workbook/bootstrap.py": "",
        "lessons/lesson_01/lesson.toml": LESSON,
        "lessons/lesson_01/app/main.py": "somebody's own work\n",
        "lessons/lesson_01/app/extra.py": "",
        "notebooks/01_kitchen.ipynb": "{}",
        "notebooks/src/01_kitchen.md": "",
        "solutions/lesson_01/app/main.py": "# region 1.1 Serve\napp = 1\n# starter: app = None\n# endregion\n",
        "roster.csv": "id\nada\n",
        "submissions/ada/lessons/lesson_01/app/main.py": "",
        "report/index.html": "",
        ".env": "TOKEN=1\n",
    }
    root = write_files(tmp_path / "small", {name: text.encode() for name, text in files.items()})
    (root / "checks" / "workbook" / "bootstrap.py").chmod(0o755)
    (root / "checks" / "lesson_01" / "linked.py").symlink_to(root / "roster.csv")
    return Course(root)


GIVEN = {
    "README.md",
    ".github/workflows/grade.yml",
    "checks/conftest.py",
    "checks/lesson_01/test_1_serve.py",
    "checks/lesson_01/starter.json",
    "checks/shared/makers.py",
    "checks/workbook/bootstrap.py",
    "lessons/lesson_01/lesson.toml",
    "lessons/lesson_01/app/main.py",
    "notebooks/01_kitchen.ipynb",
}


@pytest.mark.parametrize("with_git", [True, False])
def test_only_what_is_for_students(small: Course, tmp_path: Path, with_git: bool) -> None:
    if with_git:
        if shutil.which("git") is None:
            pytest.skip("there is no git")
        subprocess.run(["git", "init", "-q", str(small.root)], check=True)
        (small.root / ".gitignore").write_text("checks/workbook/ignored.py\n", encoding="utf-8")
        (small.root / "checks" / "workbook" / "ignored.py").touch()
    made = write_class_copy(small, tmp_path / "out")
    assert names(made.place) == GIVEN | ({".gitignore"} if with_git else set())
    assert made.files == len(names(made.place))
    assert (made.place / "lessons/lesson_01/app/main.py").read_text() == "# Exercise 1.1: Serve\napp = None\n"
    assert "app = None" in (made.place / "checks/lesson_01/starter.json").read_text()
    assert (made.place / "checks/workbook/bootstrap.py").stat().st_mode & stat.S_IXUSR
    assert not (made.place / "README.md").stat().st_mode & stat.S_IXUSR
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["out", "small"], "nothing else is left"


def test_the_zip_keeps_modes(small: Course, tmp_path: Path) -> None:
    made = write_class_copy(small, tmp_path / "out.zip", as_zip=True).place
    with zipfile.ZipFile(made) as archive:
        modes = {info.filename: info.external_attr >> 16 for info in archive.infolist()}
        assert archive.testzip() is None
    assert modes["out/checks/workbook/bootstrap.py"] == 0o100755
    assert modes["out/README.md"] == 0o100644
    assert list(modes) == sorted(modes)


def test_nothing_is_overwritten(small: Course, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    write_class_copy(small, tmp_path / "empty")
    for out, as_zip in ((tmp_path / "empty", False), (small.root / "README.md", False)):
        with pytest.raises(CourseError, match="is there already"):
            write_class_copy(small, out, as_zip=as_zip)
    (tmp_path / "there.zip").touch()
    with pytest.raises(CourseError, match=r"there\.zip is there already: name another file"):
        write_class_copy(small, tmp_path / "there", as_zip=True)
    with pytest.raises(CourseError, match="lies within the course itself"):
        write_class_copy(small, small.checks_dir / "lesson_02")


def test_a_broken_solution_is_named(small: Course, tmp_path: Path) -> None:
    (small.solutions_dir / "lesson_01" / "app" / "main.py").write_text("# region 1.1 Serve\n", encoding="utf-8")
    with pytest.raises(CourseError, match=r"The starter of lesson 1 cannot be built: .*main\.py:1: .*not closed"):
        write_class_copy(small, tmp_path / "out")
    assert not (tmp_path / "out").exists()
