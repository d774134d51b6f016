"""Run another program in the foreground, which then gets the keyboard and Ctrl-C for itself."""

from __future__ import annotations

import signal
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def run_in_front(command: Sequence[str], *, cwd: Path) -> int:
    """Run a program to its end and return its exit code.

    Ctrl-C reaches the program only: it may want to ask before it ends, as JupyterLab does.
    """
    process = subprocess.Popen(command, cwd=cwd)
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        return process.wait()
    finally:
        signal.signal(signal.SIGINT, before)
