"""The repository as students get it: starters, checks and notebooks, and nothing that gives a solution away."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from workbook.authoring.errors import AuthoringError
from workbook.authoring.starters import build_lesson
from workbook.authoring.tree import read_tree
from workbook.course.model import Course, CourseError, Lesson
from workbook.course.starter import load_starter

# Only what is named here is handed out, so that an instructor's rosters, own checks and submissions never are.
_GIVEN = (
    "README.md",
    "CONTRIBUTING.md",
    "LICENSE*",
    "Makefile",
    "pyproject.toml",
    "requirements.lock",
    ".gitignore",
    ".gitattributes",
    ".python-version",
    ".devcontainer/*",
    ".vscode/*",
    ".github/images/*",
    ".github/actions/*",
    ".github/classroom/*",
    ".github/workflows/*",
    "checks/conftest.py",
    "checks/lesson_[0-9][0-9]/*",
    "checks/shared/*",
    "checks/workbook/*",
    "notebooks/*",
)
_KEPT_BACK = (
    "README.md",  # students get one of their own
    "CONTRIBUTING.md",
    "checks/workbook/authoring/*",
    "checks/lesson_[0-9][0-9]/variants.toml",  # each is a search and replace on the solution
    ".github/workflows/ci.yml",  # it runs what only authors have
    "notebooks/src/*",
)
_LEFT_BY_RUNS = ("*.py[cod]", "*.db", "*.db-*", "*.log", ".DS_Store")
_CACHES = frozenset({"__pycache__", ".ipynb_checkpoints", ".pytest_cache", ".ruff_cache"})
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)
"""The same in every zip. When submissions are read, 1980 counts as no time: an untouched file is not work."""


_README = """\
# FastAPI workbook

You need Python 3.11 or newer, and make. In this folder:

```console
make lab        # sets up .venv (half a minute, once), then opens JupyterLab where you were
```

Without make: `py checks\\workbook\\bootstrap.py lab` on Windows, `python3 checks/workbook/bootstrap.py lab` elsewhere.

## Your work

1. The notebook stands on the left, the file that you edit on the right. Read, predict by clicking, run.
2. Edit the files in `lessons/{folder}`, there or in your own editor.
3. Run the cell `%check {first}.1` once: from then on its card answers each save. In a terminal it is
   `workbook check {first}.1`.
4. Read one message, mend one thing, repeat.

The notebook is your copy, in `notebooks/mine`. Nothing that you do there can break the course.

| command, in a terminal of JupyterLab | what it does |
| --- | --- |
| `workbook` | says where you are and what comes next |
| `workbook hint {first}.1` | gives a hint: a question, then the idea, then the next step |
| `workbook serve {first}` | serves your app, with reload, for playing in the browser |
| `workbook status` | shows your points |
| `workbook reset {first}.1` | goes back, and keeps your files in a backup; `workbook restore` brings them back |
| `workbook update FOLDER-OR-ZIP` | takes in a newer copy, with more lessons perhaps; your work stays |
| `workbook doctor` | looks for what is wrong with this machine, and says how to mend it |

## The lessons

| lesson | minutes | points |
| --- | --- | --- |
{rows}

You hand in the folder `lessons`, or all of this, as your instructor says. What is graded is in `lessons` alone.
"""


@dataclass(frozen=True, slots=True)
class _File:
    content: bytes
    executable: bool = False


@dataclass(frozen=True, slots=True)
class ClassCopy:
    """What was written."""

    place: Path
    files: int
    lessons: tuple[int, ...]


def write_class_copy(
    course: Course, out: Path, *, as_zip: bool = False, lessons: Sequence[Lesson] | None = None
) -> ClassCopy:
    """Write the repository as students get it.

    Args:
        course: ours.
        out: a folder that does not exist, or is empty; or the zip, whose name gets the suffix ``.zip``.
        as_zip: write a zip; the same files give the same bytes each time.
        lessons: which of them; None for all. A lesson's starter holds the lessons before it, solved.

    Raises:
        CourseError: there is something in the way, a starter cannot be built, or a lesson is not as it is handed out.
    """
    out = out.expanduser().absolute()
    if as_zip and out.suffix.lower() != ".zip":
        out = out.with_name(f"{out.name}.zip")
    _check_place(course, out, as_zip=as_zip)
    handed = course.lessons if lessons is None else tuple(lessons)
    files = class_files(course, handed)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        # written beside its place and moved there, so that half a copy is never taken for a whole one
        with tempfile.TemporaryDirectory(dir=out.parent, prefix=".handout-") as scratch:
            made = Path(scratch) / out.name
            if as_zip:
                _write_zip(made, files, folder=out.stem)
            else:
                _write_folder(made, files)
                if out.exists():
                    out.rmdir()
            made.rename(out)
    except OSError as fault:
        raise CourseError(f"{out} cannot be written: {(fault.strerror or str(fault)).lower()}.") from fault
    return ClassCopy(out, len(files), tuple(lesson.number for lesson in handed))


def class_files(course: Course, lessons: Sequence[Lesson]) -> dict[str, _File]:
    """The files to hand out for some lessons, by their path in the copy, in order.

    Raises:
        CourseError: a starter cannot be built, or a lesson is not as it is handed out.
    """
    absent = [lesson for lesson in course.lessons if lesson not in lessons]
    theirs = tuple(
        place
        for lesson in absent
        for place in (f"checks/{lesson.folder}/", f"notebooks/{course.notebook(lesson).name}")
    )
    files = {name: _read(course.root / name) for name in _names(course.root) if not name.startswith(theirs)}
    for lesson in lessons:
        files |= _starter(course, lesson)
        notebook = f"notebooks/{course.notebook(lesson).name}"
        if notebook in files:
            files[notebook] = _File(
                _without_links(files[notebook].content, [course.notebook(each).name for each in absent])
            )
    files["README.md"] = _File(student_readme(course, lessons).encode())
    return dict(sorted(files.items()))


def _without_links(notebook: bytes, names: Sequence[str]) -> bytes:
    """A notebook without its links to those that are not handed out."""
    text = notebook.decode()
    for name in names:
        text = re.sub(rf" · \[[^\[\]]*\]\({re.escape(name)}\)", "", text)
        text = re.sub(rf"\[([^\[\]]*)\]\({re.escape(name)}\)", r"\1", text)
    return text.encode()


def student_readme(course: Course, lessons: Sequence[Lesson]) -> str:
    """The README of a student's copy."""
    rows = "\n".join(
        f"| [{lesson.number} {lesson.title}](notebooks/{course.notebook(lesson).name}) | {lesson.minutes} "
        f"| {lesson.max_points} |"
        for lesson in lessons
    )
    return _README.format(rows=rows, first=lessons[0].number, folder=lessons[0].folder)


def _check_place(course: Course, out: Path, *, as_zip: bool) -> None:
    if as_zip and os.path.lexists(out):
        raise CourseError(f"{out} is there already: name another file.")
    if out.is_symlink() or (out.exists() and not out.is_dir()) or (out.is_dir() and any(out.iterdir())):
        raise CourseError(f"{out} is there already, and not an empty folder: name another one.")
    root = course.root.resolve()
    inside = out.resolve()
    if inside.is_relative_to(root) and inside.relative_to(root).parts[:1] in (
        (),
        ("checks",),
        ("lessons",),
        ("notebooks",),
        ("solutions",),
    ):
        raise CourseError(f"{out} lies within the course itself: name a folder outside of it.")


def _names(root: Path) -> list[str]:
    """The files to hand out as they are: all but the lessons."""
    names = _known_to_git(root)
    return sorted(name for name in (_walked(root) if names is None else names) if _is_given(name, root))


def _is_given(name: str, root: Path) -> bool:
    path = root / name
    parts = name.split("/")
    return (
        any(fnmatchcase(name, given) for given in _GIVEN)
        and not any(fnmatchcase(name, kept) for kept in _KEPT_BACK)
        and not any(fnmatchcase(parts[-1], left) for left in _LEFT_BY_RUNS)
        and _CACHES.isdisjoint(parts)
        and path.is_file()
        and not path.is_symlink()
    )


def _known_to_git(root: Path) -> list[str] | None:
    """What Git has, or would take; None where the course is no clone, or there is no Git."""
    if not (root / ".git").exists():
        return None
    command = ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        found = subprocess.run(command, capture_output=True, check=True, timeout=60)
    except (OSError, subprocess.SubprocessError):
        return None
    return list({os.fsdecode(name) for name in found.stdout.split(b"\0") if name})


def _walked(root: Path) -> Iterator[str]:
    tops = {given.split("/")[0] for given in _GIVEN}
    for top in sorted(root.iterdir()):
        if not any(fnmatchcase(top.name, given) for given in tops):
            continue
        if top.is_file():
            yield top.name
        for above, folders, files in os.walk(top):
            folders[:] = [folder for folder in folders if folder not in _CACHES]
            yield from ((Path(above) / name).relative_to(root).as_posix() for name in files)


def _read(file: Path) -> _File:
    try:
        return _File(file.read_bytes(), bool(file.stat().st_mode & stat.S_IXUSR))
    except OSError as fault:
        raise CourseError(f"{file} cannot be read: {(fault.strerror or str(fault)).lower()}.") from fault


def _starter(course: Course, lesson: Lesson) -> dict[str, _File]:
    """A lesson as it is handed out: built anew where there are solutions, else as it stands if nobody touched it."""
    folder = f"lessons/{lesson.folder}"
    texts: dict[str, bytes] = {}
    if (course.solutions_dir / lesson.folder).is_dir():
        try:
            built = build_lesson(course, lesson)
        except AuthoringError as fault:
            raise CourseError(f"The starter of lesson {lesson.number} cannot be built: {fault.faults[0]}") from fault
        texts |= built.files
        record = built.starter_json.encode()
    else:
        texts |= _untouched(course, lesson)
        record = _read(course.checks_dir / lesson.folder / "starter.json").content
    files = {f"{folder}/{name}": _File(content) for name, content in texts.items()}
    files[f"{folder}/lesson.toml"] = _read(course.lessons_dir / lesson.folder / "lesson.toml")
    files[f"checks/{lesson.folder}/starter.json"] = _File(record)
    return files


def _untouched(course: Course, lesson: Lesson) -> dict[str, bytes]:
    have = read_tree(course.lessons_dir / lesson.folder)
    want = {name: text.encode() for name, text in load_starter(course, lesson).files.items()}
    for name in sorted(have.keys() | want.keys()):
        if want.get(name) != have.get(name, b"").replace(b"\r\n", b"\n") or name not in have:
            raise CourseError(
                f"lessons/{lesson.folder}/{name} is not as it is handed out: put the lesson back with "
                f"`workbook reset {lesson.number}`, which keeps your files."
            )
    return want


def _write_folder(folder: Path, files: dict[str, _File]) -> None:
    for name, file in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.content)
        if file.executable:
            path.chmod(path.stat().st_mode | 0o111)


def _write_zip(file: Path, files: dict[str, _File], *, folder: str) -> None:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in files.items():
            info = zipfile.ZipInfo(f"{folder}/{name}", _ZIP_TIME)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system = 3  # Unix, on every system: it says that the modes mean something
            info.external_attr = (stat.S_IFREG | (0o755 if content.executable else 0o644)) << 16
            archive.writestr(info, content.content, compresslevel=9)
