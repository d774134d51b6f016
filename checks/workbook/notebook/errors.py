"""The errors that notebook helpers raise: one readable message instead of a traceback."""

from __future__ import annotations


class NotebookError(Exception):
    """Something the learner can mend; the message says how. A notebook shows the message and no traceback."""

    def _render_traceback_(self) -> list[str]:
        """Called by IPython instead of formatting a traceback."""
        return str(self).splitlines()
