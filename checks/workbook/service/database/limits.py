"""How much of a database is read from outside, and how long one look at it may take."""

from __future__ import annotations

from typing import Final

ROW_LIMIT: Final = 10_000
"""Rows that one call returns at most."""
VALUE_LIMIT: Final = 10 * 1024 * 1024
"""Bytes of one value or row that are read from SQLite at most."""
RESULT_LIMIT: Final = 50 * 1024 * 1024
"""Bytes and characters that one call returns at most, over all rows."""
SCHEMA_LIMIT: Final = 5_000
"""Bytes of one CREATE statement that are read from SQLite at most: to understand it, SQLAlchemy needs a time that grows
with the square of its length, half a second for these."""
LOCK_SECONDS: Final = 1.5
"""How long to wait for a lock that the app holds."""
STATEMENT_SECONDS: Final = 2.0
"""How long one statement may run."""
