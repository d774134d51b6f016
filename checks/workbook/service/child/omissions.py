"""Find functions of the learner's that end without the value they owe, or that nobody calls. Runs in the service.

A forgotten ``return`` raises nothing: the function gives back None, and something else stumbles over it later. Nor does
a forgotten decorator: the function is just never called. So the source is asked which functions these are; whether one
of them explains a failure is decided elsewhere.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from workbook.service.child.tracing import Tracer
from workbook.service.protocol.problem import Place

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
_METHODS = {"get", "post", "put", "patch", "delete", "options", "head", "api_route"}
_FILES, _FILE_BYTES, _FOUND = 300, 200_000, 50
"""How much is read, and how many functions are reported."""


def find_omissions(tracer: Tracer, failed: Place | None = None) -> list[dict[str, Any]]:
    """The functions in the learner's loaded modules that lack something of which Python does not complain.

    Args:
        tracer: knows the learner's files.
        failed: where an import failed; that file is read as well.

    Returns:
        For each its ``place``, its ``function`` and ``how``: ``nothing`` (no return at all), ``prints`` (its last
        statement is a print), ``bare`` (a return without a value), ``none`` (it returns None by name), ``sometimes``
        (one of its ways has no return), ``exception`` (a route returns an exception that it should raise),
        ``exception_for_a_caller`` (another function does), ``no_yield`` (it
        is decorated as a context manager and yields nothing), ``half_decorated`` (``@router.get`` without its call),
        ``uncalled`` (it stands among routes, without a decorator, and nobody names it), or ``uncalled_rule`` (the same
        elsewhere, of a function or a method that raises).
    """
    found: list[dict[str, Any]] = []
    idle: list[dict[str, Any]] = []
    named: set[str] = set()
    for file in _loaded_files(tracer, failed):
        try:
            tree = ast.parse(file.read_bytes())
            validators = set(_names_of_validators(tree))
            for node in ast.walk(tree):
                if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                    found += _omissions_of(node, file, tracer, is_validator=node.name in validators)
            idle += _undecorated(tree, file, tracer)
            named |= set(_names_in(tree))
        except (OSError, SyntaxError, ValueError, RecursionError):  # changed since it was imported
            continue
    return (found + [entry for entry in idle if entry["function"] not in named])[:_FOUND]


def _undecorated(tree: ast.Module, file: Path, tracer: Tracer) -> Iterator[dict[str, Any]]:
    """Functions without a decorator where one belongs, as far as this file tells."""
    functions = [node for node in tree.body if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
    among_routes = any(_is_route(decorator) for node in functions for decorator in node.decorator_list)
    for node in functions:
        if node.decorator_list:
            continue
        if among_routes:
            yield _fact("uncalled", node, node.lineno, file, tracer)
        elif _raises(node):
            yield _fact("uncalled_rule", node, node.lineno, file, tracer)
    for parent in (node for node in tree.body if isinstance(node, ast.ClassDef)):
        for node in parent.body:
            if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) or node.decorator_list:
                continue
            if _raises(node) and not node.name.startswith("__") and not _is_inherited(parent.name, node.name, file):
                yield _fact("uncalled_rule", node, node.lineno, file, tracer)


def _raises(node: _Function) -> bool:
    return any(isinstance(part, (ast.Raise, ast.Assert)) for part in _own_nodes(node.body))


def _is_route(decorator: ast.expr) -> bool:
    call = decorator.func if isinstance(decorator, ast.Call) else decorator
    return isinstance(call, ast.Attribute) and call.attr in _METHODS


def _is_inherited(cls: str, method: str, file: Path) -> bool:
    """Whether a base class has the method too: then it is the base that calls it."""
    for module in list(sys.modules.values()):
        if str(getattr(module, "__file__", None) or "") == str(file):
            bases: tuple[type, ...] = getattr(getattr(module, cls, None), "__mro__", (object,))[1:]
            return any(method in vars(base) for base in bases)
    return False


def _names_in(tree: ast.AST) -> Iterator[str]:
    """Every name that the file uses: read, imported, behind a dot, or as a text."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.Constant(value=str(name)) | ast.alias(name=name):
                yield name
            case _:
                pass


def _fact(how: str, node: _Function, line: int, file: Path, tracer: Tracer) -> dict[str, Any]:
    place = tracer.place(str(file), line, node.name)
    return {"function": node.name, "how": how, "place": asdict(place) if place else None}


def _loaded_files(tracer: Tracer, failed: Place | None) -> Iterator[Path]:
    names = [str(getattr(module, "__file__", None) or "") for module in list(sys.modules.values())]
    names = [name for name in names if tracer.relative(name) is not None][:_FILES]
    if failed is not None:
        names.append(str(tracer.root / failed.file))
    for name in dict.fromkeys(names):
        file = Path(name)
        if file.is_file() and file.stat().st_size <= _FILE_BYTES:
            yield file


def _omissions_of(node: _Function, file: Path, tracer: Tracer, *, is_validator: bool) -> Iterator[dict[str, Any]]:
    inside = list(_own_nodes(node.body))
    if any(_is_route(decorator) and not isinstance(decorator, ast.Call) for decorator in node.decorator_list):
        yield _fact("half_decorated", node, node.lineno, file, tracer)
    if any(isinstance(part, (ast.Yield, ast.YieldFrom)) for part in inside) or _is_stub(node.body):
        return
    if any(_name(decorator) in ("contextmanager", "asynccontextmanager") for decorator in node.decorator_list):
        yield _fact("no_yield", node, node.lineno, file, tracer)
        return
    returns = [part for part in inside if isinstance(part, ast.Return)]
    annotation = ast.unparse(node.returns) if node.returns is not None else ""

    def fact(how: str, line: int) -> dict[str, Any]:
        return _fact(how, node, line, file, tracer)

    routed = any(map(_is_route, node.decorator_list))
    for statement in returns:
        raised = _exception_made_by(statement.value)
        if raised and raised not in annotation:
            yield fact("exception" if routed else "exception_for_a_caller", statement.lineno)
    if not _owes_a_value(node, annotation, is_validator=is_validator):
        return
    values = [statement for statement in returns if not _is_none(statement.value)]
    if not values and returns:
        yield fact("bare" if returns[-1].value is None else "none", returns[-1].lineno)
    elif _falls_through(node.body):
        last = node.body[-1]
        prints = isinstance(last, ast.Expr) and isinstance(last.value, ast.Call) and _name(last.value.func) == "print"
        yield fact("sometimes" if values else "prints" if prints else "nothing", last.lineno)


def _own_nodes(body: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """The nodes of a function without those of the functions and classes inside it."""
    for node in body:
        yield node
        if not isinstance(node, _SCOPES):
            yield from _own_nodes(ast.iter_child_nodes(node))


def _owes_a_value(node: _Function, annotation: str, *, is_validator: bool) -> bool:
    if annotation:
        return not any(word in annotation for word in ("None", "Optional", "Never", "NoReturn"))
    for decorator in node.decorator_list:
        call = decorator.func if isinstance(decorator, ast.Call) else decorator
        if isinstance(call, ast.Attribute) and call.attr in _METHODS:
            return not any(sign in ast.unparse(decorator) for sign in ("204", "NO_CONTENT"))
        if _name(call).endswith(("_validator", "_serializer")):
            return True
    return is_validator


def _names_of_validators(tree: ast.AST) -> Iterator[str]:
    """The functions that are handed to ``AfterValidator`` and its kin."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _name(node.func).endswith("Validator"):
            yield from (_name(argument) for argument in node.args)


def _falls_through(body: list[ast.stmt]) -> bool:
    """Whether a block can end without return or raise."""
    last = body[-1] if body else None
    match last:
        case ast.Return() | ast.Raise():
            return False
        case ast.If(body=then, orelse=otherwise):
            return not otherwise or _falls_through(then) or _falls_through(otherwise)
        case ast.While(test=ast.Constant(value=True | 1)):
            return any(isinstance(node, ast.Break) for node in _own_nodes(last.body))
        case ast.With(body=inner) | ast.AsyncWith(body=inner):
            return _falls_through(inner)
        case ast.Try(body=inner, handlers=handlers, orelse=otherwise, finalbody=finish):
            if finish and not _falls_through(finish):
                return False
            return _falls_through(otherwise or inner) or any(_falls_through(handler.body) for handler in handlers)
        case ast.Match(cases=cases):
            whole = any(isinstance(case.pattern, ast.MatchAs) and case.pattern.pattern is None for case in cases)
            return not whole or any(_falls_through(case.body) for case in cases)
        case _:
            return True


def _is_stub(body: list[ast.stmt]) -> bool:
    """Whether there is no more than a docstring and an ellipsis: an overload, a protocol."""
    return all(isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant) for one in body) and any(
        isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant) and one.value.value is ... for one in body
    )


def _exception_made_by(value: ast.expr | None) -> str:
    name = _name(value.func) if isinstance(value, ast.Call) else ""
    return name if name.endswith(("Exception", "Error")) else ""


def _is_none(value: ast.expr | None) -> bool:
    return value is None or (isinstance(value, ast.Constant) and value.value is None)


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
