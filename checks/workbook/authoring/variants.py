"""Variants: solutions changed on purpose, to prove that the checks reject what is wrong and accept what is right."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, cast

from workbook.authoring.errors import AuthoringError
from workbook.authoring.starters import BuiltLesson
from workbook.course.model import Course, Lesson

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_KEYS = {"wrong": {"name", "exercise", "also", "says", "edit"}, "right": {"name", "edit"}}
_REQUIRED = {"wrong": {"name", "exercise", "edit"}, "right": {"name", "edit"}}
_EDITS = ({"file", "find", "replace"}, {"file", "create"}, {"file", "delete"})


@dataclass(frozen=True, slots=True)
class Edit:
    """One change of one file: text replaced, or the file made, or the file deleted."""

    file: str
    find: str | None = None
    """The text to replace, which occurs exactly once."""
    text: str | None = None
    """What replaces ``find``, or the whole new file; None deletes the file."""


@dataclass(frozen=True, slots=True)
class Variant:
    """A solution with a few edits."""

    name: str
    edits: tuple[Edit, ...]
    exercise: str | None = None
    """The exercise that must fail on it; None for a right variant, which passes everything."""
    also: tuple[str, ...] = ()
    """The earlier exercises that fail on it too: the learner reads their messages first."""
    says: str | None = None
    """Words that must stand in the first failing message of that exercise."""

    @property
    def is_right(self) -> bool:
        """Whether every check must accept it."""
        return self.exercise is None


def variants_file(course: Course, lesson: Lesson) -> Path:
    """Where a lesson's variants are written."""
    return course.checks_dir / lesson.folder / "variants.toml"


def read_variants(course: Course, lesson: Lesson) -> tuple[Variant, ...]:
    """The variants of a lesson, wrong ones first.

    Raises:
        AuthoringError: the file is missing, is no TOML, or holds something that is no variant. All faults at once.
    """
    file = variants_file(course, lesson)
    place = f"checks/{lesson.folder}/variants.toml"
    try:
        data: dict[str, Any] = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise AuthoringError(f"{place}: it is missing.") from None
    except (OSError, ValueError) as error:
        raise AuthoringError(f"{place}: it cannot be read: {error}.") from None

    faults = [f"{place}: {key!r} is not wrong, right or survivor." for key in data if key not in {*_KEYS, "survivor"}]
    variants: list[Variant] = []
    for kind in _KEYS:
        for position, entry in enumerate(_tables(data.get(kind, [])), start=1):
            name = entry.get("name")
            where = f"{place}: {kind} variant {name if isinstance(name, str) else position}"
            found = [f"{where}: {fault}" for fault in _variant_faults(entry, kind, lesson)]
            if found:
                faults += found
            else:
                variants.append(_variant(entry))
    names = [variant.name for variant in variants]
    faults += [f"{place}: two variants are called {name}." for name in sorted(set(names)) if names.count(name) > 1]
    if faults:
        raise AuthoringError(faults)
    return tuple(variants)


def apply_variant(built: BuiltLesson, variant: Variant) -> Mapping[str, bytes]:
    """The files of a variant: the solution without its markers, with the edits made in order.

    Raises:
        AuthoringError: an edit does not fit, because the solution has moved since it was written.
    """
    files = dict(built.solution)
    for edit in variant.edits:
        fault = _edit(files, edit)
        if fault:
            raise AuthoringError(f"variant {variant.name}: {edit.file}: {fault}")
    return files


def _edit(files: dict[str, bytes], edit: Edit) -> str | None:
    """Make one edit in ``files``; what is wrong with it, if anything."""
    if edit.find is None and edit.text is not None:
        if edit.file in files:
            return "the solution already has this file: change it with find and replace, or delete it first."
        files[edit.file] = edit.text.encode()
        return None
    if edit.file not in files:
        return "the solution has no such file. Has it moved?"
    if edit.find is None:
        del files[edit.file]
        return None
    text = files[edit.file].decode()
    times = text.count(edit.find)
    if times != 1:
        found = "is not in the solution" if times == 0 else f"is in the solution {times} times, not once"
        return f"the text to find {found}. Has the solution moved? {_short(edit.find)}"
    files[edit.file] = text.replace(edit.find, edit.text or "").encode()
    return None


def _tables(value: object) -> list[dict[str, Any]]:
    """A list of tables; anything else becomes entries that no rule accepts."""
    entries: list[Any] = cast("list[Any]", value) if isinstance(value, list) else [value]
    return [cast("dict[str, Any]", entry) if isinstance(entry, dict) else {} for entry in entries]


def _variant_faults(entry: dict[str, Any], kind: str, lesson: Lesson) -> list[str]:
    faults = _key_faults(entry, _REQUIRED[kind], _KEYS[kind])
    if faults:
        return faults
    for key in _KEYS[kind] - {"also", "edit"}:
        if key in entry and not (isinstance(entry[key], str) and entry[key].strip()):
            faults.append(f"{key} is a text.")
    if not faults and not _NAME.fullmatch(entry["name"]):
        faults.append("a name is written in small letters, digits and underscores.")
    exercises = [exercise.id for exercise in lesson.exercises]
    if kind == "wrong" and entry["exercise"] not in exercises:
        faults.append(f"lesson.toml has no exercise {entry['exercise']!r}; it has {', '.join(exercises)}.")
    elif "also" in entry:
        earlier = exercises[: exercises.index(entry["exercise"])]
        also: object = entry["also"]
        if not isinstance(also, list) or not also or [name for name in earlier if name in also] != also:
            faults.append(f"also lists exercises before {entry['exercise']}, in their order.")
    edits = _tables(entry["edit"])
    if not edits:
        faults.append("it has no edit.")
    for position, edit in enumerate(edits, start=1):
        faults += [f"edit {position}: {fault}" for fault in _edit_faults(edit)]
    return faults


def _edit_faults(edit: dict[str, Any]) -> list[str]:
    if set(edit) not in _EDITS:
        return ["it has file, and either find and replace, or create, or delete = true; nothing else."]
    faults = [f"{key} is a text." for key in edit if key != "delete" and not isinstance(edit[key], str)]
    if faults:
        return faults
    path = PurePosixPath(edit["file"])
    if path.is_absolute() or ".." in path.parts or "\\" in edit["file"] or f"{path}" != edit["file"]:
        faults.append("file is a path relative to the lesson folder, like app/main.py.")
    if "delete" in edit and edit["delete"] is not True:
        faults.append("delete is true, or left out.")
    if "find" in edit and (not edit["find"] or edit["find"] == edit["replace"]):
        faults.append("find is a text that differs from replace.")
    return faults


def _key_faults(entry: dict[str, Any], required: set[str], known: set[str]) -> list[str]:
    missing = [f"it has no {key}." for key in sorted(required - entry.keys())]
    return [*missing, *(f"{key!r} is no field of it." for key in sorted(entry.keys() - known))]


def _variant(entry: dict[str, Any]) -> Variant:
    edits = tuple(
        Edit(file=edit["file"], find=edit.get("find"), text=edit.get("replace", edit.get("create")))
        for edit in _tables(entry["edit"])
    )
    return Variant(
        name=entry["name"],
        edits=edits,
        exercise=entry.get("exercise"),
        also=tuple(entry.get("also", ())),
        says=entry.get("says"),
    )


def _short(text: str) -> str:
    line = next((line.strip() for line in text.splitlines() if line.strip()), "")
    return f"({line})" if len(line) <= 70 else f"({line[:69]}…)"
