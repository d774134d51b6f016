"""Read what a service prints, without ever letting it block or fill the memory."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

_HEAD = 8 * 1024
_TAIL = 64 * 1024


class Output:
    """Reads one pipe in a thread; keeps the beginning and the end of what came through."""

    def __init__(self, descriptor: int, limit: int, on_flood: Callable[[], None]) -> None:
        """Start reading.

        Args:
            descriptor: the reading end of the pipe; it is closed at the end.
            limit: bytes after which ``on_flood`` is called, once; later bytes are read and dropped.
            on_flood: called in the reading thread.
        """
        self._descriptor = descriptor
        self._limit = limit
        self._on_flood = on_flood
        self._head = bytearray()
        self._tail = bytearray()
        self._lock = threading.Lock()
        self.total = 0
        self._thread = threading.Thread(target=self._read, name="service output", daemon=True)
        self._thread.start()

    @property
    def flooded(self) -> bool:
        """Whether more came than is allowed."""
        return self.total > self._limit

    def text(self) -> str:
        """What was printed, the middle left out where it was long."""
        with self._lock:
            parts = [bytes(self._head)]
            if self.total > len(self._head) + len(self._tail):
                parts.append(b"\n[...]\n")
            parts.append(bytes(self._tail))
        return b"".join(parts).decode("utf-8", errors="replace")

    def finish(self, timeout: float = 1.0) -> None:
        """Wait until the pipe has ended, at most ``timeout`` seconds."""
        self._thread.join(timeout)

    def _read(self) -> None:
        try:
            while chunk := os.read(self._descriptor, 65536):
                self._keep(chunk)
        finally:
            os.close(self._descriptor)

    def _keep(self, chunk: bytes) -> None:
        with self._lock:
            was_flooded = self.flooded
            self.total += len(chunk)
            room = _HEAD - len(self._head)
            if room > 0:
                self._head += chunk[:room]
                chunk = chunk[room:]
            self._tail += chunk
            del self._tail[:-_TAIL]
            flooded_now = self.flooded and not was_flooded
        if flooded_now:
            self._on_flood()
