"""From evidence to the message a learner reads."""

from __future__ import annotations

import json

from workbook.feedback.compare import explain, show
from workbook.feedback.diagnosis import diagnose
from workbook.feedback.evidence import Evidence
from workbook.feedback.message import Message
from workbook.feedback.starting import problem_rows, without_path
from workbook.service.client import Exchange
from workbook.service.problem import Place

_BODY_LIMIT = 240
"""Characters of a body that are shown."""

_CROWDING = 160
"""Characters from which a difference is left out where the check names the cause itself."""

STARTING = frozenset(
    {
        "missing_file",
        "syntax_error",
        "indentation_error",
        "import_error",
        "circular_import",
        "missing_app",
        "wrong_app_type",
        "exception_at_import",
        "exit_at_import",
        "startup_exception",
        "startup_timeout",
        "host_failed",
    }
)
"""Kinds of problem that keep the service from starting, whatever the check wanted."""


def write_message(evidence: Evidence) -> Message:
    """Choose what to say: what was sent, what came back, what was expected, why, and where to look."""
    rows: list[tuple[str, str]] = []
    place: Place | None = None
    kind = "failed"
    problem = evidence.problem
    if problem is not None and problem.kind in STARTING:
        rows += problem_rows(problem, evidence)
        place, kind = problem.place, problem.kind
    else:
        rows += _exchange_rows(evidence)
        if problem is not None:
            rows += problem_rows(problem, evidence)
            place, kind = problem.place, problem.kind
            rows += _after_expected(rows, evidence)
        elif evidence.rows:
            rows += evidence.rows
            kind = evidence.kind
        elif evidence.call is not None:
            rows += _call_rows(evidence)
            place, kind = evidence.call.place, "call_failed"
        else:
            more, place, kind = _assertion_rows(evidence)
            rows += more
    looked_up = {label for label, _ in rows}
    if "Look at" not in looked_up:
        rows.append(("Look at", evidence.file(place.file, place.line) if place else evidence.default_file()))
    rows.append(("Stuck?", f"workbook hint {evidence.exercise.id}"))
    return Message(rows=tuple(rows), kind=kind)


def _exchange_rows(evidence: Evidence) -> list[tuple[str, str]]:
    exchange = evidence.exchange
    if exchange is None:
        return []
    rows = [("We sent", f"{exchange.method} {exchange.target}{_sent(exchange)}")]
    if exchange.status is not None and exchange.problem is None:
        rows.append(("You answered", f"{exchange.status} {_body(exchange)}".rstrip()))
    return rows


def _sent(exchange: Exchange) -> str:
    if not exchange.sent:
        return ""
    return f"  {_readable(exchange.sent, exchange.sent_type)}"


def _body(exchange: Exchange) -> str:
    return _readable(exchange.body, exchange.headers.get("content-type", ""))


def _readable(body: bytes, content_type: str) -> str:
    text = body.decode("utf-8", errors="replace")
    if "json" in content_type:
        try:
            return show(json.loads(text), _BODY_LIMIT)
        except (ValueError, RecursionError):
            return show(text, _BODY_LIMIT)
    return _printable(text if len(text) <= _BODY_LIMIT else text[: _BODY_LIMIT - 2] + " …")


def _printable(text: str) -> str:
    """The text without anything that could move the cursor or colour the screen."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


def _after_expected(rows: list[tuple[str, str]], evidence: Evidence) -> list[tuple[str, str]]:
    return [] if any(label == "Expected" for label, _ in rows) else [("Expected", evidence.expects)]


def _call_rows(evidence: Evidence) -> list[tuple[str, str]]:
    call = evidence.call
    assert call is not None
    first = call.text.strip().splitlines()
    rows = [("We called", call.ref), ("It raised", call.exception + (f": {without_path(first[0])}" if first else ""))]
    if call.place is not None and call.place.source:
        rows.append((f"Line {call.place.line}", call.place.source))
    return [*rows, ("Expected", evidence.expects)]


def _assertion_rows(evidence: Evidence) -> tuple[list[tuple[str, str]], Place | None, str]:
    assertion = evidence.assertion
    cause, place = diagnose(evidence)
    status = evidence.exchange.status if evidence.exchange else None
    expected, kind, found = evidence.expects, "failed", ""
    if assertion is not None and assertion.about_status and assertion.operator == "==":
        expected, kind = f"{assertion.expected}: {evidence.expects}", f"status_{status}"
    elif assertion is not None and assertion.compared:
        found = explain(assertion.operator, assertion.found, assertion.expected, assertion.subject)
        kind = "difference"
        if assertion.about_status:
            kind = f"status_{status}"
    elif evidence.odd_answer:
        found, kind = evidence.odd_answer, "odd_answer"
    rows = [("Expected", expected)]
    said = assertion.said if assertion is not None else ""
    if found and (not said or len(found) <= _CROWDING):
        rows.append(("Found", found))
    report = evidence.report
    if cause:
        rows.append(("Looks like", cause))
        if (
            report is not None
            and report.exception is not None
            and place is not None
            and place.source[:1] not in ("", "@")
        ):
            rows.append((f"Line {place.line}", place.source))
    elif said:
        rows.append(("Looks like", said))
    return rows, place, kind
