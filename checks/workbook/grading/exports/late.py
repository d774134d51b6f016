"""What is taken off for being late, and the words in which an instructor says it.

The command line gives two texts. ``--due`` is a date, or a date and time, in ISO 8601::

    2026-12-01                       the end of that day, in the zone of this machine
    2026-12-01T23:59                 in the zone of this machine
    2026-12-01T23:59+01:00           in the zone that is given; Z is UTC
    2026-12-01T23:59 Europe/Berlin   in the zone of that name

``--late`` is a list of parts, in any order, each at most once, with commas between::

    10%/day      how much of the earned points each day takes off that was begun (also: 10% per day)
    grace 30m    so long after the due date still counts as in time: minutes (m), hours (h) or days (d)
    max 50%      never more than that is taken off
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from workbook.course.model import CourseError
from workbook.grading.gradebook import Lateness

_DAY = timedelta(days=1)
_NUMBER = r"(?P<number>\d{1,6}(?:\.\d{1,6})?)"
_PER_DAY = re.compile(rf"{_NUMBER}\s*%\s*(?:/\s*|per\s+)day", re.IGNORECASE)
_GRACE = re.compile(rf"grace\s+{_NUMBER}\s*(?P<unit>[mhd])", re.IGNORECASE)
_MAX = re.compile(rf"max\s+{_NUMBER}\s*%", re.IGNORECASE)
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": _DAY}
_EXAMPLE = '"10%/day, grace 30m, max 50%"'


@dataclass(frozen=True)
class LatePolicy:
    """When work is due, and what each day after that costs."""

    due: datetime
    """With a time zone."""
    grace: timedelta = timedelta(0)
    """How long after the due date still counts as in time."""
    percent_per_day: float = 0.0
    """What each day takes off that was begun, in percent of the earned points."""
    cap_percent: float = 100.0
    """The most that is taken off."""

    def deadline(self, extension_days: float = 0.0) -> datetime:
        """The last moment that still counts as in time, in UTC.

        An extension moves the due date in its own time zone: three days more end at the same time of the day, also
        where the clocks were changed in between.
        """
        return (self.due + timedelta(days=extension_days)).astimezone(UTC) + self.grace

    def lateness(self, handed_in_at: datetime | None, extension_days: float = 0.0) -> Lateness:
        """How late work is, and what that costs.

        Days are counted from the deadline, grace included. A day is 24 hours, and one that was begun counts whole.

        Args:
            handed_in_at: when it came in, with a time zone; None, for work that did not, is never late.
            extension_days: by how much this learner's due date is later.
        """
        late = handed_in_at.astimezone(UTC) - self.deadline(extension_days) if handed_in_at else timedelta(0)
        if late <= timedelta(0):
            return Lateness(0.0, 0.0)
        begun = -(-late // _DAY)
        return Lateness(late / _DAY, round(min(self.cap_percent, begun * self.percent_per_day), 4))

    def sentence(self) -> str:
        """The policy as people read it."""
        when = f"{self.due.day} {self.due:%B %Y %H:%M} {_zone_words(self.due)}"
        grace = f" {_duration(self.grace)} later still counts as in time;" if self.grace else ""
        if not self.percent_per_day or not self.cap_percent:
            return f"Due {when};{grace} nothing is taken off for being late."
        most = "" if self.cap_percent >= 100 else f", at most {self.cap_percent:g} %"
        each = f"{self.percent_per_day:g} % of the points are taken off for each day begun{most}"
        return f"Due {when};{grace} {each}."


def read_policy(due: str | None, late: str | None) -> LatePolicy | None:
    """The policy that the command line's ``--due`` and ``--late`` describe.

    Returns:
        None where neither is given. With ``due`` alone it is noted who is late, and nothing is taken off.

    Raises:
        CourseError: a text has another form than this module describes, or ``late`` stands without ``due``.
    """
    if due is None:
        if late is not None:
            raise CourseError("--late says what a day costs, not when work is due: add --due, like --due 2026-12-01.")
        return None
    grace, per_day, cap = _read_late(late) if late is not None else (timedelta(0), 0.0, 100.0)
    return LatePolicy(read_due(due), grace, per_day, cap)


def read_due(text: str) -> datetime:
    """The moment that ``--due`` names, with a time zone.

    Raises:
        CourseError: it is no date and time, or names an unknown time zone.
    """
    words = text.strip().split(" ")
    zone_name = words.pop() if len(words) > 1 and not words[-1][:1].isdigit() else ""
    stamp = " ".join(words)
    try:
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", stamp):
            found = datetime.combine(date.fromisoformat(stamp), time.max)
        else:
            found = datetime.fromisoformat(stamp)
    except ValueError:
        raise CourseError(
            f"--due {text!r} is no date and time: write it like 2026-12-01T23:59 or 2026-12-01T23:59+01:00."
        ) from None
    if zone_name and found.tzinfo is not None:
        raise CourseError(f"--due {text!r} names two time zones: leave one of them out.")
    if found.tzinfo is not None:
        return found
    return found.replace(tzinfo=_zone(zone_name) if zone_name else LocalZone())


class LocalZone(tzinfo):
    """The time zone of this machine, with its changes of the clock."""

    def __repr__(self) -> str:
        # the same in every process: what a run depends on is compared by it
        return "LocalZone()"

    def utcoffset(self, dt: datetime | None) -> timedelta | None:
        """What local time is ahead of UTC by, at a local time."""
        return None if dt is None else dt.replace(tzinfo=None).astimezone().utcoffset()

    def dst(self, dt: datetime | None) -> timedelta | None:
        """Not known: only the whole offset is."""
        return None

    def tzname(self, dt: datetime | None) -> str | None:
        """What the zone is called at a local time."""
        return None if dt is None else dt.replace(tzinfo=None).astimezone().tzname()

    def fromutc(self, dt: datetime) -> datetime:
        """From UTC to local time."""
        return dt.replace(tzinfo=UTC).astimezone().replace(tzinfo=self)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise CourseError(
            f"There is no time zone {name!r}: write one like Europe/Berlin, or an offset like +01:00."
        ) from None


def _read_late(text: str) -> tuple[timedelta, float, float]:
    """Grace, percent per day and cap."""
    found: dict[str, re.Match[str]] = {}
    for part in (piece.strip() for piece in text.split(",")):
        kinds = {"day": _PER_DAY, "grace": _GRACE, "max": _MAX}
        kind, match = next(((name, hit) for name, form in kinds.items() if (hit := form.fullmatch(part))), ("", None))
        if match is None:
            raise CourseError(f"--late has a part {part!r} that says nothing: write it like {_EXAMPLE}.")
        if kind in found:
            raise CourseError(f"--late says {found[kind][0]!r} and {part!r}: leave one of them out.")
        found[kind] = match
    if "day" not in found:
        raise CourseError(f"--late does not say what a day costs: write it like {_EXAMPLE}.")
    for kind in found.keys() & {"day", "max"}:
        if float(found[kind]["number"]) > 100:
            raise CourseError(f"--late takes off more than there is, {found[kind][0]!r}: write 100% or less.")
    grace = found.get("grace")
    return (
        float(grace["number"]) * _UNITS[grace["unit"].lower()] if grace else timedelta(0),
        float(found["day"]["number"]),
        float(found["max"]["number"]) if "max" in found else 100.0,
    )


def _zone_words(moment: datetime) -> str:
    offset = moment.utcoffset() or timedelta(0)
    if not offset:
        return "UTC"
    minutes = round(abs(offset) / timedelta(minutes=1))
    return f"UTC{'-' if offset < timedelta(0) else '+'}{minutes // 60:02d}:{minutes % 60:02d}"


def _duration(length: timedelta) -> str:
    for unit, word in ((_DAY, "day"), (_UNITS["h"], "hour")):
        if length % unit == timedelta(0):
            count = length // unit
            return f"{count} {word}{'' if count == 1 else 's'}"
    return f"{length / _UNITS['m']:g} minutes"
