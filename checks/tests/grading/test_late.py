"""The late policy: when work is late, what that costs, and how instructors write it down."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from workbook.course.model import CourseError
from workbook.grading.exports.late import LatePolicy, read_due, read_policy
from workbook.grading.gradebook import Lateness

DUE = datetime(2026, 12, 1, 23, 59, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture
def in_berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine whose clock is set to Berlin."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def policy(**settings: object) -> LatePolicy:
    defaults: dict[str, object] = {"grace": timedelta(minutes=30), "percent_per_day": 10.0, "cap_percent": 50.0}
    return LatePolicy(DUE, **{**defaults, **settings})  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("after", "percent"),
    [
        (timedelta(days=-400), 0),
        (timedelta(0), 0),
        (timedelta(minutes=30), 0),
        (timedelta(minutes=30, microseconds=1), 10),
        (timedelta(days=1, minutes=30), 10),
        (timedelta(days=1, minutes=30, seconds=1), 20),
        (timedelta(days=4, hours=12), 50),
        (timedelta(days=300), 50),
    ],
)
def test_a_day_that_was_begun_counts_whole_up_to_the_cap(after: timedelta, percent: float) -> None:
    assert policy().lateness(DUE + after).percent == percent


def test_days_are_counted_from_the_end_of_grace() -> None:
    assert policy().lateness(DUE + timedelta(days=1, hours=12, minutes=30)) == Lateness(1.5, 20.0)
    assert policy().lateness(DUE + timedelta(minutes=29)) == Lateness(0.0, 0.0)


def test_without_a_time_nothing_is_late() -> None:
    assert policy().lateness(None) == Lateness(0.0, 0.0)


def test_an_extension_moves_the_due_date() -> None:
    handed_in = DUE + timedelta(days=2, minutes=31)
    assert policy().lateness(handed_in, 2.0).percent == 10
    assert policy().lateness(handed_in, 2.5).percent == 0
    assert policy().lateness(handed_in, 3.0).days == 0


def test_zones_are_compared_by_the_moment() -> None:
    tokyo = timezone(timedelta(hours=9))
    local = LatePolicy(datetime(2026, 12, 1, 23, 59, tzinfo=BERLIN), percent_per_day=5)
    assert local.lateness(datetime(2026, 12, 2, 7, 59, tzinfo=tokyo)).percent == 0
    assert local.lateness(datetime(2026, 12, 2, 8, 0, tzinfo=tokyo)).percent == 5


@pytest.mark.usefixtures("in_berlin")
@pytest.mark.parametrize("text", ["2026-10-24T12:00 Europe/Berlin", "2026-10-24T12:00"])
def test_an_extension_over_a_change_of_the_clock_ends_at_the_same_time_of_the_day(text: str) -> None:
    """On 25 October 2026 Berlin's day has 25 hours."""
    found = LatePolicy(read_due(text), percent_per_day=10)
    assert found.deadline() == datetime(2026, 10, 24, 10, 0, tzinfo=UTC)
    assert found.deadline(1) == datetime(2026, 10, 25, 11, 0, tzinfo=UTC)


def test_a_late_day_has_24_hours_over_a_change_of_the_clock() -> None:
    found = LatePolicy(datetime(2026, 10, 24, 12, 0, tzinfo=BERLIN), percent_per_day=10)
    assert found.lateness(datetime(2026, 10, 25, 11, 0, tzinfo=BERLIN)).percent == 10
    assert found.lateness(datetime(2026, 10, 25, 11, 0, 1, tzinfo=BERLIN)).percent == 20
    twice = datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN)
    at_night = LatePolicy(twice, percent_per_day=10)
    assert at_night.lateness(twice.replace(fold=1)) == Lateness(1 / 24, 10.0)


@pytest.mark.usefixtures("in_berlin")
@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-12-01T23:59", datetime(2026, 12, 1, 22, 59, tzinfo=UTC)),
        ("2026-07-01 23:59", datetime(2026, 7, 1, 21, 59, tzinfo=UTC)),
        ("2026-12-01", datetime(2026, 12, 1, 22, 59, 59, 999999, tzinfo=UTC)),
        ("2026-12-01T23:59Z", DUE),
        ("2026-12-01T23:59+05:30", datetime(2026, 12, 1, 18, 29, tzinfo=UTC)),
        ("2026-12-01T23:59 Asia/Tokyo", datetime(2026, 12, 1, 14, 59, tzinfo=UTC)),
        ("2026-12-01 Asia/Tokyo", datetime(2026, 12, 1, 14, 59, 59, 999999, tzinfo=UTC)),
    ],
)
def test_due_is_read_in_the_local_zone_unless_one_is_given(text: str, moment: datetime) -> None:
    assert read_due(text).astimezone(UTC) == moment


@pytest.mark.usefixtures("in_berlin")
def test_the_local_zone_turns_both_ways() -> None:
    zone = read_due("2026-12-01T23:59").tzinfo
    assert datetime(2026, 7, 1, 12, 0, tzinfo=UTC).astimezone(zone).isoformat() == "2026-07-01T14:00:00+02:00"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10%/day, grace 30m, max 50%", (timedelta(minutes=30), 10.0, 50.0)),
        ("max 40 %, GRACE 2 h, 2.5% per day", (timedelta(hours=2), 2.5, 40.0)),
        ("100%/day", (timedelta(0), 100.0, 100.0)),
        ("0%/day, grace 1.5d", (timedelta(hours=36), 0.0, 100.0)),
    ],
)
def test_late_is_read_in_any_order(text: str, expected: tuple[timedelta, float, float]) -> None:
    found = read_policy("2026-12-01T23:59Z", text)
    assert found is not None
    assert (found.grace, found.percent_per_day, found.cap_percent) == expected


@pytest.mark.parametrize(
    ("due", "late", "sentence"),
    [
        ("tomorrow", None, "is no date and time: write it like"),
        ("2026-13-01", None, "is no date and time: write it like"),
        ("", None, "is no date and time: write it like"),
        ("2026-12-01T23:59 Middle/Earth", None, "There is no time zone 'Middle/Earth': write one like"),
        ("2026-12-01T23:59 ../../etc/passwd", None, "There is no time zone"),
        ("2026-12-01T23:59Z Europe/Berlin", None, "names two time zones: leave one of them out."),
        (None, "10%/day", "add --due"),
        ("2026-12-01", "", "a part '' that says nothing: write it like"),
        ("2026-12-01", "10%", "a part '10%' that says nothing: write it like"),
        ("2026-12-01", "ten%/day", "says nothing: write it like"),
        ("2026-12-01", "-5%/day", "says nothing: write it like"),
        ("2026-12-01", "10%/day, grace 30", "'grace 30' that says nothing: write it like"),
        ("2026-12-01", "grace 30m, max 50%", "does not say what a day costs: write it like"),
        ("2026-12-01", "10%/day, 20%/day", "says '10%/day' and '20%/day': leave one of them out."),
        ("2026-12-01", "110%/day", "takes off more than there is, '110%/day': write 100% or less."),
        ("2026-12-01", "10%/day, max 101%", "takes off more than there is, 'max 101%': write 100% or less."),
    ],
)
def test_each_mistake_has_a_sentence_that_says_what_to_do(due: str | None, late: str | None, sentence: str) -> None:
    with pytest.raises(CourseError) as refused:
        read_policy(due, late)
    assert sentence in str(refused.value)


def test_no_due_date_is_no_policy() -> None:
    assert read_policy(None, None) is None


def test_the_policy_is_said_in_one_sentence() -> None:
    found = read_policy("2026-12-01T23:59+01:00", "10%/day, grace 30m, max 50%")
    assert found is not None
    assert found.sentence() == (
        "Due 1 December 2026 23:59 UTC+01:00; 30 minutes later still counts as in time; "
        "10 % of the points are taken off for each day begun, at most 50 %."
    )
    alone = read_policy("2026-12-01T23:59Z", None)
    assert alone is not None
    assert alone.sentence() == "Due 1 December 2026 23:59 UTC; nothing is taken off for being late."
    assert alone.lateness(DUE + timedelta(days=2)) == Lateness(2.0, 0.0)


def test_a_policy_reads_the_same_in_every_process() -> None:
    """A run is compared with the last one by it, so no address in memory may be in it."""
    assert " at 0x" not in repr(read_policy("2026-12-01", "10%/day"))
