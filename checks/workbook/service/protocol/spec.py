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
    """``module:attribute`` of the ASGI application; empty where nothing of the learner's is to be imported."""
    env: dict[str, str]
    """The whole environment of the service."""
    preload: tuple[str, ...] = field(default=())
    """Libraries the host imports before it forks."""
    inside: str = ""
    """The source of the lesson's own ``inside.py``, whose functions checks call in the service."""

    def to_json(self) -> dict[str, Any]:
        """The spec as a JSON object."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Spec:
        """Read back what ``to_json`` wrote."""
        return cls(data["folder"], data["app"], data["env"], tuple(data["preload"]), data["inside"])


@dataclass(frozen=True)
class Limits:
    """How long and how much. Times in seconds, sizes in bytes."""

    start: float = 10.0
    """From the learner's first import to the end of start-up."""
    request: float = 5.0
    call: float = 5.0
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
