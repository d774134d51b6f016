"""A process that has pytest and the workbook imported, and forks one run of checks after another from itself.

``workbook verify`` runs a lesson's checks some eighty times: see ``workbook.warm``. Elsewhere than on Linux every run
is a process of its own.

Run as ``python -m workbook.authoring.warm [CHECKS …]``. Each line of input is one run, as JSON:
``{"arguments": [...], "output": file}``. It is answered by a line with pytest's exit code. The process ends with its
input.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from workbook.service import process
from workbook.warm import SharedLauncher, become_pytest, import_everything

_END_SECONDS = 10


class WarmPytest:
    """The other end: starts such a process and has it run pytest."""

    def __init__(self, root: Path, environment: Mapping[str, str], checks: Sequence[str] = ()) -> None:
        """Start it.

        Args:
            root: the folder that it runs in.
            environment: all its variables.
            checks: folders of checks that every run finds imported already; they must not change meanwhile.
        """
        self._process = subprocess.Popen(
            [sys.executable, "-m", "workbook.authoring.warm", *checks],
            cwd=root,
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def run(self, arguments: list[str], output: Path, seconds: float) -> int | None:
        """Run pytest; what it prints goes to ``output``.

        Returns:
            Its exit code, or None where it took more than ``seconds`` or died; then this process is of no more use.
        """
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            raise RuntimeError("the process was started with pipes")
        try:
            stdin.write(json.dumps({"arguments": arguments, "output": str(output)}).encode() + b"\n")
            stdin.flush()
        except OSError:
            return None
        ready, _, _ = select.select([stdout], [], [], seconds)
        answer = stdout.readline() if ready else b""
        return int(answer) if answer.strip() else None

    def close(self) -> None:
        """End the process, which has no run at the moment."""
        if self._process.stdin is not None:
            with suppress(OSError):
                self._process.stdin.close()
        try:
            self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def kill(self) -> None:
        """End the process and its run at once. The host of the services notices, and ends itself."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


def main() -> None:
    """Import everything, then fork a run for each line of input."""
    launcher = SharedLauncher()
    process.make_launcher = lambda: launcher
    import_everything(sys.argv[1:])
    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if child == 0:
            launcher.belong_to_this_run()
            become_pytest(order["arguments"], order["output"])
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)
    launcher.close()


if __name__ == "__main__":
    main()
