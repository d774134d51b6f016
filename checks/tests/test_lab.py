"""The command that opens JupyterLab; what it does in a browser is in test_browser.py."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from workbook.course import Course
from workbook.lab import SETTINGS, command


def test_it_opens_on_the_notebook_of_the_lesson(stand_in_course: Course, tmp_path: Path) -> None:
    lesson = stand_in_course.lesson(2)
    assert "--LabApp.default_url=/lab" in command(stand_in_course, lesson, browser=True)
    notebook = stand_in_course.notebook(lesson)
    notebook.touch()
    try:
        arguments = command(stand_in_course, lesson, browser=False)
    finally:
        notebook.unlink()
    assert arguments[:3] == [sys.executable, "-m", "jupyterlab"]
    assert f"--ServerApp.root_dir={stand_in_course.root}" in arguments
    assert "--LabApp.default_url=/lab/tree/notebooks/02_schemas.ipynb" in arguments
    assert "--ServerApp.open_browser=False" in arguments
    assert not [argument for argument in arguments if "token" in argument or "password" in argument]


def test_jupyterlab_knows_every_option(stand_in_course: Course) -> None:
    arguments = command(stand_in_course, stand_in_course.lesson(2), browser=False)
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
