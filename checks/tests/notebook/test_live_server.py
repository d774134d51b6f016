"""``serve()``: live servers in a real kernel, and a lesson's app in a process of its own."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import httpx
import pytest

from workbook.course.model import Course
from workbook.notebook import live, serve
from workbook.notebook.errors import NotebookError
from workbook.notebook.exchange import Exchange, pretty
from workbook.notebook.live import LiveServer
from workbook.service.live.events import Event, EventLog
from workbook.service.protocol.loopback import listen, listen_again

MAKE_APP = """\
from fastapi import FastAPI
from pydantic import BaseModel

class Recipe(BaseModel):
    label: str
    price: int

app = FastAPI()

@app.post("/recipes", status_code=201)
def create(recipe: Recipe) -> Recipe:
    print("made", recipe.label)
    return recipe

@app.get("/boom")
def boom() -> None:
    raise LookupError("no <such> thing")

api = serve(app)
"""


BROKEN_START = """\
from contextlib import asynccontextmanager

@asynccontextmanager
async def broken(app):
    raise RuntimeError('no <key>')
    yield

serve(FastAPI(lifespan=broken))
"""


BROKEN_START_SAYS = """\
The app did not start.
RuntimeError: no <key>
this notebook, line 5, in broken
    raise RuntimeError('no <key>')"""


class Ran(Protocol):
    """See conftest.py."""

    outputs: list[dict[str, Any]]
    text: str
    html: str
    printed: str
    error: str


class Kernel(Protocol):
    """See conftest.py."""

    def run(self, code: str, *, seconds: float = 60.0) -> Ran: ...
    def value(self, expression: str) -> Any: ...
    def close(self) -> None: ...


# in a kernel


@pytest.fixture
def api(kernel: Kernel) -> Iterator[Kernel]:
    ran = kernel.run(MAKE_APP)
    assert not ran.outputs, ran.outputs
    yield kernel
    kernel.run("from workbook.notebook.live import stop_all; stop_all()")


def test_an_exchange_is_shown_once(api: Kernel) -> None:
    shown = 'POST /recipes\n  {"label": "Soup", "price": 3}\n→ 201 Created\n  {"label": "Soup", "price": 3}'
    for cell in (
        'api.post("/recipes", json={"label": "Soup", "price": 3})',
        'reply = api.post("/recipes", json={"label": "Soup", "price": 3})',
        'reply = api.post("/recipes", json={"label": "Soup", "price": 3})\nreply',
    ):
        ran = api.run(cell)
        assert ran.text == shown
        assert [output["kind"] for output in ran.outputs] == ["stream", "display_data"]
    assert api.run("reply").text == shown
    assert api.run(
        "reply.status_code, reply.json()['label'], reply.headers['content-type'], reply.is_success"
    ).text == ("(201, 'Soup', 'application/json', True)")


def test_what_a_handler_prints_stands_below_the_cell_that_asked(api: Kernel) -> None:
    ran = api.run('api.post("/recipes", json={"label": "Bread", "price": 3}, quiet=True)\nNone')
    assert ran.printed.strip() == "made Bread"
    assert not ran.text


def test_several_exchanges_of_a_cell_and_chosen_headers(api: Kernel) -> None:
    ran = api.run(
        'api.get("/nowhere", show="Content-Type")\napi.get("/recipes", headers={"X-Name": "a"}, show=["allow"])'
    )
    assert ran.text.split("\n") == [
        "GET /nowhere",
        "→ 404 Not Found",
        "  content-type: application/json",
        '  {"detail": "Not Found"}',
        "GET /recipes",
        "  x-name: a",
        "→ 405 Method Not Allowed",
        "  allow: POST",
        '  {"detail": "Method Not Allowed"}',
    ]


def test_an_unhandled_exception_is_named_and_its_frames_are_in_the_log(api: Kernel) -> None:
    api.run('api.post("/recipes", json={"label": "Soup", "price": "free"})')
    ran = api.run('api.get("/boom")')
    assert ran.text == (
        "GET /boom\n→ 500 Internal Server Error\n  Internal Server Error\n"
        "  in the server's log: LookupError: no <such> thing (this notebook, line 17, in boom)"
    )
    assert "<such>" not in ran.html
    log = api.run("api.log()")
    assert log.text.split("\n") == [
        "the server has started",
        "422  POST /recipes",
        "500  GET /boom",
        "     LookupError: no <such> thing",
        "       this notebook, line 17, in boom",
        '           raise LookupError("no <such> thing")',
    ]
    assert "<such>" not in log.html
    assert api.run("api.log()").text == "The server has nothing new in its log."


def test_running_it_again_replaces_the_server(api: Kernel) -> None:
    before = api.value("api.url")
    api.run("old = api")
    assert not api.run(MAKE_APP).error
    assert api.value("api.url") == before
    assert api.value("len([t for t in __import__('threading').enumerate() if t.name == 'live-server'])") == 1
    assert api.run('api.get("/boom", quiet=True).status_code').text == "500"
    assert api.run('old.get("/boom")').error == "This server was stopped: run its serve(…) cell again."


def test_two_apps_are_served_side_by_side(api: Kernel) -> None:
    api.run('other = FastAPI()\nother.get("/me")(lambda: "other")\nsecond = serve(other)')
    assert api.run('second.get("/me")').text == 'GET /me\n→ 200 OK\n  "other"'
    assert api.run('api.get("/me")').text.startswith("GET /me\n→ 404")
    assert api.value("sorted(__import__('workbook.notebook.live').notebook.live._live)") == ["app", "other"]


@pytest.mark.parametrize(
    ("cell", "error"),
    [
        ("serve()", "serve() takes either an app, as in serve(app), or a lesson, as in serve(lesson=2)."),
        ("serve(5)", "serve() needs a FastAPI application, not int."),
        ("serve(FastAPI)", "serve() needs a FastAPI application, not type."),
        (
            "from fastapi import APIRouter; serve(APIRouter())",
            "serve() needs an app, and this is a router: include it in one first.",
        ),
        ("serve(lesson=7)", "There is no lesson 7: the course has lessons 2 to 3."),
        ("serve(lesson=2, target='solutions')", "There is no folder lesson_02 in solutions."),
        (
            BROKEN_START,
            BROKEN_START_SAYS,
        ),
    ],
)
def test_what_cannot_be_served_gets_one_message(api: Kernel, cell: str, error: str) -> None:
    ran = api.run(cell)
    assert ran.error == error
    assert not ran.text
    assert not ran.printed


def test_statements_are_recorded(api: Kernel) -> None:
    api.run("import sqlalchemy as sa\nengine = sa.create_engine('sqlite://')")
    ran = api.run(
        "with sql_log() as log:\n    with engine.begin() as connection:\n"
        "        connection.execute(sa.text('select\\n  :a as a'), {'a': '<1>'})\n"
        "    try:\n        with engine.begin() as connection:\n            raise KeyError\n    except KeyError: pass"
    )
    assert ran.text == "SQL: 1 statement\n  BEGIN\n  select ? as a  ('<1>',)\n  COMMIT\n  BEGIN\n  ROLLBACK"
    assert "<1>" not in ran.html
    assert not api.run("with sql_log(show=False) as log: pass").text
    assert api.value("[log.count, log.statements]") == [0, []]


def test_two_texts_stand_side_by_side(api: Kernel) -> None:
    ran = api.run('side_by_side("Left", "<a>\\nb", "Right", api.get("/x", quiet=True))')
    assert ran.text == 'Left\n  <a>\n  b\n\nRight\n  GET /x\n  → 404 Not Found\n    {"detail": "Not Found"}'
    assert "&lt;a&gt;\nb" in ran.html


def test_the_same_cells_give_the_same_outputs(api: Kernel) -> None:
    def outputs() -> list[str]:
        cells = (MAKE_APP, 'api.get("/boom")', "api.log()")
        return [ran.text + ran.html for ran in map(api.run, cells)]

    assert outputs() == outputs()


def test_a_lesson_is_served_from_the_notebook(api: Kernel) -> None:
    ran = api.run('mine = serve(lesson=2)\nmine.get("/version", quiet=True).json()["flavour"]')
    assert ran.text == "'mint'"
    assert api.run("mine.log()").text == "the server has started\n     | said by the app\n200  GET /version"


@pytest.mark.skipif(os.name != "posix", reason="sends signals")
@pytest.mark.parametrize("ending", ["killed", "shut down"])
def test_servers_end_with_the_kernel(
    ending: str, stand_in_course: Course, start_kernel: Callable[[Path], Kernel]
) -> None:
    kernel = start_kernel(stand_in_course.notebooks_dir)
    kernel.run("from workbook.notebook import serve")
    kernel.run(MAKE_APP)
    kernel.run('mine = serve(lesson=2)\nreply = mine.get("/version", quiet=True)')
    facts = kernel.value(
        "dict(lesson=reply.json()['pid'], kernel=__import__('os').getpid(), port=api._server.port,"
        " scratch=str(mine._server._scratch))"
    )
    assert Path(facts["scratch"]).is_dir()
    if ending == "killed":
        os.kill(facts["kernel"], signal.SIGKILL)
    else:
        kernel.close()
    _wait_until(lambda: not _runs(facts["lesson"]))
    _wait_until(lambda: not _answers(facts["port"]))
    assert not Path(facts["scratch"]).exists()


@pytest.mark.skipif(os.name != "posix", reason="sends signals")
def test_a_lesson_that_a_kernel_terminates_leaves_nothing(
    stand_in_course: Course, start_kernel: Callable[[Path], Kernel]
) -> None:
    """A kernel that shuts down terminates its children first, and may be killed before it comes to anything else."""
    kernel = start_kernel(stand_in_course.notebooks_dir)
    kernel.run("from workbook.notebook import serve")
    kernel.run('mine = serve(lesson=2)\nreply = mine.get("/version", quiet=True)')
    facts = kernel.value("dict(lesson=reply.json()['pid'], scratch=str(mine._server._scratch))")
    os.kill(facts["lesson"], signal.SIGTERM)
    _wait_until(lambda: not Path(facts["scratch"]).exists())


@pytest.mark.skipif(os.name != "posix", reason="a closed pipe is an end of file")
def test_a_lesson_whose_kernel_ends_before_it_says_what_to_serve_leaves_nothing(tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    command = [sys.executable, "-P", "-m", "workbook.service.live.lesson_process", str(scratch)]
    assert subprocess.run(command, stdin=subprocess.DEVNULL, check=False, timeout=60).returncode == 0
    assert not scratch.exists()


# a lesson's app, without a kernel


@pytest.fixture
def lesson(stand_in_course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LiveServer]:
    """Lesson 2, served from a copy that a test may change."""
    folder = tmp_path / "work" / "lesson_02"
    folder.parent.mkdir()
    source = stand_in_course.lessons_dir / "lesson_02"
    for file in sorted(source.rglob("*")):
        if file.is_file():
            copy = folder / file.relative_to(source)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(file.read_bytes())
    monkeypatch.setenv("WORKBOOK_ROOT", str(stand_in_course.root))
    monkeypatch.setattr(live, "find_course", lambda: stand_in_course)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    yield serve(lesson=2, target=folder.parent)
    live.stop_all()
    assert [path.name for path in tmp_path.iterdir()] == ["work"]


@pytest.fixture
def main(lesson: LiveServer, tmp_path: Path) -> Path:
    """The file with its app."""
    return tmp_path / "work" / "lesson_02" / "app" / "main.py"


def test_a_save_of_the_same_size_is_what_runs(
    lesson: LiveServer, main: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = main.read_text(encoding="utf-8")
    for number in (2, 3, 4):
        main.write_text(source.replace('"version": 1', f'"version": {number}'), encoding="utf-8")
        os.utime(main, (1_700_000_000, 1_700_000_000))
        assert lesson.get("/version", quiet=True).json()["version"] == number
        assert capsys.readouterr().out == "(app/main.py has changed: the server was restarted)\n"
    assert not list(main.parent.rglob("__pycache__"))


def test_a_file_that_comes_or_goes_counts_as_a_change(lesson: LiveServer, main: Path) -> None:
    first = lesson.get("/version", quiet=True).json()["pid"]
    assert lesson.get("/version", quiet=True).json()["pid"] == first
    (main.parent / "extra.py").touch()
    second = lesson.get("/version", quiet=True).json()["pid"]
    (main.parent / "extra.py").unlink()
    assert len({first, second, lesson.get("/version", quiet=True).json()["pid"]}) == 3


BROKEN_APPS = {
    "import os\nimport time)": "SyntaxError: unmatched ')'\napp/main.py, line 2\n    import time)",
    "import os, nowhere": "ModuleNotFoundError: No module named 'nowhere'\napp/main.py, line 1\n    import os, nowhere",
    "@app.get('/')\ndef root(): ...": "NameError: name 'app' is not defined\napp/main.py, line 1\n    @app.get('/')",
    "import os; os._exit(3)": "Its process ended with exit code 3.",
    "raise SystemExit('bye')": "SystemExit: bye\napp/main.py, line 1\n    raise SystemExit('bye')",
    "api = None": "ImportError: app/main.py has no variable named app",
    "app = 1": "ImportError: app in app/main.py is an object of type int, not a FastAPI application",
}


def test_an_app_that_does_not_start_says_why(lesson: LiveServer, main: Path) -> None:
    source = main.read_text(encoding="utf-8")
    for broken, message in BROKEN_APPS.items():
        main.write_text(broken, encoding="utf-8")
        with pytest.raises(NotebookError) as failure:
            lesson.get("/version")
        assert str(failure.value) == f"The app of lesson 2 does not start.\n{message}"
    with pytest.raises(NotebookError, match="is an object of type int"):  # asked again, with nothing changed
        lesson.get("/version")
    main.write_text(source, encoding="utf-8")
    assert lesson.get("/version", quiet=True).status_code == 200


def test_a_process_that_ends_is_explained_and_started_again(lesson: LiveServer) -> None:
    with pytest.raises(NotebookError, match=r"GET /end got no answer: the app's process ended .* \(exit code 3\)\."):
        lesson.get("/end")
    assert lesson.get("/version", quiet=True).status_code == 200


def test_a_request_without_an_end_is_given_up(lesson: LiveServer, monkeypatch: pytest.MonkeyPatch) -> None:
    pid = lesson.get("/version", quiet=True).json()["pid"]
    lesson.client.timeout = 0.3
    with pytest.raises(NotebookError, match="GET /hang got no answer within"):
        lesson.get("/hang")
    _wait_until(lambda: not _runs(pid))
    assert lesson.get("/version", quiet=True).status_code == 200


def test_a_restart_keeps_the_database_and_serving_again_does_not(lesson: LiveServer, main: Path) -> None:
    main.write_text(
        main.read_text(encoding="utf-8")
        + "\nimport sqlite3\n\nfile = os.environ['DATABASE_URL'].removeprefix('sqlite:///')\n\n"
        + "@app.get('/count')\ndef count() -> int:\n    with sqlite3.connect(file) as connection:\n"
        + "        connection.execute('create table if not exists t (a)')\n"
        + "        connection.execute('insert into t values (1)')\n"
        + "        return connection.execute('select count(*) from t').fetchone()[0]\n",
        encoding="utf-8",
    )
    assert lesson.get("/count", quiet=True).json() == 1
    lesson.restart()
    assert lesson.get("/count", quiet=True).json() == 2
    again = serve(lesson=2, target=main.parents[2])
    assert again.url == lesson.url
    assert again.get("/count", quiet=True).json() == 1


def test_settings_reach_the_app_and_nothing_else_does(
    lesson: LiveServer, main: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_OF_THE_SHELL", "x")
    again = serve(lesson=2, target=main.parents[2], env={"FLAVOUR": "lemon"})
    main.write_text(
        main.read_text(encoding="utf-8")
        + "\n@app.get('/env')\ndef env() -> list[str]:\n    return sorted(os.environ)\n",
        encoding="utf-8",
    )
    assert again.get("/version", quiet=True).json()["flavour"] == "lemon"
    names = set(again.get("/env", quiet=True).json())
    assert "DATABASE_URL" in names
    assert "SECRET_OF_THE_SHELL" not in names


def test_its_log_has_prints_requests_and_the_learners_frames(
    lesson: LiveServer, capsys: pytest.CaptureFixture[str]
) -> None:
    lesson.get("/version", quiet=True)
    assert lesson.get("/boom").status_code == 500
    assert "in the server's log: KeyError: 'nothing' (app/main.py, line" in capsys.readouterr().out
    lesson.log()
    lines = capsys.readouterr().out.splitlines()
    assert lines[:4] == ["the server has started", "     | said by the app", "200  GET /version", "500  GET /boom"]
    assert lines[4:] == [
        "     KeyError: 'nothing'",
        "       app/main.py, line 18, in boom",
        '           return {}["nothing"]',
    ]


# parts


def test_a_listening_socket_says_that_it_is_tcp() -> None:
    """Without it asyncio leaves Nagle's algorithm on, and every request on a kept connection takes 40 ms."""
    with listen() as listener:
        assert listener.proto == socket.IPPROTO_TCP
        assert listener.getsockname()[0] == "127.0.0.1"
        with listen_again(listener.getsockname()[1]) as other:
            assert other.getsockname()[1] != listener.getsockname()[1]


def test_json_stays_on_one_line_where_it_fits() -> None:
    assert pretty({"b": [1, {"a": None}], "a": "ä"}) == ['{"b": [1, {"a": null}], "a": "ä"}']
    assert pretty({"first": ["x" * 10, "y" * 10], "second": []}, columns=30) == [
        "{",
        '  "first": [',
        f'    "{"x" * 10}",',
        f'    "{"y" * 10}"',
        "  ],",
        '  "second": []',
        "}",
    ]


def test_a_number_that_no_float_can_hold_is_shown_as_it_was_sent() -> None:
    request = httpx.Request(
        "POST", "http://a.example/", content='{"n": 1e400}', headers={"content-type": "application/json"}
    )
    assert '  {"n": 1e400}' in str(Exchange(httpx.Response(204, request=request))).splitlines()


@pytest.mark.parametrize("line", ["", "{}", "[1]", "not json", '{"kind": "print"}', '{"kind": "print", "text": 1}'])
def test_an_events_line_that_is_none_is_left_out(line: str) -> None:
    assert Event.from_line(line) is None


def test_an_event_survives_its_line() -> None:
    event = Event("exception", "KeyError: 'ä\ud800'", detail=("app/main.py, line 1",), status=500)
    assert Event.from_line(event.to_line()) == event


def test_the_log_keeps_counting_beyond_what_it_keeps() -> None:
    log = EventLog()
    for number in range(3_000):
        log.add(Event("print", str(number)))
    assert log.count == 3_000
    assert [event.text for event in log.since(2_998)] == ["2998", "2999"]
    assert len(log.since(0)) == 2_000


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    with contextlib.suppress(OSError):  # a process that has ended and that nobody has waited for yet
        return not Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].startswith(" Z")
    return True


def _answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def _wait_until(condition: Callable[[], bool], seconds: float = 15.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.02)


def test_what_is_told_late_of_an_answered_request_is_waited_for() -> None:
    log = EventLog()
    log.note_answer(None)
    teller = threading.Timer(
        0.1, lambda: [log.add(Event("begun")), log.add(Event("sql", "SELECT 1")), log.add(Event("done"))]
    )
    teller.start()
    log.settle(seconds=5)
    assert [event.text for event in log.since(0) if event.kind == "sql"] == ["SELECT 1"]
    teller.join()
