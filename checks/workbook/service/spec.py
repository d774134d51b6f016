"""What a service needs to start, as JSON between the checks process and the service process."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Spec:
    """One service to start."""

    folder: str
    """The lesson folder of the target."""
    app: str
    """``module:attribute`` of the ASGI application."""
    env: dict[str, str]
    """The whole environment of the service."""
    preload: tuple[str, ...] = field(default=())
    """Libraries the host imports before it forks."""

    def to_json(self) -> dict[str, Any]:
        """The spec as a JSON object."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Spec:
        """Read back what ``to_json`` wrote."""
        return cls(folder=data["folder"], app=data["app"], env=data["env"], preload=tuple(data["preload"]))


@dataclass(frozen=True)
class Limits:
    """How long and how much. Times in seconds, sizes in bytes."""

    start: float = 10.0
    """From the learner's first import to the end of start-up."""
    request: float = 5.0
    call: float = 10.0
    shutdown: float = 3.0
    response: int = 10 * 1024 * 1024
    output: int = 5 * 1024 * 1024
    """What the service may print."""
    total: float = math.inf
    """For all checks of a run together."""

    def scaled(self, factor: float) -> Limits:
        """The same limits with all times multiplied, for slow machines."""
        return Limits(
            start=self.start * factor,
            request=self.request * factor,
            call=self.call * factor,
            shutdown=self.shutdown * factor,
            response=self.response,
            output=self.output,
            total=self.total * factor,
        )
