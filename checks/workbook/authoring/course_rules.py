"""What the rest of the course has to know of a lesson: the editor's settings, the README's map, the linter."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any, cast

from workbook.authoring.errors import AuthoringError
from workbook.course.model import Course, Lesson


def course_faults(course: Course, lesson: Lesson) -> list[str]:
    """What ``pyproject.toml`` and ``README.md`` do not say of a lesson."""
    return [*_environment_faults(course, lesson), *_map_faults(course, lesson)]


def _environment_faults(course: Course, lesson: Lesson) -> list[str]:
    """Without an execution environment, ``app`` is another lesson's package for the editor and the type checker."""
    try:
        data: dict[str, Any] = tomllib.loads((course.root / "pyproject.toml").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        return [f"pyproject.toml: it cannot be read: {error}."]
    entries: Any = data.get("tool", {}).get("pyright", {}).get("executionEnvironments", [])
    tables = [cast("dict[str, Any]", entry) for entry in cast("list[Any]", entries) if isinstance(entry, dict)]
    roots = {entry.get("root") for entry in tables}
    return [
        f"pyproject.toml: executionEnvironments has no root {root}: there app would be another lesson's package."
        for root in (f"{place}/{lesson.folder}" for place in ("lessons", "solutions", "checks"))
        if root not in roots
    ]


def _map_faults(course: Course, lesson: Lesson) -> list[str]:
    link = f"(notebooks/{course.notebook(lesson).name})"
    try:
        lines = (course.root / "README.md").read_text(encoding="utf-8").splitlines()
    except OSError as error:
        return [f"README.md: it cannot be read: {error.strerror}."]
    rows = [line for line in lines if line.startswith("|") and link in line]
    if not rows:
        return [f"README.md: the map has no row of lesson {lesson.number}, with a link to {link[1:-1]}."]
    cells = {cell.strip() for cell in rows[0].split("|")}
    if f"{lesson.minutes}" not in cells:
        return [f"README.md: the map's row of lesson {lesson.number} does not say {lesson.minutes} minutes."]
    return []


def lint_faults(course: Course, lesson: Lesson) -> list[str]:
    """What ruff has to say about a solution, formatting included.

    Raises:
        AuthoringError: ruff is not installed.
    """
    ruff = Path(sys.executable).with_name("ruff.exe" if sys.platform == "win32" else "ruff")
    if not ruff.is_file():
        raise AuthoringError("ruff is not installed: run make test once, which adds the tools for authors")
    folder = f"solutions/{lesson.folder}"
    found: list[str] = []
    for words in (["check", "--output-format=concise", "--quiet"], ["format", "--check", "--quiet"]):
        done = subprocess.run(
            [ruff, *words, "--no-cache", folder],
            cwd=course.root,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )
        said = (done.stdout + done.stderr).strip().splitlines()
        if done.returncode and words[0] == "format":
            said = [f"ruff format would change it: run ruff format {folder}"]
        found += said or [f"ruff {words[0]} ended with exit code {done.returncode}"] * bool(done.returncode)
    return found
