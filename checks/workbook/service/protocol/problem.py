"""What can go wrong with a service, as plain facts that cross the process border as JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from typing import Any, Self

from workbook.course.results import Verdict
from workbook.service.protocol.untrusted import json_count, json_list, json_object, json_text

INJECTED_CRASH = "the power went off between two statements"
"""The text of an exception that a check has made the service raise."""
_LISTED = 5
_LAST_LINE = 10_000_000
_OMISSIONS = 50


class ProblemKind(StrEnum):
    """What can go wrong with a service, the verdict that follows from it, and who may tell it."""

    verdict: Verdict
    """The verdict of the check that meets it."""
    told: bool
    """Whether the service itself may tell it, before it is ready; all others only the checks process finds."""

    def __new__(cls, value: str, verdict: Verdict, told: bool = False) -> Self:
        """A kind with what is known of it."""
        kind = str.__new__(cls, value)
        kind._value_ = value
        kind.verdict, kind.told = verdict, told
        return kind

    @property
    def prevents_start(self) -> bool:
        """Whether it keeps the service from starting, whatever the check wanted."""
        return self.told or self in (ProblemKind.HOST_FAILED, ProblemKind.STARTUP_TIMEOUT)

    MISSING_FILE = "missing_file", Verdict.CRASHED, True
    SYNTAX_ERROR = "syntax_error", Verdict.CRASHED, True
    INDENTATION_ERROR = "indentation_error", Verdict.CRASHED, True
    IMPORT_ERROR = "import_error", Verdict.CRASHED, True
    CIRCULAR_IMPORT = "circular_import", Verdict.CRASHED, True
    MISSING_APP = "missing_app", Verdict.CRASHED, True
    WRONG_APP_TYPE = "wrong_app_type", Verdict.CRASHED, True
    SETTINGS_ERROR = "settings_error", Verdict.CRASHED, True
    EXCEPTION_AT_IMPORT = "exception_at_import", Verdict.CRASHED, True
    EXIT_AT_IMPORT = "exit_at_import", Verdict.CRASHED, True
    STARTUP_EXCEPTION = "startup_exception", Verdict.CRASHED, True
    CRASH = "crash", Verdict.CRASHED
    OUTPUT_FLOOD = "output_flood", Verdict.CRASHED
    LIMIT = "limit", Verdict.CRASHED
    NO_ANSWER = "no_answer", Verdict.FAILED
    NOT_HTTP = "not_http", Verdict.FAILED
    RESPONSE_TOO_LARGE = "response_too_large", Verdict.FAILED
    UNASKED = "unasked", Verdict.FAILED
    STARTUP_TIMEOUT = "startup_timeout", Verdict.TIMED_OUT
    REQUEST_TIMEOUT = "request_timeout", Verdict.TIMED_OUT
    CALL_TIMEOUT = "call_timeout", Verdict.TIMED_OUT
    NOT_RUN = "not_run", Verdict.TIMED_OUT
    OUT_OF_TIME = "out_of_time", Verdict.TIMED_OUT
    HOST_FAILED = "host_failed", Verdict.CHECK_ERROR


@dataclass(frozen=True)
class Place:
    """A line of the learner's code."""

    file: str
    """Relative to the lesson folder, with forward slashes."""
    line: int
    function: str = ""
    source: str = ""


@dataclass(frozen=True)
class Omission:
    """A function of the learner's that lacks something: the value it owes, its decorator, its ``yield``."""

    function: str
    how: str
    """``nothing``, ``prints``, ``half_decorated`` and so on, as ``find_omissions`` explains."""
    place: Place


@dataclass(frozen=True)
class Problem:
    """One fault of a service, its place in the learner's code, and what explains it."""

    kind: ProblemKind
    exception: str = ""
    text: str = ""
    place: Place | None = None
    detail: dict[str, Any] = field(default_factory=dict[str, Any])

    def to_json(self) -> dict[str, Any]:
        """The problem as a JSON object."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: object) -> Problem:
        """Read the problem that a service told. It may say anything, and what does not fit is dropped.

        A problem of a kind that a service cannot know is a ``crash``: it has ended, and has not said why.
        """
        facts = json_object(data)
        kind = _TOLD.get(json_text(facts.get("kind")))
        if kind is None:
            return cls(ProblemKind.CRASH, text=json_text(facts.get("text")))
        return cls(
            kind=kind,
            exception=json_text(facts.get("exception")),
            text=json_text(facts.get("text")),
            place=place_from_json(facts.get("place")),
            detail=_detail_from_json(json_object(facts.get("detail"))),
        )


_TOLD = {str(kind): kind for kind in ProblemKind if kind.told}


def _detail_from_json(facts: dict[str, Any]) -> dict[str, Any]:
    """What a service can know about a problem, each fact in its own type or not at all."""
    found: dict[str, Any] = {name: json_text(facts.get(name)) for name in _DETAIL_TEXTS}
    found |= {name: [json_text(entry) for entry in json_list(facts.get(name))[:_LISTED]] for name in _DETAIL_LISTS}
    found |= {name: facts.get(name) is True for name in ("own", "reads")}
    place = place_from_json(facts.get("place"))
    found["place"] = asdict(place) if place else None
    found["omissions"] = [asdict(entry) for entry in omissions_from_json(facts.get("omissions"))]
    return {name: value for name, value in found.items() if value}


_DETAIL_TEXTS = ("file", "attribute", "found", "module", "name", "class", "prefix")
_DETAIL_LISTS = ("have", "similar", "meant", "set", "unset")


def place_from_json(data: object) -> Place | None:
    """Read a place that another process sent; None where it does not fit."""
    facts = json_object(data)
    line = json_count(facts.get("line"))
    if line is None or line > _LAST_LINE or not all(isinstance(facts.get(name, ""), str) for name in _PLACE_TEXTS):
        return None
    return Place(line=line, **{name: json_text(facts.get(name)) for name in _PLACE_TEXTS})


def omissions_from_json(data: object) -> list[Omission]:
    """Read omissions that another process sent; those that do not fit are dropped."""
    found: list[Omission] = []
    for entry in map(json_object, json_list(data)[:_OMISSIONS]):
        place = place_from_json(entry.get("place"))
        if place is not None:
            found.append(Omission(json_text(entry.get("function")), json_text(entry.get("how")), place))
    return found


_PLACE_TEXTS = tuple(entry.name for entry in fields(Place) if entry.name != "line")


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
