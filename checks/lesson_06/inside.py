"""What the checks of lesson 6 ask of the learner's code. It runs in the service's process, and reports facts only."""

from typing import Any

_asked: list[str] = []


def decisions() -> dict[str, Any]:
    """Report the learner's decisions."""
    from app.decisions import DECISIONS

    return dict(DECISIONS)
