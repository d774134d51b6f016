"""Points: what a part of an exercise earns, and how they are written wherever somebody reads them."""

from __future__ import annotations

import math


def partial_points(points: int, passed: int, checks: int) -> float:
    """What an exercise marked ``partial`` earns: its share rounded down to a half, all of it for all checks alone.

    Args:
        points: what the exercise is worth.
        passed: how many of its checks pass.
        checks: how many it has.
    """
    return math.floor(2 * points * passed / checks) / 2


def points_text(points: float) -> str:
    """Points with a decimal point and no needless digits: ``3``, ``2.5``; two decimals at most, for what is late."""
    return f"{points:.2f}".rstrip("0").rstrip(".")
