"""What a learner reads when something is wrong: the real text, from real faulty apps.

The texts stand in ``golden/``. To take over a wanted change, run ``WORKBOOK_GOLDEN=write pytest`` with this file, then
read the difference.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.small_course import SmallCourse, WarmRuns, make_small_course

GOLDEN = Path(__file__).parent / "golden"
QUICK = {"WORKBOOK_SLOWNESS": "0.2"}
"""Limits of 2 seconds for a start and 1 second for a request, where the fault is that they are passed."""

FAULTS: dict[str, Callable[[SmallCourse], None]] = {
    "solved": lambda course: None,
    "syntax_error": lambda course: course.edit("app = FastAPI()", "app = FastAPI("),
    "indentation_error": lambda course: course.edit("        raise HTTP", "    raise HTTP"),
    "missing_file": lambda course: course.app.unlink(),
    "empty_file": lambda course: course.write("app/main.py", ""),
    "missing_app": lambda course: course.write(
        "app/main.py", "from fastapi import FastAPI\n\napplication = FastAPI()\n"
    ),
    "wrong_app_type_class": lambda course: course.write(
        "app/main.py", "from fastapi import FastAPI\n\napp = FastAPI\n"
    ),
    "wrong_app_type_none": lambda course: course.write("app/main.py", "app = None\n"),
    "import_own_module": lambda course: course.edit("\napp = ", "\nfrom app.modls import Dish\n\napp = "),
    "import_own_name": lambda course: (
        course.write("app/models.py", "class Recipe: ...\n"),
        course.edit("\napp = ", "\nfrom app.models import Recipes\n\napp = "),
    )[-1],
    "import_not_installed": lambda course: course.edit("\napp = ", "\nimport flask\n\napp = "),
    "circular_import": lambda course: (
        course.write("app/routes.py", "from app.main import app\n"),
        course.edit("\napp = ", "\nfrom app.routes import app as other\n\napp = "),
    )[-1],
    "exception_at_import": lambda course: course.edit("app = FastAPI()", 'app = FastAPI()\nprices = {}["soup"]'),
    "exit_at_import": lambda course: course.edit("app = FastAPI()", "app = FastAPI()\nexit()"),
    "startup_exception": lambda course: course.edit(
        "app = FastAPI()",
        "from contextlib import asynccontextmanager\n\n\n@asynccontextmanager\nasync def lifespan(app):\n"
        '    open("no/such/file")\n    yield\n\n\napp = FastAPI(lifespan=lifespan)',
    ),
    "startup_timeout": lambda course: course.edit("app = FastAPI()", "app = FastAPI()\nwhile True:\n    pass"),
    "server_at_import": lambda course: course.edit(
        "app = FastAPI()", 'app = FastAPI()\nimport uvicorn\nuvicorn.run(app, port=0, log_level="critical")'
    ),
    "port_in_use": lambda course: course.edit(
        "app = FastAPI()",
        'app = FastAPI()\nimport socket\nfirst = socket.create_server(("127.0.0.1", 0))\n'
        "second = socket.create_server(first.getsockname())",
    ),
    "endless_loop": lambda course: course.edit("    number = len", "    while True:\n        pass\n    number = len"),
    "blocked_event_loop": lambda course: course.edit(
        '    return {"dish"', '    import time\n    time.sleep(60)\n    return {"dish"'
    ),
    "404_wrong_path": lambda course: course.edit('@app.get("/today")', '@app.get("/api/today")'),
    "404_trailing_slash": lambda course: (
        course.edit("app = FastAPI()", "app = FastAPI(redirect_slashes=False)"),
        course.edit('@app.get("/today")', '@app.get("/today/")'),
    )[-1],
    "404_by_handler": lambda course: course.edit("dishes[number] = dish", "dishes[-number] = dish"),
    "405": lambda course: course.edit('@app.get("/today")', '@app.put("/today")'),
    "307": lambda course: course.edit('@app.get("/today")', '@app.get("/today/")'),
    "422_body": lambda course: course.edit("    price: float", "    price: float\n    chef: str"),
    "422_route_order": lambda course: course.edit('@app.get("/dishes/{dish_id}")', '@app.get("/{dish_id}")'),
    "500": lambda course: course.edit("    return dishes[dish_id]", "    return dishes[str(dish_id)]"),
    "500_response_model": lambda course: course.edit('    return {"dish": "soup"}', '    return {"dish": None}'),
    "wrong_status": lambda course: course.edit(", status_code=201", ""),
    "missing_field": lambda course: course.edit(', "price": dish.price}', "}"),
    "extra_field": lambda course: course.edit("dish.price}", 'dish.price, "secret": 1}'),
    "wrong_type": lambda course: course.edit('"price": dish.price', '"price": str(dish.price)'),
    "wrong_value": lambda course: course.edit('{"dish": "soup"}', '{"dish": "stew"}'),
    "not_json": lambda course: course.edit(
        '    return {"dish": "soup"}',
        '    from fastapi.responses import PlainTextResponse\n    return PlainTextResponse("soup")',
    ),
    "answer_is_null": lambda course: course.edit('    return {"id"', '    return None\n    {"id"'),
    "unawaited": lambda course: course.edit(
        '    return {"dish": "soup"}',
        '    async def find_dish() -> str:\n        return "soup"\n\n    return {"dish": find_dish()}',
    ),
    "database_locked": lambda course: course.edit(
        '    return {"dish": "soup"}',
        "    import sqlite3, tempfile, pathlib\n"
        "    from sqlalchemy import create_engine, text\n"
        '    file = pathlib.Path(tempfile.mkdtemp()) / "kitchen.db"\n'
        "    other = sqlite3.connect(file)\n"
        '    other.execute("create table dishes (id)")\n'
        '    other.execute("begin immediate")\n'
        '    with create_engine(f"sqlite:///{file}", connect_args={"timeout": 0.1}).begin() as connection:\n'
        '        connection.execute(text("insert into dishes values (1)"))\n'
        '    return {"dish": "soup"}',
    ),
    "crash_exit": lambda course: course.edit("    number = len", "    import os\n    os._exit(3)\n    number = len"),
    "crash_segfault": lambda course: course.edit(
        "    number = len", "    import ctypes\n    ctypes.string_at(0)\n    number = len"
    ),
    "output_flood": lambda course: course.edit(
        "    number = len", '    while True:\n        print("x" * 1000)\n    number = len'
    ),
    "huge_answer": lambda course: course.edit('{"dish": "soup"}', '{"dish": "soup" * 5_000_000}'),
}
SLOW = {"startup_timeout", "server_at_import", "endless_loop", "blocked_event_loop"}


@pytest.fixture(scope="module")
def normal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WarmRuns]:
    runs = WarmRuns(tmp_path_factory.mktemp("normal"))
    yield runs
    runs.close()


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WarmRuns]:
    runs = WarmRuns(tmp_path_factory.mktemp("quick"), **QUICK)
    yield runs
    runs.close()


@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_the_learner_reads(fault: str, tmp_path: Path, normal: WarmRuns, quick: WarmRuns) -> None:
    course = make_small_course(tmp_path)
    FAULTS[fault](course)
    outcome = (quick if fault in SLOW else normal).check(course, "--seed", "7")
    text = outcome.out + outcome.err
    assert outcome.code == (0 if fault == "solved" else 1), text
    assert max(map(len, text.splitlines())) <= 100
    detail = [line for line in text.splitlines() if line.startswith("        ")]
    assert len(detail) <= 11, "the exercise's own line and its message have more than 12 lines"
    for word in ("site-packages", "Traceback", "conftest", "/tmp/", "checks/lesson_01"):
        assert word not in text
    file = GOLDEN / f"{fault}.txt"
    if os.environ.get("WORKBOOK_GOLDEN") == "write":
        file.write_text(text, encoding="utf-8")
    assert file.exists(), "there is no golden text yet: see the top of this file"
    assert _steady(text) == _steady(file.read_text(encoding="utf-8"))


def _steady(text: str) -> str:
    """The text without what differs from one Python release to the next."""
    text = re.sub(r"'127.0.0.1', \d+", "'127.0.0.1', 8000", text)
    return re.sub(r"'\(' was never closed|unexpected EOF while parsing", "'(' was never closed", text)
