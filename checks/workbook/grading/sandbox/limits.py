"""How much the services of one submission may use."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class SandboxLimits:
    """What one lesson of one submission may use. Sizes in bytes, times in seconds."""

    memory: int = 512 * MEGABYTE
    """Of all its processes, with what they keep in files, buffers and shared memory."""
    address_space: int = 4096 * MEGABYTE
    """Of one process; it turns one request for too much into a ``MemoryError``."""
    tasks: int = 256
    """Processes and threads."""
    files: int = 512
    """Open in one process."""
    file_size: int = 32 * MEGABYTE
    processor: int = 60
    """Processor time of all its processes together."""
    scratch: int = 64 * MEGABYTE
    """In files, beside the lesson itself; a database may have as much again."""
    scratch_files: int = 4000

    def to_json(self) -> dict[str, Any]:
        """The limits as a JSON object."""
        return asdict(self)
