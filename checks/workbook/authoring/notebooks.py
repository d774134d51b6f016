"""Build a lesson's notebook: read its source, run it against the solution, tidy it, store it or compare it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from importlib.metadata import distributions
from pathlib import Path
from typing import Any, cast

from workbook.authoring.errors import AuthoringError
from workbook.authoring.notebook_file import Notebook, from_json, to_json
from workbook.authoring.notebook_run import run_notebook
from workbook.authoring.notebook_source import read_source
from workbook.authoring.notebook_tidy import comparable, tidy_notebook
from workbook.authoring.starter_files import Difference, short_diff
from workbook.authoring.starters import BuiltLesson
from workbook.course.backups import Backups
from workbook.course.model import Course


def make_notebook(course: Course, built: BuiltLesson) -> Notebook:
    """A lesson's notebook, run against the solution and ready to be stored.

    Raises:
        AuthoringError: the source is wrong, a cell fails, or an output would not be the same next time.
    """
    notebook = read_source(course, built)
    run_notebook(course, built.lesson, notebook, course.solutions_dir, with_checks=False)
    if faults := tidy_notebook(course, built.lesson, notebook):
        raise AuthoringError(faults)
    return notebook


def notebook_difference(course: Course, built: BuiltLesson, notebook: Notebook) -> Difference | None:
    """How the stored notebook differs from a fresh one, if it does."""
    file = course.notebook(built.lesson)
    name = f"notebooks/{file.name}"
    if not file.is_file():
        return Difference(name, ("it is missing.",))
    stored = _stored(file)
    if stored is None:
        return Difference(name, ("it is no notebook.",))
    have, want = comparable(stored), comparable(notebook)
    return Difference(name, short_diff(have, want)) if have != want else None


def source_difference(course: Course, built: BuiltLesson) -> Difference | None:
    """How the stored notebook's cells differ from those of its source, if they do; nothing is run for it.

    Raises:
        AuthoringError: the source is wrong.
    """
    file = course.notebook(built.lesson)
    if not file.exists() and not course.notebook_source(built.lesson).exists():
        return None  # a lesson whose notebook is still to be written
    stored = _stored(file) if file.is_file() else None
    have, want = (_cells(notebook) if notebook else [] for notebook in (stored, read_source(course, built)))
    return Difference(f"notebooks/{file.name}", short_diff(have, want)) if have != want else None


def _cells(notebook: Notebook) -> list[str]:
    cells = [f"[{cell['cell_type']}]\n{cell['source']}" for cell in notebook["cells"]]
    return [line for cell in cells for line in cell.splitlines()]


def store_notebook(course: Course, built: BuiltLesson, notebook: Notebook, memory: Memory, backups: Backups) -> bool:
    """Store a notebook, unless the stored one already says the same.

    A stored notebook that no build wrote holds somebody's notes: a copy goes to ``backups`` first.

    Returns:
        Whether the file changed.
    """
    file = course.notebook(built.lesson)
    changed = notebook_difference(course, built, notebook) is not None
    if changed:
        if file.is_file() and not memory.wrote(file):
            backups.keep(file, f"notebooks/{file.name}")
        file.write_text(to_json(notebook), encoding="utf-8", newline="\n")
    memory.note(course, built)
    return changed


def _stored(file: Path) -> Notebook | None:
    try:
        data = from_json(file.read_text(encoding="utf-8"))
        return data if comparable(data) else None
    except Exception:
        return None


@dataclass(frozen=True, slots=True)
class Memory:
    """What the notebooks were last built from, so that an unchanged one is not run again.

    It lies in the ignored state folder, and losing it costs one run.
    """

    file: Path

    @classmethod
    def of(cls, course: Course) -> Memory:
        """The memory of a course."""
        return cls(course.state_dir / "notebooks.json")

    def is_current(self, course: Course, built: BuiltLesson) -> bool:
        """Whether the stored notebook was built from exactly what there is now."""
        file = course.notebook(built.lesson)
        return self.wrote(file) and self._load()[file.name].get("inputs") == _inputs(course, built)

    def wrote(self, file: Path) -> bool:
        """Whether a notebook is as the last build left it."""
        return file.is_file() and self._load().get(file.name, {}).get("notebook") == _digest(file.read_bytes())

    def note(self, course: Course, built: BuiltLesson) -> None:
        """Remember that the stored notebook is the one of now."""
        file = course.notebook(built.lesson)
        entry = {"inputs": _inputs(course, built), "notebook": _digest(file.read_bytes())}
        self.file.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps({**self._load(), file.name: entry}, indent=1, sort_keys=True)
        self.file.write_text(text, encoding="utf-8")

    def _load(self) -> dict[str, dict[str, str]]:
        try:
            data: Any = json.loads(self.file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return cast("dict[str, dict[str, str]]", data) if isinstance(data, dict) else {}


def _inputs(course: Course, built: BuiltLesson) -> str:
    """A digest of everything that a notebook's outputs can depend on."""
    source = course.notebook_source(built.lesson)
    parts = [
        source.read_bytes() if source.is_file() else b"",
        (course.lessons_dir / built.lesson.folder / "lesson.toml").read_bytes(),
        built.starter_json.encode(),
        *(part for name, content in built.solution.items() for part in (name.encode(), content)),
        _tool(),
    ]
    return _digest(b"\0".join(parts))


@cache
def _tool() -> bytes:
    """This tool's own code, and the version of every installed package."""
    folder = Path(__file__).parents[1]
    code = [file.read_bytes() for file in sorted(folder.rglob("*.py"))]
    packages = sorted(f"{package.name} {package.version}" for package in distributions())
    return _digest(b"\0".join([*code, *(package.encode() for package in packages)])).encode()


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
