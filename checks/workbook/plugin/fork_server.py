"""What a process needs in order to fork one run of checks after another from itself.

``workbook verify`` and ``workbook grade`` run a lesson's checks many times. A run of its own spends much of its time on
imports: here, and in the host of its services. Both are shared by such a process; the learner's app is still imported
and served by a fresh process each time. Linux only, like the host itself.
"""

from __future__ import annotations

import gc
import json
import os
import secrets
import select
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import redirect_stdout, suppress
from importlib import import_module
from pathlib import Path
from typing import Never

import pytest

from workbook.plugin.state import LAUNCHER
from workbook.service.parent.process import ForkLauncher

LIBRARIES = (
    "httpcore",
    "httpx",
    "rich.console",
    "sqlalchemy.dialects.sqlite",
    "workbook.plugin.terminal_reporter",
    "workbook.feedback.terminal",
    "workbook.plugin.failure_report",
    "workbook.plugin.reporting",
    "workbook.plugin.run",
    "workbook.plugin.selection",
    "workbook.service.parent.client",
    "workbook.service.database.database",
    "workbook.service.parent.service",
    "workbook.plugin.state",
)
"""What a run of checks imports. Not the plugin itself: pytest wants to be the first to import it."""

_CLEAR_SECONDS = 20.0
_ANSWER_BYTES = 65536


class SharedLauncher(ForkLauncher):
    """The launcher of many runs, one after another; its host imports the libraries once."""

    def __init__(self, host: Sequence[str] = ForkLauncher.HOST) -> None:
        super().__init__(host)
        self._owner = os.getpid()

    def belong_to_this_run(self, scratch: Path | None = None) -> None:
        """Called in the fork that is the run: what it makes is its own.

        Args:
            scratch: where it makes its sockets and databases; a new folder of the shared one if there is none given.
        """
        self.scratch = scratch or Path(tempfile.mkdtemp(dir=self.scratch))
        self._count = 0

    def clear(self) -> None:
        """End every service of a run that has ended itself, and wait until nothing of them is left.

        Raises:
            OSError: the host is gone, or does not answer.
        """
        token = secrets.token_hex(8)
        deadline = time.monotonic() + _CLEAR_SECONDS
        self._orders.send(json.dumps({"clear": token}).encode())
        while (left := deadline - time.monotonic()) > 0:
            ready, _, _ = select.select([self._orders], [], [], left)
            answer = self._orders.recv(_ANSWER_BYTES) if ready else b""
            if not answer:
                break
            if json.loads(answer).get("cleared") == token:
                return
        raise OSError("the host of the services does not answer")

    def close(self) -> None:
        """Remove what a run made; the host stays until the process that it was made for closes it."""
        if os.getpid() == self._owner:
            super().close()
        else:
            shutil.rmtree(self.scratch, ignore_errors=True)


class GivenLauncher:
    """A pytest plugin that gives a run of checks the launcher of the process it was forked from."""

    def __init__(self, launcher: SharedLauncher) -> None:
        self._launcher = launcher

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        """Leave the launcher where the workbook's own plugin, which is configured last, finds it."""
        config.stash[LAUNCHER] = self._launcher


def import_everything(checks: Sequence[str] = ()) -> None:
    """Import pytest and all that a run of checks needs, and keep it out of the way of the garbage collector.

    Args:
        checks: folders whose checks every later run finds imported already; they must not change any more.
    """
    for library in LIBRARIES:
        import_module(library)
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere, redirect_stdout(nowhere):
        # imports pytest's own plugins, and no conftest
        pytest.main(["--version", "--noconftest", "-c", os.devnull, "-p", "no:cacheprovider"])
        if checks:
            pytest.main(["--collect-only", "-q", "-p", "no:cacheprovider", *checks])
    gc.collect()
    gc.freeze()


def become_pytest(arguments: list[str], output: str, plugins: Sequence[object] = ()) -> Never:
    """Turn this process, a fork, into a run of pytest that prints into the file ``output`` and ends."""
    code = 3
    try:
        nothing = os.open(os.devnull, os.O_RDONLY)
        printed = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(nothing, 0)
        os.dup2(printed, 1)
        os.dup2(printed, 2)
        sys.argv = ["pytest", *arguments]
        code = int(pytest.main(arguments, plugins=list(plugins)))
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code)


def last_line(file: Path) -> str:
    """The last words that a process has printed into a file, for a message."""
    with suppress(OSError):
        lines = [line.strip() for line in file.read_text(encoding="utf-8", errors="replace").splitlines()]
        return next((line for line in reversed(lines) if line), "no word of it")[:300]
    return "no word of it"
