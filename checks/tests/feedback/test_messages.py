"""What a learner reads when something is wrong: the real text, from real faulty apps.

The texts stand in ``golden/``. To take over a wanted change, run ``WORKBOOK_GOLDEN=write pytest`` with this file, then
read the difference.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from tests.small_course import SmallCourse, WarmRuns, make_small_course

GOLDEN = Path(__file__).parent / "golden"
QUICK = {"WORKBOOK_SLOWNESS": "0.2"}
"""Limits of 2 seconds for a start and 1 second for a request, where the fault is that they are passed."""

_BOUNDS = """
def test_prices_are_bounded(client):
    \"\"\"A price is above 0 and at most 100.\"\"\"
    for wrong in (101, 0):
        assert client.post("/dishes", json={"name": "Pie", "price": wrong}).status_code == 422
"""


def _also(course: SmallCourse, check: str) -> None:
    """Give exercise 1.2 one more check."""
    file = course.root / "checks/lesson_01/test_2_more.py"
    file.write_text(f'"""1.2  Take new dishes."""\n\n{dedent(check)}', encoding="utf-8")


def _with_settings(course: SmallCourse, base: str, config: str, field: str = "dish") -> None:
    """Let the app read a setting that the checks set, through a class with this base."""
    lesson = course.root / "lessons/lesson_01/lesson.toml"
    lesson.write_text(lesson.read_text(encoding="utf-8") + '\n[env]\nDISH = "soup"\n', encoding="utf-8")
    course.edit(
        "\napp = FastAPI()\n",
        f"\nfrom pydantic_settings import BaseSettings\n\n\nclass Settings({base}):\n{config}    {field}: str\n\n\n"
        "settings = Settings()\napp = FastAPI()\n",
    )


def _with_database(course: SmallCourse) -> None:
    lesson = course.root / "lessons/lesson_01/lesson.toml"
    text = lesson.read_text(encoding="utf-8")
    lesson.write_text(text.replace("prerequisites = []", "prerequisites = []\nuses_database = true"), encoding="utf-8")


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
    "awaits_too_long": lambda course: course.edit(
        '    return {"dish"', '    import asyncio\n    await asyncio.sleep(60)\n    return {"dish"'
    ),
    "404_wrong_path": lambda course: course.edit('@app.get("/today")', '@app.get("/api/today")'),
    "404_trailing_slash": lambda course: (
        course.edit("app = FastAPI()", "app = FastAPI(redirect_slashes=False)"),
        course.edit('@app.get("/today")', '@app.get("/today/")'),
    )[-1],
    "404_by_handler": lambda course: course.edit("dishes[number] = dish", "dishes[-number] = dish"),
    "405": lambda course: course.edit('@app.get("/today")', '@app.put("/today")'),
    "307": lambda course: course.edit('@app.get("/today")', '@app.get("/today/")'),
    "307_elsewhere": lambda course: course.edit(
        '    return {"dish": "soup"}',
        '    from fastapi.responses import RedirectResponse\n    return RedirectResponse("/docs")',
    ),
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
    "return_forgotten": lambda course: course.edit('    return {"dish": "soup"}', '    {"dish": "soup"}'),
    "return_forgotten_without_model": lambda course: course.edit(
        'async def today() -> dict[str, str]:\n    return {"dish": "soup"}', 'def today():\n    dish = {"dish": "soup"}'
    ),
    "return_bare": lambda course: course.edit('    return {"dish": "soup"}', '    dish = {"dish": "soup"}\n    return'),
    "return_on_one_way": lambda course: course.edit(
        '    return {"dish": "soup"}', '    if dishes:\n        return {"dish": "soup"}'
    ),
    "return_in_helper": lambda course: course.edit(
        '    return {"dish": "soup"}',
        '    return {"dish": name_of(Dish(name="soup", price=1))}\n\n\ndef name_of(dish: Dish) -> str:\n    dish.name',
    ),
    "return_in_validator": lambda course: (
        course.edit(
            "    price: float\n",
            "    price: float\n\n    @model_validator(mode='after')\n    def check(self):\n"
            "        if self.price < 0:\n            raise ValueError('too cheap')\n",
        ),
        course.edit("import BaseModel", "import BaseModel, model_validator"),
    )[-1],
    "return_in_factory": lambda course: course.edit(
        "app = FastAPI()\n",
        "def create_app() -> FastAPI:\n    app = FastAPI()\n\n\napp = create_app()\n",
    ),
    "return_of_other_none": lambda course: course.edit(
        '    return {"dish": "soup"}', '    menu: dict[str, dict[str, str]] = {}\n    return menu.get("today")'
    ),
    "print_for_return": lambda course: course.edit('    return {"dish": "soup"}', '    print({"dish": "soup"})'),
    "exception_returned": lambda course: course.edit("        raise HTTPException", "        return HTTPException"),
    "exception_returned_without_model": lambda course: (
        course.edit("        raise HTTPException", "        return HTTPException"),
        course.edit("(dish_id: int) -> Dish:", "(dish_id: int):"),
    )[-1],
    "wrong_object_returned": lambda course: course.edit("    return dishes[dish_id]", "    return read_dish"),
    "unawaited": lambda course: course.edit(
        '    return {"dish": "soup"}',
        '    async def find_dish() -> str:\n        return "soup"\n\n    return {"dish": find_dish()}',
    ),
    "unawaited_without_model": lambda course: course.edit(
        'async def today() -> dict[str, str]:\n    return {"dish": "soup"}',
        'async def today():\n    return find_dish()\n\n\nasync def find_dish():\n    return {"dish": "soup"}',
    ),
    "import_without_its_package": lambda course: (
        course.write("app/models.py", "class Recipe: ...\n"),
        course.edit("\napp = ", "\nfrom models import Recipe\n\napp = "),
    )[-1],
    "import_of_a_part_without_its_package": lambda course: (
        course.write("app/core/__init__.py", ""),
        course.write("app/core/config.py", "class Settings: ...\n"),
        course.edit("\napp = ", "\nfrom core.config import Settings\n\napp = "),
    )[-1],
    "import_of_a_neighbour": lambda course: (
        course.write("app/api/__init__.py", ""),
        course.write("app/api/dishes.py", "from fastapi import APIRouter\n"),
        course.edit("\napp = ", "\nfrom app.api import dish\n\napp = "),
    )[-1],
    "import_beyond_the_top": lambda course: course.edit("\napp = ", "\nfrom ...models import Recipe\n\napp = "),
    "import_misspelt_package": lambda course: course.edit(
        "\napp = ", "\nfrom pydantic_setting import BaseSettings\n\napp = "
    ),
    "import_of_what_moved": lambda course: course.edit("import BaseModel", "import BaseModel, BaseSettings"),
    "settings_are_a_model": lambda course: _with_settings(course, "BaseModel", ""),
    "settings_have_a_prefix": lambda course: _with_settings(
        course, "BaseSettings", '    model_config = {"env_prefix": "KITCHEN_"}\n'
    ),
    "settings_are_misspelt": lambda course: _with_settings(course, "BaseSettings", "", "dihs"),
    "settings_need_what_is_not_set": lambda course: _with_settings(course, "BaseSettings", "", "number_of_guests"),
    "parameter_without_type": lambda course: course.edit("def today()", "def today(request)"),
    "decorator_forgotten": lambda course: course.edit('@app.get("/today")\n', ""),
    "decorator_without_call": lambda course: course.edit('@app.get("/today")', "@app.get"),
    "decorator_forgotten_and_path_taken": lambda course: (
        course.edit('@app.get("/dishes/{dish_id}")', '@app.get("/{dish_id}")'),
        course.edit('@app.get("/today")\n', ""),
    )[-1],
    "decorator_of_a_rule_forgotten": lambda course: (
        course.edit(
            "    price: float\n",
            "    price: float\n\n    def check_price(self):\n        if not 0 < self.price <= 100:\n"
            "            raise ValueError('no such price')\n        return self\n",
        ),
        _also(course, _BOUNDS),
    )[-1],
    "slash_at_the_end_and_path_taken": lambda course: (
        course.edit('@app.get("/dishes/{dish_id}")', '@app.get("/{dish_id}")'),
        course.edit('@app.get("/today")', '@app.get("/today/")'),
    )[-1],
    "lifespan_without_yield": lambda course: course.edit(
        "app = FastAPI()",
        "from contextlib import asynccontextmanager\n\n\n@asynccontextmanager\nasync def lifespan(app):\n"
        "    app.state.ready = True\n\n\napp = FastAPI(lifespan=lifespan)",
    ),
    "object_for_a_model": lambda course: (
        course.edit("\n\ndishes:", "\n\nclass Shelf:\n    name, price = 'Pie', 4.5\n\n\ndishes:"),
        course.edit('{"dish": "soup"}', '{"dish": Dish.model_validate(Shelf()).name}'),
    )[-1],
    "none_for_a_model": lambda course: course.edit(
        '{"dish": "soup"}', '{"dish": Dish.model_validate(dishes.get(0)).name}'
    ),
    "exception_returned_to_a_caller": lambda course: (
        course.edit('        raise HTTPException(404, "no such dish")', "        refuse()"),
        course.edit("\n\n@app.post", '\n\ndef refuse():\n    return HTTPException(404, "no such dish")\n\n\n@app.post'),
    )[-1],
    "rows_for_objects": lambda course: (
        course.edit("def today() -> dict[str, str]:", "def today() -> list[Dish]:"),
        course.edit(
            '    return {"dish": "soup"}',
            "    from sqlalchemy import create_engine, text\n"
            '    with create_engine("sqlite://").connect() as connection:\n'
            "        return connection.execute(text(\"SELECT 'Pie', 4.5\")).all()",
        ),
    )[-1],
    "type_is_no_model": lambda course: course.edit("class Dish(BaseModel)", "class Dish"),
    "type_comes_second": lambda course: (
        course.edit("import FastAPI", "import FastAPI, Path"),
        course.edit("from fastapi", "from typing import Annotated\n\nfrom fastapi"),
        course.edit("dish_id: int", "dish_id: Annotated[Path(ge=1), int]"),
    )[-1],
    "field_without_type": lambda course: course.edit("    price: float", "    price = 4.5"),
    "failure_after_the_answer": lambda course: (
        course.edit("import FastAPI", "import BackgroundTasks, FastAPI"),
        course.edit(
            "def add_dish(dish: Dish) -> dict[str, object]:\n    number = len(dishes) + 1\n    dishes[number] = dish",
            "def add_dish(dish: Dish, tasks: BackgroundTasks) -> dict[str, object]:\n    number = len(dishes) + 1\n"
            "    tasks.add_task(store, dish)",
        ),
        course.edit("\n\n@app.post", "\n\ndef store(dish: Dish) -> None:\n    dishes[dish]\n\n\n@app.post"),
        _also(
            course,
            """
            def test_both_are_stored(client):
                \"\"\"Two dishes are stored when they are answered.\"\"\"
                replies = [client.post("/dishes", json={"name": name, "price": 1}) for name in ("Pie", "Soup")]
                for reply in replies:
                    assert reply.json() == client.get(f"/dishes/{reply.json()['id']}").json()
            """,
        ),
    )[-1],
    "bound_is_another": lambda course: (
        course.edit("    price: float", "    price: float = Field(gt=0, le=500)"),
        course.edit("import BaseModel", "import BaseModel, Field"),
        _also(course, _BOUNDS),
    )[-1],
    "bound_is_not_there": lambda course: _also(course, _BOUNDS),
    "bound_of_a_long_text": lambda course: (
        course.edit("    name: str", "    name: str = Field(max_length=500)"),
        course.edit("import BaseModel", "import BaseModel, Field"),
        _also(
            course,
            """
            def test_name_is_bounded(client):
                \"\"\"A name has at most 200 characters.\"\"\"
                for field, value in (("name", "x" * 201),):
                    body = {"name": "Pie", "price": 1, field: value}
                    assert client.post("/dishes", json={**body, field: value}).status_code == 422
            """,
        ),
    )[-1],
    "let_in_and_broken": lambda course: (
        course.edit("    number = len(dishes) + 1", "    number = len(dishes) + 1 // int(dish.price)"),
        _also(
            course,
            """
            def test_price_is_bounded(client):
                \"\"\"A price of nothing is refused.\"\"\"
                assert client.post("/dishes", json={"name": "Pie", "price": 0}).status_code == 422
            """,
        ),
    )[-1],
    "broken_answer_to_a_refused_request": lambda course: (
        course.edit("def add_dish(dish: Dish)", "def add_dish(dish: Annotated[Dish, AfterValidator(require_a_price)])"),
        course.edit(
            '@app.get("/today")',
            "from fastapi import Request\nfrom fastapi.exceptions import RequestValidationError\n"
            "from fastapi.responses import JSONResponse\n\n\n@app.exception_handler(RequestValidationError)\n"
            "def refuse(request: Request, error: RequestValidationError) -> JSONResponse:\n"
            '    return JSONResponse({"detail": error.errors()}, 422)\n\n\n@app.get("/today")',
        ),
        course.edit(
            '@app.post("/dishes"',
            "def require_a_price(dish: Dish) -> Dish:\n    if not dish.price:\n"
            '        raise ValueError("it costs nothing")\n    return dish\n\n\n@app.post("/dishes"',
        ),
        course.edit(
            "from pydantic import BaseModel",
            "from pydantic import AfterValidator, BaseModel\nfrom typing import Annotated",
        ),
        _also(
            course,
            """
            def test_price_is_bounded(client):
                \"\"\"A price of nothing is refused.\"\"\"
                assert client.post("/dishes", json={"name": "Pie", "price": 0}).status_code == 422
            """,
        ),
    )[-1],
    "number_taken_as_text": lambda course: course.edit("def read_dish(dish_id: int)", "def read_dish(dish_id: str)"),
    "own_handler_drops_the_input": lambda course: (
        course.edit('@app.get("/dishes/{dish_id}")', '@app.get("/{dish_id}")'),
        course.edit(
            '@app.get("/today")',
            "from fastapi import Request\nfrom fastapi.exceptions import RequestValidationError\n"
            "from fastapi.responses import JSONResponse\n\n\n@app.exception_handler(RequestValidationError)\n"
            "def refuse(request: Request, error: RequestValidationError) -> JSONResponse:\n"
            '    kept = [{"type": one["type"], "loc": one["loc"], "msg": one["msg"]} for one in error.errors()]\n'
            '    return JSONResponse({"detail": kept}, 422)\n\n\n@app.get("/today")',
        ),
    )[-1],
    "body_read_from_the_query": lambda course: (
        course.edit("def add_dish(dish: Dish)", "def add_dish(name: str, price: float)"),
        course.edit(
            "    number = len(dishes) + 1", "    dish = Dish(name=name, price=price)\n    number = len(dishes) + 1"
        ),
    )[-1],
    "whole_number_as_decimal": lambda course: (
        course.edit('return {"id": number', 'return {"id": float(number)'),
        _also(
            course,
            """
            def test_id_is_whole(client):
                \"\"\"POST /dishes answers a whole number as id.\"\"\"
                number = client.post("/dishes", json={"name": "Pie", "price": 1}).json()["id"]
                assert type(number) is int
            """,
        ),
    )[-1],
    "several_answers": lambda course: _also(
        course,
        """
        def test_each_dish_is_there_until_the_last(client):
            \"\"\"After the second dish there is no room.\"\"\"
            replies = [client.post("/dishes", json={"name": "Pie", "price": 1}) for _ in range(3)]
            assert [reply.status_code for reply in replies] == [201, 201, 409]
        """,
    ),
    "header_is_missing": lambda course: _also(
        course,
        """
        def test_language(client):
            \"\"\"GET /today says its language.\"\"\"
            reply = client.get("/today", headers={"Accept-Language": "de"})
            assert reply.headers.get("content-language") == "de"
        """,
    ),
    "check_speaks_of_its_own_values": lambda course: _also(
        course,
        """
        def test_imports(client):
            \"\"\"Importing a module prints nothing.\"\"\"
            for name, printed in (("app.core", "x" * 5_000),):
                assert name == "app.main" or not printed, f"import {name} prints {printed}"
        """,
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
    "refused_by_the_database": lambda course: (
        _with_database(course),
        course.edit(
            '    return {"dish": "soup"}',
            "    from sqlalchemy import create_engine, exc, text\n"
            '    with create_engine("sqlite://").begin() as connection:\n'
            '        connection.execute(text("create table dishes (name text not null)"))\n'
            "        try:\n"
            '            connection.execute(text("insert into dishes values (null)"))\n'
            "        except exc.IntegrityError:\n"
            '            raise HTTPException(409, "no such menu")\n'
            '    return {"dish": "soup"}',
        ),
    )[-1],
    "crash_exit": lambda course: course.edit("    number = len", "    import os\n    os._exit(3)\n    number = len"),
    "crash_segfault": lambda course: course.edit(
        "    number = len", "    import ctypes\n    ctypes.string_at(0)\n    number = len"
    ),
    "output_flood": lambda course: course.edit(
        "    number = len", '    while True:\n        print("x" * 1000)\n    number = len'
    ),
    "huge_answer": lambda course: course.edit('{"dish": "soup"}', '{"dish": "soup" * 5_000_000}'),
}
SLOW = {"startup_timeout", "server_at_import", "endless_loop", "blocked_event_loop", "awaits_too_long"}


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
