"""SQLite without its lucky habits, so that a check which passes here passes on PostgreSQL too.

SQLite answers a query without ``ORDER BY`` mostly in the order of the ids, and its ``LIKE`` takes "a" for "A". Other
databases promise neither. Both can be switched for each connection.
"""

from __future__ import annotations

import os
import sys
from typing import Any, Final

REVERSED: Final = "PRAGMA reverse_unordered_selects = ON"
"""Lets a query without ``ORDER BY`` answer in another order than most people expect."""
_STRICT: Final = (REVERSED, "PRAGMA case_sensitive_like = ON")
"""The second makes LIKE a function that a connection with ``trusted_schema = OFF`` refuses in a CHECK of the table."""


def enforce(url: str) -> None:
    """Make every connection strict that SQLAlchemy opens to this database in this process, from now on.

    Args:
        url: the URL of the database. Nothing is done for other databases than SQLite.
    """
    if not url.startswith("sqlite") or "sqlalchemy" not in sys.modules:
        return
    from sqlalchemy import event
    from sqlalchemy.pool import Pool

    file = os.path.realpath(url.partition(":///")[2].partition("?")[0])

    def opened(connection: Any, _record: object) -> None:
        if "sqlite" not in type(connection).__module__:
            return
        cursor = connection.cursor()
        cursor.execute("PRAGMA database_list")
        if any(name == "main" and os.path.realpath(path) == file for _, name, path in cursor.fetchall()):
            for statement in _STRICT:
                cursor.execute(statement)
        cursor.close()

    event.listen(Pool, "connect", opened)
