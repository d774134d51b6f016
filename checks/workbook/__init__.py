"""The tool behind the FastAPI workbook: it runs, checks, explains, builds and proves lessons.

``pytest checks/lesson_03`` uses it as a pytest plugin, the ``workbook`` command as a command-line tool, and every
kernel of the environment loads it as an IPython extension. Nothing heavy is imported here: every check run pays for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

__version__ = "0.1.0"


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Add ``%check``, ``%hint`` and ``%%predict`` to a notebook; called by IPython."""
    from workbook.notebook.extension import load

    load(shell)
