"""A warm process that has the libraries imported and forks a service from itself. Linux only.

It never runs learner code: each service is a fork of its own, in a session of its own. When the checks process is
gone, however it ended, the host kills every process that a service left, removes the scratch folder and ends.

Run as ``python -I -m workbook.service.host FD SCRATCH``; FD is its end of a SOCK_SEQPACKET pair. Orders and answers
are one JSON object a packet: ``{"start": id, "spec": …}`` comes with three descriptors (HTTP, control, output) and is
answered by ``{"started": id, "pid": …}``; ``{"kill": id}`` ends a service, with null all of them;
``{"exited": id, "status": …}`` tells that it ended, with the number that ``subprocess`` would call its return code.
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
from typing import Any, Never

from workbook.service.child import LIBRARIES, become_service, import_all
from workbook.service.spec import Spec

Tell = Callable[[dict[str, Any]], None]

PACKET_LIMIT = 128 * 1024

_PR_SET_CHILD_SUBREAPER = 36
_PR_SET_PDEATHSIG = 1


class Host:
    """The warm parent of all services of one run."""

    def __init__(
        self, orders: socket.socket, scratch: Path, enclose: Callable[[Spec, list[int], Tell], None] | None = None
    ) -> None:
        """Nothing is started yet.

        Args:
            orders: our end of the conversation with the checks process.
            scratch: the folder to remove at the end.
            enclose: called in the process that becomes a service, with its spec and descriptors; a sandbox closes
                itself around the process there.
        """
        self._orders = orders
        self._enclose = enclose
        self._scratch = scratch
        self._services: dict[int, str] = {}
        self._libc = ctypes.CDLL(None)

    def run(self) -> None:
        """Obey until the checks process is gone."""
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
                if self._orders in ready and not self._obey():
                    return
        finally:
            self._end()

    def _obey(self) -> bool:
        try:
            data, descriptors, _, _ = socket.recv_fds(self._orders, PACKET_LIMIT, 3)
        except ConnectionResetError:
            return False
        if not data:
            return False
        order: dict[str, Any] = json.loads(data)
        if "start" in order:
            self._start(order["start"], Spec.from_json(order["spec"]), descriptors)
        elif "kill" in order:
            # None: all of them
            for pid in [pid for pid, name in self._services.items() if order["kill"] in (name, None)]:
                _kill_group(pid)
        return True

    def _start(self, name: str, spec: Spec, descriptors: list[int]) -> None:
        import_all(spec.preload)
        gc.freeze()
        pid = os.fork()
        if pid == 0:
            self._become(name, spec, descriptors)
        for descriptor in descriptors:
            os.close(descriptor)
        self._services[pid] = name
        self._tell({"started": name, "pid": pid})

    def _become(self, name: str, spec: Spec, descriptors: list[int]) -> Never:
        try:
            os.setsid()
            self._libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            if self._enclose is not None:
                self._enclose(spec, descriptors, lambda facts: self._tell({"exited": name, **facts}))
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

    def _end(self) -> None:
        for pid in list(self._services):
            _kill_group(pid)
        self._services.clear()
        # A killed process can still be about to fork: sweep until there is nobody left.
        while _children():
            self._sweep()
            with contextlib.suppress(ChildProcessError):
                os.waitpid(-1, 0)
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


def serve_orders(enclose: Callable[[Spec, list[int], Tell], None] | None = None) -> None:
    """Import the libraries and obey; ``enclose`` as for ``Host``."""
    descriptor, scratch = int(sys.argv[1]), Path(sys.argv[2])
    orders = socket.socket(fileno=descriptor)
    gc.disable()
    import_all(LIBRARIES)
    import_all(("workbook.service.serve",))

    gc.enable()
    Host(orders, scratch, enclose).run()


if __name__ == "__main__":
    serve_orders()
