"""A PostgreSQL database as the checks open it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from workbook.service.database import limits
from workbook.service.database.databases import sync_postgresql
from workbook.service.database.problem import (
    DatabaseLocked,
    DatabaseProblem,
    DatabaseTooSlow,
    DatabaseUnreachable,
    MissingColumn,
    MissingTable,
)

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine, Table
    from sqlalchemy.exc import DBAPIError

_LITERAL: Final = {"no_parameters": True}
"""Execution options for PostgreSQL: a percent sign in a statement is a percent sign."""


def make_engine(url: str) -> Engine:
    """An engine with our limits on every connection."""
    from sqlalchemy import create_engine

    return create_engine(
        sync_postgresql(url),
        pool_size=2,
        max_overflow=30,
        pool_pre_ping=True,
        connect_args={
            "connect_timeout": 5,
            "application_name": "workbook checks",
            "options": f"-c lock_timeout={limits.LOCK_SECONDS * 1000:.0f} "
            f"-c statement_timeout={limits.STATEMENT_SECONDS * 1000:.0f} -c synchronous_commit=off",
        },
    )


def reset(connection: Connection) -> None:
    """Delete all rows of all tables but ``alembic_version``, and restart the counters."""
    connection.execution_options(**_LITERAL)
    tables = [row[0] for row in connection.exec_driver_sql(_TABLES)]
    if tables:
        # This lock waits for writers that are left open, as SQLite does; idle readers are no obstacle.
        connection.exec_driver_sql(f"LOCK TABLE {', '.join(tables)} IN SHARE ROW EXCLUSIVE MODE")
        # Foreign keys are checked at the end of a statement, so in one statement no order can be wrong.
        # TRUNCATE would do it too, but it makes new files and waits for the disk: several times as slow.
        connection.exec_driver_sql(_UNTIE)
        parts = ", ".join(f"_{number} AS (DELETE FROM {table})" for number, table in enumerate(tables[1:]))
        connection.exec_driver_sql(f"{f'WITH {parts} ' if parts else ''}DELETE FROM {tables[0]}")
    connection.exec_driver_sql(_RESTART)


def schema_state(connection: Connection) -> object:
    """Changes whenever the schema does."""
    return connection.exec_driver_sql(_STATE, execution_options=_LITERAL).scalar_one()


def unique_columns(table: Table) -> set[tuple[str, ...]]:
    """The columns of each unique constraint and index of a reflected table."""
    from sqlalchemy import UniqueConstraint

    found: set[tuple[str, ...]] = set()
    for constraint in table.constraints:
        if isinstance(constraint, UniqueConstraint):
            found.add(tuple(column.name for column in constraint.columns))
    for index in table.indexes:
        names = tuple(column.name for column in index.columns)
        if index.unique and len(names) == len(index.expressions) and not index.dialect_options["postgresql"]["where"]:
            found.add(names)
    return found


def postgresql_problem(error: DBAPIError) -> DatabaseProblem | None:
    """What an error of the driver means, in words for the learner; None where it is none of the known ones."""
    state = getattr(error.orig, "sqlstate", None)
    said = str(error.orig)
    match state:
        case "55P03":
            return DatabaseLocked()
        case "57014":
            return DatabaseTooSlow()
        case "42P01":
            match = re.search(r'"(.+?)"', said)
            return MissingTable(match[1] if match else "of this statement", have=())
        case "42703":
            match = re.search(r'column "?(?:([\w]+)\.)?(.+?)"? (?:of relation "(.+?)" )?does not exist', said)
            return MissingColumn((match[1] or match[3]) if match else None, match[2] if match else "of this statement")
        case _:
            pass
    if error.connection_invalidated or state is None or state[:2] in ("08", "28", "3D", "53", "57"):
        from sqlalchemy.exc import OperationalError

        return (
            DatabaseUnreachable(said.splitlines()[0] if said else "no answer")
            if isinstance(error, OperationalError)
            else None
        )
    return None


_USER_TABLES = r"""
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
"""
_TABLES = f"""
    SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname) {_USER_TABLES}
      AND c.relkind IN ('r', 'p') AND c.relname <> 'alembic_version'
"""
_UNTIE = """
    SELECT set_config('session_replication_role', 'replica', true) FROM pg_roles
    WHERE rolname = current_user AND rolsuper
"""
"""Skips the check of each row's foreign keys, until the end of the transaction, for those who may."""
_RESTART = f"""
    SELECT setval(c.oid::regclass, s.seqstart, false)
    FROM (SELECT c.oid {_USER_TABLES}) c JOIN pg_sequence s ON s.seqrelid = c.oid
"""
_STATE = f"""
    SELECT md5(concat(
        (SELECT string_agg(
            concat_ws(',', c.oid, c.relname, a.attname, a.atttypid, a.atttypmod, a.attnotnull, a.atthasdef),
            ';' ORDER BY c.oid, a.attnum)
         FROM (SELECT c.oid, c.relname, c.relkind {_USER_TABLES}) c JOIN pg_attribute a ON a.attrelid = c.oid
         WHERE c.relkind IN ('r', 'p', 'v') AND a.attnum > 0 AND NOT a.attisdropped), '|',
        (SELECT string_agg(k.oid::text, ',' ORDER BY k.oid) FROM pg_constraint k WHERE k.oid >= 16384), '|',
        (SELECT string_agg(i.indexrelid::text, ',' ORDER BY i.indexrelid) FROM pg_index i WHERE i.indexrelid >= 16384)))
"""
