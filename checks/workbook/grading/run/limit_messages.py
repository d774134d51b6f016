"""Which limit of the grader stopped a program, in the message that its learner reads: at home there is none."""

from __future__ import annotations

from typing import Any

from workbook.grading.sandbox.limits import MEGABYTE, SandboxLimits

_REFUSED = "the grader does not let a service"
_PLACES = "change files outside of its own lesson folder, its home folder, /tmp and /var/tmp"
_FEWER_PLACES = "change files outside of its home folder, which is TMPDIR too"


def name_limits(report: dict[str, Any], limits: SandboxLimits, *, reduced: bool = False) -> dict[str, Any]:
    """Add a row to each message that an exception of a known kind stands in.

    Args:
        report: of a run in the sandbox, as JSON; it is changed.
        limits: of that run.
        reduced: whether it was the reduced sandbox.
    """
    known = _known(limits, _FEWER_PLACES if reduced else _PLACES)
    for lesson in report["lessons"]:
        for message in (check["message"] for exercise in lesson["exercises"] for check in exercise["checks"]):
            rows: list[list[str]] = message["rows"] if message else []
            found = next((words for sign, words in known if any(sign in text for _, text in rows)), None)
            if found is not None:
                # behind what happened, before where to look
                place = next((number for number, row in enumerate(rows) if row[0] == "Look at"), len(rows))
                rows.insert(place, ["The limit", found])
    return report


def _known(limits: SandboxLimits, places: str) -> tuple[tuple[str, str], ...]:
    """What stands in an exception, and what it means in the sandbox."""
    tasks = f"an app may have {limits.tasks} processes and threads"
    network = f"{_REFUSED} reach any network: what it needs from outside, the checks serve on localhost"
    return (
        ("MemoryError", f"an app may use {limits.memory // MEGABYTE} MB of memory"),
        ("can't start new thread", tasks),
        ("[Errno 11]", tasks),
        ("[Errno 24]", f"an app may have {limits.files} files and connections open at a time"),
        ("[Errno 27]", f"an app may write {limits.file_size // MEGABYTE} MB into one file"),
        ("[Errno 28]", f"an app may keep {limits.scratch // MEGABYTE} MB in {limits.scratch_files} files"),
        ("database or disk is full", f"an app may keep {limits.scratch // MEGABYTE} MB in files"),
        ("[Errno 30]", f"{_REFUSED} {places}"),
        ("[Errno 13]", f"{_REFUSED} {places}"),
        ("[Errno 1] ", f"{_REFUSED} change its user, its rights or this machine, nor make memory without a file"),
        ("[Errno 97]", f"{_REFUSED} open sockets of this family: TCP, UDP and Unix sockets are there"),
        ("[Errno 101]", network),
        ("[Errno -2]", network),
        ("[Errno -3]", network),
    )
