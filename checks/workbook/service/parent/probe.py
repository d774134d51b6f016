"""What a service reports about its inside, read from data that may be anything."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from workbook.service.protocol.problem import Place, Problem, ProblemKind, RequestFailed, place_from_json
from workbook.service.protocol.untrusted import json_count, json_list, json_number, json_object, json_text

_ENTRIES = 2_000
"""Entries of each kind that a probe reports at most."""
_VALIDATION_ERRORS = 5


@dataclass(frozen=True)
class RequestReport:
    """What the inside of the service says about one request."""

    number: int
    method: str
    path: str
    status: int | None
    statements: list[str]
    endpoint: Place | None
    exception: dict[str, Any] | None
    refusals: list[str] = field(default_factory=list[str])
    """What the database said to statements that it did not take."""


@dataclass
class Probe:
    """What the service reported about a ``with service.probe():`` block; filled when the block ends."""

    statements: list[str] = field(default_factory=list[str])
    """Every SQL statement, in order."""
    requests: list[RequestReport] = field(default_factory=list[RequestReport])
    warnings: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    exceptions: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    """Exceptions that nothing in the app handled."""
    checked_out: int = 0
    """Database connections that are out of the pool now."""
    max_checked_out: int = 0
    connections_opened: int = 0
    """Database connections that were opened, and not taken from the pool."""
    connections_lost: int = 0
    """Database connections that were still out when the app was done with the request that had borrowed them."""
    loop_gap: float = 0.0
    """Seconds: the longest time in which the event loop ran nothing else."""
    peak_memory: int = 0
    """Bytes by which the peak of resident memory grew."""


def unreadable(why: str) -> RequestFailed:
    """A service that does not say what it was asked."""
    return RequestFailed(Problem(ProblemKind.NO_ANSWER, text=why))


def fill(probe: Probe, data: object) -> None:
    """Copy what the service reported, as far as it has the right form.

    Raises:
        RequestFailed: a number that checks decide by is missing or is none.
    """
    facts = json_object(data)
    checked_out, most = json_count(facts.get("checked_out")), json_count(facts.get("max_checked_out"))
    opened, lost = json_count(facts.get("opened")), json_count(facts.get("lost"))
    gap, peak = json_number(facts.get("loop_gap")), json_count(facts.get("peak_memory"))
    if checked_out is None or most is None or opened is None or lost is None or gap is None or peak is None:
        raise unreadable("the service's probe is unreadable")
    probe.checked_out, probe.max_checked_out = checked_out, most
    probe.connections_opened, probe.connections_lost = opened, lost
    probe.loop_gap, probe.peak_memory = gap, peak
    probe.statements = _texts(facts.get("statements"))
    probe.warnings = [_facts_of(entry) for entry in _entries(facts.get("warnings"))]
    probe.exceptions = [_facts_of(entry) for entry in _entries(facts.get("exceptions"))]
    probe.requests = [
        RequestReport(
            number=json_count(entry.get("number")) or 0,
            method=json_text(entry.get("method")),
            path=json_text(entry.get("path")),
            status=json_count(entry.get("status")),
            statements=_texts(entry.get("statements")),
            endpoint=place_from_json(entry.get("endpoint")),
            exception=_facts_of(entry["exception"]) if json_object(entry.get("exception")) else None,
            refusals=_texts(entry.get("refusals")),
        )
        for entry in map(json_object, _entries(facts.get("requests")))
    ]


def _entries(data: object) -> list[Any]:
    return json_list(data)[:_ENTRIES]


def _texts(data: object) -> list[str]:
    return [json_text(entry) for entry in _entries(data)]


def _facts_of(data: object) -> dict[str, Any]:
    """A warning or an exception: its texts, its place, and what a validation had to say."""
    facts = json_object(data)
    found: dict[str, Any] = {name: json_text(value) for name, value in facts.items() if isinstance(value, str)}
    found["none_inside"] = facts.get("none_inside") is True
    found["refused"] = facts.get("refused") is True
    if place := place_from_json(facts.get("place")):
        found["place"] = asdict(place)
    if errors := [json_object(error) for error in json_list(facts.get("errors"))[:_VALIDATION_ERRORS]]:
        found["errors"] = [
            {"loc": [json_text(part) for part in json_list(error.get("loc"))[:10]], "msg": json_text(error.get("msg"))}
            for error in errors
        ]
    return found
