"""A real kernel, and a small course whose checks say what a test wants them to say."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager
from jupyter_core.utils import ensure_event_loop

from workbook.course.model import Course

LESSON = """
name = "schemas"
title = "Schemas"
minutes = 60
objectives = ["describe what comes in", "bound it", "say what goes out"]
prerequisites = []
env = { FLAVOUR = "mint" }

[[exercises]]
title = "Take a recipe in"
points = 3
files = ["app/main.py"]
contract = "POST /recipes"
hints = ["What is <checked> first?", "Read https://example.org/docs?a=1&b=2 about `Field`.", "Put a bound on it."]

[[exercises]]
title = "Say what goes out"
points = 4
files = ["app/main.py"]
contract = "GET /recipes"
hints = ["one", "two", "three"]
"""

NEXT_LESSON = LESSON.replace('"schemas"', '"database"').replace('"Schemas"', '"Database"')

APP = """
import os
import time

from fastapi import FastAPI

app = FastAPI()


@app.get("/version")
def version() -> dict[str, object]:
    print("said by the app")
    return {"version": 1, "flavour": os.environ["FLAVOUR"], "pid": os.getpid()}


@app.get("/boom")
def boom() -> str:
    return {}["nothing"]


@app.get("/end")
def end() -> None:
    os._exit(3)


@app.get("/hang")
def hang() -> None:
    time.sleep(60)
"""

STAND_IN_PLUGIN = '''
"""Stands in for the workbook's plugin: it says and reports what the test has put beside it."""

import json
import os
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent


def pytest_addoption(parser):
    parser.addoption("--target")
    parser.addoption("--report-json")


def pytest_configure(config):
    (HERE / "started.json").write_text(json.dumps({"pid": os.getpid(), "arguments": sys.argv[1:]}))
    if (HERE / "hang").exists():
        time.sleep(60)
    print((HERE / "says.txt").read_text(encoding="utf-8"), flush=True)
    if (HERE / "report.json").exists():
        Path(config.getoption("--report-json")).write_bytes((HERE / "report.json").read_bytes())
    os._exit(1)
'''


@dataclass
class Ran:
    """What one cell put out."""

    outputs: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    def _texts(self, kind: str) -> list[str]:
        shown = [output["data"] for output in self.outputs if "data" in output]
        return [data[kind] for data in shown if kind in data]

    @property
    def text(self) -> str:
        """What was displayed, in its plain form."""
        return "\n".join(self._texts("text/plain"))

    @property
    def html(self) -> str:
        """What was displayed, as HTML."""
        return "\n".join(self._texts("text/html"))

    @property
    def printed(self) -> str:
        """What was printed."""
        return "".join(output["text"] for output in self.outputs if "text" in output)

    @property
    def error(self) -> str:
        """What was shown of an exception."""
        return "\n".join("\n".join(output["traceback"]) for output in self.outputs if "traceback" in output)


class Kernel:
    """A running kernel."""

    def __init__(self, folder: Path, env: dict[str, str]) -> None:
        self.manager = KernelManager(kernel_name="python3")
        self.manager.start_kernel(cwd=str(folder), env=env)
        client: Any = self.manager.client()
        assert isinstance(client, BlockingKernelClient)
        self._client: Any = client
        self._client.start_channels()
        self._client.wait_for_ready(timeout=60)

    def run(self, code: str, *, seconds: float = 60.0) -> Ran:
        """Run a cell, and collect its outputs."""
        ran = Ran()

        def collect(message: dict[str, Any]) -> None:
            if message["msg_type"] in {"stream", "display_data", "execute_result", "error"}:
                ran.outputs.append(message["content"] | {"kind": message["msg_type"]})

        self._client.execute_interactive(code, timeout=seconds, output_hook=collect)
        return ran

    def value(self, expression: str) -> Any:
        """The value of an expression, by way of JSON."""
        ran = self.run(f"import json; print(json.dumps({expression}))")
        assert not ran.error, ran.error
        return json.loads(ran.printed)

    def close(self) -> None:
        """End it as JupyterLab does."""
        self._client.stop_channels()
        if self.manager.has_kernel:
            self.manager.shutdown_kernel()
        self.manager.cleanup_resources()


@pytest.fixture(scope="session")
def stand_in_course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A course of two lessons whose checks are a stand-in."""
    root = tmp_path_factory.mktemp("course")
    for number, lesson in ((2, LESSON), (3, NEXT_LESSON)):
        folder = root / "lessons" / f"lesson_0{number}"
        (folder / "app").mkdir(parents=True)
        (folder / "lesson.toml").write_text(lesson, encoding="utf-8")
        (folder / "app" / "__init__.py").touch()
        (folder / "app" / "main.py").write_text(APP, encoding="utf-8")
    checks = root / "checks" / "lesson_02"
    checks.mkdir(parents=True)
    (checks / "test_1_take.py").touch()
    (root / "checks" / "conftest.py").write_text(STAND_IN_PLUGIN, encoding="utf-8")
    (root / "notebooks").mkdir()
    (root / "pyproject.toml").write_text('[tool.pytest]\naddopts = ["--disable-plugin-autoload"]\n', encoding="utf-8")
    return Course(root)


@pytest.fixture(scope="session")
def start_kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Path], Kernel]]:
    """Starts a kernel in a folder, with settings of its own. All of them end with the tests."""
    home = tmp_path_factory.mktemp("home")
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "WORKBOOK_"))}
    env |= {
        "IPYTHONDIR": str(home / "ipython"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "HOME": str(home),
        "TMPDIR": str(home),
    }
    started: list[Kernel] = []

    def start(folder: Path) -> Kernel:
        started.append(Kernel(folder, env))
        return started[-1]

    yield start
    for kernel in started:
        kernel.close()
    if started:
        ensure_event_loop().close()  # jupyter_client made it and would leave it open
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def kernel(stand_in_course: Course, start_kernel: Callable[[Path], Kernel]) -> Kernel:
    """A kernel in the notebooks' folder of the stand-in course, with the extension loaded."""
    kernel = start_kernel(stand_in_course.notebooks_dir)
    ran = kernel.run("from workbook.notebook import serve, side_by_side, sql_log")
    assert not ran.outputs, ran.outputs
    assert kernel.value("__import__('sys').executable") == sys.executable
    return kernel
