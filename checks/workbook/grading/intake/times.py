"""When each learner handed in, as a school's system or a Git host saw it; a learner cannot set these times.

Two kinds of files are read:

- a CSV in UTF-8 with the columns ``id`` and ``time`` (ISO 8601), and for Git ``commit`` and ``by``: a row for each
  push. ``workbook collect`` writes one;
- **Moodle's offline grading worksheet**, whose column "Last modified (submission)" holds times as the site's language
  writes them, such as ``Dienstag, 1. Dezember 2026, 23:59``, in the time zone of whoever downloaded it. It is the first
  column with times (``mod/assign/gradingtable.php``), whatever its title.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import cache
from pathlib import Path
from typing import Any

from workbook.course.model import CourseError
from workbook.grading.gradebook import Learner
from workbook.grading.intake.entry import shown
from workbook.grading.intake.match import key_of
from workbook.grading.intake.roster import read_rows
from workbook.grading.intake.school_rosters import is_worksheet

_CLOCK = re.compile(r"\b(?P<hour>\d{1,2})[:.](?P<minute>\d{2})(?!\d)(?:\s*(?P<half>[AaPp])\.?[Mm]\b)?")
_YEAR = re.compile(r"\b(?P<year>20\d{2})\b")
_DAY = re.compile(r"(?<![\d:.])(?P<day>\d{1,2})(?![\d:])")
_BY_NUMBERS = re.compile(r"(20\d{2})\s*[年년]\s*(\d{1,2})\s*[月월]\s*(\d{1,2})\s*[日일]")
_WORD = re.compile(r"[^\W\d_]{3,}")


@dataclass(frozen=True)
class HandIn:
    """One time at which something came in."""

    when: datetime
    """With a time zone."""
    commit: str = ""
    """For Git, the commit that was pushed."""
    by: str = ""
    """For Git, who pushed it."""


class Times:
    """What is known, by learner."""

    def __init__(self, known: Mapping[str, list[HandIn]]) -> None:
        """Take in times by ``key_of`` an id, an e-mail address, or Moodle's ``Participant 12``."""
        self._known = {key: sorted(found, key=lambda each: each.when) for key, found in known.items()}

    def of(self, learner: Learner) -> list[HandIn]:
        """A learner's, the first one first; [] where nothing is known."""
        names = (learner.id, learner.email, learner.moodle.get("Identifier", ""))
        keys = [key_of(name) for name in names if name and key_of(name) in self._known]
        return self._known[keys[0]] if keys else []


def read_times(file: Path, zone: tzinfo) -> Times:
    """Read when learners handed in.

    Args:
        file: one of the two kinds.
        zone: of times that do not say theirs.

    Raises:
        CourseError: it cannot be read, or is of neither kind, or a time in it is none.
    """
    rows = read_rows(file, "list of times")
    if not rows:
        raise CourseError(f"{file.name} is empty: its first row names the columns id and time.")
    header = [cell.casefold() for cell in rows[0][1]]
    if {"id", "time"} <= set(header):
        return Times(_grouped(_from_csv(file, header, rows[1:], zone)))
    if is_worksheet(header, rows):
        return Times(_grouped(_from_worksheet(rows, zone)))
    raise CourseError(f"{file.name} does not say when work came in: it needs the columns id and time.")


def _grouped(pairs: Iterable[tuple[str, HandIn]]) -> dict[str, list[HandIn]]:
    found: dict[str, list[HandIn]] = {}
    for name, hand_in in pairs:
        found.setdefault(key_of(name), []).append(hand_in)
    return found


def _from_csv(
    file: Path, header: list[str], rows: list[tuple[int, list[str]]], zone: tzinfo
) -> Iterator[tuple[str, HandIn]]:
    for number, cells in rows:
        row = dict(zip(header, cells, strict=False))
        try:
            when = datetime.fromisoformat(row["time"])
        except (KeyError, ValueError):
            said = shown(row.get("time", ""), 60)
            raise CourseError(f"{file.name}, line {number}: {said!r} is no time like 2026-12-01T23:59.") from None
        when = when if when.tzinfo is not None else when.replace(tzinfo=zone)
        yield row["id"], HandIn(when, row.get("commit", ""), row.get("by", ""))


def _from_worksheet(rows: list[tuple[int, list[str]]], zone: tzinfo) -> Iterator[tuple[str, HandIn]]:
    people = [cells for _, cells in rows[1:]]
    for column in range(1, len(rows[0][1])):
        read = [(cells[0], read_moment(cells[column])) for cells in people if len(cells) > column]
        if any(moment is not None for _, moment in read):
            yield from ((who, HandIn(moment.replace(tzinfo=zone))) for who, moment in read if moment is not None)
            return


def read_moment(text: str) -> datetime | None:
    """A date and time as Moodle writes it in any language, without its zone; None where it is none.

    The same word names different months in different languages ("listopad" is October in Croatian and November in
    Polish), so the day of the week, which Moodle writes before it, has to be right in the same language.
    """
    clock, year, numbers = _CLOCK.search(text), _YEAR.search(text), _BY_NUMBERS.search(text)
    if clock is None:
        return None
    hour = int(clock["hour"])
    if clock["half"]:
        hour = hour % 12 + (12 if clock["half"] in "Pp" else 0)
    if numbers is not None:
        year_, month, day_ = map(int, numbers.groups())
        return _moment(year_, month, day_, hour, int(clock["minute"]))
    if year is None:
        return None
    rest = text[: clock.start()].replace(year[0], " ", 1)
    day = _DAY.search(rest)
    if day is None:
        return None
    words = [word.casefold() for word in _WORD.findall(rest)]
    without_day: datetime | None = None
    for months, days in _calendars():
        month = next((months[word] for word in words if word in months), 0)
        named = [days[word] for word in words if word in days]
        moment = _moment(int(year["year"]), month, int(day["day"]), hour, int(clock["minute"]))
        if moment is not None and moment.weekday() in named:
            return moment
        without_day = without_day or (None if named else moment)
    return without_day


def _moment(year: int, month: int, day: int, hour: int, minute: int) -> datetime | None:
    try:
        return datetime(year, month, day, hour, minute)  # noqa: DTZ001 - whose clock it was is not written there
    except ValueError:
        return None


@cache
def _calendars() -> list[tuple[dict[str, int], dict[str, int]]]:
    """The names of months and of days of the week in every language, English first."""
    from babel import Locale
    from babel.localedata import locale_identifiers

    found: list[tuple[dict[str, int], dict[str, int]]] = []
    for name in sorted(locale_identifiers(), key=lambda name: (name != "en", name)):
        if "_" in name:
            continue
        locale = Locale.parse(name)
        months, days = _names(locale.months), _names(locale.days)
        found.append((months, days))
    return found


def _names(forms: Any) -> dict[str, int]:
    """The words of a locale for months or days, with their numbers."""
    return {
        word.casefold(): number
        for form in ("stand-alone", "format")
        for width in ("abbreviated", "wide")
        for number, text in forms[form].get(width, {}).items()
        for word in _WORD.findall(text)
    }
