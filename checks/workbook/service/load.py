"""Import the learner's application and, where that fails, say why. Runs in the service process."""

from __future__ import annotations

import difflib
import importlib
import inspect
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from workbook.service.problem import Place, Problem
from workbook.service.tracing import Tracer, innermost, name_of, text_of


class LoadFailed(Exception):
    """The application could not be had; ``problem`` says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.kind)
        self.problem = problem


def load_app(ref: str, folder: Path, tracer: Tracer) -> Any:
    """Import ``module:attribute`` from the lesson folder.

    Raises:
        LoadFailed: the file is missing, its import fails, or the attribute is no ASGI application.
    """
    module_name, _, attribute = ref.partition(":")
    file = folder.joinpath(*module_name.split("."))
    if not file.with_suffix(".py").is_file() and not (file / "__init__.py").is_file():
        raise LoadFailed(Problem("missing_file", detail={"file": module_name.replace(".", "/") + ".py"}))
    try:
        module = importlib.import_module(module_name)
    except BaseException as fault:
        raise LoadFailed(explain_import(fault, folder, tracer)) from fault
    where = module_name.replace(".", "/") + ".py"
    if not hasattr(module, attribute):
        raise LoadFailed(
            Problem("missing_app", detail={"file": where, "attribute": attribute, "have": _applications(module)})
        )
    app = getattr(module, attribute)
    if not _is_asgi(app):
        raise LoadFailed(
            Problem("wrong_app_type", detail={"file": where, "attribute": attribute, "found": _describe(app)})
        )
    return app


def _applications(module: ModuleType) -> list[str]:
    from starlette.applications import Starlette

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
        return Problem("exit_at_import", **facts)
    if isinstance(fault, ImportError):
        return _explain_import_error(fault, folder, facts)
    return Problem("exception_at_import", **facts)


def _explain_syntax(fault: SyntaxError, tracer: Tracer) -> Problem:
    kind = "indentation_error" if isinstance(fault, IndentationError) else "syntax_error"
    relative = tracer.relative(fault.filename or "")
    place = Place(relative, fault.lineno or 1, source=(fault.text or "").strip()[:200]) if relative else None
    return Problem(kind, exception=name_of(fault), text=str(fault.msg), place=place)


def _explain_import_error(fault: ImportError, folder: Path, facts: dict[str, Any]) -> Problem:
    name = fault.name or ""
    text = facts["text"]
    if "partially initialized module" in text or "circular import" in text:
        return Problem("circular_import", **facts, detail={"module": name})
    wanted = re.search(r"cannot import name '([^']+)'", text)
    top = name.partition(".")[0]
    own = bool(top) and ((folder / top).exists() or (folder / f"{top}.py").exists())
    detail: dict[str, Any] = {"module": name, "own": own}
    if wanted:
        detail["name"] = wanted[1]
        have = [entry for entry in vars(sys.modules.get(name, object)) if not entry.startswith("_")]
        detail["similar"] = difflib.get_close_matches(wanted[1], have, n=1)
    elif own:
        modules = [
            path.relative_to(folder).with_suffix("").as_posix().replace("/", ".") for path in folder.rglob("*.py")
        ]
        detail["similar"] = difflib.get_close_matches(name, modules, n=1)
    return Problem("import_error", **facts, detail=detail)
