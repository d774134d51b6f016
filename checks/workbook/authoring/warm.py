"""A process that has pytest and the workbook imported, and forks one run of checks after another from itself.

``workbook verify`` runs a lesson's checks some eighty times. A run of its own spends most of its time on imports: here
and in the host of its services. Both are shared here; the learner's app is still imported and served by a fresh process
each time. Linux only, like the host itself: elsewhere every run is a process of its own.

Run as ``python -m workbook.authoring.warm``. Each line of input is one run, as JSON: ``{"arguments": [...], "output":
file}``. It is answered by a line with pytest's exit code. The process ends with its input.
"""

from __future__ import annotations

import gc
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import redirect_stdout, suppress
from importlib import import_module
from pathlib import Path
from typing import Never

from workbook.service import process
from workbook.service.process import ForkLauncher

LIBRARIES = (
    "httpcore",
    "httpx",
    "rich.console",
    "sqlalchemy.dialects.sqlite",
    "workbook.feedback.reporter",
    "workbook.feedback.terminal",
    "workbook.gather",
    "workbook.reporting",
    "workbook.run",
    "workbook.selection",
    "workbook.service.client",
    "workbook.service.database",
    "workbook.service.service",
    "workbook.state",
)
"""What a run of checks imports. Not the plugin itself: pytest wants to be the first to import it."""

_END_SECONDS = 10


class SharedLauncher(ForkLauncher):
    """The launcher of many runs, one after another; its host imports the libraries once."""

    def __init__(self) -> None:
        super().__init__()
        self._owner = os.getpid()

    def belong_to_this_run(self) -> None:
        """Called in the fork that is the run: what it makes is its own."""
        self.scratch = Path(tempfile.mkdtemp(dir=self.scratch))
        self._count = 0

    def close(self) -> None:
        """Remove what a run made; the host stays until the process that it was made for closes it."""
        if os.getpid() == self._owner:
            super().close()
        else:
            shutil.rmtree(self.scratch, ignore_errors=True)


class WarmPytest:
    """The other end: starts such a process and has it run pytest."""

    def __init__(self, root: Path, environment: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "workbook.authoring.warm"],
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
    _import_all()
    gc.collect()
    gc.freeze()
    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if child == 0:
            launcher.belong_to_this_run()
            _become_pytest(order["arguments"], order["output"])
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)
    launcher.close()


def _import_all() -> None:
    import pytest

    for library in LIBRARIES:
        import_module(library)
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere, redirect_stdout(nowhere):
        # imports pytest's own plugins, and no conftest
        pytest.main(["--version", "--noconftest", "-c", os.devnull, "-p", "no:cacheprovider"])


def _become_pytest(arguments: list[str], output: str) -> Never:
    code = 3
    try:
        import pytest

        nothing = os.open(os.devnull, os.O_RDONLY)
        printed = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(nothing, 0)
        os.dup2(printed, 1)
        os.dup2(printed, 2)
        sys.argv = ["pytest", *arguments]
        code = int(pytest.main(arguments))
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code)


if __name__ == "__main__":
    main()
