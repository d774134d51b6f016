"""Say why settings did not find in the environment what is there. Runs in the service process."""

from __future__ import annotations

import difflib
import os
import sys
import traceback
from dataclasses import asdict
from typing import Any

from workbook.service.child.tracing import Tracer


def explain_settings(fault: BaseException, tracer: Tracer) -> dict[str, Any]:
    """Describe a settings class that misses fields whose variables are set.

    Args:
        fault: what was raised.
        tracer: knows the learner's files.

    Returns:
        The ``class`` and its ``place``, the variables that are ``set``, those that are ``unset`` with the names that
        are ``similar`` to the first of them, whether it ``reads`` the environment, and its ``prefix``; nothing where
        the exception is another one.
    """
    from pydantic import ValidationError

    if not isinstance(fault, ValidationError):
        return {}
    missing = [
        str(entry["loc"][0]) for entry in fault.errors() if entry["type"] == "missing" and len(entry["loc"]) == 1
    ]
    there = [name.upper() for name in missing if name.upper() in os.environ]
    absent = [name.upper() for name in missing if name.upper() not in os.environ]
    known = _learners_class(fault.title, fault, tracer) if missing else None
    if known is None:
        return {}
    found, file = known
    from pydantic_settings import BaseSettings

    if not there and not issubclass(found, BaseSettings):
        return {}
    config: dict[str, Any] = dict(getattr(found, "model_config", {}))
    place = tracer.of_class(found.__name__, file)
    return {
        "class": found.__name__,
        "place": asdict(place) if place else None,
        "set": there,
        "unset": absent,
        "similar": difflib.get_close_matches(absent[0], list(os.environ), n=1, cutoff=0.75) if absent else [],
        "reads": issubclass(found, BaseSettings),
        "prefix": str(config.get("env_prefix", "")),
    }


def _learners_class(name: str, fault: BaseException, tracer: Tracer) -> tuple[type, str] | None:
    """The class of that name in the learner's modules, one whose import has failed included, and its file."""
    modules: list[dict[str, Any]] = [getattr(module, "__dict__", {}) for module in list(sys.modules.values())]
    frames = [frame.f_globals for frame, _ in traceback.walk_tb(fault.__traceback__)]
    for names in [*frames, *modules]:
        found, file = names.get(name), str(names.get("__file__") or "")
        if isinstance(found, type) and found.__module__ == names.get("__name__") and tracer.relative(file) is not None:
            return found, file
    return None
