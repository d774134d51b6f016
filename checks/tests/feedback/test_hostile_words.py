"""What a service sent is put into words within a time that grows with its length and not with its square."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from workbook.course.message import Message
from workbook.feedback.compare import explain
from workbook.feedback.document import in_words
from workbook.feedback.document import matches as route_matches
from workbook.feedback.html import message_table
from workbook.service.protocol.untrusted import exceeds


def seconds(work: Callable[[], Any]) -> float:
    begun = time.thread_time()
    work()
    return time.thread_time() - begun


@pytest.mark.parametrize("text", ["x\n" * 7_000_000, "x" * 14_000_000, "- " * 7_000_000, " " * 14_000_000])
def test_a_long_text_becomes_a_short_message_at_once(text: str) -> None:
    message = Message((("Found", text), ("Stuck?", "workbook hint 1.1")))
    assert seconds(lambda: (message.lines(), str(message), message_table(message))) < 0.5
    assert len(str(message)) < 1_500
    assert len(json.dumps(message.to_json())) < 10_000
    assert message.lines()[-1].endswith("workbook hint 1.1")


def test_a_message_has_not_any_number_of_rows() -> None:
    assert len(Message((("Found", "x"),) * 9_999).rows) < 30


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize("levels", [100, 700, 5_000])
def test_deep_values_are_compared_or_called_deep(levels: int) -> None:
    said = explain("==", nested(levels), nested(levels - 1), "the answer")
    assert said
    assert len(said) < 10_000


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ([{"id": number} for number in range(50_000)], [{"id": -number} for number in range(50_000)]),
        ("x\n" * 1_000_000, "y\n" * 1_000_000),
        ({str(number): 1 for number in range(100_000)}, {"x": 1}),
        (1, list(range(1_000_000))),
    ],
)
@pytest.mark.parametrize("operator", ["==", "in", "<="])
def test_large_values_are_explained_at_once(found: object, expected: object, operator: str) -> None:
    said: list[str] = []
    assert seconds(lambda: said.append(explain(operator, found, expected, "the answer"))) < 2
    assert len(said[0]) < 1_000


def test_no_route_makes_a_pattern_that_tries_for_ever() -> None:
    assert seconds(lambda: route_matches("/" + "{a}" * 40 + "!", "/" + "x" * 200)) < 0.1


@pytest.mark.parametrize(
    ("route", "path", "matches"),
    [
        ("/dishes/{id}", "/dishes/1", True),
        ("/dishes/{id}", "/dishes/", False),
        ("/dishes/{id}", "/dishes/1/2", False),
        ("/dishes/{id}.json", "/dishes/1.json", True),
        ("/dishes/{id}.json", "/dishes/.json", False),
        ("/dishes/a{id}b", "/dishes/ab", False),
        ("/dishes/a{id}b", "/dishes/aab", True),
        ("/dishes", "/dishes", True),
        ("/{a.b}/(x", "/1/(x", True),
    ],
)
def test_routes_match_as_they_did(route: str, path: str, matches: bool) -> None:
    assert route_matches(route, path) is matches


SIZES: list[tuple[object, int, bool]] = [
    ("x" * 9, 10, False),
    ("x" * 10, 10, True),
    ([[]] * 9, 10, False),
    ([[]] * 10, 10, True),
    ({"a": {"b": "c"}}, 8, False),
    ({"a": {"b": "c"}}, 7, True),
    (10**400, 100, True),
    (nested(100_000), 1_000, True),
    (b"x" * 100, 50, True),
    (None, 1, False),
]


@pytest.mark.parametrize(("value", "limit", "more"), SIZES)
def test_the_size_of_a_value_is_counted_up_to_a_limit(value: object, limit: int, more: bool) -> None:
    assert exceeds(value, limit) is more


@pytest.mark.parametrize(
    "bound",
    [10**400, 1e999, "x", [], True, -(10**400)],
    ids=["huge", "infinite", "text", "list", "boolean", "negative"],
)
def test_a_declared_bound_is_a_number_or_none(bound: object) -> None:
    assert in_words({"type": "integer", "minimum": bound}, {}) == "a whole number, without bounds"
