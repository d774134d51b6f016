"""Outside access to the app's database: the same on SQLite and PostgreSQL, quick, and never in the app's way."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import exc

from workbook.service.database import databases as databases_module
from workbook.service.database import limits, postgresql
from workbook.service.database.database import Database
from workbook.service.database.databases import SETTING, make_databases
from workbook.service.database.facts import ColumnFacts, ForeignKeyFacts
from workbook.service.database.problem import (
    DatabaseBroken,
    DatabaseLocked,
    DatabaseProblem,
    DatabaseTooSlow,
    DatabaseUnreachable,
    MissingColumn,
    MissingTable,
    TooMuchData,
    UnreadableValue,
)

SERVER = os.environ.get(SETTING)


@pytest.fixture(scope="module")
def server() -> str:
    if not SERVER:
        pytest.skip(f"set {SETTING} to a PostgreSQL URL to run every test of this file on PostgreSQL too")
    return SERVER


@pytest.fixture(scope="module")
def postgresql_url(server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    databases = make_databases(tmp_path_factory.mktemp("unused"), server)
    yield databases.new()
    databases.close()


@pytest.fixture(params=["sqlite", "postgresql"] if SERVER else ["sqlite"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    if request.param == "sqlite":
        url = make_databases(tmp_path, None).new()
    else:
        url = str(request.getfixturevalue("postgresql_url"))
        before = Database(url)
        before.execute("DROP SCHEMA public CASCADE")  # quicker than a new database for each test
        before.execute("CREATE SCHEMA public")
        before.dispose()
    opened = Database(url)
    yield opened
    opened.dispose()


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Database]:
    opened = Database(make_databases(tmp_path, None).new())
    yield opened
    opened.dispose()


def path_of(database: Database) -> Path:
    return Path(database.url.removeprefix("sqlite:///"))


@pytest.fixture
def app(database: Database) -> Iterator[sa.Engine]:
    """An engine of the app's own, with the tables that it would make."""
    url = database.url
    engine = sa.create_engine(url)
    metadata = sa.MetaData()
    sa.Table(
        "users",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("email", sa.String(256), nullable=False, unique=True, index=True),
        sa.Column("is_superuser", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("born_at", sa.DateTime(timezone=True)),
        sa.Column("extra", sa.JSON),
    )
    sa.Table(
        "recipes",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("label", sa.String(256), nullable=False),
        sa.Column("submitter_id", sa.Integer, sa.ForeignKey("users.id", ondelete="CASCADE")),
        sa.UniqueConstraint("label", "submitter_id"),
        sqlite_autoincrement=True,
    )
    sa.Table(
        "likes",
        metadata,
        sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id"), primary_key=True),
        sa.Column("recipe_id", sa.Integer, sa.ForeignKey("recipes.id"), primary_key=True),
    )
    sa.Table("notes", metadata, sa.Column("text", sa.Text))
    metadata.create_all(engine)
    yield engine
    engine.dispose()


# Rows


def test_inserted_rows_come_back_with_python_types(database: Database, app: sa.Engine) -> None:
    born = datetime(2024, 2, 29, 12, 30, tzinfo=UTC)
    key = database.insert(
        "users", email="a@example.com", is_superuser=True, born_at=born, extra={"tags": ["x", None], "n": 1}
    )
    assert key == 1
    (user,) = database.rows("users")
    assert user["extra"] == {"tags": ["x", None], "n": 1}
    assert user["is_superuser"] is True
    # SQLite has no time zones: it keeps what it was given, without the zone.
    assert user["born_at"].replace(tzinfo=UTC) == born
    assert database.insert("users", email="b@example.com") == 2
    assert database.rows("users", email="b@example.com")[0]["is_superuser"] is False
    with app.connect() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM users")).scalar_one() == 2


def test_keys_of_several_columns_and_none(database: Database, app: sa.Engine) -> None:
    user = database.insert("users", email="a@example.com")
    recipe = database.insert("recipes", label="Soup", submitter_id=user)
    assert database.insert("likes", user_id=user, recipe_id=recipe) == (user, recipe)
    assert database.insert("notes", text="hello") is None
    assert app.dialect.name in database.url


def test_rows_are_ordered_and_filtered(database: Database, app: sa.Engine) -> None:
    database.insert_many("users", [{"id": number, "email": f"{number}@example.com"} for number in (3, 1, 2)])
    database.insert_many("recipes", [{"label": "Soup"}, {"label": "Stew", "submitter_id": 2}, {"label": "Pie"}])
    assert [row["id"] for row in database.rows("users")] == [1, 2, 3]
    assert [row["label"] for row in database.rows("recipes", submitter_id=2)] == ["Stew"]
    assert {row["label"] for row in database.rows("recipes", submitter_id=None)} == {"Soup", "Pie"}
    assert (database.count("recipes"), database.count("recipes", submitter_id=None)) == (3, 2)
    assert database.rows("recipes", label="' OR 1=1 --") == []
    database.insert_many("users", [])
    assert app is not None


def test_insert_many_is_one_transaction(database: Database, app: sa.Engine) -> None:
    with pytest.raises(exc.IntegrityError):
        database.insert_many("users", [{"email": "a@example.com"}, {"email": "a@example.com"}])
    assert database.rows("users") == []
    assert app is not None


def test_execute_binds_commits_and_returns_rows(database: Database, app: sa.Engine) -> None:
    assert database.execute("INSERT INTO notes (text) VALUES (:text)", text="50% :off 'x'") == []
    assert database.execute("SELECT text, 1 AS one FROM notes") == [{"text": "50% :off 'x'", "one": 1}]
    assert database.execute("  select text from notes where text like :like", like="50%") != []
    assert database.execute("UPDATE notes SET text = 'y'") == []
    with app.connect() as connection:
        assert connection.execute(sa.text("SELECT text FROM notes")).scalar_one() == "y"
    assert [row["text"] for row in database.execute("INSERT INTO notes VALUES ('z') RETURNING text")] == ["z"]


def test_foreign_keys_are_enforced_as_postgresql_does(database: Database, app: sa.Engine) -> None:
    with pytest.raises(exc.IntegrityError):
        database.insert("recipes", label="Soup", submitter_id=99)
    user = database.insert("users", email="a@example.com")
    database.insert("recipes", label="Soup", submitter_id=user)
    database.execute("DELETE FROM users WHERE id = :id", id=user)
    assert database.rows("recipes") == []
    assert app is not None


def test_many_threads_may_use_it(database: Database, app: sa.Engine) -> None:
    def work(number: int) -> Any:
        return database.insert("users", email=f"{number}@example.com")

    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(work, range(24)))
    assert keys == set(range(1, 25)) == {row["id"] for row in database.rows("users")}
    assert app is not None


# Schema


def test_the_schema_is_told(database: Database, app: sa.Engine) -> None:
    assert database.tables() == ["likes", "notes", "recipes", "users"]
    users = database.columns("users")
    assert list(users) == ["id", "email", "is_superuser", "born_at", "extra"]
    assert users["email"] == ColumnFacts("VARCHAR(256)", False, False, True, ())
    assert (users["id"].primary_key, users["id"].unique, users["id"].type) == (True, True, "INTEGER")
    assert (users["born_at"].nullable, users["is_superuser"].default) == (True, {"sqlite": "0"}.get(app.name, "false"))
    recipes = database.columns("recipes")
    assert recipes["submitter_id"].foreign_keys == ("users.id",)
    assert not recipes["label"].unique
    assert database.foreign_keys("recipes") == [ForeignKeyFacts(("submitter_id",), "users", ("id",), "CASCADE")]
    assert database.foreign_keys("notes") == []
    assert database.unique("recipes") == {("id",), ("label", "submitter_id")}
    assert database.unique("users") == {("id",), ("email",)}
    assert database.unique("likes") == {("user_id", "recipe_id")}
    assert database.unique("notes") == set()


def test_partial_and_expression_indexes_are_not_unique_columns(database: Database, app: sa.Engine) -> None:
    database.execute("CREATE UNIQUE INDEX part ON recipes (label) WHERE submitter_id IS NULL")
    database.execute("CREATE UNIQUE INDEX expression ON notes (lower(text))")
    assert database.unique("recipes") == {("id",), ("label", "submitter_id")}
    assert database.unique("notes") == set()
    database.execute("CREATE UNIQUE INDEX whole ON notes (text)")
    assert database.unique("notes") == {("text",)}
    assert app is not None


def test_a_changed_schema_is_seen(database: Database, app: sa.Engine) -> None:
    assert "source" not in database.columns("recipes")
    with app.begin() as connection:
        connection.execute(sa.text("ALTER TABLE recipes ADD COLUMN source VARCHAR(40) DEFAULT 'x'"))
        connection.execute(sa.text("ALTER TABLE notes RENAME COLUMN text TO body"))
    assert database.columns("recipes")["source"].type == "VARCHAR(40)"
    database.insert("recipes", label="Soup", source="book")
    database.insert("notes", body="b")
    assert database.rows("recipes")[0]["source"] == "book"
    with app.begin() as connection:
        connection.execute(sa.text("DROP TABLE likes"))
    with pytest.raises(MissingTable):
        database.rows("likes")


def test_names_that_need_quotes(database: Database) -> None:
    database.execute('CREATE TABLE "select ""x"" %s" (id INTEGER PRIMARY KEY, "a b" TEXT UNIQUE)')
    (name,) = database.tables()
    database.insert(name, **{"id": 1, "a b": "x"})
    assert database.rows(name, **{"a b": "x"}) == [{"id": 1, "a b": "x"}]
    assert database.unique(name) == {("id",), ("a b",)}
    database.reset()
    assert database.count(name) == 0


# Reset


def fill(database: Database, rows: int) -> None:
    users = [{"id": number, "email": f"{number}@example.com"} for number in range(1, rows + 1)]
    database.insert_many("users", users)
    database.insert_many("recipes", [{"label": f"r{n}", "submitter_id": n} for n in range(1, rows + 1)])
    database.insert_many("likes", [{"user_id": n, "recipe_id": n} for n in range(1, rows + 1)])
    database.insert_many("notes", [{"text": "x"}] * rows)


def test_reset_empties_every_table_and_restarts_the_counters(database: Database, app: sa.Engine) -> None:
    with app.begin() as connection:
        connection.execute(sa.text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"))
        connection.execute(sa.text("INSERT INTO alembic_version VALUES ('abc')"))
        connection.execute(sa.text("CREATE VIEW soups AS SELECT * FROM recipes"))
    database.insert("users", email="a@example.com")
    database.insert("recipes", label="Soup", submitter_id=1)
    database.insert("likes", user_id=1, recipe_id=1)
    tables = database.tables()
    database.reset()
    assert database.tables() == tables
    assert {name: database.count(name) for name in tables} == dict.fromkeys(tables, 0) | {"alembic_version": 1}
    assert database.insert("users", email="a@example.com") == 1
    assert database.insert("recipes", label="Soup", submitter_id=1) == 1
    assert database.rows("soups")[0]["label"] == "Soup"


@pytest.mark.parametrize("superuser", [True, False])
def test_reset_minds_no_cycle_and_no_restriction(
    database: Database, superuser: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not superuser:
        monkeypatch.setattr(postgresql, "_UNTIE", "SELECT 1")
    if database.url.startswith("sqlite"):
        database.execute("CREATE TABLE a (id INTEGER PRIMARY KEY, b_id INTEGER REFERENCES b (id) ON DELETE RESTRICT)")
        database.execute("CREATE TABLE b (id INTEGER PRIMARY KEY, a_id INTEGER REFERENCES a (id) ON DELETE RESTRICT)")
    else:
        database.execute("CREATE TABLE a (id INTEGER PRIMARY KEY, b_id INTEGER)")
        database.execute("CREATE TABLE b (id INTEGER PRIMARY KEY, a_id INTEGER REFERENCES a (id) ON DELETE RESTRICT)")
        database.execute("ALTER TABLE a ADD FOREIGN KEY (b_id) REFERENCES b (id) ON DELETE RESTRICT")
    database.execute("CREATE TABLE c (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES c (id))")
    database.insert("a", id=1)
    database.insert("b", id=1, a_id=1)
    database.execute("UPDATE a SET b_id = 1")
    database.insert_many("c", [{"id": 1, "parent": None}, {"id": 2, "parent": 1}])
    database.reset()
    assert [database.count(name) for name in "abc"] == [0, 0, 0]


def test_reset_is_quick(database: Database, app: sa.Engine) -> None:
    for extra in ("one", "two"):
        database.execute(f"CREATE TABLE {extra} (id INTEGER PRIMARY KEY)")
    took: list[float] = []
    while len(took) < 20 and min(took, default=1.0) >= 0.05:  # again, because the machine does other things too
        fill(database, 300)
        began = time.perf_counter()
        database.reset()
        took.append(time.perf_counter() - began)
    assert min(took) < 0.05
    assert app is not None


def test_reset_of_nothing(database: Database) -> None:
    database.reset()
    assert database.tables() == []


def test_the_app_may_keep_idle_connections(database: Database, app: sa.Engine) -> None:
    with app.connect() as connection:
        connection.execute(sa.text("SELECT * FROM users")).all()
        connection.rollback()
        fill(database, 3)
        database.reset()
        assert connection.execute(sa.text("SELECT * FROM users")).all() == []


# What can be wrong

Ask = Callable[[Database], Any]
USES_OF_A_TABLE: list[Ask] = [
    lambda database: database.rows("recipe"),
    lambda database: database.count("recipe"),
    lambda database: database.insert("recipe", label="x"),
    lambda database: database.insert_many("recipe", [{"label": "x"}]),
    lambda database: database.columns("recipe"),
    lambda database: database.unique("recipe"),
    lambda database: database.foreign_keys("recipe"),
    lambda database: database.execute("SELECT * FROM recipe"),
    lambda database: database.execute("INSERT INTO recipe (label) VALUES ('x')"),
]
USES_OF_A_COLUMN: list[tuple[Ask, bool]] = [
    (lambda database: database.rows("recipes", title="x"), True),
    (lambda database: database.count("recipes", title="x"), True),
    (lambda database: database.insert("recipes", label="x", title="x"), True),
    (lambda database: database.insert_many("recipes", [{"label": "x"}, {"title": "x"}]), True),
    (lambda database: database.execute("INSERT INTO recipes (title) VALUES ('x')"), True),
    (lambda database: database.execute("SELECT recipes.title FROM recipes"), True),
    (lambda database: database.execute("SELECT title FROM recipes"), False),
]


def test_locks_are_given_up_within_two_seconds() -> None:
    assert limits.LOCK_SECONDS < limits.STATEMENT_SECONDS <= 2.0


def test_a_transaction_left_open_is_explained(
    database: Database, app: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "LOCK_SECONDS", 0.2)
    fill(database, 2)
    with app.connect() as connection:
        connection.execute(sa.text("UPDATE users SET email = 'open@example.com' WHERE id = 1"))
        with pytest.raises(DatabaseLocked) as caught:
            database.reset()
    assert caught.value.message_rows() == [
        ("Expected", "no transaction stays open once a response is sent"),
        (
            "Looks like",
            (
                "the database is locked: a transaction was left open after a response, "
                "by a session that was neither committed, nor rolled back, nor closed"
            ),
        ),
    ]
    assert database.count("users") == 2
    database.reset()
    assert database.count("users") == 0


def test_a_row_lock_of_the_app_is_explained(
    database: Database, app: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "LOCK_SECONDS", 0.2)
    fill(database, 1)
    with app.connect() as connection:
        connection.execute(sa.text("UPDATE users SET email = 'open@example.com' WHERE id = 1"))
        with pytest.raises(DatabaseLocked):
            database.execute("UPDATE users SET email = 'ours@example.com' WHERE id = 1")


@pytest.mark.parametrize("ask", USES_OF_A_TABLE)
def test_a_missing_table_is_explained(database: Database, app: sa.Engine, ask: Ask) -> None:
    with pytest.raises(MissingTable) as caught:
        ask(database)
    assert caught.value.table == "recipe"
    assert caught.value.message_rows() == [
        ("Expected", "a table named recipe"),
        ("Looks like", "the database has likes, notes, recipes and users, but no recipe (is it recipes?)"),
    ]
    assert str(caught.value).startswith("The database has likes, ")
    assert app is not None


def test_a_database_without_tables_is_explained(database: Database) -> None:
    with pytest.raises(MissingTable, match="no tables at all") as caught:
        database.rows("recipes")
    assert caught.value.have == ()


@pytest.mark.parametrize(("ask", "knows_table"), USES_OF_A_COLUMN)
def test_a_missing_column_is_explained(database: Database, app: sa.Engine, ask: Ask, knows_table: bool) -> None:
    with pytest.raises(MissingColumn) as caught:
        ask(database)
    assert (caught.value.column, caught.value.table) == ("title", "recipes" if knows_table else None)
    assert caught.value.message_rows()[0] == (
        "Expected",
        f"the table {'recipes ' if knows_table else ''}has a column named title",
    )
    assert database.count("recipes") == 0
    assert app is not None


def test_other_errors_pass_as_they_are(database: Database, app: sa.Engine) -> None:
    with pytest.raises(exc.DBAPIError) as caught:
        database.execute("SELEKT 1")
    assert not isinstance(caught.value, DatabaseProblem)
    with pytest.raises(exc.IntegrityError):
        database.insert("users", is_superuser=True)
    assert app is not None


def test_names_from_the_database_cannot_write_to_the_terminal() -> None:
    rows = MissingTable("users", have=["a\x1b[31mred", "b" * 100, *(f"t{n}" for n in range(20))]).message_rows()
    assert "\x1b" not in rows[1][1]
    assert len(rows[1][1]) < 200
    assert rows[1][1].endswith("t4, t5 and 14 more, but no users")


def test_every_problem_has_rows_and_one_sentence() -> None:
    problems = [
        DatabaseLocked(),
        DatabaseTooSlow(),
        TooMuchData("1 row"),
        UnreadableValue("users", "not a date"),
        DatabaseBroken("it is a link"),
        DatabaseUnreachable("no answer"),
        MissingColumn(None, "x"),
        MissingColumn("users", "mail", have=["id", "email"]),
    ]
    for problem in problems:
        assert [label for label, _ in problem.message_rows()] == ["Expected", "Looks like"]
        assert str(problem)[0].isupper()
        assert str(problem).endswith(".")
    assert str(problems[-1]) == "The table users has id and email, but no mail (is it email?)."


def test_limits_on_rows_and_size(database: Database, app: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "ROW_LIMIT", 250)
    database.insert_many("notes", [{"text": "x" * 100}] * 250)
    assert len(database.rows("notes")) == len(database.execute("SELECT * FROM notes")) == 250
    monkeypatch.setattr(limits, "RESULT_LIMIT", 24_999)
    with pytest.raises(TooMuchData, match="more than 0 MB"):
        database.rows("notes")
    database.insert("notes", text="y")
    for ask in (lambda: database.rows("notes"), lambda: database.execute("SELECT * FROM notes")):
        with pytest.raises(TooMuchData, match="more than 250 rows"):
            ask()
    assert database.count("notes") == 251
    assert app is not None


def test_a_statement_that_never_ends_is_stopped(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "STATEMENT_SECONDS", 0.2)
    with pytest.raises(DatabaseTooSlow):
        database.execute(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000000) SELECT max(i) FROM n"
        )
    assert database.execute("SELECT 1 AS one") == [{"one": 1}]


def test_values_of_the_wrong_type_are_explained(sqlite: Database) -> None:
    sqlite.execute("CREATE TABLE things (id INTEGER PRIMARY KEY, at DATETIME, data JSON)")
    sqlite.execute("INSERT INTO things (at) VALUES ('yesterday')")
    with pytest.raises(UnreadableValue, match="table things holds a value"):
        sqlite.rows("things")
    sqlite.execute("UPDATE things SET at = NULL, data = '{'")
    with pytest.raises(UnreadableValue):
        sqlite.rows("things")
    sqlite.execute("UPDATE things SET data = :deep", deep="[" * 100_000)
    with pytest.raises(UnreadableValue):
        sqlite.rows("things")


# A SQLite file that somebody else writes


def test_a_file_made_anew_is_seen(sqlite: Database) -> None:
    for name in ("first", "second"):
        with sqlite3.connect(path_of(sqlite)) as app:
            app.execute(f"CREATE TABLE {name} (id INTEGER PRIMARY KEY)")
        app.close()
        assert sqlite.tables() == [name]
        assert sqlite.insert(name, id=7) == 7
        path_of(sqlite).unlink()
    assert sqlite.tables() == []


def test_the_app_may_change_the_journal(sqlite: Database) -> None:
    sqlite.execute("CREATE TABLE t (id INTEGER PRIMARY KEY)")
    with sqlite3.connect(path_of(sqlite), timeout=0.1) as app:
        assert app.execute("PRAGMA journal_mode = WAL").fetchone() == ("wal",)
        app.execute("INSERT INTO t VALUES (1)")
    assert sqlite.rows("t") == [{"id": 1}]
    sqlite.reset()
    assert app.execute("SELECT count(*) FROM t").fetchone() == (0,)
    app.close()


def test_it_never_follows_a_link(sqlite: Database, tmp_path: Path) -> None:
    precious = tmp_path / "precious.db"
    with sqlite3.connect(precious) as other:
        other.execute("CREATE TABLE grades (points INTEGER)")
        other.execute("INSERT INTO grades VALUES (1)")
    other.close()
    before = precious.read_bytes()
    path_of(sqlite).unlink()
    path_of(sqlite).symlink_to(precious)
    asks: list[Callable[[], Any]] = [sqlite.reset, sqlite.tables, lambda: sqlite.execute("DELETE FROM grades")]
    for ask in asks:
        with pytest.raises(DatabaseBroken, match="a link"):
            ask()
    path_of(sqlite).unlink()
    os.link(precious, path_of(sqlite))
    with pytest.raises(DatabaseBroken, match="a link"):
        sqlite.reset()
    path_of(sqlite).unlink()
    if hasattr(os, "mkfifo"):
        os.mkfifo(path_of(sqlite))
        with pytest.raises(DatabaseBroken):
            sqlite.tables()
    assert precious.read_bytes() == before


def test_it_never_follows_a_replaced_folder(tmp_path: Path) -> None:
    own, other = tmp_path / "own", tmp_path / "other"
    own.mkdir()
    other.mkdir()
    database = Database(f"sqlite:///{own / 'x.db'}")
    database.execute("CREATE TABLE t (id INTEGER PRIMARY KEY)")
    database.dispose()
    own.rename(tmp_path / "moved")
    own.symlink_to(other)
    (other / "x.db").touch()
    with pytest.raises(DatabaseBroken, match="folder was replaced"):
        database.reset()


def test_a_file_that_is_no_database_is_explained(sqlite: Database) -> None:
    path_of(sqlite).write_bytes(b"hello " * 1000)
    asks: list[Callable[[], Any]] = [sqlite.reset, sqlite.tables, lambda: sqlite.rows("x")]
    for ask in asks:
        with pytest.raises(DatabaseBroken, match="something else was written into it"):
            ask()
    path_of(sqlite).unlink()
    path_of(sqlite).mkdir()
    with pytest.raises(DatabaseBroken):
        sqlite.tables()
    path_of(sqlite).rmdir()


def test_attach_extensions_and_endless_triggers_are_off(
    sqlite: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(exc.OperationalError, match="too many attached databases"):
        sqlite.execute("ATTACH DATABASE :path AS other", path=str(tmp_path / "other.db"))
    with pytest.raises(exc.OperationalError, match="not authorized"):
        sqlite.execute("SELECT load_extension('x')")
    monkeypatch.setattr(limits, "STATEMENT_SECONDS", 0.2)
    sqlite.execute("CREATE TABLE t (id INTEGER PRIMARY KEY)")
    sqlite.execute(
        "CREATE TRIGGER slow BEFORE DELETE ON t BEGIN INSERT INTO t SELECT 1 FROM "
        "(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n); END"
    )
    sqlite.insert("t", id=1)
    with pytest.raises(DatabaseTooSlow):
        sqlite.reset()


def test_large_values_are_not_read(sqlite: Database) -> None:
    with sqlite3.connect(path_of(sqlite)) as app:
        app.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, data BLOB)")
        app.execute(f"INSERT INTO t VALUES (1, zeroblob({limits.VALUE_LIMIT + 1}))")
    app.close()
    with pytest.raises(TooMuchData, match="10 MB in one value"):
        sqlite.rows("t")
    sqlite.reset()
    assert sqlite.count("t") == 0


def test_search_tables_of_sqlite_are_emptied(sqlite: Database) -> None:
    sqlite.execute("CREATE VIRTUAL TABLE search USING fts5 (body)")
    sqlite.execute("INSERT INTO search VALUES ('soup')")
    sqlite.reset()
    assert sqlite.execute("SELECT * FROM search WHERE search MATCH 'soup'") == []
    sqlite.execute("INSERT INTO search VALUES ('stew')")
    assert sqlite.execute("SELECT body FROM search WHERE search MATCH 'stew'") == [{"body": "stew"}]
    assert sqlite.tables() == ["search"]


def test_constraints_in_unusual_spelling_are_found(sqlite: Database) -> None:
    sqlite.execute(
        "CREATE TABLE t (id integer PRIMARY KEY, [e mail] text collate nocase /* , */ Unique, "
        "a int, b int, parent int references t, UNIQUE(b,a))"
    )
    assert sqlite.unique("t") == {("id",), ("e mail",), ("b", "a")}
    assert sqlite.foreign_keys("t") == [ForeignKeyFacts(("parent",), "t", ("id",))]


# Where databases come from


def test_sqlite_databases_are_files_of_their_own(tmp_path: Path) -> None:
    scratch = tmp_path / "new folder"
    databases = make_databases(scratch, None)
    urls = [databases.new("lesson 3/../x"), databases.new("lesson 3/../x")]
    assert len(set(urls)) == 2
    for url in urls:
        database = Database(url)
        assert database.tables() == []
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("CREATE TABLE t (id INTEGER PRIMARY KEY)")
        assert path_of(database).parent.parent == scratch.resolve() / "databases"
        assert [file for file in path_of(database).parent.iterdir() if file.suffix == ".db"] == [path_of(database)]
        with sa.create_engine(url).connect() as app:
            assert sa.inspect(app).get_table_names() == ["t"]
    databases.drop(urls[0])
    databases.drop(urls[0])
    assert len(list(scratch.glob("databases/*/*.db"))) == 1
    databases.close()
    assert list(scratch.iterdir()) == []


def test_an_async_sqlite_url_means_the_same_file(tmp_path: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'x.db'}")
    database.execute("CREATE TABLE t (id INTEGER PRIMARY KEY)")
    assert (tmp_path / "x.db").exists()
    assert database.tables() == ["t"]


def test_the_setting_chooses_the_kind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(SETTING, raising=False)
    assert make_databases(tmp_path).new().startswith("sqlite:///")
    monkeypatch.setenv(SETTING, "mysql://x")
    with pytest.raises(DatabaseUnreachable, match="must begin with postgresql://"):
        make_databases(tmp_path)


def test_a_server_that_does_not_answer_is_one_sentence(tmp_path: Path) -> None:
    pytest.importorskip("psycopg")
    databases = make_databases(tmp_path, "postgresql://user:secret@127.0.0.1:1/postgres")
    with pytest.raises(DatabaseUnreachable) as caught:
        databases.new()
    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value)
    databases.close()


def test_postgresql_databases_are_made_dropped_and_tidied(server: str, tmp_path: Path) -> None:
    admin = sa.create_engine(databases_module.sync_postgresql(server), isolation_level="AUTOCOMMIT")

    def names() -> set[str]:
        with admin.connect() as connection:
            return set(connection.scalars(sa.text("SELECT datname FROM pg_database")))

    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    place = databases_module.place()
    left = f"workbook_{dead.pid}_{place}_00000000"
    elsewhere = f"workbook_{dead.pid}_{'0' * 8}_00000001"
    try:
        with admin.connect() as connection:
            for name in (left, elsewhere):
                connection.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE template0")
        databases = make_databases(tmp_path, server)
        urls = [databases.new("a"), databases.new("b")]
        made = {url.rpartition("/")[2].partition("?")[0] for url in urls}
        assert made <= names()
        assert left not in names(), "its run is dead"
        assert elsewhere in names(), "it belongs to another machine"
        app = sa.create_engine(urls[0]).connect()
        app.execute(sa.text("SELECT 1"))
        databases.drop(urls[0])  # though the app is still connected
        databases.close()
        assert not made & names()
        app.invalidate()
    finally:
        with admin.connect() as connection:
            for name in (left, elsewhere):
                connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {name}")
        admin.dispose()


def test_an_unreachable_database_is_explained(server: str, tmp_path: Path) -> None:
    databases = make_databases(tmp_path, server)
    url = databases.new()
    databases.close()
    with pytest.raises(DatabaseUnreachable, match="does not exist"):
        Database(url).tables()


def test_imports_stay_light() -> None:
    code = (
        "import sys, json; import workbook.service.database.database as d, workbook.service.database.databases as m; "
        "import pathlib, tempfile, sqlite3; folder = pathlib.Path(tempfile.mkdtemp()); "
        "made = m.make_databases(folder, None); database = d.Database(made.new()); "
        "sqlite3.connect(database.url.removeprefix('sqlite:///')).execute('CREATE TABLE t (id INTEGER)').close(); "
        "database.reset(); made.close(); folder.rmdir(); "
        "print(json.dumps([name for name in ('sqlalchemy', 'psycopg', 'httpx') if name in sys.modules]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []
