"""What FastAPI and its kin say at length, or of something else, is told in the words of the cause.

The exceptions are raised here by the installed versions: a text that changes with one of them is found by its test.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import pytest
from fastapi import Depends, FastAPI, Query
from pydantic import BaseModel, model_validator
from sqlalchemy import ForeignKey, create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from workbook.feedback.framework_errors import explain_exception


class Session:
    """Something that is no data."""


def get_session() -> Iterator[Session]:
    """Lend a session."""
    yield Session()


def loose(value: Any) -> Any:
    """Hide from the type checker what the mistake is."""
    return value


def _route(hint: Any, answer: Any = None, **options: Any) -> None:
    def endpoint(value: Any) -> Any:
        return value

    endpoint.__annotations__ = {"value": hint, "return": answer}
    FastAPI().get("/dishes", **options)(endpoint)


def _start(lifespan: Any) -> None:
    made: list[Any] = []

    def kept(app: FastAPI) -> Any:
        made.append(lifespan(app))
        return made[-1]

    async def start() -> None:
        app = FastAPI(lifespan=kept)
        async with app.router.lifespan_context(app):
            pass

    try:
        asyncio.run(start())
    finally:
        for one in made:  # a coroutine that nobody awaits would warn in whichever test the garbage collector comes
            getattr(one, "gen", one).close()


async def yields_nothing(app: FastAPI) -> None:
    """Do something, and forget to yield."""
    app.state.ready = True


def is_not_async(app: FastAPI) -> Iterator[None]:
    """Yield, and forget the async."""
    yield


async def is_not_decorated(app: FastAPI) -> None:
    """Neither yield nor be decorated."""


def _bare_validator() -> None:
    loose(model_validator)(get_session)


def _field_without_type() -> None:
    type("Dish", (BaseModel,), {"price": 4.5})


def _foreign_key_to_no_table() -> None:
    class Base(DeclarativeBase): ...

    class Recipe(Base):
        __tablename__ = "recipes"
        id: Mapped[int] = mapped_column(primary_key=True)
        submitter_id: Mapped[int] = mapped_column(ForeignKey("user.id"))

    assert issubclass(Recipe, Base)
    try:
        Base.metadata.create_all(create_engine("sqlite://"))
    finally:
        Base.registry.dispose()


def _relationships(target: str, back_populates: str) -> None:
    class Base(DeclarativeBase): ...

    class User(Base):
        __tablename__ = "users"
        id: Mapped[int] = mapped_column(primary_key=True)
        recipes: Mapped[list[Any]] = relationship(target, back_populates="submitter")

    class Recipe(Base):
        __tablename__ = "recipes"
        id: Mapped[int] = mapped_column(primary_key=True)
        submitter_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
        submitter: Mapped[User] = relationship(User, back_populates=back_populates)

    assert issubclass(Recipe, Base)
    try:
        Base.registry.configure()
    finally:  # of these classes alone: the grader's own tables live in the same process
        Base.registry.dispose()


def _column_that_is_not_mapped() -> None:
    class Base(DeclarativeBase): ...

    hints = {"id": Mapped[int], "label": str}
    fields = {"id": mapped_column(primary_key=True), "label": mapped_column()}
    type("Recipe", (Base,), {"__tablename__": "recipes", "__annotations__": hints, **fields})


EXPLAINED: dict[str, tuple[Callable[[], None], str]] = {
    "an object as a parameter": (lambda: _route(Session), "`Session` is neither"),
    "an object in a list, as an answer": (lambda: _route(int, list[Session]), "`Session` is neither"),
    "a marker for a type": (lambda: _route(Query(ge=1)), "stands where a type belongs"),
    "the type comes second": (lambda: _route(loose(Annotated)[Query(ge=1), int]), "the type stands first"),
    "Depends for a type": (lambda: _route(Depends(get_session)), "stands where a type belongs"),
    "Depends of a call": (lambda: _route(Annotated[Session, Depends(loose(get_session()))]), "without parentheses"),
    "a body where there is none": (lambda: _route(int, dict, status_code=204), "has to be None"),
    "a lifespan without yield": (lambda: _start(asynccontextmanager(loose(yields_nothing))), "a lifespan is"),
    "a lifespan that is not async": (lambda: _start(asynccontextmanager(loose(is_not_async))), "a lifespan is"),
    "a lifespan without a decorator": (lambda: _start(is_not_decorated), "a lifespan is"),
    "a validator without parentheses": (_bare_validator, "lacks its parentheses"),
    "back_populates of nothing": (lambda: _relationships("Recipe", "recipe"), "User has no relationship"),
    "a relationship to nothing": (lambda: _relationships("Recipes", "recipes"), "no model is called so"),
    "a foreign key to no table": (_foreign_key_to_no_table, "no table is called `user`"),
    "a column that is not mapped": (_column_that_is_not_mapped, "`label` has no Mapped"),
    "a field without a type": (_field_without_type, "a field has a type hint"),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("mistake", EXPLAINED)
def test_the_cause_is_named(mistake: str) -> None:
    make, words = EXPLAINED[mistake]
    with pytest.raises(Exception) as raised:
        make()
    says, cause = explain_exception(str(raised.value))
    assert words in cause
    assert len(says) + len(cause) < 250


def test_a_dependency_that_is_called_is_known_by_its_line() -> None:
    text = "get_session() missing 1 required positional argument: 'request'"
    assert "without parentheses" in explain_exception(text, "Annotated[Session, Depends(get_session())]")[1]
    assert explain_exception(text, "get_session()") == ("", "")


def test_of_an_unknown_exception_nothing_is_said() -> None:
    assert explain_exception("the pan is hot") == ("", "")
