"""Whatever a service says on its two connections can fail the learner's checks, and can do nothing else."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.plugin.hostile_course import check, make_hostile_course
from tests.service.made_up_service import PROBE, READY, Script, response
from tests.small_course import SmallCourse, WarmRuns

EXAMPLES = int(os.environ.get("WORKBOOK_FUZZ", "15"))
"""How many scripts are tried. By hand, with other ones each time: ``WORKBOOK_FUZZ=2000 pytest …``."""


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> SmallCourse:
    return make_hostile_course(tmp_path_factory.mktemp("course"))


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WarmRuns]:
    warm = WarmRuns(tmp_path_factory.mktemp("runs"), WORKBOOK_SLOWNESS="0.1")
    yield warm
    warm.close()


def answer(result: Any) -> str:
    return f'{{"id": ID, "result": {json.dumps(result)}}}\n'


def failed(**problem: Any) -> list[str]:
    return [json.dumps({"event": "failed", "problem": problem}) + "\n"]


DEEP = "[" * 900 + "]" * 900
OK = [response("{}")]
COMMANDS = ("begin", "collect", "watch", "unwatch", "routes", "omissions", "call", "where")
ODD_ROUTE = "/" + "{a}" * 30 + "!"

SCRIPTS = {
    "an empty object": Script(responses=OK),
    "null": Script(responses=[response("null")]),
    "deep": Script(responses=[response(DEEP)]),
    "a deep 422": Script(responses=[response(f'{{"detail": {DEEP}}}', status="422 No")]),
    "a 422 without what belongs there": Script(
        responses=[response('{"detail": [{"loc": [], "msg": 5}, 7]}', status="422 No")]
    ),
    "nothing": Script(responses=[""]),
    "a bad redirect": Script(responses=[response("", "location: http://[::1", status="307 There")]),
    "a redirect to itself": Script(responses=[response("", "location: /", status="307 There")]),
    "gzip twice": Script(
        responses=[
            response(gzip.compress(gzip.compress(bytes(10**7))).decode("latin-1"), "content-encoding: gzip, gzip")
        ]
    ),
    "gzip that is none": Script(responses=[response("x", "content-encoding: gzip")]),
    "infinite": Script(responses=[response('{"entries": [{"price": 1e999, "count": 1}]}')]),
    "a number of 4,000 digits": Script(responses=[response("9" * 4_000)]),
    "numbers with one hash": Script(
        responses=[response(json.dumps({"entries": [], "ids": [number * (2**61 - 1) for number in range(20_000)]}))]
    ),
    "many lines": Script(responses=[response("x\n" * 500_000, status="201 Made")]),
    "half a surrogate": Script(responses=[response('{"double": "\\udc00", "of": "\\ud800"}')]),
    "a 404 and strange routes": Script(
        responses=[response("", status="404 No")], answers={"routes": answer({"paths": {ODD_ROUTE: {"get": {}}}})}
    ),
    "many routes": Script(
        responses=[response("", status="404 No")],
        answers={"routes": answer({"paths": {f"/r{number}/{{a}}": {"get": {}} for number in range(100_000)}})},
    ),
    "routes that are none": Script(responses=OK, answers={"routes": answer({"paths": [1, {"get": None}]})}),
    "a probe that is none": Script(responses=OK, answers={"collect": answer(5), "unwatch": answer([])}),
    "a probe of nonsense": Script(
        responses=OK,
        answers={
            name: answer(
                PROBE
                | {
                    "requests": [{"number": 1, "exception": {"exception": 5, "errors": "x"}}] * 9,
                    "warnings": [{"text": {"a": 1}, "place": []}],
                    "statements": [None] * 9,
                }
            )
            for name in ("collect", "unwatch")
        },
    ),
    "begin is no number": Script(responses=OK, answers={"begin": answer({"out": "0", "stuck": []})}),
    "omissions of nonsense": Script(
        responses=[response("null")], answers={"omissions": answer([5, {"function": {}, "place": {"line": -1}}])}
    ),
    "a document with bounds beyond all numbers": Script(
        responses=[response("{}", status="404 No")],
        answers={
            "routes": answer(
                {
                    "paths": {
                        "/double": {
                            "post": {
                                "parameters": [{"in": 5, "name": [], "schema": 7}],
                                "requestBody": {
                                    "content": {
                                        "application/json": {
                                            "schema": {
                                                "properties": {
                                                    "number": {"type": "integer", "minimum": 10**400, "maximum": "x"}
                                                }
                                            }
                                        }
                                    }
                                },
                            }
                        }
                    }
                }
            )
        },
    ),
    "calls that say nothing": Script(responses=OK, answers={"call": answer({"value": {"result": {}}})}),
    "calls that return 8 MB": Script(responses=OK, answers={"call": answer({"value": "x" * 7_900_000})}),
    "calls that raise 5 MB": Script(responses=OK, answers={"call": answer({"exception": "x" * 5_000_000})}),
    "no JSON": Script(responses=OK, answers=dict.fromkeys(COMMANDS, "{]\n")),
    "JSON that never ends": Script(responses=OK, answers={"call": "[" * 9_000_000}),
    "another number": Script(responses=OK, answers={"call": '{"id": 99999, "result": {"value": 1}}\n' * 9}),
    "errors": Script(responses=OK, answers=dict.fromkeys(COMMANDS, '{"id": ID, "error": {"a": [1]}}\n')),
    "a forged fault": Script(start=failed(kind="host_failed", text="the machine broke"), responses=OK),
    "a forged time-out": Script(start=failed(kind="startup_timeout", detail={"seconds": []}), responses=OK),
    "a forged import error": Script(start=failed(kind="import_error", detail={"similar": 5, "module": None})),
    "a forged missing app": Script(start=failed(kind="missing_app", detail={"have": {"a": 1}}, place=[])),
    "a failure of lines": Script(start=failed(kind="startup_exception", exception="\n" * 999, text="x\n" * 10**6)),
    "an end": Script(start=READY[:1], status=-11, printed='  File "/x", line ²\n' * 9_999),
    "silence": Script(start=READY[:1]),
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_hostile_service_fails_and_that_is_all(course: SmallCourse, runs: WarmRuns, name: str) -> None:
    check(course, runs, SCRIPTS[name])


TEXTS = st.text(max_size=20) | st.sampled_from(["²", "x" * 3_000, "{" * 50, "%s{}\\", "\x1b[2J", "\ud800", "1e999"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS | st.sampled_from([10**30, -1, 2**53 + 1]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            TEXTS
            | st.sampled_from(["detail", "entries", "double", "of", "ids", "price", "loc", "msg", "value", "paths"]),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)
JSON = VALUES.map(json.dumps) | st.sampled_from([DEEP, "{" * 9_999, "", "nul", '{"detail": [{"loc": ["path"]}]}'])
HEADERS = st.lists(
    st.sampled_from(
        [
            "content-type: application/json",
            "content-type: application/json; charset=utf-16-le",
            "content-type: text/html; charset=no-such",
            "content-encoding: gzip",
            "content-encoding: gzip, gzip",
            "content-encoding: br",
            "content-length: 3",
            "content-length: -1",
            "transfer-encoding: chunked",
            "location: http://[::1",
            "location: /\x7f",
            "set-cookie: a=b; max-age=²",
            "set-cookie: =;;;==;expires=x",
            "x-number: ²",
            "no header",
            "connection: close",
        ]
    ),
    max_size=4,
)
STATUSES = st.sampled_from(
    ["200 OK", "201 Made", "204 No", "307 There", "404 No", "405 No", "422 No", "500 No", "99 x"]
)
LATIN = st.characters(max_codepoint=255)


@st.composite
def messages(draw: st.DrawFn, whole: st.SearchStrategy[str]) -> str:
    """A text, mostly as it is, else cut, doubled, or with something put into it."""
    text = draw(whole)
    place = draw(st.integers(0, len(text)))
    junk = draw(st.text(LATIN, min_size=1, max_size=20))
    return draw(st.sampled_from([text] * 5 + [text[:place], text + text, text[:place] + junk + text[place:]]))


def a_response(body: str, headers: list[str], status: str) -> str:
    return response(body, *headers, status=status)


RESPONSES = messages(st.builds(a_response, JSON, HEADERS, STATUSES))
PROBES = st.dictionaries(st.sampled_from(sorted(PROBE)), VALUES, max_size=3).map(lambda facts: {**PROBE, **facts})
RESULTS = VALUES | PROBES | st.fixed_dictionaries({"value": VALUES}) | st.fixed_dictionaries({"paths": VALUES})
ANSWERS = messages(
    RESULTS.map(answer)
    | VALUES.map(lambda value: json.dumps(value) + "\n")
    | st.just('{"id": ID}\n')
    | st.just('{"id": ID, "error": []}\n')
)
KINDS = st.sampled_from(
    ["import_error", "missing_app", "wrong_app_type", "syntax_error", "missing_file", "host_failed", "crash", "limit"]
)
PROBLEMS = st.fixed_dictionaries(
    {"kind": KINDS | VALUES},
    optional={
        "exception": VALUES,
        "text": VALUES,
        "place": VALUES | st.fixed_dictionaries({"file": VALUES, "line": VALUES}),
        "detail": st.dictionaries(st.sampled_from(["similar", "have", "seconds", "file", "own", "found"]), VALUES),
    },
)
STARTS = st.just(READY) | st.lists(
    messages(
        st.sampled_from(READY)
        | PROBLEMS.map(lambda problem: json.dumps({"event": "failed", "problem": problem}) + "\n")
        | VALUES.map(lambda value: json.dumps({"event": value}) + "\n")
    ),
    min_size=1,
    max_size=3,
).map(lambda events: [READY[0], *events])  # the first message is sent before any code of a learner's runs


def latin(text: str) -> str:
    return text.encode("utf-8", "replace").decode("latin-1")


def a_script(
    start: list[str], answers: dict[str, str], responses: list[str], printed: str, status: int | None
) -> Script:
    return Script(
        start=[latin(text) for text in start],
        answers={name: latin(text) for name, text in answers.items()},
        responses=[latin(text) for text in responses],
        printed=latin(printed),
        status=status,
    )


SCRIPTS_OF_ALL_KINDS = st.builds(
    a_script,
    STARTS,
    st.dictionaries(st.sampled_from(COMMANDS), ANSWERS, max_size=4),
    st.lists(RESPONSES, min_size=1, max_size=4),
    TEXTS,
    st.sampled_from([None, None, None, 0, 1, -9]),
)


@settings(
    max_examples=EXAMPLES,
    derandomize=EXAMPLES == 15,
    deadline=timedelta(seconds=60),
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(script=SCRIPTS_OF_ALL_KINDS)
def test_whatever_a_service_says(course: SmallCourse, runs: WarmRuns, script: Script) -> None:
    check(course, runs, script)
