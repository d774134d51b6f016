"""From evidence to the message a learner reads."""

from __future__ import annotations

import json

from workbook.course.message import Message
from workbook.feedback.compare import as_text, explain, show
from workbook.feedback.diagnosis import diagnose
from workbook.feedback.evidence import Evidence
from workbook.feedback.framework_errors import explain_exception
from workbook.feedback.returns import explain_return
from workbook.feedback.service_errors import first_words, problem_rows
from workbook.service.parent.client import Exchange
from workbook.service.protocol.problem import Place

_BODY_LIMIT = 240
"""Characters of a body that are shown."""

_HEADER_LIMIT = 60
"""Characters of a header that are shown."""

_SAID_LIMIT = 240
"""Characters of what a check says itself: the learner's program may have written part of it."""

_CROWDING = 160
"""Characters from which a difference is left out where the check names the cause itself."""


def write_message(evidence: Evidence) -> Message:
    """Choose what to say: what was sent, what came back, what was expected, why, and where to look."""
    rows: list[tuple[str, str]] = []
    place: Place | None = None
    kind = "failed"
    problem = evidence.problem
    if problem is not None and problem.kind.prevents_start:
        more, place = problem_rows(problem, evidence)
        rows, kind = rows + more, problem.kind
    else:
        rows += _exchange_rows(evidence)
        if problem is not None:
            more, place = problem_rows(problem, evidence)
            rows, kind = rows + more, problem.kind
            rows += _after_expected(rows, evidence)
        elif evidence.rows:
            rows += evidence.rows
            kind = evidence.kind
        elif evidence.call is not None:
            more, place = _call_rows(evidence)
            rows, kind = rows + more, "call_failed"
        else:
            more, place, kind = _assertion_rows(evidence)
            rows += more
    if place is not None:
        # Without evidence there is no such line: better no place than a wrong one.
        rows.append(("Look at", evidence.file(place.file, place.line or None)))
    rows.append(("Stuck?", f"workbook hint {evidence.exercise.id}"))
    return Message(rows=tuple(rows), kind=kind)


def _exchange_rows(evidence: Evidence) -> list[tuple[str, str]]:
    exchange = evidence.exchange
    if exchange is None:
        return []
    rows = [("We sent", f"{exchange.method} {exchange.target}{_sent(exchange)}")]
    if exchange.status is not None and exchange.problem is None:
        where = exchange.headers.get("location", "") if 300 <= exchange.status < 400 else ""
        shown = f"Location: {_printable(where)[:_HEADER_LIMIT]}" if where else _body(exchange)
        rows.append(("You answered", f"{exchange.status} {shown}".rstrip()))
    return rows


def _sent(exchange: Exchange) -> str:
    headers = "".join(
        f"  {name.title()}: {_printable(value)[:_HEADER_LIMIT]}" for name, value in exchange.sent_headers.items()
    )
    return headers + (f"  {_readable(exchange.sent, exchange.sent_type)}" if exchange.sent else "")


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


def _cut(said: str) -> str:
    return said if len(said) <= _SAID_LIMIT else said[: _SAID_LIMIT - 2] + " …"


def _printable(text: str) -> str:
    """The text without anything that could move the cursor or colour the screen."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


def _after_expected(rows: list[tuple[str, str]], evidence: Evidence) -> list[tuple[str, str]]:
    return [] if any(label == "Expected" for label, _ in rows) else [("Expected", evidence.expects)]


def _call_rows(evidence: Evidence) -> tuple[list[tuple[str, str]], Place | None]:
    call = evidence.call
    assert call is not None
    if call.exception == "NotPlain":
        what = "where the contract has a plain one: a text, a number, true or false, a list, an object"
        return [("Expected", evidence.expects), ("Looks like", f"a value is {as_text(call.text)}, {what}")], None
    says, cause = explain_exception(call.text, call.place.source if call.place is not None else "")
    said = says or first_words(call.text)
    raised = call.exception + (f": {said}" if said else "")
    # Only a function of the learner's has a name that they know.
    rows = (
        [("We called", call.ref), ("It raised", raised)]
        if ":" in call.ref
        else [("What happened", f"your code raised {raised}")]
    )
    if call.place is not None and call.place.source:
        rows.append((f"Line {call.place.line}", call.place.source))
    rows.append(("Expected", evidence.expects))
    forgotten = explain_return(evidence)
    if forgotten is not None:
        return [*rows, ("Looks like", forgotten[0])], forgotten[1]
    return [*rows, ("Looks like", cause)] if cause else rows, call.place


def _assertion_rows(evidence: Evidence) -> tuple[list[tuple[str, str]], Place | None, str]:
    assertion = evidence.assertion
    cause, place = diagnose(evidence)
    status = evidence.exchange.status if evidence.exchange else None
    expected, kind, found = evidence.expects, "failed", ""
    if assertion is not None and assertion.about_status and assertion.operator == "==":
        expected, kind = f"{assertion.expected}: {evidence.expects}", f"status_{status}"
    elif assertion is not None and assertion.compared:
        if not assertion.said or assertion.number is not None:
            # What the check worked out for itself is told by its own words, where it has some.
            found = explain(assertion.operator, assertion.found, assertion.expected, assertion.subject)
        kind = "difference"
        if assertion.about_status:
            kind = f"status_{status}"
    elif evidence.odd_answer:
        found, kind = evidence.odd_answer, "odd_answer"
    rows = [("Expected", expected)]
    said = _cut(assertion.said) if assertion is not None else ""
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
