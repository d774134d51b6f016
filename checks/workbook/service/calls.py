"""Call a function inside the service, with JSON in and JSON out. Runs in the service process."""

from __future__ import annotations

import asyncio
import dataclasses
import importlib
import inspect
import sys
import types
from collections.abc import Iterable
from dataclasses import asdict
from datetime import date, time
from typing import Any, cast

from pydantic import BaseModel

from workbook.service.tracing import Tracer, innermost, name_of, text_of

INSIDE = "workbook_inside"
"""The module name under which a lesson's ``inside.py`` runs in the service."""


class Caller:
    """Runs functions of the learner's, and of a lesson's ``inside.py``."""

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer

    def call(self, command: dict[str, Any], loop: asyncio.AbstractEventLoop | None) -> dict[str, Any]:
        """Run one function and say how it ended: ``{"value": …}`` or ``{"exception": …, "text": …, "place": …}``."""
        try:
            function = self._find(command["ref"], command.get("source"))
            value: Any = function(*command["args"], **command["kwargs"])
            if inspect.isawaitable(value):
                if loop is None:
                    raise RuntimeError("the service has no event loop yet")
                value = asyncio.run_coroutine_threadsafe(_awaited(value), loop).result()
            return {"value": jsonable(value)}
        except BaseException as fault:
            fault = innermost(fault)
            place = self._tracer.of_exception(fault)
            return {"exception": name_of(fault), "text": text_of(fault), "place": asdict(place) if place else None}

    def _find(self, ref: str, source: str | None) -> Any:
        module_name, _, path = ref.partition(":")
        if source is not None:
            module = sys.modules.get(INSIDE)
            if module is None:
                module = types.ModuleType(INSIDE)
                exec(compile(source, "inside.py", "exec"), module.__dict__)
                sys.modules[INSIDE] = module
        else:
            module = importlib.import_module(module_name)
        found: Any = module
        for part in path.split("."):
            found = getattr(found, part)
        return found


async def _awaited(value: Any) -> Any:
    return await value


def jsonable(value: Any) -> Any:
    """A value as JSON types. Pydantic models and dataclasses become objects; anything else unknown is an error.

    Raises:
        TypeError: the value has no JSON form.
    """
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, dict):
        return {str(key): jsonable(entry) for key, entry in cast("dict[Any, Any]", value).items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [jsonable(entry) for entry in cast("Iterable[Any]", value)]
    if isinstance(value, BaseModel):
        return jsonable(value.model_dump(mode="json"))
    if isinstance(value, (date, time)):
        return value.isoformat()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return jsonable(dataclasses.asdict(value))
    raise TypeError(f"a value of type {type(value).__name__} cannot be sent as JSON")
