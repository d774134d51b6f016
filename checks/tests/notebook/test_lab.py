"""The command that opens JupyterLab, and what it needs; what it does in a browser is in test_browser.py."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from workbook.course.model import Course, CourseError
from workbook.notebook.copies import my_notebook
from workbook.notebook.lab import EXTENSIONS, SETTINGS, command
from workbook.notebook.prepare import prepare
from workbook.notebook.workspace import last_lesson


def test_it_opens_the_workspace_of_the_lesson(stand_in_course: Course) -> None:
    arguments = command(stand_in_course, stand_in_course.lesson(2), browser=False, port=8890)
    assert arguments[:3] == [sys.executable, "-m", "jupyterlab"]
    assert f"--ServerApp.root_dir={stand_in_course.root}" in arguments
    assert "--LabApp.default_url=/lab/workspaces/lesson-2" in arguments
    assert "--ServerApp.open_browser=False" in arguments
    assert "--ServerApp.port=8890" in arguments
    assert not [argument for argument in arguments if "token" in argument or "password" in argument]


def test_a_codespace_shows_the_address_that_the_browser_sees(
    stand_in_course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BROWSER", "/vscode/bin/browser.sh")
    monkeypatch.setenv("CODESPACE_NAME", "fuzzy-waffle")
    monkeypatch.setenv("GITHUB_CODESPACES_PORT_FORWARDING_DOMAIN", "app.github.dev")
    arguments = command(stand_in_course, stand_in_course.lesson(2), browser=True, port=8890)
    assert "--ServerApp.allow_origin=https://fuzzy-waffle-8890.app.github.dev" in arguments
    assert "--ServerApp.use_redirect_file=False" in arguments


def test_jupyterlab_knows_every_option(stand_in_course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BROWSER", "/vscode/bin/browser.sh")
    monkeypatch.setenv("CODESPACE_NAME", "fuzzy-waffle")
    arguments = command(stand_in_course, stand_in_course.lesson(2), browser=False, port=8890)
    shown = subprocess.run([*arguments, "--show-config-json"], capture_output=True, text=True, timeout=60, check=True)
    assert "Unrecognized" not in shown.stderr
    config = json.loads(shown.stdout)
    assert config["LabApp"]["app_settings_dir"] == str(SETTINGS)


def test_its_settings_name_settings_that_exist() -> None:
    schemas = Path(sys.prefix, "share", "jupyter", "lab", "schemas")
    for plugin, settings in json.loads((SETTINGS / "overrides.json").read_text(encoding="utf-8")).items():
        package, name = plugin.split(":")
        known = json.loads((schemas / package / f"{name}.json").read_text(encoding="utf-8"))["properties"]
        assert set(settings) <= set(known)


def test_the_extension_is_complete() -> None:
    folder = EXTENSIONS / "fastapi-workbook"
    loaded = json.loads((folder / "package.json").read_text(encoding="utf-8"))["jupyterlab"]["_build"]["load"]
    assert (folder / loaded).is_file()
    assert (folder / "static" / "workbook.css").is_file()


NOTEBOOK: dict[str, Any] = {
    "cells": [
        {"cell_type": "markdown", "id": "a", "metadata": {}, "source": ["see [it](../lessons/lesson_02/app/main.py)"]},
        {"cell_type": "code", "id": "b", "metadata": {}, "source": ["1"], "execution_count": 1, "outputs": [{}]},
    ],
    "metadata": {},
    "nbformat": 4,
    "nbformat_minor": 5,
}


@pytest.fixture
def course(stand_in_course: Course, tmp_path: Path) -> Course:
    """A course of its own with one notebook."""
    for name in ("lessons", "checks"):
        (tmp_path / name).mkdir()
    for lesson in stand_in_course.lessons:
        source = stand_in_course.lessons_dir / lesson.folder
        (tmp_path / "lessons" / lesson.folder).mkdir()
        (tmp_path / "lessons" / lesson.folder / "lesson.toml").write_bytes((source / "lesson.toml").read_bytes())
    course = Course(tmp_path)
    (tmp_path / "notebooks").mkdir()
    course.notebook(course.lesson(2)).write_text(json.dumps(NOTEBOOK), encoding="utf-8")
    return course


def test_the_first_time_brings_a_copy_in_which_nothing_has_run(course: Course) -> None:
    lesson = course.lesson(2)
    assert prepare(course, lesson) == []
    text, code = json.loads(my_notebook(course, lesson).read_text(encoding="utf-8"))["cells"]
    assert "".join(text["source"]) == "see [it](../../lessons/lesson_02/app/main.py)"
    assert (code["execution_count"], code["outputs"]) == (None, [])


def test_a_copy_is_never_overwritten(course: Course) -> None:
    lesson = course.lesson(2)
    prepare(course, lesson)
    own = my_notebook(course, lesson)
    mine = own.read_text(encoding="utf-8").replace("see ", "My note: see ")
    own.write_text(mine, encoding="utf-8")
    assert prepare(course, lesson) == []

    newer = json.dumps(NOTEBOOK).replace("see ", "now see ")
    course.notebook(lesson).write_text(newer, encoding="utf-8")
    [said] = prepare(course, lesson)
    assert "is newer than your copy, which stays as it is" in said
    assert own.read_text(encoding="utf-8") == mine

    [said] = prepare(course, lesson, fresh=True)
    kept = course.root / said.removeprefix("Your copy of the notebook is kept in ")
    assert (kept / own.name).read_text(encoding="utf-8") == mine
    assert "now see" in own.read_text(encoding="utf-8")


def test_a_workspace_is_written_once_and_then_the_learners(course: Course) -> None:
    assert last_lesson(course) is None
    lesson = course.lesson(2)
    prepare(course, lesson)
    [file] = (course.state_dir / "lab").glob("*.jupyterlab-workspace")
    assert last_lesson(course) == lesson
    changed = file.read_text(encoding="utf-8").replace("lessons/lesson_02", "lessons")
    file.write_text(changed, encoding="utf-8")
    prepare(course, lesson)
    assert file.read_text(encoding="utf-8") == changed


def test_what_cannot_be_written_is_said(course: Course) -> None:
    (course.root / "notebooks" / "mine").write_text("in the way", encoding="utf-8")
    with pytest.raises(CourseError, match=r"^Lesson 2 cannot be opened: "):
        prepare(course, course.lesson(2))
