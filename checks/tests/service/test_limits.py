"""Whatever a service sends has limits: in bytes, in seconds, in depth, and in what it can be taken for."""

from __future__ import annotations

import gzip
import json
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from tests.service.made_up_service import PROBE, MadeUpLauncher, Script, response, spec
from workbook.service.parent.client import UnreadableAnswer, all_text
from workbook.service.parent.service import Service
from workbook.service.protocol.problem import CallFailed, ProblemKind, RequestFailed, StartFailed
from workbook.service.protocol.spec import Limits

LIMITS = Limits(start=1.0, request=1.0, call=1.0)
Start = Callable[..., Service]


@pytest.fixture
def start(tmp_path: Any) -> Iterator[Start]:
    made: list[tuple[Service, MadeUpLauncher]] = []

    def begin(limits: Limits = LIMITS, **script: Any) -> Service:
        launcher = MadeUpLauncher(Script(**script))
        made.append((Service(launcher, spec(tmp_path), limits), launcher))
        return made[-1][0]

    yield begin
    for service, launcher in made:
        service.close()
        launcher.close()


def packed(size: int, times: int = 1) -> str:
    body = bytes(size)
    for _ in range(times):
        body = gzip.compress(body)
    return body.decode("latin-1")


def problem_of(service: Service, **options: Any) -> tuple[str, str]:
    with pytest.raises(RequestFailed) as caught:
        service.client.get("/", **options)
    return caught.value.problem.kind, caught.value.problem.text


@pytest.mark.parametrize("coding", ["gzip, gzip", "gzip", "deflate", "br", "zstd", "x-unknown"])
def test_a_coding_that_nobody_asked_for_is_refused_unread(start: Start, coding: str) -> None:
    times = max(1, coding.count("gzip"))
    service = start(responses=[response(packed(50_000_000, times), f"content-encoding: {coding}")])
    tracemalloc.start()
    assert problem_of(service) == ("unasked", f"a body encoded as {coding}")
    assert tracemalloc.get_traced_memory()[1] < 5_000_000
    tracemalloc.stop()


def test_two_codings_are_refused_even_if_one_was_asked_for(start: Start) -> None:
    service = start(responses=[response(packed(100, 2), "content-encoding: gzip", "content-encoding: gzip")])
    assert problem_of(service, headers={"accept-encoding": "gzip"})[0] == "unasked"


def test_what_was_asked_for_is_unpacked_up_to_the_limit(start: Start) -> None:
    asked = {"accept-encoding": "gzip"}
    small = start(responses=[response(packed(1_000_000), "content-encoding: gzip")])
    assert small.client.get("/", headers=asked).content == bytes(1_000_000)
    bomb = start(responses=[response(packed(50_000_000), "content-encoding: gzip")])
    tracemalloc.start()
    assert problem_of(bomb, headers=asked)[0] == "response_too_large"
    assert tracemalloc.get_traced_memory()[1] < 40_000_000
    tracemalloc.stop()
    other = start(responses=[response(zlib.compress(bytes(9)).decode("latin-1"), "content-encoding: gzip")])
    assert problem_of(other, headers=asked)[0] == "unasked"


@pytest.mark.parametrize(
    "text",
    [
        "HTTP/1.1 200 OK\r\n" + "x: y\r\n" * 50,
        "HTTP/1.1 100 Continue\r\n\r\n" * 50,
        response("x" * 500),
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" + "1\r\nx\r\n" * 50,
    ],
    ids=["headers", "informational", "body", "chunks"],
)
def test_dripping_buys_no_time(start: Start, text: str) -> None:
    service = start(responses=[text], pause=0.1)
    begun = time.monotonic()
    assert problem_of(service)[0] == "request_timeout"
    assert time.monotonic() - begun < 10  # the limit, and a second for the question where it hangs


def test_a_request_that_is_not_read_buys_no_time(start: Start) -> None:
    service = start(responses=[response("")], pause=0.1)
    begun = time.monotonic()
    with pytest.raises(RequestFailed) as caught:
        service.client.post("/", content=(b"x" * 100_000 for _ in range(100)))
    assert caught.value.problem.kind in ("request_timeout", "no_answer")
    assert time.monotonic() - begun < 10


def test_a_check_can_give_one_request_more_time(start: Start) -> None:
    service = start(responses=[response("x")], pause=0.05)
    assert service.client.get("/", timeout=30).text == "x"


def test_the_time_of_the_whole_run_ends_a_request(tmp_path: Any) -> None:
    launcher = MadeUpLauncher(Script(responses=[response("x" * 100)], pause=0.1))
    service = Service(launcher, spec(tmp_path), Limits(), deadline=time.monotonic() + 1)
    assert problem_of(service)[0] == "request_timeout"
    assert problem_of(service)[0] == "out_of_time"
    service.close()
    launcher.close()


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (response("", *(f"x{number}: y" for number in range(200))), "response_too_large"),
        (response("", f"set-cookie: {'a' * 40_000}"), "response_too_large"),
        (f"HTTP/1.1 200 OK\r\ncontent-length: {'1' * 5_000}\r\n\r\n", "not_http"),
        ("HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n", "not_http"),
        ("HTTP/1.1 999999 OK\r\n\r\n", "not_http"),
        ("SSH-2.0-OpenSSH\r\n\r\n", "not_http"),
        ("HTTP/1.1 200 OK\r\nx: " + "y" * 200_000, "not_http"),
        ("", "no_answer"),
    ],
)
def test_a_head_that_is_none(start: Start, text: str, kind: str) -> None:
    assert problem_of(start(responses=[text]))[0] == kind


def test_connections_survive_refused_answers(start: Start) -> None:
    service = start(responses=[response("", *(f"x{number}: y" for number in range(200)))])
    for _ in range(250):
        assert problem_of(service)[0] == "response_too_large"


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ('{"x": NaN}', "the body is not JSON: JSON has no NaN"),
        ("[" * 100_000, "the body is nested too deeply to be read"),
        ('"\xff"', "the body is not UTF-8"),
        ("[" + "1," * 600_000 + "1]", "the body has more than 1 MB of JSON"),
        ("1" * 5_000, "the body is not JSON"),
        ("", "the body is not JSON"),
        ('{"a": 1}'.encode("utf-16-le").decode("latin-1"), "the body is not JSON"),
    ],
)
def test_json_is_json_or_a_failure(start: Start, body: str, text: str) -> None:
    reply = start(responses=[response(body)]).client.get("/")
    with pytest.raises(UnreadableAnswer) as caught:
        reply.json()
    assert caught.value.text == text


SECRET = "correct horse"


@pytest.mark.parametrize(
    "answer",
    [
        response(f'{{"input": "{SECRET}"}}', "content-type: application/json; charset=utf-16-le"),
        response(SECRET, "content-type: text/plain; charset=utf-7"),
        response(SECRET.encode("utf-16-le").decode("latin-1"), "content-type: text/plain; charset=utf-16-le"),
        response(SECRET.encode("utf-32-be").decode("latin-1"), "content-type: text/plain; charset=utf-32-be"),
        response(json.dumps("".join(f"U{ord(sign):04x}" for sign in SECRET)).replace("U", "\\u")),
        response(f'{{"a": "{SECRET[0]}\\u006frrect horse", "a": 1}}'),
        response(f'{{"{SECRET}": 1}}'),
        response("", f"x-debug: {SECRET}"),
    ],
)
def test_no_form_hides_what_an_answer_says(start: Start, answer: str) -> None:
    assert SECRET in all_text(start(responses=[answer]).client.get("/"))


def test_the_text_of_an_answer_is_utf_8_whatever_it_declares(start: Start) -> None:
    headers = "content-type: application/json; charset=utf-16-le"
    reply = start(responses=[response('{"input": "secret"}', headers)]).client.get("/")
    assert "secret" in reply.text
    assert reply.json() == {"input": "secret"}


def test_no_cookie_outlives_a_check(start: Start) -> None:
    service = start(responses=[response("", "set-cookie: a=b")])
    service.client.get("/")
    assert service.client.cookies
    assert service.begin()
    assert not service.client.cookies


# The control channel.

FAILED = '{{"event": "failed", "problem": {}}}\n'


@pytest.mark.parametrize(
    "problem",
    [
        "1",
        "null",
        "{}",
        '{"kind": "host_failed"}',
        '{"kind": "limit", "text": "all"}',
        '{"kind": "not_run"}',
        '{"kind": "out_of_time", "detail": {"seconds": "x"}}',
        '{"kind": "request_timeout"}',
        '{"kind": ["x"]}',
        '{"kind": "no_such_kind"}',
    ],
)
def test_what_only_the_checks_can_know_is_a_crash_when_a_service_says_it(start: Start, problem: str) -> None:
    with pytest.raises(StartFailed) as caught:
        start(start=[FAILED.format(problem)]).ensure_ready()
    assert caught.value.problem.kind == "crash"


def test_facts_of_a_wrong_type_are_dropped(start: Start) -> None:
    facts: dict[str, Any] = {
        "kind": "import_error",
        "exception": 5,
        "text": ["x"],
        "place": {"file": "a.py", "line": 10**30},
        "detail": {"module": 3, "name": {}, "similar": "abc", "own": "yes", "seconds": [], "output": "x" * 9_999},
    }
    with pytest.raises(StartFailed) as caught:
        start(start=[FAILED.format(json.dumps(facts))]).ensure_ready()
    problem = caught.value.problem
    assert (problem.kind, problem.exception, problem.text, problem.place) == ("import_error", "", "", None)
    assert problem.detail == {}


def test_saying_again_that_it_imports_buys_no_time(start: Start) -> None:
    service = start(start=['{"event": "importing"}\n'] * 3, answers={"where": '{"event": "importing"}\n' * 5})
    begun = time.monotonic()
    with pytest.raises(StartFailed) as caught:
        service.ensure_ready()
    assert caught.value.problem.kind == "startup_timeout"
    assert time.monotonic() - begun < 10


def test_a_service_that_cannot_be_started_again_says_so(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    service = start(responses=[""])
    service.ensure_ready()
    service.kill()
    monkeypatch.setattr(MadeUpLauncher, "start", _refuse_to_start)
    with pytest.raises(StartFailed, match="no more"):
        service.client.get("/")


def _refuse_to_start(*_: object) -> Any:
    from workbook.service.protocol.problem import Problem

    raise StartFailed(Problem(ProblemKind.HOST_FAILED, text="no more"))


ODD_PROBES: list[Any] = [
    {},
    [],
    None,
    PROBE | {"checked_out": 1e308 * 10},
    PROBE | {"checked_out": -1},
    PROBE | {"max_checked_out": True},
    PROBE | {"loop_gap": "1"},
    PROBE | {"peak_memory": 10**400},
]


@pytest.mark.parametrize("probe", ODD_PROBES)
def test_a_probe_without_its_numbers_is_no_answer(start: Start, probe: Any) -> None:
    service = start(answers={"unwatch": f'{{"id": ID, "result": {json.dumps(probe)}}}\n'})
    with pytest.raises(RequestFailed) as caught, service.probe():
        pass
    assert caught.value.problem.kind == "no_answer"


def test_a_probe_keeps_what_has_the_right_form(start: Start) -> None:
    odd: list[Any] = [
        1,
        None,
        [["a", "b"]],
        {"exception": {}, "text": "x" * 9_999, "place": {"line": "1"}, "errors": [3, {}]},
    ]
    probe: dict[str, Any] = PROBE | {
        "statements": [1, "SELECT 1", None] * 9_999,
        "exceptions": odd,
        "warnings": 7,
        "requests": odd,
    }
    service = start(answers={"unwatch": f'{{"id": ID, "result": {json.dumps(probe)}}}\n'})
    with service.probe() as seen:
        pass
    assert len(seen.statements) == 2_000
    assert seen.statements[:3] == ["", "SELECT 1", ""]
    assert seen.warnings == []
    assert len(seen.exceptions[3]["text"]) == 2_000
    assert "place" not in seen.exceptions[3]
    assert [request.number for request in seen.requests] == [0, 0, 0, 0]


@pytest.mark.parametrize("result", ["1", "[]", '{"exceptio": 1}', "null"])
def test_a_call_that_is_answered_with_something_else(start: Start, result: str) -> None:
    service = start(answers={"call": f'{{"id": ID, "result": {result}}}\n'})
    with pytest.raises(RequestFailed) as caught:
        service.call("a:b")
    assert caught.value.problem.kind == "no_answer"


def test_a_call_that_raised_something_odd(start: Start) -> None:
    service = start(answers={"call": '{"id": ID, "result": {"exception": [1], "text": {}, "place": 5}}\n'})
    with pytest.raises(CallFailed) as caught:
        service.call("a:b")
    assert (caught.value.exception, caught.value.text, caught.value.place) == ("", "", None)


@pytest.mark.parametrize("command", ["routes", "call"])
def test_an_answer_that_is_too_large(start: Start, command: str) -> None:
    paths = json.dumps({"value": 1, "paths": {f"/{number}": {} for number in range(250_000)}} | {"value": [0] * 2**21})
    service = start(answers={command: f'{{"id": ID, "result": {paths}}}\n'})
    begun = time.thread_time()
    with pytest.raises(RequestFailed) as caught:
        service.openapi() if command == "routes" else service.call("a:b")
    assert caught.value.problem.kind in ("response_too_large", "crash")  # a crash: beyond the limit of one message
    assert time.thread_time() - begun < 3


def test_a_document_for_a_message_is_small_or_none(start: Start) -> None:
    service = start(answers={"routes": '{"id": ID, "result": {"paths": {"/": {}}}}\n'})
    assert service.document() == {}  # it is not there yet
    service.ensure_ready()
    assert service.document() == {"paths": {"/": {}}}
    large = json.dumps({"paths": {"/": "x" * 3_000_000}})
    service = start(answers={"routes": f'{{"id": ID, "result": {large}}}\n'})
    service.ensure_ready()
    assert service.document() == {}


@pytest.mark.parametrize("line", ["²", "1" * 5_000, "-1", ""])
def test_a_line_number_of_a_crash_is_a_number(start: Start, tmp_path: Any, line: str) -> None:
    printed = f'Fatal Python error\n  File "{tmp_path}/app/main.py", line {line} in x\n'
    service = start(printed=printed, start=[], status=-11)
    with pytest.raises(StartFailed) as caught:
        service.ensure_ready()
    assert caught.value.problem.place is None


def test_what_a_redirect_points_at_is_asked_of_the_service(start: Start) -> None:
    service = start(responses=[response("here")])
    assert service.client.get("https://elsewhere.test:99/x").text == "here"
    assert isinstance(service.client, httpx.Client)
