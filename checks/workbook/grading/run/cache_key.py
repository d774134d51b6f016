"""What a result depends on, as a key: two results with the same key are the same."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import metadata
from pathlib import Path

import workbook
from workbook.course.model import Course, Lesson
from workbook.grading.intake.submission import digest_of
from workbook.grading.run.task import WorkerSettings

_LIBRARIES = ("fastapi", "starlette", "pydantic", "sqlalchemy", "uvicorn", "httpx", "pytest")
_ENGINE = ("course/*.py", "plugin/*.py", "service/**/*.py", "feedback/*.py", "grading/run/*.py", "grading/sandbox/*.py")
"""The part of the tool that takes part in a verdict or its words."""
_IGNORED = ("variants.toml",)


def grade_key(
    course: Course,
    lesson: Lesson,
    digest: str,
    settings: WorkerSettings,
    *,
    seed: int | None,
    seconds: float,
    twice: bool = False,
) -> str:
    """The key of one lesson of one submission.

    Args:
        course: whose checks are run.
        lesson: the lesson.
        digest: of the submission's files.
        settings: of the workers.
        seed: of the random inputs, where it was chosen.
        seconds: that everything together may take.
        twice: whether everything is graded twice.
    """
    hidden = {name: content for name, content in settings.hidden.items() if name.startswith(lesson.folder + "/")}
    parts = [
        digest,
        lesson.number,
        checks_digest(course, lesson.folder),
        engine_digest(),
        digest_of(hidden),
        seed,
        seconds,
        twice,
        (settings.sandbox, settings.reduced),
        settings.limits.to_json(),
    ]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


@cache
def checks_digest(course: Course, lesson: str) -> str:
    """A hash of everything in the course that decides about one lesson, named like its folder."""
    folder = course.checks_dir / lesson
    files = [file for file in folder.rglob("*") if file.name not in _IGNORED and "__pycache__" not in file.parts]
    files += [file for file in (course.checks_dir / "shared").rglob("*") if "__pycache__" not in file.parts]
    files += [course.checks_dir / "conftest.py", course.lessons_dir / lesson / "lesson.toml"]
    return _digest(files, course.root)


@cache
def engine_digest() -> str:
    """A hash of the tool's version, of the code that checks, and of the libraries that a submission uses."""
    root = Path(workbook.__file__).parent
    code = _digest([file for pattern in _ENGINE for file in root.glob(pattern)], root)
    versions = {name: metadata.version(name) for name in _LIBRARIES}
    text = json.dumps([workbook.__version__, code, versions, platform.python_version()])
    return hashlib.sha256(text.encode()).hexdigest()


@cache
def report_digest() -> str:
    """A hash of the code that writes results for people and for other systems."""
    root = Path(workbook.__file__).parent
    return _digest((file for file in (root / "grading").rglob("*") if file.suffix != ".pyc"), root)


def _digest(files: Iterable[Path], root: Path) -> str:
    found: Mapping[str, bytes] = {
        file.relative_to(root).as_posix(): file.read_bytes() for file in files if file.is_file()
    }
    return digest_of(found)
