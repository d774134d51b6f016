"""``workbook update``: a newer course comes in, and a learner's work stays."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import Result

from workbook.authoring.build import build
from workbook.course.model import Course

Run = Callable[..., Result]

NAMES = {
    f"GIT_{role}_{what}": text
    for role in ("AUTHOR", "COMMITTER")
    for what, text in (("NAME", "Ada"), ("EMAIL", "ada@recipes.example"))
}


def git(root: Path, *words: str) -> str:
    env = {**os.environ, **NAMES, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    ran = subprocess.run(["git", *words], cwd=root, env=env, capture_output=True, text=True, check=True)
    return ran.stdout


@pytest.fixture
def origin(course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the learner's course was cloned from."""
    for name, text in NAMES.items():
        monkeypatch.setenv(name, text)
    write(course.root / "checks" / "workbook" / "__init__.py", "old = True\n")
    write(course.root / "checks" / "lesson_01" / "old_helper.py", "")
    write(course.root / "notebooks" / "01_greetings.ipynb", "{}\n")
    write(course.root / ".gitignore", ".workbook/\nnotebooks/mine/\n")
    git(course.root, "init", "--quiet", "--initial-branch=main")
    git(course.root, "add", "--all")
    git(course.root, "commit", "--quiet", "--message=The first version")
    origin = tmp_path / "origin"
    git(tmp_path, "clone", "--quiet", str(course.root), str(origin))
    git(course.root, "remote", "add", "origin", str(origin))
    git(course.root, "fetch", "--quiet", "origin")
    git(course.root, "branch", "--quiet", "--set-upstream-to=origin/main")
    return origin


def publish(origin: Path) -> None:
    """Make a newer version, in which every kind of file changes."""
    change(origin)
    git(origin, "add", "--all")
    git(origin, "commit", "--quiet", "--message=A newer version")


def change(root: Path) -> None:
    for number in (1, 2):
        file = root / "solutions" / f"lesson_0{number}" / "app" / "main.py"
        file.write_text(file.read_text(encoding="utf-8") + "\n\nNEWER = True\n", encoding="utf-8")
    write(root / "checks" / "workbook" / "__init__.py", "new = True\n")
    (root / "checks" / "lesson_01" / "old_helper.py").unlink()
    write(root / "notebooks" / "02_letters.ipynb", "{}\n")
    assert build(Course(root), notebooks=False, console=Console(file=StringIO())) == 0


def write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8", newline="\n")


def begin_lesson_1(course: Course) -> str:
    main = course.lessons_dir / "lesson_01" / "app" / "main.py"
    mine = main.read_text(encoding="utf-8").replace("return None", 'return "hi"')
    main.write_text(mine, encoding="utf-8")
    write(course.lessons_dir / "lesson_01" / "app" / "bye.py", "mine = True\n")
    write(course.root / "notebooks" / "mine" / "01_greetings.ipynb", "my notes")
    return mine


def test_a_newer_version_comes_in_and_a_begun_lesson_stays(run: Run, course: Course, origin: Path) -> None:
    mine = begin_lesson_1(course)
    publish(origin)
    result = run("update", answer="y\n")
    assert result.exit_code == 0, result.output
    assert "lessons that you have not begun" in result.stdout
    assert "Lesson 1 has a newer start too. You have begun it, so it stays as you have it" in result.stdout
    assert result.stdout.endswith("Done. Next: make lab, which also brings the packages that are new.\n")

    lessons = course.lessons_dir
    assert (lessons / "lesson_01" / "app" / "main.py").read_text(encoding="utf-8") == mine
    assert (lessons / "lesson_01" / "app" / "bye.py").read_text(encoding="utf-8") == "mine = True\n"
    assert "NEWER" in (lessons / "lesson_02" / "app" / "main.py").read_text(encoding="utf-8")
    assert (course.checks_dir / "workbook" / "__init__.py").read_text(encoding="utf-8") == "new = True\n"
    assert not (course.checks_dir / "lesson_01" / "old_helper.py").exists()
    assert (course.root / "notebooks" / "mine" / "01_greetings.ipynb").read_text(encoding="utf-8") == "my notes"
    assert not (course.state_dir / "backups").exists(), "git has what was replaced"

    assert git(course.root, "rev-parse", "HEAD") == git(origin, "rev-parse", "HEAD")
    changed = git(course.root, "status", "--porcelain").splitlines()
    assert changed == [" M lessons/lesson_01/app/main.py", "?? lessons/lesson_01/app/bye.py"]
    assert run("update").stdout == "You have the newest version.\n"


def test_nothing_is_changed_unless_one_says_so(run: Run, course: Course, origin: Path) -> None:
    publish(origin)
    before = git(course.root, "rev-parse", "HEAD")
    assert run("update", answer="n\n").stdout.endswith("Nothing was changed.\n")
    assert git(course.root, "rev-parse", "HEAD") == before
    assert git(course.root, "status", "--porcelain") == ""


def test_own_commits_are_joined_with_the_newer_version(run: Run, course: Course, origin: Path) -> None:
    mine = begin_lesson_1(course)
    write(course.root / "NOTES.md", "mine\n")
    git(course.root, "add", "--all")
    git(course.root, "commit", "--quiet", "--message=My work")
    own = git(course.root, "rev-parse", "HEAD")
    publish(origin)
    assert run("update", "--yes").exit_code == 0

    assert git(course.root, "status", "--porcelain") == ""
    parents = git(course.root, "rev-list", "--parents", "--max-count=1", "HEAD").split()[1:]
    assert parents == [own.strip(), git(origin, "rev-parse", "HEAD").strip()]
    assert git(course.root, "show", "HEAD:lessons/lesson_01/app/main.py") == mine
    assert git(course.root, "show", "HEAD:NOTES.md") == "mine\n"
    assert (course.root / "NOTES.md").read_text(encoding="utf-8") == "mine\n"
    assert run("update").stdout == "You have the newest version.\n"


def test_what_was_edited_outside_the_lessons_is_kept_in_a_backup(run: Run, course: Course, origin: Path) -> None:
    tool = course.checks_dir / "workbook" / "__init__.py"
    tool.write_text("my own change\n", encoding="utf-8")
    publish(origin)
    said = run("update", "--yes").stdout
    [kept] = (course.state_dir / "backups").iterdir()
    assert f"What stood there is kept in .workbook/backups/{kept.name}\n" in said
    assert (kept / "checks" / "workbook" / "__init__.py").read_text(encoding="utf-8") == "my own change\n"
    assert tool.read_text(encoding="utf-8") == "new = True\n"


@pytest.mark.parametrize("packed", [False, True])
def test_a_downloaded_version_is_taken_in_without_git(
    run: Run, course: Course, origin: Path, tmp_path: Path, packed: bool
) -> None:
    mine = begin_lesson_1(course)
    shutil.rmtree(course.root / ".git")
    shutil.rmtree(origin / ".git")
    change(origin)
    source = shutil.make_archive(str(tmp_path / "newer"), "zip", tmp_path, "origin") if packed else str(origin)
    result = run("update", source, "--yes")
    assert result.exit_code == 0, result.output
    assert (course.lessons_dir / "lesson_01" / "app" / "main.py").read_text(encoding="utf-8") == mine
    assert "NEWER" in (course.lessons_dir / "lesson_02" / "app" / "main.py").read_text(encoding="utf-8")
    assert not (course.checks_dir / "lesson_01" / "old_helper.py").exists()
    [kept] = (course.state_dir / "backups").iterdir()
    assert (kept / "checks" / "workbook" / "__init__.py").read_text(encoding="utf-8") == "old = True\n"
    assert (course.root / "notebooks" / "mine" / "01_greetings.ipynb").read_text(encoding="utf-8") == "my notes"
    assert run("update", source).stdout == "You have the newest version.\n"


def test_a_lost_lesson_comes_back(run: Run, course: Course, origin: Path) -> None:
    publish(origin)
    shutil.rmtree(course.lessons_dir / "lesson_02")
    assert run("update", "--yes").exit_code == 0
    assert "NEWER" in (course.lessons_dir / "lesson_02" / "app" / "main.py").read_text(encoding="utf-8")


NO_UPSTREAM = "does not know where newer versions come from. Download the newer one, and say where it is"


def test_what_cannot_be_updated_is_said_in_a_sentence(run: Run, course: Course, origin: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    write(tmp_path / "broken.zip", "no zip")
    said = {
        str(empty): f"{empty} holds no version of this workbook.",
        str(tmp_path / "broken.zip"): "is no folder and no zip that can be read",
        str(tmp_path / "nowhere.zip"): "is no folder and no zip that can be read",
    }
    for source, sentence in said.items():
        refused = run("update", source)
        assert refused.exit_code == 2
        assert sentence in refused.stderr
        assert refused.stderr.count("\n") == 1
    shutil.rmtree(origin)
    assert run("update").stderr.startswith("git fetch did not work: ")
    write(course.root / ".git" / "MERGE_HEAD", "")
    assert run("update").stderr == "Git is in the middle of a merge or a rebase here: finish it first.\n"
    (course.root / ".git" / "MERGE_HEAD").unlink()
    git(course.root, "branch", "--unset-upstream")
    assert NO_UPSTREAM in run("update").stderr
    shutil.rmtree(course.root / ".git")
    assert NO_UPSTREAM in run("update").stderr
