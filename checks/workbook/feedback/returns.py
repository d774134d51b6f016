"""Words for the commonest mistake of all: a function that gives back nothing, or an exception it should raise."""

from __future__ import annotations

import json
import re

from workbook.feedback.evidence import Evidence
from workbook.service.protocol.problem import Omission, Place
from workbook.service.protocol.untrusted import json_object

_NONE = "NoneType"
_BODILESS = (204, 304)
"""Statuses of answers without a body: there, None is what a function has to give back."""
_CERTAIN = ("nothing", "prints", "bare", "none", "exception", "exception_for_a_caller")
_SAYS = {
    "nothing": "`{}` has no `return`, so it gives back None",
    "prints": "`{}` prints its result and gives back None: `return` hands it over, `print` only shows it",
    "bare": "`{}` ends with a bare `return`, so it gives back None",
    "none": "`{}` returns None",
    "sometimes": "`{}` can come to its end without a `return`, and then it gives back None",
    "exception": "`{}` returns an exception; it takes effect only when it is raised: `raise`, not `return`",
    "exception_for_a_caller": "`{}` returns an exception, and its caller goes on: `raise`, not `return`",
}


def explain_return(evidence: Evidence) -> tuple[str, Place | None] | None:
    """Say which function forgot its ``return``, or returned an exception; None where nothing points to that."""
    refused = _not_refused(evidence)
    if refused is not None:
        return _SAYS[refused.how].format(refused.function), refused.place
    given = _given(evidence)
    assertion = evidence.assertion
    if not given or (assertion is not None and assertion.about_status and assertion.expected in _BODILESS):
        return None
    known = [one for one in evidence.omissions if one.how in _SAYS]
    wanted = [one for one in known if one.how.startswith("exception") == (given != _NONE)]
    found = _culprit(wanted, evidence)
    if found is not None:
        return _SAYS[found.how].format(found.function), found.place
    report = evidence.report
    endpoint = report.endpoint if report else None
    if endpoint is None or not endpoint.function or not _by_endpoint(evidence):
        return None
    if given == _NONE:
        return f"`{endpoint.function}` gave back None", endpoint
    return f"`{endpoint.function}` gave back the exception {given}: `raise` it instead", endpoint


def _not_refused(evidence: Evidence) -> Omission | None:
    """The one function beside the routes that returns the very refusal that the check has waited for."""
    assertion = evidence.assertion
    if assertion is None or not assertion.about_status or not isinstance(assertion.expected, int):
        return None
    status = str(assertion.expected)
    found = [
        one
        for one in evidence.omissions
        if one.how == "exception_for_a_caller" and re.search(rf"\b(HTTP_)?{status}(_|\b)", one.place.source)
    ]
    return found[0] if len(found) == 1 and status.startswith("4") else None


def _given(evidence: Evidence) -> str:
    """What came where a value was expected: ``NoneType``, the name of an exception, or "" for neither."""
    report = evidence.report
    facts = (report.exception if report else None) or {}
    given = str(facts.get("given", ""))
    if given == _NONE or given.endswith(("Exception", "Error")):
        return given
    if facts.get("none_inside"):
        return _NONE
    texts = [str(facts.get("text", ""))]
    texts += [evidence.call.text] if evidence.call else []
    texts += [evidence.problem.text, str(evidence.problem.detail.get("found", ""))] if evidence.problem else []
    if any(_NONE in text or text == "None" for text in texts):
        return _NONE
    return "" if facts else _answered(evidence)


def _answered(evidence: Evidence) -> str:
    """What an answer without a model shows of the returned value."""
    exchange = evidence.exchange
    if exchange is None or exchange.status is None or not 200 <= exchange.status < 300:
        return ""
    try:
        body: object = json.loads(exchange.body)
    except (ValueError, RecursionError):
        return ""
    if body is None:
        return _NONE
    return "HTTPException" if set(json_object(body)) == {"status_code", "detail", "headers"} else ""


def _by_endpoint(evidence: Evidence) -> bool:
    """Whether it was the endpoint itself that gave it back, and not a function that it calls."""
    report = evidence.report
    facts = report.exception if report else None
    whole = facts is None or facts.get("given") not in ("dict", "list")
    return not facts or (facts.get("exception") == "ResponseValidationError" and whole)


def _culprit(wanted: list[Omission], evidence: Evidence) -> Omission | None:
    report = evidence.report
    endpoint = report.endpoint if report else None
    if endpoint is not None and _by_endpoint(evidence):
        return next((one for one in wanted if _same(one, endpoint)), None) or _called_in(endpoint.source, wanted)
    facts = (report.exception if report else None) or {}
    source = str(json_object(facts.get("place")).get("source", ""))
    certain = [one for one in wanted if one.how in _CERTAIN]
    return _called_in(source, wanted) or (certain[0] if len(certain) == 1 else None)


def _same(omission: Omission, endpoint: Place) -> bool:
    return (omission.function, omission.place.file) == (endpoint.function, endpoint.file)


def _called_in(source: str, wanted: list[Omission]) -> Omission | None:
    return next((one for one in wanted if re.search(rf"\b{re.escape(one.function)}\(", source)), None)
