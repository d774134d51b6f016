"""Import the learner's application and, where that fails, say why. Runs in the service process."""

from __future__ import annotations

import importlib
import inspect
from pathlib import Path
from types import ModuleType
from typing import Any

from starlette.applications import Starlette

from workbook.service.child.import_errors import explain_import_error
from workbook.service.child.omissions import find_omissions
from workbook.service.child.settings_errors import explain_settings
from workbook.service.child.tracing import Tracer, innermost, name_of, text_of
from workbook.service.protocol.problem import Place, Problem, ProblemKind


class LoadFailed(Exception):
    """The application could not be had; ``problem`` says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.kind)
        self.problem = problem


def load_app(ref: str, folder: Path, tracer: Tracer) -> Any:
    """Import ``module:attribute`` from the lesson folder; an empty application where ``ref`` is empty.

    ``module:function()`` is what the function returns.

    Raises:
        LoadFailed: the file is missing, its import fails, or the attribute is no ASGI application.
    """
    if not ref:
        return Starlette()
    is_made = ref.endswith("()")
    module_name, _, attribute = ref.removesuffix("()").partition(":")
    file = folder.joinpath(*module_name.split("."))
    if not file.with_suffix(".py").is_file() and not (file / "__init__.py").is_file():
        raise LoadFailed(Problem(ProblemKind.MISSING_FILE, detail={"file": module_name.replace(".", "/") + ".py"}))
    try:
        module = importlib.import_module(module_name)
    except BaseException as fault:
        raise LoadFailed(explain_import(fault, folder, tracer)) from fault
    where = module_name.replace(".", "/") + ".py"
    if not hasattr(module, attribute):
        raise LoadFailed(
            Problem(
                ProblemKind.MISSING_APP, detail={"file": where, "attribute": attribute, "have": _applications(module)}
            )
        )
    app = getattr(module, attribute)
    if is_made:
        try:
            app = app()
        except BaseException as fault:
            raise LoadFailed(explain_import(fault, folder, tracer)) from fault
    if not _is_asgi(app):
        detail = {"file": where, "attribute": attribute, "found": _describe(app), "omissions": find_omissions(tracer)}
        raise LoadFailed(Problem(ProblemKind.WRONG_APP_TYPE, detail=detail))
    return app


def _applications(module: ModuleType) -> list[str]:
    return [name for name, value in module.__dict__.items() if isinstance(value, Starlette)][:5]


def _is_asgi(app: Any) -> bool:
    from fastapi import APIRouter

    if isinstance(app, (type, APIRouter)) or not callable(app):
        return False
    try:
        inspect.signature(app).bind(object(), object(), object())
    except (TypeError, ValueError):
        return False
    return True


def _describe(app: Any) -> str:
    if isinstance(app, type):
        return f"the class {app.__name__}"
    if inspect.isfunction(app):
        return f"the function {app.__name__}"
    return "None" if app is None else f"an object of type {type(app).__name__}"


def explain_import(fault: BaseException, folder: Path, tracer: Tracer) -> Problem:
    """Say why importing the learner's code raised."""
    fault = innermost(fault)
    place = tracer.of_exception(fault)
    facts: dict[str, Any] = {"exception": name_of(fault), "text": text_of(fault), "place": place}
    if isinstance(fault, SyntaxError):
        return _explain_syntax(fault, tracer)
    if isinstance(fault, SystemExit):
        return Problem(ProblemKind.EXIT_AT_IMPORT, **facts)
    if isinstance(fault, ImportError):
        return explain_import_error(fault, folder, facts)
    settings = explain_settings(fault, tracer)
    if settings:
        return Problem(ProblemKind.SETTINGS_ERROR, **facts, detail=settings)
    detail = {"omissions": find_omissions(tracer, place)} if "NoneType" in facts["text"] else {}
    return Problem(ProblemKind.EXCEPTION_AT_IMPORT, **facts, detail=detail)


def _explain_syntax(fault: SyntaxError, tracer: Tracer) -> Problem:
    kind = ProblemKind.INDENTATION_ERROR if isinstance(fault, IndentationError) else ProblemKind.SYNTAX_ERROR
    relative = tracer.relative(fault.filename or "")
    place = Place(relative, fault.lineno or 1, source=(fault.text or "").strip()[:200]) if relative else None
    return Problem(kind, exception=name_of(fault), text=str(fault.msg), place=place)
