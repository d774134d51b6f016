"""What can go wrong with a service, as plain facts that cross the process border as JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import Any

from workbook.service.untrusted import json_object

_TEXT_LIMIT = 2_000
"""Characters kept of any text that comes from the learner's process."""


OURS = frozenset({"host_failed", "limit", "not_run", "out_of_time"})
"""Kinds that only the checks process may find."""


@dataclass(frozen=True)
class Place:
    """A line of the learner's code."""

    file: str
    """Relative to the lesson folder, with forward slashes."""
    line: int
    function: str = ""
    source: str = ""


@dataclass(frozen=True)
class Problem:
    """One fault of a service, its place in the learner's code, and what explains it.

    ``kind`` is one of: ``missing_file``, ``syntax_error``, ``indentation_error``, ``import_error``,
    ``circular_import``, ``missing_app``, ``wrong_app_type``, ``exception_at_import``, ``exit_at_import``,
    ``startup_exception``, ``startup_timeout``, ``request_timeout``, ``crash``, ``no_answer``, ``not_http``,
    ``response_too_large``, ``output_flood``, ``call_timeout``, ``host_failed``, ``out_of_time``,
    ``limit``.
    """

    kind: str
    exception: str = ""
    text: str = ""
    place: Place | None = None
    detail: dict[str, Any] = field(default_factory=dict[str, Any])

    def to_json(self) -> dict[str, Any]:
        """The problem as a JSON object."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: object) -> Problem:
        """Read a problem that another process sent. The data is not trusted: what does not fit is dropped."""
        facts = json_object(data)
        if not facts:
            return cls(kind="host_failed", text="the service process sent something unreadable")
        return cls(
            kind=_text(facts.get("kind")) or "host_failed",
            exception=_text(facts.get("exception")),
            text=_text(facts.get("text")),
            place=place_from_json(facts.get("place")),
            detail=json_object(facts.get("detail")),
        )


def place_from_json(data: object) -> Place | None:
    """Read a place that another process sent; None where it does not fit."""
    facts = json_object(data)
    line = facts.get("line")
    if not isinstance(line, int) or not all(isinstance(facts.get(name, ""), str) for name in _PLACE_TEXTS):
        return None
    return Place(line=line, **{name: _text(facts.get(name)) for name in _PLACE_TEXTS})


_PLACE_TEXTS = tuple(entry.name for entry in fields(Place) if entry.name != "line")


def _text(value: object) -> str:
    return value[:_TEXT_LIMIT] if isinstance(value, str) else ""


class ServiceProblem(Exception):
    """The service could not do what a check asked of it; ``problem`` says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(f"{problem.kind}: {problem.exception} {problem.text}".strip())
        self.problem = problem


class StartFailed(ServiceProblem):
    """The service did not start."""


class RequestFailed(ServiceProblem):
    """A request got no usable answer: the service crashed, hung, or did not speak HTTP."""


class CallFailed(Exception):
    """A function called inside the service raised.

    Attributes:
        exception: the exception's class name, such as ``"ValidationError"``.
        text: its message.
        place: the learner's line it came from, if it passed through one.
    """

    def __init__(self, ref: str, exception: str, text: str, place: Place | None) -> None:
        super().__init__(f"{ref} raised {exception}: {text}")
        self.ref = ref
        self.exception = exception
        self.text = text
        self.place = place
