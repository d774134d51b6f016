"""What the checks' outside look at a database tells of its tables."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ForeignKeyFacts:
    """One foreign key of a table."""

    columns: tuple[str, ...]
    table: str
    """The table it points to."""
    to: tuple[str, ...]
    """The columns it points to."""
    on_delete: str | None = None
    """``CASCADE``, ``SET NULL``, …; None where the database was told nothing."""


@dataclass(frozen=True)
class ColumnFacts:
    """One column of a table."""

    type: str
    """As this database writes it: ``VARCHAR(256)``; it differs between SQLite and PostgreSQL."""
    nullable: bool
    primary_key: bool
    unique: bool
    """Whether no two rows may have the same value in this column alone."""
    foreign_keys: tuple[str, ...]
    """What it refers to, as ``table.column``."""
    default: str | None = None
    """The default that the database itself knows, as SQL."""
