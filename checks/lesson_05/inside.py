"""What the checks of lesson 5 ask of the learner's code. It runs in the service's process, and reports facts only."""

from copy import deepcopy
from typing import Any


def compare(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """Compare two documents, and report what was found and whether both are what they were."""
    from app.compatibility import breaking_changes

    before = deepcopy((old, new))
    found: list[Any] = [*breaking_changes(old, new)]
    return {"found": found, "texts": all(isinstance(one, str) for one in found), "same": before == (old, new)}
