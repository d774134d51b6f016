"""What of a lesson's folder is worth looking at again when it changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from watchfiles import Change

QUIET_MS = 30
"""How long nothing must change after a save before it counts as whole, in milliseconds."""
LOOK_MS = 100
"""How often a run of checks that is under way is looked at, in milliseconds."""
_NOT_SOURCE = (".db", ".sqlite", ".sqlite3", ".db-journal", ".db-wal", ".db-shm", ".log")


def source_filter() -> Callable[[Change, str], bool]:
    """A filter for ``watchfiles.watch`` that leaves out what a running app writes: databases and logs."""
    from watchfiles import DefaultFilter

    class SourceFilter(DefaultFilter):
        """What somebody edits."""

        def __call__(self, change: Change, path: str) -> bool:
            return not path.endswith(_NOT_SOURCE) and super().__call__(change, path)

    return SourceFilter()
