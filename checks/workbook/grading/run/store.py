"""Where results are kept as soon as they are known: one SQLite file, read and written through SQLAlchemy.

A result is found again by a key over everything that it depends on, so a run that was killed goes on where it was, and
nothing that has not changed is graded again.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Self

from sqlalchemy import String, create_engine, delete, event, func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from workbook.course.model import CourseError
from workbook.grading.changes import Change, ChangeKind
from workbook.grading.run.task import GradeAnswer

_FORM = "1"
"""Of the tables; a file of another form is not touched."""
_KEYS_AT_ONCE = 500


class StoreFailed(CourseError):
    """The results cannot be written or read; what was written before is safe."""


class _Base(DeclarativeBase):
    pass


class _Setting(_Base):
    __tablename__ = "settings"
    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[str]


class _Grade(_Base):
    __tablename__ = "grades"
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    answer: Mapped[str]
    """A ``GradeAnswer`` as JSON."""


class _Decision(_Base):
    __tablename__ = "changes"
    number: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    learner: Mapped[str]
    exercise: Mapped[str] = mapped_column(String(10))
    points: Mapped[float | None]
    because: Mapped[str]
    by: Mapped[str]
    at: Mapped[str] = mapped_column(String(40))


class Store:
    """The results of one report folder. A context manager, which closes the file."""

    def __init__(self, file: Path) -> None:
        """Open the file, or make it.

        Raises:
            StoreFailed: it is no such file, or cannot be used.
        """
        self._file = file
        with suppress(OSError):  # who can read it, can read everybody's grades
            os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))
            file.chmod(0o600)
        self._engine = create_engine(f"sqlite:///{file}")
        event.listen(self._engine, "connect", _prepare)
        try:
            _Base.metadata.create_all(self._engine)
            form = self.setting("form", _FORM)
        except DBAPIError as fault:
            raise self._failed(fault) from fault
        if form != _FORM:
            raise StoreFailed(f"{file.name} is of another version of the workbook: choose another --out folder.")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._engine.dispose()

    def setting(self, name: str, value: str) -> str:
        """What is kept under a name; ``value`` is kept from now on where there is nothing yet."""
        with Session(self._engine) as session:
            known = session.get(_Setting, name)
            if known is None:
                known = _Setting(name=name, value=value)
                session.add(known)
                session.commit()
            return known.value

    def note(self, name: str, value: str) -> None:
        """Keep a value under a name, whatever was there."""
        with Session(self._engine) as session:
            session.merge(_Setting(name=name, value=value))
            session.commit()

    def count_known(self, keys: Iterable[str]) -> int:
        """How many results are there already; they are not read."""
        wanted = list(dict.fromkeys(keys))
        with self._engine.connect() as connection:
            parts = (wanted[start : start + _KEYS_AT_ONCE] for start in range(0, len(wanted), _KEYS_AT_ONCE))
            return sum(
                connection.execute(select(func.count()).where(_Grade.key.in_(part))).scalar_one() for part in parts
            )

    def known(self, keys: Iterable[str]) -> dict[str, GradeAnswer]:
        """The results that are there already."""
        wanted = list(dict.fromkeys(keys))
        found: dict[str, GradeAnswer] = {}
        try:
            with self._engine.connect() as connection:
                for start in range(0, len(wanted), _KEYS_AT_ONCE):
                    query = select(_Grade.key, _Grade.answer).where(
                        _Grade.key.in_(wanted[start : start + _KEYS_AT_ONCE])
                    )
                    found |= {key: GradeAnswer.from_json(json.loads(text)) for key, text in connection.execute(query)}
        except DBAPIError as fault:
            raise self._failed(fault) from fault
        return found

    def keep(self, key: str, answer: GradeAnswer) -> None:
        """Store a result; it is safe when this returns.

        Raises:
            StoreFailed: the disk is full, or the file is gone.
        """
        try:
            with Session(self._engine) as session:
                session.merge(_Grade(key=key, answer=json.dumps(answer.to_json(), ensure_ascii=False)))
                session.commit()
        except DBAPIError as fault:
            raise self._failed(fault) from fault

    def forget(self, keys: Iterable[str]) -> None:
        """Remove results, so that they are graded again."""
        with Session(self._engine) as session:
            for key in keys:
                session.execute(delete(_Grade).where(_Grade.key == key))
            session.commit()

    def decide(self, change: Change) -> None:
        """Add a decision to the log."""
        with Session(self._engine) as session:
            session.add(
                _Decision(
                    kind=change.kind.value,
                    learner=change.learner,
                    exercise=change.exercise,
                    points=change.points,
                    because=change.because,
                    by=change.by,
                    at=change.at.isoformat(timespec="seconds"),
                )
            )
            session.commit()

    def changes(self) -> list[Change]:
        """Every decision, the first one first."""
        with Session(self._engine) as session:
            return [
                Change(
                    ChangeKind(row.kind),
                    row.learner,
                    row.exercise,
                    row.points,
                    row.because,
                    row.by,
                    datetime.fromisoformat(row.at),
                )
                for row in session.scalars(select(_Decision).order_by(_Decision.number))
            ]

    def _failed(self, fault: DBAPIError) -> StoreFailed:
        cause = str(fault.orig)
        return StoreFailed(
            f"The results cannot be kept in {self._file.name} ({cause}): what was graded before is safe; "
            "mend that, and start the same command again."
        )


def _prepare(connection: sqlite3.Connection, _record: object) -> None:
    """A write is one append to a journal, and a killed process loses nothing that was committed."""
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
