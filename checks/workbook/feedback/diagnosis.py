"""What a failure looks like: the likely cause, told only where there is evidence for it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from workbook.feedback.compare import as_text, show
from workbook.feedback.decorators import explain_missing_route, explain_missing_rule, speaks_of_a_missing_route
from workbook.feedback.document import Sent, in_words, matches, parameters, routes, sent_values
from workbook.feedback.evidence import Evidence, exception_name
from workbook.feedback.returns import explain_return
from workbook.service.protocol.problem import INJECTED_CRASH, Place, place_from_json
from workbook.service.protocol.untrusted import json_list, json_object

if TYPE_CHECKING:
    from workbook.service.parent.probe import RequestReport

_NONE: list[str] = []
_PLAIN = ("dict", "list", "str", "int", "float", "bool", "tuple")
_ADDRESS = 60
"""Characters shown of an address."""


def diagnose(evidence: Evidence) -> tuple[str, Place | None]:
    """The likely cause in one or two short sentences ("" where nothing is known), and the line it points at.

    The endpoint's own line is named where the failure is about the answer that the endpoint gave, and nowhere else.
    """
    found = _forgotten_await(evidence) or explain_return(evidence)
    if found:
        return found
    report = evidence.report
    exchange = evidence.exchange
    assertion = evidence.assertion
    if assertion is not None and assertion.said and not assertion.about_status and _is_injected(report):
        return "", None  # the check made it crash, looked at what came of it, and says what is wrong there
    if report is not None and report.exception is not None:
        text, place = _unhandled(report.exception, report.endpoint, report.status)
        if report.exception.get("refused"):
            return f"the request was refused, and while that was answered {text}", place
        wanted = assertion is not None and assertion.about_status and assertion.expected == 422
        return (f"the request was let in, and then {text}" if wanted else text), place
    failed = _failed_after_an_answer(evidence)
    if failed:
        return failed
    if exchange is None or exchange.status is None:
        missing = assertion is not None and speaks_of_a_missing_route(assertion.said)
        return (explain_missing_route(evidence) if missing else None) or ("", None)
    endpoint = report.endpoint if report else None
    if assertion is None:
        return "", endpoint if evidence.odd_answer else None
    place = endpoint if assertion.about_status or assertion.about_body else None
    if assertion.about_status and assertion.expected == exchange.status:
        return "", place
    if assertion.about_status or (not assertion.said and not 200 <= exchange.status < 300):
        return _undecorated(evidence, exchange.status) or (_about_status(evidence, exchange.status), place)
    return "", place


def _undecorated(evidence: Evidence, status: int) -> tuple[str, Place | None] | None:
    """Nobody calls the function that was to answer, or the rule that was to refuse."""
    exchange, report, assertion = evidence.exchange, evidence.report, evidence.assertion
    assert exchange is not None
    path = exchange.target.partition("?")[0]
    answered = report is not None and report.endpoint is not None
    served = any(matches(route, path) and exchange.method in methods for route, methods in _routes(evidence))
    taken = status == 422 and path not in routes(evidence.document) and _names_the_path(exchange.body)
    if (status in (404, 405) and not answered and not served) or taken:
        return explain_missing_route(evidence)
    if assertion is not None and assertion.about_status and assertion.expected == 422 and answered and status < 300:
        return explain_missing_rule(evidence)
    return None


def _routes(evidence: Evidence) -> list[tuple[str, list[str]]]:
    return list(routes(evidence.document).items())


def _names_the_path(body: bytes) -> bool:
    """Whether an answer complains of a parameter in the path."""
    try:
        errors = json_list(json_object(json.loads(body)).get("detail"))
    except (ValueError, RecursionError):
        return False
    return any(json_list(json_object(error).get("loc"))[:1] == ["path"] for error in errors)


def _is_injected(report: RequestReport | None) -> bool:
    """Whether a check itself has made the request crash."""
    return (
        report is not None and report.exception is not None and INJECTED_CRASH in str(report.exception.get("text", ""))
    )


def _forgotten_await(evidence: Evidence) -> tuple[str, Place | None] | None:
    report = evidence.report
    endpoint = report.endpoint if report else None
    # Python's own warning comes when the coroutine is thrown away, which may be too late for this message.
    signs = [(str(warning.get("text", "")), place_from_json(warning.get("place"))) for warning in _warnings(evidence)]
    if report is not None and report.exception is not None:
        known = report.exception.get("coroutine")
        signs.append((f"coroutine '{known}' was never awaited" if known else str(report.exception.get("text")), None))
    for text, place in signs:
        match = re.search(r"coroutine '([^']+)' was never awaited|<coroutine object ([\w.<>]+) at ", text)
        if match:
            name = (match[1] or match[2]).rpartition(".")[2]
            return f"`{name}` is an `async def` and was called without `await`, so nobody ran it", place or endpoint
    return None


def _warnings(evidence: Evidence) -> list[dict[str, Any]]:
    return evidence.probe.warnings if evidence.probe else []


def _unhandled(facts: dict[str, Any], endpoint: Place | None, status: int | None) -> tuple[str, Place | None]:
    place = place_from_json(facts.get("place")) or endpoint
    errors = _errors(facts)
    given = str(facts.get("given", ""))
    if facts.get("exception") == "ResponseValidationError":
        what = "what your function returned"
        if given and given not in _PLAIN:
            what = f"your function returned {as_text(given)}: that"
        if facts.get("item") == "Row":
            return "a row of session.execute() is a tuple; session.scalars() gives the objects", endpoint or place
        return f"{what} does not fit its response model: {errors}", endpoint or place
    if facts.get("exception") == "ValidationError" and errors:
        model = re.match(r"\d+ validation errors? for ([\w.]+)", str(facts.get("text", "")))
        if given == "NoneType":
            return f"your code wanted to make {f'a `{model[1]}`' if model else 'a model'} of None", place
        if (
            "Input should be a valid dictionary or instance of" in errors
            and given not in ("", "NoneType", *_PLAIN)
            and model
        ):
            whose = f"`{model[1]}` does not read the attributes of {as_text(given)}"
            return f"{whose}: its model_config has no from_attributes=True", place
        return f"your code could not make {f'a `{model[1]}`' if model else 'a model'} of its values: {errors}", place
    when = " after the answer had been sent" if status is not None and status < 500 else ""
    original = str(facts.get("original", ""))
    if "database is locked" in original:
        return "the database is locked: another session still holds an open transaction", place
    if "syntax error" in original:
        said = original.splitlines()[0]
        return f"the database cannot read the SQL{when} ({said}): is a value written into its text?", place
    if original:
        return f"your code raised {facts.get('exception')}{when}: {original.splitlines()[0]}", place
    return f"your code raised {exception_name(facts)}{when}", place


def _failed_after_an_answer(evidence: Evidence) -> tuple[str, Place | None] | None:
    """An earlier request of the check was answered well, and its work broke after that."""
    numbers = {exchange.number for exchange in evidence.exchanges}
    for report in evidence.probe.requests if evidence.probe else ():
        answered = report.number in numbers and report.status is not None and report.status < 500
        if answered and report.exception is not None:
            text, place = _unhandled(report.exception, report.endpoint, None)
            return f"{report.method} {report.path} was answered {report.status}, and then {text}", place
    return None


def _errors(facts: dict[str, Any]) -> str:
    """The first validation errors of an exception: each field with Pydantic's words."""
    listed: list[str] = []
    for error in map(json_object, json_list(facts.get("errors"))[:3]):
        where = ".".join(str(part) for part in json_list(error.get("loc")) if part != "response")
        listed.append(f"`{where}`: {error.get('msg')}" if where else str(error.get("msg")))
    return "; ".join(listed)


def _about_status(evidence: Evidence, status: int) -> str:
    exchange = evidence.exchange
    assert exchange is not None
    path = exchange.target.partition("?")[0]
    report = evidence.report
    assertion = evidence.assertion
    expected = assertion.expected if assertion is not None and assertion.about_status else None
    guess = assertion is None or not assertion.said  # what a check says itself is closer to the point than a guess
    answered = report is not None and report.endpoint is not None
    if report is not None and report.refusals and status >= 400 and expected in (200, 201, 204) and guess:
        said = report.refusals[-1].strip().splitlines() or [""]
        return f"your code answered {status} by itself, when the database had said: {said[0]}"
    match status:
        case 200 | 201 | 204 | 404 if expected == 422 and answered:
            return _let_in(evidence) if guess else ""
        case 404:
            return _not_found(evidence, exchange.method, path, answered=answered)
        case 405:
            known = routes(evidence.document)
            methods = next((methods for route, methods in known.items() if matches(route, path)), _NONE)
            has = f"; it has {', '.join(methods)}" if methods else ""
            return f"the path {path} is there, but no {exchange.method} for it{has}"
        case 301 | 302 | 303 | 307 | 308:
            return _redirected(exchange.headers.get("location", ""), path, answered=answered)
        case 422:
            return _rejected(evidence, path)
        case 200 if expected in (201, 202, 204) and guess:
            return "200 is what a route answers that names no status_code"
        case 500 if answered:
            return "your code answered 500 by itself"
        case _:
            return ""


def _redirected(location: str, path: str, *, answered: bool) -> str:
    target = re.sub(r"^\w+://[^/]*", "", location).partition("?")[0]
    if not answered and target.rstrip("/") == path.rstrip("/"):
        form = "with a slash at its end" if target.endswith("/") else "without a slash at its end"
        return f"the route is declared {form}, so this path is only redirected"
    return f"your app sends the caller on to {location[:_ADDRESS]}" if location else ""


def _let_in(evidence: Evidence) -> str:
    """The request should have been refused: what does the document declare for the value that was wrong?"""
    assert evidence.exchange is not None
    mentioned = evidence.assertion.mentions if evidence.assertion else frozenset[str]()
    sent = sent_values(evidence.document, evidence.exchange)
    chosen = {one.name: one for one in sent if one.name in mentioned}
    if not chosen:
        for where in ("query", "body", "path"):
            of_kind = {one.name: one for one in sent if one.where == where}
            chosen = of_kind if len(of_kind) == 1 else {}
            if of_kind:
                break
    if not 1 <= len(chosen) <= 2:
        return "the request was let in"
    listed = " and ".join(_declared(one, evidence.document) for one in chosen.values())
    return f"the request was let in: your app declares {listed}"


def _declared(one: Sent, document: dict[str, Any]) -> str:
    if one.schema is None:
        return f"no {'field' if one.where == 'body' else 'parameter'} `{one.name}`"
    return f"`{one.name}` as {in_words(one.schema, document)}"


def _not_found(evidence: Evidence, method: str, path: str, *, answered: bool) -> str:
    if answered:
        for one in sent_values(evidence.document, evidence.exchange) if evidence.exchange else ():
            if one.where == "path" and one.value.isdigit() and json_object(one.schema).get("type") == "string":
                return (
                    f"your function answered 404: its `{one.name}` is declared as a text, and a text equals no number"
                )
        return "the route is there; your function answered 404 for this one"
    known = routes(evidence.document)
    for route in known:
        if matches(route, path):
            return "the route is there; something in your app answered 404"
    other = path.rstrip("/") if path.endswith("/") else path + "/"
    if any(matches(route, other) for route in known):
        return f"the route exists as {other}, not as {path}"
    for route in known:
        if _ends_like(route, path):
            return f"the route exists at {route}: a prefix is missing, doubled or different"
    listed = ", ".join(f"{'/'.join(methods)} {route}" for route, methods in list(known.items())[:5])
    return f"no route answers {method} {path}; the app has {listed or 'no routes'}"


def _ends_like(route: str, path: str) -> bool:
    """Whether one of the two is the other with something put before it, beyond a bare parameter."""
    left = [part for part in route.split("/") if part]
    right = [part for part in path.split("/") if part]
    if not left or not right or len(left) == len(right):
        return False
    short, long = sorted((left, right), key=len)
    tail = long[-len(short) :]
    pairs = list(zip(short, tail, strict=True))
    return all(one == two or "{" in one + two for one, two in pairs) and any(one == two for one, two in pairs)


def _rejected(evidence: Evidence, path: str) -> str:
    exchange = evidence.exchange
    assert exchange is not None
    try:
        errors: list[dict[str, Any]] = json.loads(exchange.body)["detail"]
        listed: list[str] = []
        for error in errors[:3]:
            where = [str(part) for part in error["loc"]]
            if where[0] == "path":
                return _taken_by(evidence, path, where[1], str(error["msg"]))
            listed.append(f"`{'.'.join(where)}`: {error['msg']}")
            if where[0] == "query" and error["type"] == "missing" and _has_no_type(evidence, where[1]):
                return f"the parameter `{where[1]}` has no type hint, so FastAPI looks for it in the query"
        text = "your app rejected the request: " + "; ".join(listed)
        if exchange.sent and all(error["loc"][0] == "query" and error["type"] == "missing" for error in errors):
            text += " (they were sent in the body: a parameter of a plain type, such as str, is read from the query)"
        return text
    except (ValueError, KeyError, TypeError, IndexError, RecursionError):
        return ""


def _has_no_type(evidence: Evidence, name: str) -> bool:
    """Whether the document knows the parameter of the query, and nothing of what it is."""
    declared = parameters(evidence.document, evidence.exchange) if evidence.exchange else {}
    schema = declared.get(("query", name))
    return schema is not None and not schema.keys() - {"title"}


def _taken_by(evidence: Evidence, path: str, parameter: str, message: str) -> str:
    """A parameter of the path could not be read: its value stands in the path, at the parameter's place."""
    for route in routes(evidence.document):
        places = route.split("/")
        if f"{{{parameter}}}" in places and matches(route, path):
            value = path.split("/")[places.index(f"{{{parameter}}}")]
            if value.isalpha():
                known = routes(evidence.document)
                order = f"; declare {path} above it" if path in known else ""
                if f"{path}/" in known:
                    order = f"; your own route is {path}/, with a slash at its end"
                return f"{path} was taken by the route {route}, and {show(value, 30)} is no `{parameter}`{order}"
            return f"the route {route} did not take {show(value, 30)} as `{parameter}`: {message}"
    return f"your app rejected `{parameter}` in the path: {message}"
