"""End a pytest process quickly: once all is written and closed, nothing has to be taken apart piece by piece."""

from __future__ import annotations

import atexit
import os
import sys
from pathlib import Path

_PROGRAMS = {"pytest", "py.test", "pytest.exe", "py.test.exe"}


def leave_quickly(status: int) -> None:
    """Let this process end with ``status`` right after its exit handlers, if pytest is its program.

    Freeing the modules and objects of a run one by one takes a third of a second, and nobody sees the result.
    """
    main = Path(getattr(sys.modules["__main__"], "__file__", None) or "")
    if main.name in _PROGRAMS or main.parts[-2:] == ("pytest", "__main__.py"):
        atexit.register(_leave, status)


def _leave(status: int) -> None:
    if getattr(sys, "last_value", None) is not None:
        return  # something was raised after all: Python's own exit code tells
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(status)
