"""Read the OpenAPI document of a learner's app: its routes, and what it declares for a value that was sent.

The document is the learner's, so nothing about its form is taken for granted.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from workbook.feedback.compare import show
from workbook.service.parent.client import Exchange
from workbook.service.protocol.untrusted import json_list, json_number, json_object

_DEPTH, _VALUES = 12, 300
"""How deep, and how many values of a request are looked up."""
_ROUTES = 2_000


@dataclass(frozen=True)
class Sent:
    """One value of a request, and what the document declares for it."""

    where: str
    """``path``, ``query`` or ``body``."""
    name: str
    value: Any
    schema: dict[str, Any] | None
    """None where the document knows no such name."""


def routes(document: dict[str, Any]) -> dict[str, list[str]]:
    """The paths of the document with their methods, in the order of the app."""
    paths = json_object(document.get("paths"))
    return {str(path): [str(method).upper() for method in json_object(paths[path])] for path in list(paths)[:_ROUTES]}


def matches(route: str, path: str) -> bool:
    """Whether a path is one of those that a route with ``{parameters}`` takes.

    Part by part: a pattern made from any route might try for ever.
    """
    patterns, parts = route.split("/"), path.split("/")
    return len(patterns) == len(parts) and all(map(_part_matches, patterns, parts))


def _part_matches(pattern: str, part: str) -> bool:
    """Whether one part fits: what stands around the parameters has to be there, and something between."""
    before, opening, rest = pattern.partition("{")
    if not opening:
        return pattern == part
    after = rest.rpartition("}")[2]
    return part.startswith(before) and part.endswith(after) and len(part) > len(before) + len(after)


def sent_values(document: dict[str, Any], exchange: Exchange) -> list[Sent]:
    """The values of a request that the document may say something about; empty where it has no such route."""
    path, _, query = exchange.target.partition("?")
    methods, route = _operation(document, exchange.method, path)
    if methods is None:
        return []
    declared = _declared_in(methods)
    found = [Sent("query", name, value, declared.get(("query", name))) for name, value in parse_qsl(query)]
    found += [
        Sent("path", part[1:-1], value, declared.get(("path", part[1:-1])))
        for part, value in zip(route.split("/"), path.split("/"), strict=False)
        if part.startswith("{")
    ]
    content = json_object(json_object(json_object(methods.get("requestBody")).get("content")).get("application/json"))
    try:
        body = json.loads(exchange.sent) if exchange.sent else None
    except (ValueError, RecursionError):
        body = None
    if exchange.sent:
        found += _values(body, json_object(content.get("schema")), document, "", 0)
    return found[:_VALUES]


def parameters(document: dict[str, Any], exchange: Exchange) -> dict[tuple[str, str], dict[str, Any]]:
    """The schemas of the parameters that the request's route declares, each by its place and name."""
    methods, _ = _operation(document, exchange.method, exchange.target.partition("?")[0])
    return _declared_in(methods or {})


def _declared_in(operation: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (str(one.get("in")), str(one.get("name"))): json_object(one.get("schema"))
        for one in map(json_object, json_list(operation.get("parameters")))
    }


def _operation(document: dict[str, Any], method: str, path: str) -> tuple[dict[str, Any] | None, str]:
    paths = json_object(document.get("paths"))
    for route in list(paths)[:_ROUTES]:
        entry = json_object(paths[route])
        if method.lower() in entry and matches(str(route), path):
            return json_object(entry[method.lower()]), str(route)
    return None, ""


def _values(value: Any, schema: dict[str, Any], document: dict[str, Any], name: str, depth: int) -> Iterator[Sent]:
    if depth > _DEPTH:
        return
    schema = _resolved(schema, document, value)
    entries, items = json_object(value), json_list(value)
    match value:
        case dict():
            properties = json_object(schema.get("properties"))
            others = json_object(schema.get("additionalProperties"))
            for key, entry in entries.items():
                known = properties.get(key, others or None)
                if known is None:
                    yield Sent("body", key, entry, None)
                else:
                    yield from _values(entry, json_object(known), document, key, depth + 1)
        case list():
            for entry in items:
                yield from _values(entry, json_object(schema.get("items")), document, name, depth + 1)
        case _:
            yield Sent("body", name, value, schema)


def _resolved(schema: dict[str, Any], document: dict[str, Any], value: Any) -> dict[str, Any]:
    """The schema with references followed, and of alternatives the one that suits a value's JSON type."""
    for _ in range(_DEPTH):
        options = [json_object(one) for key in ("anyOf", "oneOf", "allOf") for one in json_list(schema.get(key))]
        if "$ref" in schema:
            target: Any = document
            for part in str(schema["$ref"]).removeprefix("#/").split("/"):
                target = json_object(target).get(part)
            schema = json_object(target)
        elif options:
            kinds = ((dict, "object"), (list, "array"), (str, "string"))
            wanted = next((name for kind, name in kinds if isinstance(value, kind)), None)
            suits = [one for one in options if (wanted and one.get("type") == wanted) or "$ref" in one]
            schema = (suits or [one for one in options if one.get("type") != "null"] or options)[0]
        else:
            return schema
    return schema


def in_words(schema: dict[str, Any], document: dict[str, Any]) -> str:
    """What a schema lets in, in words: ``a whole number from 1 to 1000``."""
    schema = _resolved(schema, document, None)
    if isinstance(schema.get("enum"), list):
        return "one of " + ", ".join(show(one, 20) for one in json_list(schema["enum"])[:6])
    match schema.get("type"):
        case "integer" | "number" as kind:
            bounds = _between(schema.get("minimum"), schema.get("maximum"), "from {} to {}", "from {} on", "up to {}")
            above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
            strict = _between(above, below, "above {} and below {}", "above {}", "below {}")
            bounds = " and ".join(filter(None, (strict, bounds)))
            return _joined("a whole number" if kind == "integer" else "a number", bounds)
        case "string":
            known = {"email": "an e-mail address", "date-time": "a date with a time", "uri": "a web address"}
            text = known.get(str(schema.get("format")), "a text")
            least, most = schema.get("minLength"), schema.get("maxLength")
            bounds = _between(
                least, most, "of {} to {} characters", "of at least {} characters", "of up to {} characters"
            )
            return _joined(text, bounds, free=text == "a text")
        case "array":
            least, most = schema.get("minItems"), schema.get("maxItems")
            bounds = _between(least, most, "of {} to {} entries", "of at least {} entries", "of up to {} entries")
            return _joined("a list", bounds)
        case "boolean":
            return "true or false"
        case "object":
            return "an object"
        case _:
            return "of any kind"


def _between(least: object, most: object, both: str, only_least: str, only_most: str) -> str:
    numbers = (json_number(least), json_number(most))
    low, high = ("" if bound is None else f"{bound:.15g}" for bound in numbers)
    return (
        both.format(low, high)
        if low and high
        else only_least.format(low)
        if low
        else only_most.format(high)
        if high
        else ""
    )


def _joined(what: str, bounds: str, *, free: bool = True) -> str:
    return f"{what} {bounds.strip()}" if bounds else f"{what}, without bounds" if free else what
