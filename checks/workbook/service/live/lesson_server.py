"""Serve a lesson's app from disk, always from its current source, in a process of its own."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING

from workbook.service.live.events import DoesNotStart, Event, EventLog
from workbook.service.protocol.loopback import HOST

if TYPE_CHECKING:
    from workbook.course.model import Lesson

START_SECONDS = 30.0
STOP_SECONDS = 3.0
_KEPT_ENV = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "SYSTEMROOT", "USERPROFILE", "VIRTUAL_ENV")
_WATCHED = {".py", ".html", ".env", ".toml", ".json", ".txt", ".css", ".js"}
_SKIPPED = {"__pycache__", ".pytest_cache", ".ruff_cache", ".venv", ".git", ".ipynb_checkpoints"}


class LessonServer:
    """A live server for the app of one lesson folder.

    Args:
        lesson: the lesson.
        folder: its folder in the target.
        env: variables beside those that the checks give every service of the lesson.
        port: the port to take if it is free.
        listener: a socket to serve on instead, which stays open between two starts, so that no request is refused.
            Not on Windows, where a process inherits none.
        events: where to note what happens.
        answer_when_broken: whether an app that does not start is answered for, with the reason, until the next start.
    """

    def __init__(
        self,
        lesson: Lesson,
        folder: Path,
        *,
        env: dict[str, str],
        port: int = 0,
        listener: socket.socket | None = None,
        events: EventLog | None = None,
        answer_when_broken: bool = False,
    ) -> None:
        self.events = EventLog() if events is None else events
        self.port = port
        self._listener = listener
        self._answer_when_broken = answer_when_broken
        self._lesson = lesson
        self._folder = folder
        self._scratch = Path(tempfile.mkdtemp(prefix="workbook-live-"))
        self._env = env
        self._process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None
        self._sources: dict[str, str] = {}

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://{HOST}:{self.port}"

    @property
    def running(self) -> bool:
        """Whether its process runs."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start the process; return when requests can be sent.

        Raises:
            DoesNotStart: the app did not start.
        """
        self._scratch.mkdir(exist_ok=True)
        self._sources = _fingerprints(self._folder)
        position = self.events.count
        process = self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "workbook.service.live.lesson_process", str(self._scratch)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
            errors="replace",
            cwd=self._folder,
            env=self._environment(),
            # Interrupting a cell, or Ctrl-C, signals the whole group; the server goes on until it is ended.
            start_new_session=True,
            pass_fds=[] if self._listener is None else [self._listener.fileno()],
        )
        assert process.stdin is not None
        assert process.stdout is not None
        spec = {
            "folder": str(self._folder),
            "app": self._lesson.app,
            "port": self.port,
            "listener": None if self._listener is None else self._listener.fileno(),
            "answer_when_broken": self._answer_when_broken,
        }
        with suppress(OSError):  # it has ended already, as the events will say
            process.stdin.write(json.dumps(spec) + "\n")
            process.stdin.flush()
        self._reader = threading.Thread(target=self._read, args=(process.stdout,), name="live-server-log", daemon=True)
        self._reader.start()
        outcome = self.events.wait_for({"ready", "ended"}, position, seconds=START_SECONDS)
        if outcome is not None and outcome.kind == "ready":
            ports = [event for event in self.events.since(position) if event.kind == "port"]
            self.port = int(ports[-1].text)
            return
        self.end()
        with suppress(OSError):  # it holds a database
            self._scratch.rmdir()
        if outcome is None:
            reason = f"It did not finish its start-up within {START_SECONDS:.0f} seconds."
        else:
            reason = self.events.reason(position) or f"Its process ended with exit code {process.returncode}."
        raise DoesNotStart(f"The app of lesson {self._lesson.number} does not start.\n{reason}")

    def stop(self) -> None:
        """Stop the process and remove its scratch folder. Safe to call again."""
        self.end()
        shutil.rmtree(self._scratch, ignore_errors=True)

    def restart(self) -> None:
        """Stop and start the process; the database stays.

        Raises:
            DoesNotStart: the app did not start.
        """
        self.end()
        self.start()

    def changed_since_start(self) -> str | None:
        """The first file that is not what it was at the start, relative to the lesson folder; ``None`` if none is."""
        now = _fingerprints(self._folder)
        if now == self._sources:
            return None
        return min(name for name in now.keys() | self._sources.keys() if now.get(name) != self._sources.get(name))

    def describe_end(self) -> str:
        """Why a request got no answer, if that is known."""
        process = self._process
        if process is None:
            return ""
        try:
            code = process.wait(0.5)
        except subprocess.TimeoutExpired:
            return ""
        return f"the app's process ended in the middle of it (exit code {code}). The next request starts it again."

    def end(self) -> None:
        """End the process; the database stays. Safe to call again."""
        process = self._process
        if process is None:
            return
        if process.stdin is not None:
            with suppress(OSError, ValueError):
                process.stdin.write("keep")
                process.stdin.close()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if self._reader is not None:
            self._reader.join(STOP_SECONDS)  # what it still reads belongs to this process, not to the next one
        self.events.forget_requests()

    def _read(self, stream: IO[str]) -> None:
        with stream:
            for line in stream:
                event = Event.from_line(line)
                if event is not None:
                    self.events.add(event)
        self.events.add(Event("ended"))

    def _environment(self) -> dict[str, str]:
        scratch = str(self._scratch)
        database = (self._scratch / "live.db").as_posix()
        return {
            **{name: os.environ[name] for name in _KEPT_ENV if name in os.environ},
            "TMPDIR": scratch,
            "TEMP": scratch,
            "DATABASE_URL": f"sqlite:///{database}",
            **self._lesson.env,
            **self._env,
        }


def _fingerprints(folder: Path) -> dict[str, str]:
    """What each source file of a lesson holds, by its path in it."""
    found: dict[str, str] = {}
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in _SKIPPED)
        for name in names:
            file = Path(parent, name)
            if file.suffix in _WATCHED or name == ".env":
                try:
                    found[file.relative_to(folder).as_posix()] = hashlib.sha256(file.read_bytes()).hexdigest()
                except OSError:
                    continue
    return found
