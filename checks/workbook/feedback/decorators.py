"""Words for a function that is never called: its decorator is missing, or is only half written."""

from __future__ import annotations

import re

from workbook.feedback.evidence import Evidence
from workbook.service.protocol.problem import Omission, Place

_MISSING = re.compile(r"\bno route\b|\bdoes not serve\b")
"""What a check says of an address that is not served."""


def explain_missing_route(evidence: Evidence) -> tuple[str, Place] | None:
    """Say which function was meant to be a route; None where that is not certain."""
    half = _only("half_decorated", evidence)
    if half is not None:
        return f"the decorator of `{half.function}` lacks its parentheses with the path, so it is no route", half.place
    idle = _only("uncalled", evidence)
    if idle is not None and not _of("half_decorated", evidence):
        return f"`{idle.function}` has no decorator, so it is no route, and nobody calls it", idle.place
    return None


def explain_missing_rule(evidence: Evidence) -> tuple[str, Place] | None:
    """Say which rule of a model is never asked; None where that is not certain."""
    idle = _only("uncalled_rule", evidence)
    if idle is None:
        return None
    return f"nobody calls `{idle.function}`: a method needs its decorator, a function its place in the type", idle.place


def speaks_of_a_missing_route(said: str) -> bool:
    """Whether a check's own words are about an address that is not served."""
    return _MISSING.search(said) is not None


def _of(how: str, evidence: Evidence) -> list[Omission]:
    return [one for one in evidence.omissions if one.how == how]


def _only(how: str, evidence: Evidence) -> Omission | None:
    found = _of(how, evidence)
    return found[0] if len(found) == 1 else None
