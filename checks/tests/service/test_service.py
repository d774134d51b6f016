"""The service process: its life, its faults, its probes, and that it leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from textwrap import dedent

import pytest

from workbook.service.parent.process import Launcher, make_launcher, service_environment
from workbook.service.parent.service import Service
from workbook.service.protocol.problem import CallFailed, RequestFailed, StartFailed
from workbook.service.protocol.spec import Limits, Spec

APP = """\
import asyncio, os, subprocess, sys, threading, time

from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()


class Dish(BaseModel):
    name: str


@app.get("/")
def root():
    return {"pid": os.getpid(), "environment": sorted(os.environ), "cwd": os.getcwd()}

@app.get("/boom")
def boom():
    return {}["missing"]

@app.get("/exit")
def leave():
    os._exit(3)

@app.get("/kill")
def kill():
    os.kill(os.getpid(), 9)

@app.get("/loop")
async def loop():
    while True:
        pass

@app.get("/wait")
def wait():
    threading.Event().wait()

@app.get("/flood")
def flood():
    while True:
        print("x" * 1000)

@app.get("/huge")
def huge():
    return "x" * 20_000_000

@app.get("/daemon")
def daemon():
    child = "import os, time; pid = os.fork(); pid and print(pid, flush=True); time.sleep(600)"
    line = subprocess.Popen([sys.executable, "-c", child], stdout=subprocess.PIPE, start_new_session=True)
    return {"pids": [line.pid, int(line.stdout.readline())]}

@app.get("/block")
async def block():
    time.sleep(0.3)

@app.get("/memory")
def memory():
    return {"bytes": len(bytearray(50_000_000))}

def add(left, right):
    return left + right

async def later(value):
    await asyncio.sleep(0)
    return Dish(name=value)

def fail():
    raise LookupError("nothing there")

def forever():
    while True:
        pass

def odd():
    return object()
"""

LIMITS = Limits(request=1.5, call=1.5)


def write_app(folder: Path, text: str = APP) -> Path:
    (folder / "app").mkdir(parents=True, exist_ok=True)
    (folder / "app/__init__.py").touch()
    (folder / "app/main.py").write_text(dedent(text), encoding="utf-8")
    return folder


def spec_of(folder: Path, launcher: Launcher, **env: str) -> Spec:
    return Spec(folder=str(folder), app="app.main:app", env=service_environment(launcher.new_home()) | env)


@pytest.fixture(scope="module")
def launcher() -> Iterator[Launcher]:
    made = make_launcher()
    yield made
    made.close()
    assert not made.scratch.exists()


@pytest.fixture
def service(launcher: Launcher, tmp_path: Path) -> Iterator[Service]:
    made = Service(launcher, spec_of(write_app(tmp_path), launcher, OWN="1"), LIMITS)
    yield made
    made.close()


def test_it_answers_with_its_own_environment_and_folder(service: Service, tmp_path: Path) -> None:
    os.environ["SECRET_OF_THE_CHECKS"] = "1"
    reply = service.client.get("/")
    del os.environ["SECRET_OF_THE_CHECKS"]
    assert reply.json()["cwd"] == str(tmp_path)
    assert "OWN" in reply.json()["environment"]
    allowed = {"OWN", "PATH", "HOME", "TMPDIR", "TEMP", "TMP", "USERPROFILE", "LANG", "LC_ALL", "TZ", "LC_CTYPE"}
    assert set(reply.json()["environment"]) <= allowed


def test_an_exception_is_reported_with_the_learners_line(service: Service) -> None:
    service.ensure_ready()
    with service.probe() as probe:
        assert service.client.get("/boom").status_code == 500
    [request] = probe.requests
    assert request.exception is not None
    assert request.exception["exception"] == "KeyError"
    assert request.exception["place"]["source"] == 'return {}["missing"]'
    assert request.endpoint is not None
    assert request.endpoint.function == "boom"
    assert service.client.get("/").status_code == 200


def test_all_that_is_printed_can_be_read(launcher: Launcher, tmp_path: Path) -> None:
    """What a service prints is not hidden by what it prints before and after."""
    text = (
        APP
        + """

@app.get("/print")
def say():
    print("." * 300_000, "in the middle", "." * 300_000, "the end", flush=True)
"""
    )
    with closing(Service(launcher, spec_of(write_app(tmp_path, text), launcher), LIMITS)) as service:
        service.client.get("/print")
        while "the end" not in service.output():
            time.sleep(0.01)
        assert "in the middle" in service.output()


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/exit", "crash"),
        ("/kill", "crash"),
        ("/loop", "request_timeout"),
        ("/wait", "request_timeout"),
        ("/flood", "output_flood"),
        ("/huge", "response_too_large"),
    ],
)
def test_a_fault_is_named_and_the_next_request_works(service: Service, path: str, kind: str) -> None:
    with pytest.raises(RequestFailed) as caught:
        service.client.get(path)
    assert caught.value.problem.kind == kind
    if path in ("/loop", "/wait"):
        assert caught.value.problem.place is not None
        assert caught.value.problem.place.function == path.strip("/")
    assert service.client.get("/").status_code == 200


def test_calls_cross_as_json(service: Service) -> None:
    assert service.call("app.main:add", 1, 2) == 3
    assert service.call("app.main:later", value="soup") == {"name": "soup"}
    with pytest.raises(CallFailed) as caught:
        service.call("app.main:fail")
    assert (caught.value.exception, caught.value.text) == ("LookupError", "nothing there")
    assert caught.value.place is not None
    with pytest.raises(CallFailed, match="NotPlain: object"):
        service.call("app.main:odd")
    with pytest.raises(CallFailed, match="AttributeError"):
        service.call("app.main:missing")
    with pytest.raises(RequestFailed) as hung:
        service.call("app.main:forever")
    assert hung.value.problem.kind == "call_timeout"
    assert service.call("app.main:add", 1, 2) == 3


def test_without_an_app_nothing_of_the_learners_is_imported(launcher: Launcher, tmp_path: Path) -> None:
    inside = "import sys\ndef imported(): return sorted(name for name in sys.modules if name[:3] == 'app')\n"
    spec = replace(spec_of(write_app(tmp_path, "raise SystemExit"), launcher), app="", inside=inside)
    service = Service(launcher, spec, LIMITS)
    assert service.inside("imported") == []
    service.close()


def test_what_a_function_makes_can_be_served(launcher: Launcher, tmp_path: Path) -> None:
    text = """
    from fastapi import FastAPI

    def make() -> FastAPI:
        return FastAPI(title="made")

    def broken() -> FastAPI:
        raise ValueError("no flour")
    """
    spec = spec_of(write_app(tmp_path, text), launcher)
    service = Service(launcher, replace(spec, app="app.main:make()"), LIMITS)
    assert service.openapi()["info"]["title"] == "made"
    service.close()
    for name, kind in (("broken", "exception_at_import"), ("nothing", "missing_app")):
        service = Service(launcher, replace(spec, app=f"app.main:{name}()"), LIMITS)
        with pytest.raises(StartFailed) as caught:
            service.ensure_ready()
        assert caught.value.problem.kind == kind
        service.close()


@pytest.mark.parametrize(
    ("text", "fact", "value"),
    [
        ("x = 1", "done", []),
        ("x = 1", "loaded", ["app", "app.part"]),
        ("import app.main", "loaded", ["app", "app.main", "app.part"]),
        ("print('hello')", "printed", "hello\n"),
        ("import logging\nlogging.warning('hello')", "printed", "WARNING:root:hello\n"),
        ("raise SystemExit('no')", "error", "SystemExit: no"),
        ("from app.main import nothing", "error", "ImportError: cannot import name 'nothing' from 'app.main'"),
        ("open('part.log', 'a').close()", "done", ["open part.log for writing"]),
        ("import os\nif not os.path.exists('old.log'): os.mkdir('old.log')", "done", ["os.mkdir"]),
        ("import sqlite3\nsqlite3.connect(':memory:').close()", "done", ["sqlite3.connect"]),
        ("open('app/__init__.py').close()", "done", []),
    ],
)
def test_what_an_import_does(launcher: Launcher, tmp_path: Path, text: str, fact: str, value: object) -> None:
    folder = write_app(tmp_path, "x = 1")
    (folder / "app/part.py").write_text(text)
    (folder / "old.log").touch()
    service = Service(launcher, replace(spec_of(folder, launcher), app=""), LIMITS)
    assert service.call("workbook.service.child.imports:import_alone", "app.part")[fact] == value
    service.close()


def test_a_module_of_the_learners_does_not_answer_for_inside(launcher: Launcher, tmp_path: Path) -> None:
    text = """
    import importlib, sys, types
    from fastapi import FastAPI

    app = FastAPI()
    forged = types.ModuleType("inside")
    forged.fact = lambda: "theirs"
    sys.modules.update(dict.fromkeys(["inside", "workbook_inside"], forged))
    genuine = importlib.import_module
    importlib.import_module = lambda name, *rest: genuine(name, *rest) if name[:7] == "uvicorn" else forged
    """
    spec = replace(spec_of(write_app(tmp_path, text), launcher), inside="def fact(): return 'ours'\n")
    service = Service(launcher, spec, LIMITS)
    assert service.inside("fact") == "ours"
    service.close()


def test_probes_see_a_blocked_loop_and_memory(service: Service) -> None:
    service.ensure_ready()
    with service.probe() as blocked:
        service.client.get("/block")
    assert blocked.loop_gap > 0.2
    if sys.platform == "linux":
        with service.probe() as memory:
            service.client.get("/memory")
        assert memory.peak_memory > 40_000_000


def test_requests_run_together(service: Service) -> None:
    assert [reply.status_code for reply in service.together(20, lambda _: service.client.get("/"))] == [200] * 20


def test_restart_is_a_new_process_of_the_current_source(service: Service, tmp_path: Path) -> None:
    before = service.client.get("/").json()["pid"]
    for number in range(8):
        # Same size, most likely the same second: bytecode caches would not notice.
        write_app(
            tmp_path,
            f"from fastapi import FastAPI\napp = FastAPI()\nANSWER = {number}\n"
            "def answer(): return ANSWER\nimport os\n@app.get('/')\ndef root(): return {'pid': os.getpid()}\n",
        )
        service.restart()
        assert service.call("app.main:answer") == number
    assert service.client.get("/").json()["pid"] != before
    assert not list(tmp_path.rglob("*.pyc"))


def test_stop_runs_the_shutdown_and_is_limited(launcher: Launcher, tmp_path: Path) -> None:
    text = """
        import asyncio, os
        from contextlib import asynccontextmanager
        from fastapi import FastAPI

        @asynccontextmanager
        async def lifespan(app):
            yield
            open(os.environ["MARK"], "w").close()
            while os.environ.get("HANG"):
                await asyncio.sleep(1)

        app = FastAPI(lifespan=lifespan)
    """
    mark = tmp_path / "mark"
    polite = Service(launcher, spec_of(write_app(tmp_path, text), launcher, MARK=str(mark)), LIMITS)
    polite.ensure_ready()
    assert polite.stop() == 0
    assert mark.exists()
    polite.close()
    hanging = Service(launcher, spec_of(tmp_path, launcher, MARK=str(mark), HANG="1"), LIMITS)
    hanging.ensure_ready()
    assert hanging.stop() is None
    hanging.close()


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("app = FastAPI(", "syntax_error"),
        ("import os\nos._exit(0)", "crash"),
        ("while True: pass", "startup_timeout"),
        ("import time\ntime.sleep(60)", "startup_timeout"),
        ("app = 3", "wrong_app_type"),
        ("", "missing_app"),
        ("input()", "exception_at_import"),
        ("import sys\nsys.exit(0)", "exit_at_import"),
        ("def f(): f()\nf()", "exception_at_import"),
        ("raise BaseException('x')", "exception_at_import"),
        ("x = '\\0'\nimport nosuchthing", "import_error"),
    ],
)
def test_a_start_that_fails_says_why_once(launcher: Launcher, tmp_path: Path, text: str, kind: str) -> None:
    service = Service(launcher, spec_of(write_app(tmp_path, text), launcher), Limits(start=1.5))
    for _ in range(2):
        with pytest.raises(StartFailed) as caught:
            service.ensure_ready()
        assert caught.value.problem.kind == kind
    service.close()


def test_hostile_replies_on_the_control_channel_are_only_data(launcher: Launcher, tmp_path: Path) -> None:
    text = """
        import gc, os, socket
        from fastapi import FastAPI
        app = FastAPI()

        @app.get("/")
        def shout():
            for number in range(3, 64):
                try:
                    os.write(number, b'[1, 2]\\n{"id": 1, "result": {"statements": 7}}\\n\\xff\\xfe\\n')
                except OSError:
                    pass
            return {}
    """
    service = Service(launcher, spec_of(write_app(tmp_path, text), launcher), LIMITS)
    service.ensure_ready()
    with pytest.raises(RequestFailed):  # noqa: PT012 - which of the two meets the nonsense is a matter of time
        service.client.get("/")
        service.connections_checked_out()
    service.close()


def test_luck_of_the_garbage_collector_decides_nothing(launcher: Launcher, tmp_path: Path) -> None:
    """A lost session gives its connection back before the next request, whenever the collector would have come."""
    text = f"""
        import gc
        from fastapi import FastAPI
        from sqlalchemy import create_engine, text
        from sqlalchemy.orm import Session
        gc.disable()
        engine = create_engine("sqlite:///{tmp_path / "lost.db"}", pool_size=1, max_overflow=0, pool_timeout=0.2)
        app = FastAPI()

        @app.get("/")
        def forget() -> None:
            Session(engine).execute(text("SELECT 1"))

        @app.get("/crash")
        def crash() -> None:
            session = Session(engine)
            session.execute(text("SELECT 1"))
            raise ValueError("now nobody closes it")
    """
    spec = replace(spec_of(write_app(tmp_path, text), launcher), preload=("sqlalchemy.orm",))
    service = Service(launcher, spec, LIMITS)
    assert [service.client.get("/").status_code for _ in range(5)] == [200] * 5
    assert set(service.together(6, lambda _: service.client.get("/").status_code)) == {200}
    assert [service.client.get(path).status_code for path in ("/crash", "/", "/crash", "/")] == [500, 200, 500, 200]
    assert service.begin()
    service.close()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a process that starts a session of its own can stay")
def test_nothing_is_left_of_a_service(tmp_path: Path) -> None:
    launcher = make_launcher()
    service = Service(launcher, spec_of(write_app(tmp_path), launcher), LIMITS)
    pids = [service.client.get("/").json()["pid"], *service.client.get("/daemon").json()["pids"]]
    assert all(alive(pid) for pid in pids)
    service.close()
    launcher.close()
    assert not any(alive(pid) for pid in pids)
    assert not launcher.scratch.exists()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a process that starts a session of its own can stay")
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_nothing_is_left_when_the_checks_process_dies(tmp_path: Path, how: signal.Signals) -> None:
    script = f"""
import sys, time
sys.path.insert(0, {str(Path(__file__).parents[2])!r})
from tests.service.test_service import *
launcher = make_launcher()
service = Service(launcher, spec_of(Path({str(tmp_path)!r}), launcher), LIMITS)
pids = [service.client.get("/").json()["pid"], *service.client.get("/daemon").json()["pids"]]
print(launcher.scratch, *pids, flush=True)
time.sleep(60)
"""
    write_app(tmp_path)
    process = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert process.stdout is not None
    scratch, *words = process.stdout.readline().split()
    pids = [int(word) for word in words]
    assert all(alive(pid) for pid in pids)
    process.send_signal(how)
    process.wait()
    process.stdout.close()
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and (any(alive(pid) for pid in pids) or Path(scratch).exists()):
        time.sleep(0.02)
    assert not any(alive(pid) for pid in pids)
    assert not Path(scratch).exists()


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.mark.parametrize("kind", ["spawn", "tcp"])
def test_the_ways_to_start_on_other_systems(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKBOOK_LAUNCHER", kind)
    launcher = make_launcher()
    service = Service(launcher, spec_of(write_app(tmp_path), launcher), LIMITS)
    before = service.client.get("/").json()["pid"]
    assert service.call("app.main:add", 1, 2) == 3
    with service.probe() as probe:
        assert service.client.get("/boom").status_code == 500
    assert probe.exceptions[0]["exception"] == "KeyError"
    with pytest.raises(RequestFailed) as crashed:
        service.client.get("/exit")
    assert crashed.value.problem.kind == "crash"
    service.restart()
    pid = service.client.get("/").json()["pid"]
    assert pid != before
    assert service.stop() == 0
    service.close()
    write_app(tmp_path, "app = 3")
    broken = Service(launcher, spec_of(tmp_path, launcher), LIMITS)
    with pytest.raises(StartFailed) as refused:
        broken.ensure_ready()
    assert refused.value.problem.kind == "wrong_app_type"
    broken.close()
    launcher.close()
    assert not alive(pid)
    assert not launcher.scratch.exists()
