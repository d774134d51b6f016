"""An exception of the learner's app as plain facts. Runs in the service process."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from workbook.service.child.tracing import Tracer, innermost, name_of, text_of

_ERRORS = 5
"""How many validation errors are told."""


def exception_facts(fault: BaseException, tracer: Tracer) -> dict[str, Any]:
    """Describe an exception that nothing handled.

    Args:
        fault: what was raised.
        tracer: knows the learner's files.

    Returns:
        Its class (``exception``), ``text`` and the learner's ``place``; the validation ``errors`` that it carries, the
        type of the value that was ``given`` to be validated, that of the ``item`` in it which lacks a field, and
        whether there is ``none_inside``; the ``coroutine`` that it stumbled over; whether it came up while a request
        was ``refused``; and, where SQLAlchemy keeps the driver's exception, its text as ``original``.
    """
    fault = innermost(fault)
    place = tracer.of_exception(fault)
    entries = _validation_entries(fault)
    facts: dict[str, Any] = {
        "exception": name_of(fault),
        "text": text_of(fault),
        "place": asdict(place) if place else None,
        "errors": [{"loc": [str(part) for part in entry["loc"]], "msg": str(entry["msg"])[:200]} for entry in entries],
        "given": _given(fault, entries),
        "item": _item(entries),
        "none_inside": any(entry.get("input", "") is None for entry in entries),
        "coroutine": tracer.coroutine_of(fault),
        "refused": _while_refusing(fault),
    }
    original = getattr(fault, "orig", None)
    if isinstance(original, BaseException):
        facts["original"] = text_of(original)
    return facts


def _while_refusing(fault: BaseException) -> bool:
    """Whether it was raised while FastAPI's refusal of a request was handled."""
    seen: set[int] = {id(fault)}
    before = fault.__context__
    while before is not None and id(before) not in seen:
        if name_of(before) == "RequestValidationError":
            return True
        seen.add(id(before))
        before = before.__context__
    return False


def _validation_entries(fault: BaseException) -> list[dict[str, Any]]:
    errors: Any = getattr(fault, "errors", None)
    if not callable(errors) or not type(fault).__module__.startswith(("pydantic", "fastapi")):
        return []
    try:
        found: Any = errors()
        return [{"loc": entry["loc"], "msg": entry["msg"], **entry} for entry in list(found)[:_ERRORS]]
    except Exception:  # a look-alike of the learner's: then there is nothing to add
        return []


def _item(entries: list[dict[str, Any]]) -> str:
    """The type of an object inside the value that lacks a field; "" where it is a plain one."""
    for entry in entries:
        if entry.get("type") == "missing" and not isinstance(entry.get("input"), (dict, list, str, type(None))):
            return type(entry["input"]).__name__[:100]
    return ""


def _given(fault: BaseException, entries: list[dict[str, Any]]) -> str:
    """The type of the whole value that could not be validated, such as ``NoneType``; "" where it is not known."""
    if name_of(fault) == "ResponseValidationError":
        return type(getattr(fault, "body", "")).__name__[:100]
    for entry in entries:
        # Where a field is missing, the input is what it was missing in.
        whole = not entry["loc"] or (entry.get("type") == "missing" and len(entry["loc"]) == 1)
        if whole and not isinstance(entry.get("input"), dict):
            return type(entry.get("input")).__name__[:100]
    return ""
