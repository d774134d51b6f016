"""What an upload holds: entries with a safe name each, whatever it came in."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from enum import Enum, auto
from fnmatch import translate
from typing import NamedTuple, Protocol

from workbook.grading.intake.limits import Limits


class InvalidUpload(Exception):
    """An upload that is not safe to read, or cannot be read. The message is one sentence for the learner."""


class Kind(Enum):
    """What an entry is."""

    FILE = auto()
    FOLDER = auto()
    LINK = auto()
    """Symbolic or hard. It is never followed."""
    SPECIAL = auto()
    """A FIFO, device or socket."""


class Entry(NamedTuple):
    """One file or folder of an upload."""

    name: str
    """The path, with ``/`` between its parts; it was checked."""
    kind: Kind
    size: int = 0
    """Bytes, as the archive or file system says; it is not believed when the file is read."""
    ignored: bool = False
    """Whether it is, or lies in, what tools leave behind."""
    crc: int | None = None
    """CRC-32 of the content where a zip says it. It is a hint: an archive may lie."""
    position: int = 0
    """Which entry of its archive or folder it is, from 0."""


class Upload(Protocol):
    """An open upload."""

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Everything in it, in its own order."""
        ...

    def read(self, wanted: Iterable[Entry], limit: int) -> Iterator[tuple[Entry, bytes]]:
        """Read files.

        Args:
            wanted: entries of this upload that are files.
            limit: the most bytes of one file.

        Raises:
            InvalidUpload: one is larger, is not what was announced, or cannot be read.
        """
        ...

    def modified(self, entry: Entry) -> float | None:
        """When a file was changed, in seconds since 1970; None where nothing is said."""
        ...

    def close(self) -> None:
        """Let go of the file."""
        ...


IGNORED = frozenset(
    {
        "__MACOSX",
        "__pycache__",
        "node_modules",
        "venv",
        ".DS_Store",
        ".git",
        ".idea",
        ".ipynb_checkpoints",
        ".mypy_cache",
        ".pytest_cache",
        ".ruff_cache",
        ".tox",
        ".venv",
        ".workbook",
    }
)
"""Files and folders that tools leave behind. They are counted and their names must be safe; else they do not matter."""

_PLAIN = re.compile(r"(?:[A-Za-z0-9_][A-Za-z0-9_.\-]{0,99}/){0,16}[A-Za-z0-9_][A-Za-z0-9_.\-]{0,99}/?")
_IGNORED = re.compile(f"(?:^|/)(?:{'|'.join(map(re.escape, sorted(IGNORED)))})(?:/|$)")
_DRIVE = re.compile(r"[A-Za-z]:")
_UNREADABLE = frozenset({"Cc", "Cs", "Zl", "Zp"})
_DIRECTIONS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def shown(text: str, most: int = 120) -> str:
    """A name as it may stand in a sentence: no control or direction characters, and not long."""
    signs = [
        sign.encode("unicode_escape").decode()
        if sign in _DIRECTIONS or unicodedata.category(sign) in _UNREADABLE
        else sign
        for sign in text[: most + 1]
    ]
    return "".join(signs[:most]) + ("…" if len(text) > most else "")


def is_ignored(name: str) -> bool:
    """Whether a path is, or lies in, what tools leave behind."""
    return _IGNORED.search(name) is not None


def safe_name(name: str, limits: Limits, *, backslashes: bool = False) -> str:
    r"""Check a path and bring it to one form: ``a/b/c``, without ``./`` and without a ``/`` at its end.

    Args:
        name: the path as the archive or the file system has it.
        limits: how long and deep it may be.
        backslashes: read ``\`` as ``/``.

    Returns:
        The path; empty for the upload's own root (``./``).

    Raises:
        InvalidUpload: it leads out of the upload, or no file should be called so.
    """
    if _PLAIN.fullmatch(name) and len(name) <= limits.name_bytes and name.count("/") < limits.depth:
        return name.rstrip("/")
    if any("\ud800" <= sign <= "\udfff" for sign in name):
        raise InvalidUpload(f"It holds a name that is not UTF-8 ({shown(name)}): rename that file.")
    if any(unicodedata.category(sign) in _UNREADABLE for sign in name):
        raise InvalidUpload(
            f"It holds a name with a line break or control character ({shown(name)}): rename that file."
        )
    if "\\" in name:
        if not backslashes:
            raise InvalidUpload(f"It holds a name with a backslash ({shown(name)}): rename that file.")
        name = name.replace("\\", "/")
    if name.startswith("/") or _DRIVE.match(name):
        raise InvalidUpload(f"It holds an absolute name ({shown(name)}): pack the folder itself, with relative names.")
    if len(name.encode()) > limits.name_bytes:
        raise InvalidUpload(f"It holds a name of more than {limits.name_bytes} bytes ({shown(name, 40)}): shorten it.")
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if ".." in parts:
        raise InvalidUpload(f"It holds a name that leads out of it ({shown(name)}): pack the folder itself.")
    if len(parts) > limits.depth:
        raise InvalidUpload(f"It holds folders more than {limits.depth} deep ({shown(name, 40)}): flatten them.")
    if any(len(part.encode()) > limits.part_bytes for part in parts):
        raise InvalidUpload(f"It holds a file name of more than {limits.part_bytes} bytes: shorten it.")
    return "/".join(parts)


def patterns(*names: str) -> re.Pattern[str]:
    """One pattern for file names written with ``*``, to be matched as a whole."""
    return re.compile("|".join(translate(name) for name in names))


class Names:
    """The names seen so far, to find those that cannot stand side by side on every file system."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[str, bool]] = {}

    def add(self, name: str, *, is_folder: bool) -> None:
        """Take in a name that has been checked.

        Raises:
            InvalidUpload: it is there already, differs only in case or in how accents are written, or is both a file
                and a folder.
        """
        self._put(name, is_folder)
        end = name.rfind("/")
        while end > 0 and not self._put(name[:end], is_folder=True):
            end = name.rfind("/", 0, end)

    def _put(self, name: str, is_folder: bool) -> bool:
        """Note one name. Returns whether it was known as a folder already, and so its parents too."""
        key = name.lower() if name.isascii() else unicodedata.normalize("NFC", name).casefold()
        known = self._known.get(key)
        if known is None:
            self._known[key] = (name, is_folder)
            return False
        other, was_folder = known
        if other != name:
            raise InvalidUpload(
                f"It holds two names that differ only in case or accents ({shown(other)} and {shown(name)}): "
                "rename one."
            )
        if is_folder != was_folder:
            raise InvalidUpload(f"It holds {shown(name)} both as a file and as a folder: pack it again.")
        if not is_folder:
            raise InvalidUpload(f"It holds {shown(name)} twice: pack it again.")
        return True


def listed(entries: Iterable[Entry], limits: Limits) -> tuple[Entry, ...]:
    """All entries of an upload, once their number and their names have been checked against each other.

    Raises:
        InvalidUpload: there are too many, or two cannot stand side by side.
    """
    names, found = Names(), list[Entry]()
    for entry in entries:
        if len(found) >= limits.entries:
            raise InvalidUpload(f"It holds more than {limits.entries:,} files: hand in only the lessons folder.")
        found.append(entry)
        if entry.name and not entry.ignored:
            names.add(entry.name, is_folder=entry.kind is Kind.FOLDER)
    return tuple(entry for entry in found if entry.name)
