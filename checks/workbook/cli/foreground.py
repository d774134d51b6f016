"""Run another program in the foreground, which then gets the keyboard and Ctrl-C for itself."""

from __future__ import annotations

import signal
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


def run_in_front(command: Sequence[str], *, cwd: Path, env: Mapping[str, str] | None = None) -> int:
    """Run a program to its end and return its exit code.

    Ctrl-C reaches the program only: it may want to ask before it ends, as JupyterLab does. Whoever ends this process
    ends the program.
    """
    process = subprocess.Popen(command, cwd=cwd, env=env)

    def end(_number: int, _frame: object) -> None:
        process.terminate()

    before = {
        signal.SIGINT: signal.signal(signal.SIGINT, signal.SIG_IGN),
        signal.SIGTERM: signal.signal(signal.SIGTERM, end),
    }
    try:
        return process.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
