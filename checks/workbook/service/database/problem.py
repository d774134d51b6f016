"""What can be wrong with the database of a learner's app, in words for the learner."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

_NAME_LIMIT = 40
"""Characters shown of one name."""
_NAMES_LIMIT = 8
"""Names shown in one list."""


class DatabaseProblem(Exception):
    """The database is not as the contract says, or cannot be used; the message is one sentence.

    Attributes:
        kind: a short name for the cause, such as ``"missing_table"``; reports count by it.
    """

    kind = "database_problem"

    def __init__(self, looks_like: str, *, expected: str) -> None:
        super().__init__(f"{looks_like[:1].upper()}{looks_like[1:]}.")
        self.looks_like = looks_like
        self.expected = expected

    def message_rows(self) -> list[tuple[str, str]]:
        """The problem as labelled lines, in the order in which they are read."""
        return [("Expected", self.expected), ("Looks like", self.looks_like)]


class DatabaseLocked(DatabaseProblem):
    """Somebody else holds a lock: the app left a transaction open after a response."""

    kind = "database_locked"

    def __init__(self) -> None:
        super().__init__(
            "the database is locked: a transaction was left open after a response, "
            "by a session that was neither committed, nor rolled back, nor closed",
            expected="no transaction stays open once a response is sent",
        )


class MissingTable(DatabaseProblem):
    """The database has no table of that name."""

    kind = "missing_table"

    def __init__(self, table: str, *, have: Iterable[str]) -> None:
        self.table = table
        self.have = tuple(have)
        if not self.have:
            looks_like = "the database has no tables at all: they were not created, or in another database"
        else:
            looks_like = f"the database has {_names(self.have)}, but no {_name(table)}{_close(table, self.have)}"
        super().__init__(looks_like, expected=f"a table named {_name(table)}")


class MissingColumn(DatabaseProblem):
    """The table has no column of that name."""

    kind = "missing_column"

    def __init__(self, table: str | None, column: str, *, have: Iterable[str] = ()) -> None:
        self.table = table
        self.column = column
        self.have = tuple(have)
        where = f"the table {_name(table)}" if table else "the table"
        listed = f"has {_names(self.have)}, but no {_name(column)}" if self.have else f"has no column {_name(column)}"
        super().__init__(
            f"{where} {listed}{_close(column, self.have)}",
            expected=f"{where} has a column named {_name(column)}",
        )


class DatabaseTooSlow(DatabaseProblem):
    """One statement of ours took too long, which only a trigger, a view or far too many rows can cause."""

    kind = "database_too_slow"

    def __init__(self) -> None:
        super().__init__(
            "one statement took longer than two seconds: the tables hold far too many rows, or a trigger never ends",
            expected="the tables answer at once",
        )


class TooMuchData(DatabaseProblem):
    """A result is larger than the checks are willing to read."""

    kind = "too_much_data"

    def __init__(self, limit: str) -> None:
        super().__init__(f"a table holds more than {limit}", expected="the tables hold what was sent, and no more")


class UnreadableValue(DatabaseProblem):
    """A stored value is none of its column's type."""

    kind = "unreadable_value"

    def __init__(self, table: str | None, why: str) -> None:
        where = f"the table {_name(table)}" if table else "a table"
        super().__init__(
            f"{where} holds a value that its column's type cannot read: {_cut(why, 120)}",
            expected="each stored value is of its column's type",
        )


class RowRefused(DatabaseProblem):
    """The tables do not take what the contract says they take."""

    kind = "row_refused"

    def __init__(self, why: str) -> None:
        super().__init__(
            f"the database did not take what the check gave it: {_cut(why, 160)}",
            expected="the tables have the columns of the contract, and no others that have to be filled in",
        )

    @classmethod
    def explain(cls, error: BaseException) -> BaseException:
        """What an error of SQLAlchemy says of the learner's tables; every other error stays as it is."""
        if not type(error).__module__.startswith("sqlalchemy."):
            return error
        return cls(str(getattr(error, "orig", None) or error).partition("\n")[0])


class DatabaseBroken(DatabaseProblem):
    """The file cannot be used as a database."""

    kind = "database_broken"

    def __init__(self, why: str) -> None:
        super().__init__(
            f"the database file cannot be used: {why}", expected="the file in DATABASE_URL is the app's SQLite database"
        )


class DatabaseUnreachable(DatabaseProblem):
    """The database server does not answer. It is a fault of the set-up, not of the learner's code."""

    kind = "database_unreachable"

    def __init__(self, why: str) -> None:
        super().__init__(
            f"the PostgreSQL server cannot be used: {_cut(why, 160)}",
            expected="the server that WORKBOOK_DATABASE_URL names answers; without that setting, SQLite is used",
        )


def _cut(text: str, limit: int) -> str:
    # Names and messages may come from the learner's database: one short line, nothing that a terminal acts on.
    line = "".join(letter if letter.isprintable() else " " for letter in text)
    return line if len(line) <= limit else f"{line[: limit - 2]} …"


def _name(name: str) -> str:
    return _cut(name, _NAME_LIMIT)


def _names(names: tuple[str, ...]) -> str:
    shown = [_name(name) for name in names[:_NAMES_LIMIT]]
    if len(names) > _NAMES_LIMIT:
        return f"{', '.join(shown)} and {len(names) - _NAMES_LIMIT} more"
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def _close(wanted: str, have: tuple[str, ...]) -> str:
    lower = {name.lower(): name for name in reversed(have)}
    near = difflib.get_close_matches(wanted.lower(), lower, n=1, cutoff=0.75)
    return f" (is it {_name(lower[near[0]])}?)" if near else ""
