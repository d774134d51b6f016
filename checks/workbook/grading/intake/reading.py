"""Read one upload: the files of the lessons in it, within limits, and what is to be noted about it."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from pathlib import Path

from workbook.grading.intake.archive import open_upload
from workbook.grading.intake.entry import InvalidUpload, Upload, shown
from workbook.grading.intake.limits import Limits
from workbook.grading.intake.locate import locate
from workbook.grading.intake.match import CANVAS_LATE
from workbook.grading.intake.ours import MAX_BYTES, Ours
from workbook.grading.intake.sources import Source
from workbook.grading.intake.submission import Files, Submission

_CLOCKS_DIFFER = 300.0
"""Seconds by which a learner's clock may be ahead of ours before it is worth a word."""
_EARLIEST = datetime(1981, 1, 1, tzinfo=UTC).timestamp()
"""Zips without a time say 1980."""


def read_submission(source: Source, learner_id: str, ours: Ours, wanted: Collection[int], limits: Limits) -> Submission:
    """Read one upload, completely and within limits; one that is not valid says why in ``problem``."""
    name = shown(source.path.name)
    try:
        return _read(source.path, Submission(learner_id, name), ours, wanted, limits)
    except InvalidUpload as fault:
        return Submission(learner_id, name, problem=str(fault))
    except Exception as fault:  # whatever a reader of archives stumbles over must not stop the class
        note = f"The upload could not be read: {type(fault).__name__}."
        return Submission(learner_id, name, notes=(note,), problem="It cannot be read: pack it again, as a zip.")


def _read(path: Path, empty: Submission, ours: Ours, wanted: Collection[int], limits: Limits) -> Submission:
    upload = open_upload(path, limits)
    try:
        return read_upload(upload, empty, ours, wanted, limits)
    finally:
        upload.close()


def read_upload(upload: Upload, empty: Submission, ours: Ours, wanted: Collection[int], limits: Limits) -> Submission:
    """Read an open upload.

    Args:
        upload: it stays open.
        empty: says whose it is, and what it is called.
        ours: what it is compared with.
        wanted: the lessons to take.
        limits: what it may hold.

    Raises:
        InvalidUpload: it holds no lesson, or is not safe to read.
    """
    located = locate(upload.entries, wanted, limits)
    places = {entry.name: (number, name) for number, files in located.lessons.items() for name, entry in files.items()}
    taken = [entry for files in located.lessons.values() for entry in files.values()]
    lessons: dict[int, dict[str, bytes]] = {number: {} for number in located.lessons}
    comparison = ours.compare(upload.entries, located)
    # in one go: a tar is unpacked from its beginning each time
    for entry, content in upload.read([*taken, *comparison.wanted], max(limits.file_bytes, MAX_BYTES)):
        if place := places.get(entry.name):
            number, name = place
            lessons[number][name] = content
        else:
            comparison.check(entry, content)
    times = {number: [upload.modified(entry) for entry in files.values()] for number, files in located.lessons.items()}
    every = [when for each in times.values() for when in each]
    ordered: dict[int, Files] = {number: dict(sorted(files.items())) for number, files in lessons.items()}
    return Submission(
        empty.id,
        empty.source,
        ordered,
        notes=(*located.notes, *comparison.notes, *_about_times(every), *_about_name(empty.source)),
        problems=located.problems,
        handed_in_at=_newest(every),
        lessons_at={number: newest for number, each in times.items() if (newest := _newest(each)) is not None},
    )


def _about_times(times: Iterable[float | None]) -> list[str]:
    """What an instructor should know of times that cannot be."""
    ahead = max((when for when in times if when is not None and when > time.time() + _CLOCKS_DIFFER), default=None)
    if ahead is None:
        return []
    try:
        day = f" ({datetime.fromtimestamp(ahead, tz=UTC):%Y-%m-%d})"
    except (OverflowError, OSError, ValueError):
        day = ""
    return [f"A file in it has a time in the future{day}, which says nothing about when it was handed in."]


def _about_name(name: str) -> list[str]:
    """What Canvas has put into an upload's name."""
    return ["Canvas has marked this upload as late."] if CANVAS_LATE.fullmatch(name) else []


def _newest(times: Iterable[float | None]) -> datetime | None:
    """When the newest of the files was changed, in the local zone.

    It is what the upload says, and a learner can set it. Times before 1981 and in the future are no times.
    """
    now = time.time()
    newest = max((when for when in times if when is not None and _EARLIEST <= when <= now), default=None)
    return None if newest is None else datetime.fromtimestamp(newest, tz=UTC).astimezone()
