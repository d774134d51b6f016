"""What a failure looks like: the likely cause, told only where there is evidence for it."""

from __future__ import annotations

import json
import re
from typing import Any

from workbook.feedback.compare import show
from workbook.feedback.evidence import Evidence, exception_name
from workbook.service.problem import Place, place_from_json

_NONE: list[str] = []


def diagnose(evidence: Evidence) -> tuple[str, Place | None]:
    """The likely cause in one or two short sentences ("" where nothing is known), and the line it points at."""
    forgotten = _forgotten_await(evidence)
    if forgotten:
        return forgotten
    report = evidence.report
    exchange = evidence.exchange
    if report is not None and report.exception is not None:
        return _unhandled(report.exception, report.endpoint)
    if exchange is None or exchange.status is None:
        return "", None
    assertion = evidence.assertion
    if assertion is None or (assertion.about_status and assertion.expected == exchange.status):
        return "", report.endpoint if report else None
    if assertion.about_status or (not assertion.said and not 200 <= exchange.status < 300):
        text = _about_status(evidence, exchange.status)
        return text, report.endpoint if report else None
    return "", report.endpoint if report else None


def _forgotten_await(evidence: Evidence) -> tuple[str, Place | None] | None:
    report = evidence.report
    endpoint = report.endpoint if report else None
    # Python's own warning comes when the coroutine is thrown away, which may be too late for this message.
    signs = [(str(warning.get("text", "")), place_from_json(warning.get("place"))) for warning in _warnings(evidence)]
    if report is not None and report.exception is not None:
        signs.append((str(report.exception.get("text", "")), None))
    for text, place in signs:
        match = re.search(r"coroutine '([^']+)' was never awaited|<coroutine object ([\w.<>]+) at ", text)
        if match:
            name = (match[1] or match[2]).rpartition(".")[2]
            return f"`{name}` is an `async def` and was called without `await`, so nobody ran it", place or endpoint
    return None


def _warnings(evidence: Evidence) -> list[dict[str, Any]]:
    return evidence.probe.warnings if evidence.probe else []


def _unhandled(facts: dict[str, Any], endpoint: Place | None) -> tuple[str, Place | None]:
    place = place_from_json(facts.get("place")) or endpoint
    if facts.get("exception") == "ResponseValidationError":
        listed = "; ".join(
            f"`{'.'.join(str(part) for part in error.get('loc', []) if part != 'response')}`: {error.get('msg')}"
            for error in list(facts.get("errors") or [])[:3]
        )
        return f"what your function returned does not fit its response model: {listed}", endpoint or place
    original = str(facts.get("original", ""))
    if "database is locked" in original:
        return "the database is locked: another session still holds an open transaction", place
    if original:
        return f"your code raised {facts.get('exception')}: {original.splitlines()[0]}", place
    return f"your code raised {exception_name(facts)}", place


def _about_status(evidence: Evidence, status: int) -> str:
    exchange = evidence.exchange
    assert exchange is not None
    path = exchange.target.partition("?")[0]
    report = evidence.report
    assertion = evidence.assertion
    expected = assertion.expected if assertion is not None and assertion.about_status else None
    guess = assertion is None or not assertion.said  # what a check says itself is closer to the point than a guess
    match status:
        case 200 | 201 | 404 if expected == 422 and report is not None and report.endpoint is not None:
            return "the request was let in: nothing in your app says yet that this is not allowed" if guess else ""
        case 404:
            return _not_found(
                evidence, exchange.method, path, answered=report is not None and report.endpoint is not None
            )
        case 405:
            methods = next((methods for route, methods in evidence.routes.items() if _matches(route, path)), _NONE)
            has = f"; it has {', '.join(methods)}" if methods else ""
            return f"the path {path} is there, but no {exchange.method} for it{has}"
        case 307 | 308:
            target = exchange.headers.get("location", "")
            form = "with a slash at its end" if target.partition("?")[0].endswith("/") else "without a slash at its end"
            return f"the route is declared {form}, so this path is only redirected"
        case 422:
            return _rejected(evidence, path)
        case 200 if expected in (201, 202, 204) and guess:
            return "200 is what a route answers that names no status_code"
        case 500 if report is not None and report.endpoint is not None:
            return "your code answered 500 by itself"
        case _:
            return ""


def _not_found(evidence: Evidence, method: str, path: str, *, answered: bool) -> str:
    if answered:
        return "the route is there; your function answered 404 for this one"
    routes = evidence.routes
    for route in routes:
        if _matches(route, path):
            return "the route is there; something in your app answered 404"
    other = path.rstrip("/") if path.endswith("/") else path + "/"
    if any(_matches(route, other) for route in routes):
        return f"the route exists as {other}, not as {path}"
    for route in routes:
        if _ends_like(route, path):
            return f"the route exists at {route}: a prefix is missing, doubled or different"
    known = ", ".join(f"{'/'.join(methods)} {route}" for route, methods in list(routes.items())[:5])
    return f"no route answers {method} {path}; the app has {known or 'no routes'}"


def _matches(route: str, path: str) -> bool:
    pattern = re.sub(r"\\\{[^}]+\\\}", "[^/]+", re.escape(route))
    return re.fullmatch(pattern, path) is not None


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
                parameter = where[1]
                taken = next(
                    (route for route in evidence.routes if f"{{{parameter}}}" in route and _matches(route, path)), ""
                )
                value = show(error.get("input"), 30)
                return (
                    f"{path} was taken by the route {taken or '{' + parameter + '}'}, which then could not read "
                    f"{value} as `{parameter}`: {error['msg']}"
                )
            listed.append(f"`{'.'.join(where)}`: {error['msg']}")
        return "your app rejected the request: " + "; ".join(listed)
    except (ValueError, KeyError, TypeError, IndexError):
        return ""
