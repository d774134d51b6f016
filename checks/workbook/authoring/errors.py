"""What an author is told: one line for each fault."""

from __future__ import annotations

from collections.abc import Iterable


class AuthoringError(Exception):
    """Something that an author wrote cannot be used.

    Each of its ``faults`` is one line that names the file and says what to do.
    """

    def __init__(self, faults: str | Iterable[str]) -> None:
        self.faults = (faults,) if isinstance(faults, str) else tuple(faults)
        super().__init__("\n".join(self.faults))
