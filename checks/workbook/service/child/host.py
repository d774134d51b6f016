"""A warm process that has the libraries imported and forks a service from itself. Linux only.

It never runs learner code: each service is a fork of its own, in a session of its own. When the checks process is
gone, however it ended, the host kills every process that a service left, removes the scratch folder and ends.

Run as ``python -I -m workbook.service.child.host FD SCRATCH``; FD is its end of a SOCK_SEQPACKET pair. Orders and
answers are one JSON object a packet: ``{"start": id, "preload": …}`` is followed by a packet with the spec and three
descriptors (HTTP, control, output), and answered by ``{"started": id, "pid": …}``; ``{"kill": id}`` ends a service;
``{"exited": id, "status": …}`` tells that it ended, with the number that ``subprocess`` would call its return code.
``{"clear": id}`` ends all of them, and is answered by ``{"cleared": id}`` when none is left.

The packet with the spec is read by the process that becomes the service, never by the host: a later service, which is a
fork of the same host, could find in its memory what an earlier one was told.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import json
import os
import select
import shutil
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any, Never, Protocol

from workbook.service.child.start import LIBRARIES, OWN, become_service, import_all
from workbook.service.protocol.spec import Spec

Tell = Callable[[dict[str, Any]], None]


class Enclosure(Protocol):
    """What closes a process in before it becomes a service."""

    def enclose(self, spec: Spec, descriptors: list[int], tell: Tell) -> Spec:
        """Close this process in; called in the process that becomes a service, which is told what to serve."""
        ...

    def begin_submission(self) -> None:
        """Called in the host when every service of the last submission has ended."""
        ...


PACKET_LIMIT = 128 * 1024

_PR_SET_CHILD_SUBREAPER = 36
_PR_SET_PDEATHSIG = 1


class Host:
    """The warm parent of all services of one run."""

    def __init__(self, orders: socket.socket, scratch: Path, enclosure: Enclosure | None = None) -> None:
        """Nothing is started yet.

        Args:
            orders: our end of the conversation with the checks process.
            scratch: the folder to remove at the end.
            enclosure: a sandbox for each service.
        """
        self._orders = orders
        self._enclosure = enclosure
        self._scratch = scratch
        self._services: dict[int, str] = {}
        self._libc = ctypes.CDLL(None)

    def run(self) -> None:
        """Handle orders until the checks process is gone."""
        # Orphans of a service become children of the host, so that none can escape by forking twice.
        self._libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        reader, writer = os.pipe()
        os.set_blocking(reader, False)
        os.set_blocking(writer, False)
        signal.signal(signal.SIGCHLD, _wake)
        signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        try:
            while True:
                ready, _, _ = select.select([self._orders, reader], [], [])
                if reader in ready:
                    with contextlib.suppress(BlockingIOError):
                        os.read(reader, 4096)
                    self._reap()
                if self._orders in ready and not self._handle_order():
                    return
        finally:
            self._end()

    def _handle_order(self) -> bool:
        try:
            data = self._orders.recv(PACKET_LIMIT)
        except ConnectionResetError:
            return False
        if not data:
            return False
        order: dict[str, Any] = json.loads(data)
        if "start" in order:
            self._start(order["start"], tuple(order["preload"]))
        elif "kill" in order:
            for pid in [pid for pid, name in self._services.items() if order["kill"] == name]:
                _kill_group(pid)
        elif "clear" in order:
            self._clear()
            self._tell({"cleared": order["clear"]})
        return True

    def _start(self, name: str, preload: tuple[str, ...]) -> None:
        import_all(preload)
        gc.freeze()
        reader, writer = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(reader)
            self._become(name, writer)
        os.close(writer)
        os.read(reader, 1)  # until the packet with the spec is taken
        os.close(reader)
        self._services[pid] = name
        self._tell({"started": name, "pid": pid})

    def _become(self, name: str, taken: int) -> Never:
        try:
            data, descriptors, _, _ = socket.recv_fds(self._orders, PACKET_LIMIT, 3)
            os.close(taken)
            spec = Spec.from_json(json.loads(data))
            os.setsid()
            self._libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            if self._enclosure is not None:
                spec = self._enclosure.enclose(spec, descriptors, lambda facts: self._tell({"exited": name, **facts}))
            http, control, output = descriptors
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            os.dup2(output, 1)
            os.dup2(output, 2)
            _close_all_but(http, control)
            become_service(spec, socket.socket(fileno=http), socket.socket(fileno=control))
        finally:
            os._exit(70)

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            name = self._services.pop(pid, None)
            if name is not None:
                _kill_group(pid)
                self._sweep()
                self._tell({"exited": name, "status": os.waitstatus_to_exitcode(status)})

    def _sweep(self) -> None:
        """Kill what a dead service left behind: it has become a child of the host."""
        for pid in _children():
            if pid not in self._services:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    def _tell(self, answer: dict[str, Any]) -> None:
        with contextlib.suppress(OSError):
            self._orders.send(json.dumps(answer).encode())

    def _clear(self) -> None:
        """End every service and all that is left of any; return when the last process is gone."""
        for pid in list(self._services):
            _kill_group(pid)
        # A killed process can still be about to fork: sweep until there is nobody left.
        while _children():
            self._services.clear()
            self._sweep()
            with contextlib.suppress(ChildProcessError):
                os.waitpid(-1, 0)
        self._services.clear()
        if self._enclosure is not None:
            self._enclosure.begin_submission()

    def _end(self) -> None:
        self._clear()
        shutil.rmtree(self._scratch, ignore_errors=True)


def _close_all_but(*kept: int) -> None:
    for number in [int(entry.name) for entry in Path("/proc/self/fd").iterdir()]:
        if number > 2 and number not in kept:
            with contextlib.suppress(OSError):  # the listing's own descriptor is gone already
                os.close(number)


def _wake(_signal: int, _frame: FrameType | None) -> None:
    """Nothing but a handler, so that the wake-up descriptor is written to."""


def _kill_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _children() -> list[int]:
    try:
        return [int(pid) for pid in Path("/proc/self/task", str(os.getpid()), "children").read_text().split()]
    except OSError:
        return []


def serve_orders(enclosure: Enclosure | None = None) -> None:
    """Import the libraries and handle orders; ``enclosure`` as for ``Host``."""
    descriptor, scratch = int(sys.argv[1]), Path(sys.argv[2])
    orders = socket.socket(fileno=descriptor)
    gc.disable()
    import_all(LIBRARIES)
    import_all(OWN)

    gc.enable()
    Host(orders, scratch, enclosure).run()


if __name__ == "__main__":
    serve_orders()
