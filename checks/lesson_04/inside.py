"""What the checks of lesson 4 do with the data layer. It runs in the service's process, and reports facts only."""

import sqlite3
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from datetime import date
from functools import cache
from typing import Any, NamedTuple

from pydantic import BaseModel, Field
from sqlalchemy import (
    CheckConstraint,
    Connection,
    Engine,
    ForeignKey,
    Pool,
    create_engine,
    event,
    func,
    inspect,
    select,
    text,
)
from sqlalchemy.orm import Mapped, Session, mapped_column
from sqlalchemy.pool import StaticPool


class _Things(NamedTuple):
    """Tables that no learner has seen, and what is made of them."""

    engine: Engine
    models: dict[str, Any]
    layers: dict[str, Any]
    new: dict[str, type[BaseModel]]
    changes: type[BaseModel]


def _prepare(connection: Any, _record: object) -> None:
    """Keep foreign keys, and let SQLAlchemy begin transactions: the driver would not begin one before a savepoint."""
    connection.execute("PRAGMA foreign_keys = ON")
    connection.isolation_level = None


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")


@cache
def _things() -> _Things:
    from app.crud.base import CRUDBase
    from app.db.base_class import Base

    class Spice(Base):
        __tablename__ = "check_spices"
        name: Mapped[str]
        code: Mapped[str] = mapped_column("spice_code", primary_key=True)  # neither the first, nor named alike
        opened: Mapped[date | None]
        hot: Mapped[bool | None]
        grams: Mapped[int] = mapped_column(server_default=text("7"))
        shelf: Mapped[str | None]

    class Jar(Base):
        __tablename__ = "check_jars"
        __table_args__ = (CheckConstraint("length(name) > 1"),)
        shelf_mark: Mapped[int] = mapped_column(primary_key=True)
        name: Mapped[str] = mapped_column(unique=True)

    class MarketDay(Base):
        __tablename__ = "check_market_days"
        day: Mapped[date] = mapped_column(primary_key=True)
        place: Mapped[str]

    class Unmade(Base):
        __tablename__ = "check_unmade"
        number: Mapped[int] = mapped_column(primary_key=True)
        name: Mapped[str]

    class Sticker(Base):
        __tablename__ = "check_stickers"
        number: Mapped[int] = mapped_column(primary_key=True)
        jar: Mapped[int] = mapped_column(ForeignKey("check_jars.shelf_mark"))

    class NewSpice(BaseModel):
        code: str
        name: str
        opened: date | None = None
        hot: bool | None = Field(default=None, serialization_alias="isHot")
        shelf: str | None = "bottom"

    class NewJar(BaseModel):
        name: str

    class NewMarketDay(BaseModel):
        day: date
        place: str

    class SpiceChanges(BaseModel):
        name: str | None = None
        opened: date | None = date(1999, 1, 1)
        hot: bool | None = None
        grams: int = 1

    engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    models: dict[str, Any] = {"Spice": Spice, "Jar": Jar, "Sticker": Sticker, "MarketDay": MarketDay}
    for model in models.values():
        model.__table__.create(engine)
    everything: dict[str, Any] = {**models, "Unmade": Unmade}
    layers = {name: CRUDBase[Any, Any, Any](model) for name, model in everything.items()}
    for model in everything.values():
        Base.metadata.remove(model.__table__)  # the service's own tables stay what they are
    new: dict[str, type[BaseModel]] = {"Spice": NewSpice, "Jar": NewJar, "MarketDay": NewMarketDay}
    return _Things(engine, models, layers, new, SpiceChanges)


@contextmanager
def _session() -> Generator[Session]:
    """A session on these tables, emptied."""
    with Session(_things().engine) as session:
        for model in reversed(_things().models.values()):
            session.execute(model.__table__.delete())
        session.commit()
        yield session


def _columns(row: Any) -> dict[str, Any] | None:
    if row is None:
        return None
    return {column.key: _plain(getattr(row, column.key)) for column in inspect(row).mapper.column_attrs}


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _stored(session: Session, name: str) -> list[Any]:
    """The keys that the database holds, asked in SQL, in the session's transaction."""
    table = _things().models[name].__table__
    [key] = table.primary_key
    with session.no_autoflush:
        return list(session.execute(table.select().with_only_columns(key).order_by(key)).scalars())


def create(table: str, values: dict[str, Any], others: Sequence[dict[str, Any]] = ()) -> dict[str, Any]:
    """Create a row beside others, and report what came back, what the database holds, and what a rollback leaves."""
    things = _things()
    with _session() as session:
        _add(session, table, others)
        row = things.layers[table].create(session, things.new[table].model_validate(values))
        sent = _stored(session, table)
        found = {
            "row": _columns(row) if isinstance(row, things.models[table]) else None,
            "sent": sent,
            "stored": [_columns(one) for one in session.query(things.models[table])],
        }
        session.rollback()
        return {**found, "after_rollback": _stored(session, table)}


def get(table: str, new: list[dict[str, Any]], keys: list[Any]) -> list[Any]:
    """Store rows, and report what ``get`` returns for some keys, which may be days."""
    things = _things()
    if table == "MarketDay":
        keys = [date.fromisoformat(key) for key in keys]
    with _session() as session:
        _add(session, table, new)
        return [_columns(things.layers[table].get(session, key)) for key in keys]


def get_multi(table: str, new: list[dict[str, Any]], pages: list[dict[str, int]]) -> list[Any]:
    """Store rows, and report what ``get_multi`` returns for each page."""
    things = _things()
    with _session() as session:
        _add(session, table, new)
        found = [things.layers[table].get_multi(session, **page) for page in pages]
        return [[_columns(row) for row in rows[:]] for rows in found]  # a sequence can be cut


def read_and_roll_back(stored: str, pending: str) -> list[str]:
    """Store a jar, add another without a commit, read with both methods, roll back, and report which jars are left."""
    things = _things()
    model, layer = things.models["Jar"], things.layers["Jar"]
    with _session() as session:
        _add(session, "Jar", [{"name": stored}])
        session.execute(model.__table__.insert().values(name=pending))
        layer.get(session, 1)
        layer.get_multi(session)
        session.rollback()
        return sorted(jar.name for jar in session.query(model))


def remove(table: str, new: list[dict[str, Any]], key: Any) -> dict[str, Any]:
    """Store rows, remove one, and report which are left, and which after a rollback."""
    things = _things()
    with _session() as session:
        _add(session, table, new)
        things.layers[table].remove(session, session.get(things.models[table], key))
        sent = _stored(session, table)
        session.rollback()
        return {"sent": sent, "after_rollback": _stored(session, table)}


def update(new: list[dict[str, Any]], key: str, changes: dict[str, Any]) -> dict[str, Any]:
    """Store spices, update one, and report what came back, what the database holds, and what a rollback leaves."""
    things = _things()
    with _session() as session:
        _add(session, "Spice", new)
        model = things.models["Spice"]
        row = things.layers["Spice"].update(session, session.get(model, key), things.changes.model_validate(changes))
        returned = _columns(row) if isinstance(row, model) else None
        session.expire_all()
        held = [_columns(one) for one in session.query(model).order_by(model.code)]
        session.rollback()
        back = [_columns(one) for one in session.query(model).order_by(model.code)]
        return {"row": returned, "held": held, "after_rollback": back}


def _add(session: Session, name: str, new: Sequence[dict[str, Any]]) -> None:
    things = _things()
    session.add_all(things.models[name](**things.new[name].model_validate(values).model_dump()) for values in new)
    session.commit()
    session.expunge_all()


def refusals(free: str, taken: str) -> dict[str, Any]:
    """Break a constraint with create and with update, and report how each says no and whether the session goes on."""
    things = _things()
    layer, new = things.layers["Jar"], things.new["Jar"]
    found: dict[str, Any] = {}
    with _session() as session:
        _add(session, "Jar", [{"name": taken}, {"name": free}])
        other = session.query(things.models["Jar"]).filter_by(name=free).one()
        session.add(things.models["Sticker"](jar=other.shelf_mark))
        session.commit()
        attempts: dict[str, Callable[[], Any]] = {
            "create": lambda: layer.create(session, new(name=taken)),
            "create what is too short": lambda: layer.create(session, new(name="x")),
            "update": lambda: layer.update(session, other, new(name=taken)),
            "remove": lambda: layer.remove(session, other),
        }
        for what, attempt in attempts.items():
            found[what] = _outcome(attempt)
        found["afterwards"] = sorted(one.name for one in session.query(things.models["Jar"]))
    return found


def made_from_fastapi() -> bool:
    """Report whether the class Conflict is a child of one of FastAPI's or Starlette's."""
    from app.crud.errors import Conflict

    return _is_of_fastapi(Conflict)


def _is_of_fastapi(kind: type) -> bool:
    return any(parent.__module__.partition(".")[0] in {"fastapi", "starlette"} for parent in kind.__mro__)


def without_a_table() -> str:
    """Create a row where the table is missing, which no constraint has to do with, and report what came of it."""
    things = _things()
    with _session() as session:
        return _outcome(lambda: things.layers["Unmade"].create(session, things.new["Jar"](name="Jar")))


def _outcome(attempt: Callable[[], Any]) -> str:
    """What a call to the data layer raised: a Conflict, or something else by its name; or nothing."""
    from app.crud.errors import Conflict

    try:
        attempt()
    except Conflict:
        return "app.crud.errors.Conflict"
    except Exception as error:
        return _named(error)
    return "nothing"


def _named(error: Exception) -> str:
    return f"{type(error).__module__}.{type(error).__name__}"


_rows_read = [0]


def count_rows() -> None:
    """Begin to count the rows that SQLite hands to the service."""

    def counted(_cursor: object, row: Any) -> Any:
        _rows_read[0] += 1
        return row

    def watch(connection: Any, _record: object, _proxy: object) -> None:
        if isinstance(connection, sqlite3.Connection):
            connection.row_factory = counted

    event.listen(Pool, "checkout", watch)
    _rows_read[0] = 0


def rows_counted() -> int:
    """How many rows SQLite has handed over since ``count_rows``, or since this was asked; on PostgreSQL none."""
    read, _rows_read[0] = _rows_read[0], 0
    return read


def create_user(url: str, user: dict[str, Any]) -> dict[str, Any]:
    """Create a user with ``app.crud.users``, and report which columns came back and what a rollback leaves."""
    from app.crud import users
    from app.db.session import make_engine
    from app.models import User
    from app.schemas.user import UserCreate

    engine = make_engine(url)
    try:
        with Session(engine) as session:
            row = users.create(session, UserCreate.model_validate(user))
            columns = _columns(row)
            with session.no_autoflush:
                sent = session.scalar(select(func.count()).select_from(User))
            session.rollback()
            left = session.scalar(select(func.count()).select_from(User))
            return {"row": columns, "sent": sent, "after_rollback": left}
    finally:
        engine.dispose()


class _Shelf:
    """A store of recipes that is no database: it counts what it is asked and what it is given. Empty, it is falsy."""

    def __init__(self, counts: dict[str, int], answer: object) -> None:
        self.counts = counts
        self.answer = answer
        self.asked: list[int] = []
        self.added: list[Any] = []

    def __len__(self) -> int:
        return len(self.added)

    def count_of(self, submitter_id: int) -> int:
        self.asked.append(submitter_id)
        return self.counts.get(str(submitter_id), 0) + sum(one.submitter_id == submitter_id for one in self.added)

    def add(self, new: Any) -> Any:
        self.added.append(new)
        return self.answer


def submit(counts: dict[str, int], recipes: list[dict[str, Any]], most: int) -> list[dict[str, Any]]:
    """Submit recipes to a store that is no database, and report each time what came of it."""
    from app.schemas.recipe import RecipeCreate
    from app.services.recipes import submit_recipe

    answer = object()
    shelf = _Shelf(counts, answer)
    found: list[dict[str, Any]] = []
    for recipe in recipes:
        new, before = RecipeCreate.model_validate(recipe), len(shelf.added)
        outcome: dict[str, Any] = {}
        try:
            outcome["returned"] = submit_recipe(shelf, new, most) is answer
        except Exception as error:
            outcome["raised"] = _named(error)
            outcome["of_fastapi"] = _is_of_fastapi(type(error))
        outcome["added"] = len(shelf.added) - before
        outcome["is_the_new_one"] = len(shelf.added) == before or shelf.added[-1] is new
        found.append(outcome)
    return found
