"""Read what a service prints, without ever letting it block or fill the memory."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable


class Output:
    """Reads one pipe in a thread; keeps what came through, up to a limit."""

    def __init__(self, descriptor: int, limit: int, on_flood: Callable[[], None]) -> None:
        """Start reading.

        Args:
            descriptor: the reading end of the pipe; it is closed at the end.
            limit: bytes that are kept, and after which ``on_flood`` is called, once; later bytes are read and dropped.
            on_flood: called in the reading thread.
        """
        self._descriptor = descriptor
        self._limit = limit
        self._on_flood = on_flood
        self._kept = bytearray()
        self._lock = threading.Lock()
        self.total = 0
        self._thread = threading.Thread(target=self._read, name="service output", daemon=True)
        self._thread.start()

    @property
    def flooded(self) -> bool:
        """Whether more came than is allowed."""
        return self.total > self._limit

    def text(self, last: int = 0) -> str:
        """What was printed; with ``last``, no more than that many bytes of its end."""
        with self._lock:
            kept = bytes(self._kept[-last:])
        return kept.decode("utf-8", errors="replace")

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
            self._kept += chunk[: max(0, self._limit - len(self._kept))]
            flooded_now = self.flooded and not was_flooded
        if flooded_now:
            self._on_flood()
