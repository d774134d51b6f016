"""A process that has pytest and the workbook imported, and forks one run of checks after another from itself.

``workbook verify`` runs a lesson's checks hundreds of times: see ``workbook.plugin.fork_server``. Elsewhere than on
Linux every run is a process of its own.

Run as ``python -m workbook.authoring.fork_server [CHECKS …]``. Each line of input is one run, as JSON: either any
arguments of pytest, ``{"arguments": [...], "output": file}``, or an order to check a lesson whose checks are collected
once and for all, as in the grader: ``{"lesson": 3, "order": {...}}``. It is answered by a line: pytest's exit code, or
an empty one where the run died. The process ends with its input.
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
from dataclasses import asdict
from pathlib import Path
from typing import Any

from workbook.plugin.collected_session import Order, RunFailed, SessionProcess
from workbook.plugin.fork_server import GivenLauncher, SharedLauncher, become_pytest, import_everything

_END_SECONDS = 10
_GRACE_SECONDS = 60
"""How much longer than its order a run may take until this end gives up: the other end ends it much earlier."""


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
            [sys.executable, "-m", "workbook.authoring.fork_server", *checks],
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
        return self._ask({"arguments": arguments, "output": str(output)}, seconds)

    def run_lesson(self, lesson: int, order: Order) -> int | None:
        """Run the checks of a lesson in a fork of a process that has collected them.

        Returns:
            pytest's exit code, or None where the run did not end in time or died; then this process is of no more use.
        """
        return self._ask({"lesson": lesson, "order": asdict(order)}, order.seconds + _GRACE_SECONDS)

    def _ask(self, what: dict[str, Any], seconds: float) -> int | None:
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            raise RuntimeError("the process was started with pipes")
        try:
            stdin.write(json.dumps(what).encode() + b"\n")
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
    # What a run prints before it has its output is no answer.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    launcher = SharedLauncher()
    import_everything(sys.argv[1:])
    lessons: dict[int, SessionProcess] = {}
    for line in sys.stdin:
        wanted = json.loads(line)
        if "lesson" in wanted:
            code = _run_lesson(wanted["lesson"], Order(**wanted["order"]), lessons, launcher)
        else:
            code = _run_pytest(wanted["arguments"], wanted["output"], launcher)
        print("" if code is None else code, file=answers, flush=True)
    for collected in lessons.values():
        collected.close()
    launcher.close()


def _run_lesson(lesson: int, order: Order, lessons: dict[int, SessionProcess], launcher: SharedLauncher) -> int | None:
    if lesson not in lessons:
        lessons[lesson] = SessionProcess(lesson, launcher, launcher.scratch / f"collected-{lesson}.txt")
    try:
        code = lessons[lesson].run(order)
        launcher.clear()
    except (RunFailed, OSError) as failed:
        lessons.pop(lesson).close()
        Path(order.output).write_text(f"{failed}\n", encoding="utf-8")
        return None
    return code


def _run_pytest(arguments: list[str], output: str, launcher: SharedLauncher) -> int:
    child = os.fork()
    if child == 0:
        launcher.belong_to_this_run()
        become_pytest(arguments, output, [GivenLauncher(launcher)])
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    main()
