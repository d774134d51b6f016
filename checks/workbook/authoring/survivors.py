"""The mutants of a lesson that no check can notice, and why: the ``[[survivor]]`` tables of ``variants.toml``."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from typing import Any, cast

from workbook.authoring.errors import AuthoringError
from workbook.authoring.variants import variants_file
from workbook.course.model import Course, Lesson

_KEYS = ("exercise", "file", "before", "after", "because")


@dataclass(frozen=True, slots=True)
class Survivor:
    """A mutant that every check accepts, for a reason."""

    exercise: str
    file: str
    before: str
    """The lines that the mutant changes, as verify prints them."""
    after: str
    because: str

    @property
    def identity(self) -> tuple[str, str, str, str]:
        """The identity of the mutant; see ``Mutant.identity``."""
        return self.exercise, self.file, _plain(self.before), _plain(self.after)

    def __str__(self) -> str:
        return f"{self.exercise}, {self.file}: {_plain(self.before)}  →  {_plain(self.after) or 'nothing'}"


def read_survivors(course: Course, lesson: Lesson) -> tuple[Survivor, ...]:
    """The survivors that a lesson lists.

    Raises:
        AuthoringError: the file is missing, is no TOML, or a table has other fields. All faults at once.
    """
    place = f"checks/{lesson.folder}/variants.toml"
    try:
        data: dict[str, Any] = tomllib.loads(variants_file(course, lesson).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise AuthoringError(f"{place}: it cannot be read: {error}.") from None
    entries: list[Any] = data.get("survivor", [])
    faults = [
        f"{place}: survivor {position}: it has {', '.join(_KEYS)}, each a text, and because says why."
        for position, entry in enumerate(entries, start=1)
        if not _is_survivor(entry)
    ]
    if faults:
        raise AuthoringError(faults)
    return tuple(Survivor(**entry) for entry in entries)


def _is_survivor(entry: object) -> bool:
    if not isinstance(entry, dict):
        return False
    fields = cast("dict[str, Any]", entry)
    texts = all(isinstance(text, str) for text in fields.values())
    return set(fields) == set(_KEYS) and texts and bool(fields["because"].strip())


def _plain(text: str) -> str:
    return " ".join(filter(None, map(str.strip, text.splitlines())))
