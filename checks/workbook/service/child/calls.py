"""Call a function inside the service, with JSON in and JSON out. Runs in the service process."""

from __future__ import annotations

import asyncio
import dataclasses
import types
from collections.abc import Iterable
from dataclasses import asdict
from datetime import date, time
from importlib import import_module
from inspect import isawaitable
from typing import Any, cast

from pydantic import BaseModel

from workbook.service.child.tracing import Tracer, innermost, name_of, text_of


class NotPlain(TypeError):
    """A value has no JSON form; the text is the name of its class."""


class Caller:
    """Runs functions of the learner's, and of a lesson's ``inside.py``."""

    def __init__(self, tracer: Tracer, inside: str) -> None:
        """Load ``inside.py`` now, before any code of the learner's runs, and where that code does not find it by name.

        Args:
            tracer: finds the learner's line of an exception.
            inside: the source; it imports nothing of the learner's at its top.
        """
        self._tracer = tracer
        self._inside = types.ModuleType("inside")
        # Not with this file's own __future__ imports: a model in inside.py needs its annotations as they are.
        exec(compile(inside, "inside.py", "exec", dont_inherit=True), vars(self._inside))

    def call(self, command: dict[str, Any], loop: asyncio.AbstractEventLoop | None) -> dict[str, Any]:
        """Run one function and say how it ended: ``{"value": …}`` or ``{"exception": …, "text": …, "place": …}``."""
        try:
            function = self._find(command["ref"])
            value: Any = function(*command["args"], **command["kwargs"])
            if isawaitable(value):
                if loop is None:
                    raise RuntimeError("the service has no event loop yet")
                value = asyncio.run_coroutine_threadsafe(_awaited(value), loop).result()
            return {"value": jsonable(value)}
        except BaseException as fault:
            fault = innermost(fault)
            place = self._tracer.of_exception(fault)
            return {"exception": name_of(fault), "text": text_of(fault), "place": asdict(place) if place else None}

    def _find(self, ref: str) -> Any:
        module_name, _, path = ref.partition(":")
        found: Any = import_module(module_name) if module_name else self._inside
        for part in path.split("."):
            found = getattr(found, part)
        return found


async def _awaited(value: Any) -> Any:
    return await value


def jsonable(value: Any) -> Any:
    """A value as JSON types. Pydantic models and dataclasses become objects; anything else unknown is an error.

    Raises:
        NotPlain: the value has no JSON form.
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
    raise NotPlain(type(value).__name__)
