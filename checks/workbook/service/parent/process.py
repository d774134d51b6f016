"""Start the process of a service and know how it ended. This side is trusted; the process is not."""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import secrets
import select
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbook.service.parent.output import Output
from workbook.service.protocol.channel import Channel, ChannelClosed
from workbook.service.protocol.problem import Problem, ProblemKind, StartFailed
from workbook.service.protocol.spec import Limits, Spec

_MEMORY = "/dev/shm"
_MEMORY_NEEDED = 1024**3
"""Bytes that have to be free there."""
_LONGEST_TEMP = 50
"""Bytes of the folder for temporary files, from which its sockets would have names too long for some systems."""
_SEND_SECONDS = 5
_START_SECONDS = 30.0
"""For importing the libraries, before any learner code runs."""


@dataclass
class Process:
    """A running service process: how to reach it and how to end it."""

    channel: Channel
    output: Output
    uds: Path | None
    """The unix socket it serves HTTP on, or None where it serves on ``port``."""
    port: int
    poll: Callable[[float], int | None]
    """Its exit status, waiting at most so many seconds for it; None while it runs. Negative: the signal."""
    kill: Callable[[], None]
    """End it and all that it started, at once."""
    exit_report: Callable[[], dict[str, Any]] = dict
    """What a sandbox said when it ended: the ``limit`` that it broke, or a ``fault`` of the sandbox, in words."""

    def release(self) -> None:
        """Kill it and give back everything it held."""
        self.kill()
        self.channel.close()
        self.output.finish()
        if self.uds is not None:
            self.uds.unlink(missing_ok=True)


class Launcher(ABC):
    """Starts service processes, and leaves nothing behind when it is closed."""

    def __init__(self) -> None:
        self.scratch = Path(tempfile.mkdtemp(prefix="workbook-", dir=_scratch_base()))
        self._count = 0
        atexit.register(self.close)

    @abstractmethod
    def start(self, spec: Spec, limits: Limits) -> Process:
        """Start a service; it may still be importing when this returns.

        Raises:
            StartFailed: the process could not be made.
        """

    @abstractmethod
    def close(self) -> None:
        """End everything that still runs and remove the scratch folder."""

    def new_home(self) -> Path:
        """A new private folder for one service."""
        self._count += 1
        home = self.scratch / f"{self._count}"
        home.mkdir()
        return home


def _scratch_base() -> str:
    """Where the scratch folder is made: in memory where that is possible, and under a short name.

    In memory, a commit of SQLite does not wait for a disk.
    """
    usual = tempfile.gettempdir()
    if "TMPDIR" not in os.environ and sys.platform == "linux" and os.access(_MEMORY, os.W_OK):
        if shutil.disk_usage(_MEMORY).free >= _MEMORY_NEEDED:
            return _MEMORY
    # A unix socket's path has at most 104 bytes on some systems.
    return "/tmp" if len(usual) > _LONGEST_TEMP and os.access("/tmp", os.W_OK) else usual


def make_launcher() -> Launcher:
    """The quickest launcher this system has. ``WORKBOOK_LAUNCHER`` = fork, spawn or tcp chooses one."""
    choice = os.environ.get("WORKBOOK_LAUNCHER") or {"linux": "fork", "win32": "tcp"}.get(sys.platform, "spawn")
    return ForkLauncher() if choice == "fork" else SpawnLauncher(tcp=choice == "tcp")


class ForkLauncher(Launcher):
    """Forks services from a warm host: see ``workbook.service.child.host``."""

    HOST = ("workbook.service.child.host",)

    def __init__(self, host: Sequence[str] = HOST) -> None:
        """Start the host.

        Args:
            host: its module, and its arguments behind the usual ones.
        """
        super().__init__()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.set_inheritable(False)
        self._orders = ours
        self._statuses: dict[str, int] = {}
        self._exit_reports: dict[str, dict[str, Any]] = {}
        self._reading = threading.Lock()
        self._starting = threading.RLock()
        """Held while the two packets of a start are sent: no order comes between them."""
        with theirs:
            self._host = subprocess.Popen(
                [*_python(host[0]), str(theirs.fileno()), str(self.scratch), *host[1:]],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                env=service_environment(self.scratch),
            )

    def start(self, spec: Spec, limits: Limits) -> Process:
        """Fork a service from the warm host."""
        name = f"s{self._count}-{secrets.token_hex(4)}"
        uds = self.scratch / f"{name}.sock"
        http, control, theirs, reader, writer = _connections(uds)
        try:
            order = json.dumps({"start": name, "preload": spec.preload}).encode()
            descriptors = [http.fileno(), theirs.fileno(), writer]
            try:
                with self._starting:
                    self._orders.send(order)
                    socket.send_fds(self._orders, [json.dumps(spec.to_json()).encode()], descriptors)
            except OSError as fault:
                os.close(reader)
                raise StartFailed(
                    Problem(ProblemKind.HOST_FAILED, text=f"the service host is gone ({fault})")
                ) from fault
        finally:
            http.close()
            theirs.close()
            os.close(writer)

        def kill() -> None:
            self._order_kill(name)
            self._wait(name, 2.0)

        output = Output(reader, limits.output, lambda: self._order_kill(name))
        return Process(
            Channel(control),
            output,
            uds,
            0,
            poll=lambda seconds: self._wait(name, seconds),
            kill=kill,
            exit_report=lambda: self._exit_reports.get(name, {}),
        )

    def _order_kill(self, name: str) -> None:
        with contextlib.suppress(OSError), self._starting:
            self._orders.send(json.dumps({"kill": name}).encode())

    def _wait(self, name: str, seconds: float) -> int | None:
        deadline = time.monotonic() + seconds
        with self._reading:
            while name not in self._statuses:
                left = max(0.0, deadline - time.monotonic())
                ready, _, _ = select.select([self._orders], [], [], left)
                if not ready:
                    return None
                data = self._orders.recv(65536)
                if not data:
                    return self._statuses.setdefault(name, -9)
                answer: dict[str, Any] = json.loads(data)
                if "exited" in answer:
                    # A sandbox says it first, and says more; then the host says it as well.
                    self._statuses.setdefault(answer["exited"], answer["status"])
                    self._exit_reports.setdefault(answer["exited"], answer)
            return self._statuses[name]

    def close(self) -> None:
        """End the host, which ends everything else."""
        atexit.unregister(self.close)
        self._orders.close()
        try:
            self._host.wait(5)
        except subprocess.TimeoutExpired:
            self._host.kill()
            self._host.wait()
        shutil.rmtree(self.scratch, ignore_errors=True)


class SpawnLauncher(Launcher):
    """Starts each service as a new Python: on systems where forking is not safe or not there."""

    def __init__(self, *, tcp: bool) -> None:
        super().__init__()
        self._tcp = tcp
        self._running: list[subprocess.Popen[bytes]] = []

    def start(self, spec: Spec, limits: Limits) -> Process:
        """Start a service as a new Python."""
        return self._start_tcp(spec, limits) if self._tcp else self._start_unix(spec, limits)

    def _start_unix(self, spec: Spec, limits: Limits) -> Process:
        uds = self.scratch / f"s{self._count}-{secrets.token_hex(4)}.sock"
        http, control, theirs, reader, writer = _connections(uds)
        sockets = [http.fileno(), theirs.fileno()]
        child = self._popen({"spec": spec.to_json(), "sockets": sockets}, writer, sockets)
        http.close()
        theirs.close()
        return self._process(child, Channel(control), Output(reader, limits.output, child.kill), uds, 0)

    def _start_tcp(self, spec: Spec, limits: Limits) -> Process:
        reader, writer = os.pipe()
        token = secrets.token_hex(16)
        with socket.create_server(("127.0.0.1", 0)) as listener:
            order = {"spec": spec.to_json(), "port": listener.getsockname()[1], "token": token}
            child = self._popen(order, writer, [])
            output = Output(reader, limits.output, child.kill)
            channel, port = _greet(listener, token, child)
        return self._process(child, channel, output, None, port)

    def _popen(self, order: dict[str, Any], writer: int, sockets: list[int]) -> subprocess.Popen[bytes]:
        options: dict[str, Any] = {"pass_fds": sockets, "start_new_session": True} if sys.platform != "win32" else {}
        child = subprocess.Popen[bytes](
            _python("workbook.service.child.start"),
            stdin=subprocess.PIPE,
            stdout=writer,
            stderr=writer,
            env=service_environment(self.scratch),
            **options,
        )
        os.close(writer)
        if child.stdin is not None:
            with contextlib.suppress(OSError):  # it is gone already: its exit status says why
                child.stdin.write(json.dumps(order).encode() + b"\n")
                child.stdin.close()
        self._running.append(child)
        return child

    def _process(
        self, child: subprocess.Popen[bytes], channel: Channel, output: Output, uds: Path | None, port: int
    ) -> Process:
        def poll(seconds: float) -> int | None:
            try:
                return child.wait(seconds)
            except subprocess.TimeoutExpired:
                return None

        def kill() -> None:
            _kill_tree(child)

        return Process(channel, output, uds, port, poll=poll, kill=kill)

    def close(self) -> None:
        """End every service that was started."""
        atexit.unregister(self.close)
        for child in self._running:
            _kill_tree(child)
        shutil.rmtree(self.scratch, ignore_errors=True)


def _connections(uds: Path) -> tuple[socket.socket, socket.socket, socket.socket, int, int]:
    """A listening HTTP socket, both ends of a control channel, and both ends of an output pipe."""
    http = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        http.bind(str(uds))
    except OSError as fault:
        http.close()
        text = f"no unix socket can be made in {uds.parent} ({fault.strerror or fault}); set TMPDIR to a short path"
        raise StartFailed(Problem(ProblemKind.HOST_FAILED, text=text)) from fault
    http.listen(128)
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    # A service that reads nothing must not be able to block the checks.
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", _SEND_SECONDS, 0))
    reader, writer = os.pipe()
    return http, ours, theirs, reader, writer


def _greet(listener: socket.socket, token: str, child: subprocess.Popen[bytes]) -> tuple[Channel, int]:
    deadline = time.monotonic() + _START_SECONDS
    listener.settimeout(0.2)
    while time.monotonic() < deadline and child.poll() is None:
        with contextlib.suppress(TimeoutError, ChannelClosed):
            connection, _ = listener.accept()
            connection.settimeout(None)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            channel = Channel(connection)
            hello = channel.receive(_SEND_SECONDS)
            if hello is not None and secrets.compare_digest(str(hello.get("token")), token):
                return channel, int(hello["http"])
            channel.close()
    raise StartFailed(Problem(ProblemKind.HOST_FAILED, text="the service process could not be started"))


def _kill_tree(child: subprocess.Popen[bytes]) -> None:
    if sys.platform != "win32":
        import signal

        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
    with contextlib.suppress(OSError):
        child.kill()
    child.wait()


def _python(module: str) -> list[str]:
    # -I: no environment variable, no user site and no current folder decides what is imported.
    return [sys.executable, "-I", "-X", "utf8", "-m", module]


def service_environment(home: Path) -> dict[str, str]:
    """The variables that every service gets: where programs and its own scratch folder are, and nothing else."""
    kept = ("PATH", "LANG", "LC_ALL", "TZ", "SYSTEMROOT", "COMSPEC", "NUMBER_OF_PROCESSORS")
    found = {name: value for name in kept if (value := os.environ.get(name)) is not None}
    place = str(home)
    return found | {"HOME": place, "USERPROFILE": place, "TMPDIR": place, "TEMP": place, "TMP": place}
