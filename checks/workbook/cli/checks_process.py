"""Checks in a process of their own, for when their output is not simply passed on."""

from __future__ import annotations

import sys

# Ctrl-C, or a newer save, may end a run before pytest is ready to say so itself: then it ends without a traceback.
_SCRIPT = """\
import sys
try:
    import pytest
    code = pytest.main(sys.argv[1:])
except KeyboardInterrupt:
    code = 130
sys.exit(code)
"""


def checks_command(arguments: list[str]) -> list[str]:
    """The command line that runs pytest.

    No module is imported from the current folder (``-P``), because a learner may stand in a folder of their own code.
    """
    return [sys.executable, "-P", "-c", _SCRIPT, *arguments]
