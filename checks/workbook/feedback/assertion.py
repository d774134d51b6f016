"""Read a failed assertion of a check: what it compared, and what it called that."""

from __future__ import annotations

import ast
import textwrap
from dataclasses import dataclass
from typing import Any, cast

import httpx


@dataclass(frozen=True)
class Assertion:
    """What a failed ``assert`` in a check compared."""

    said: str = ""
    """The message the check wrote beside the assertion."""
    operator: str = ""
    found: Any = None
    expected: Any = None
    compared: bool = False
    """Whether it was a comparison of two values, with ``operator``, ``found`` and ``expected``."""
    subject: str = ""
    """What the left side is, in words: ``the status``, or ``field `label` ``; "" for a value of the check's own."""
    number: int | None = None
    """The number of the exchange whose response it looked at, where that is known."""
    mentions: frozenset[str] = frozenset()
    """Names of fields and parameters that the statement gives values to; other words may be among them."""

    @property
    def about_status(self) -> bool:
        """Whether it compared the status of a response."""
        return self.subject == _STATUS

    @property
    def about_body(self) -> bool:
        """Whether it looked at the body of one known response."""
        return self.number is not None and not self.subject.startswith("header")


_STATUS = "the status"


def read_assertion(source: str, names: dict[str, Any], said: str, comparison: tuple[str, Any, Any] | None) -> Assertion:
    """Understand a failed assertion.

    Args:
        source: the statement in the check, as written.
        names: the check's local variables when it failed.
        said: the message beside the assertion, or "".
        comparison: operator and both values, where pytest saw a comparison fail.
    """
    try:
        statement = ast.parse(textwrap.dedent(source)).body[0]
    except (SyntaxError, IndexError):
        statement = None
    test = statement.test if isinstance(statement, ast.Assert) else None
    number = _exchange_of(test, names)
    mentions = _mentions(test, names)
    left = _compared(test)
    if comparison is None or left is None:
        # Of `a or b == c`, the comparison alone is not what the check wanted.
        return Assertion(said=said, number=number, mentions=mentions)
    operator, found, expected = comparison
    subject = _words(left, names)
    return Assertion(said, operator, found, expected, compared=True, subject=subject, number=number, mentions=mentions)


def _compared(test: ast.expr | None) -> ast.expr | None:
    """The left side of the one comparison that an assertion consists of."""
    match test:
        case ast.Compare(left=left):
            return left
        case ast.IfExp(body=then, orelse=otherwise):
            return _compared(otherwise) or _compared(then)
        case _:
            return None


def _words(node: ast.AST | None, names: dict[str, Any]) -> str:
    """What an expression is, in words for somebody who has not read the check; "" where there are none."""
    match node:
        case ast.Attribute(attr="status_code"):
            return _STATUS
        case ast.Attribute(attr="text" | "content"):
            return "the body"
        case ast.Subscript(value=ast.Attribute(attr="headers"), slice=ast.Constant(value=str(name))):
            return f"header `{name}`"
        case ast.Call(
            func=ast.Attribute(value=ast.Attribute(attr="headers"), attr="get"),
            args=[ast.Constant(value=str(name)), *_],
        ):
            return f"header `{name}`"
        case ast.Call(func=ast.Attribute(attr="json")):
            return "the answer"
        case ast.Subscript() | ast.Call(func=ast.Attribute(attr="get")):
            path = _field_path(node)
            return f"field `{path}`" if path else ""
        case ast.Call(func=ast.Name(id="len"), args=[argument]):
            inner = _words(argument, names)
            return f"the number of entries in {inner}" if inner else ""
        case ast.Call(func=ast.Name(id="set" | "sorted" | "list" | "type"), args=[argument, *_]):
            return _words(argument, names)
        case ast.Name(id=name) if isinstance(names.get(name), httpx.Response):
            return "the answer"
        case _:
            return ""


def _field_path(node: ast.AST) -> str:
    """The names that lead to a field, of what the check got from the learner's service: ``info.title``."""
    match node:
        case ast.Subscript(value=value, slice=ast.Constant(value=str(key))):
            return _join(_field_path(value), key)
        case ast.Subscript(value=value, slice=ast.Constant(value=int(key))) if _field_path(value):
            return f"{_field_path(value)}[{key}]"
        case ast.Call(func=ast.Attribute(value=value, attr="get"), args=[ast.Constant(value=str(key)), *_]):
            return _join(_field_path(value), key)
        case _:
            return ""


def _join(path: str, step: str) -> str:
    return f"{path}.{step}" if path else step


def _mentions(node: ast.AST | None, names: dict[str, Any]) -> frozenset[str]:
    """The names that the statement gives to values which it varies, or else to its fixed ones."""
    varied: set[str] = set()
    fixed: set[str] = set()
    for part in ast.walk(node) if node is not None else ():
        match part:
            case ast.keyword(arg=None, value=ast.Name(id=name)):
                varied |= _texts(names.get(name))
            case ast.keyword(arg=str(name), value=value):
                (fixed if isinstance(value, ast.Constant) else varied).add(name)
                if isinstance(value, ast.Name):
                    varied |= _texts(names.get(value.id))
            case ast.Dict(keys=keys, values=values):
                for key, value in zip(keys, values, strict=True):
                    if isinstance(key, ast.Constant):
                        (fixed if isinstance(value, ast.Constant) else varied).add(str(key.value))
                    elif isinstance(key, ast.Name):
                        varied |= _texts(names.get(key.id))
            case _:
                pass
    return frozenset(varied or fixed)


def _texts(value: object) -> set[str]:
    if isinstance(value, str):
        return {value}
    return {str(key) for key in cast("dict[Any, Any]", value)} if isinstance(value, dict) else set()


def _exchange_of(node: ast.AST | None, names: dict[str, Any]) -> int | None:
    """The number of the exchange whose response the expression mentions."""
    if node is None:
        return None
    for part in ast.walk(node):
        if isinstance(part, ast.Name):
            value = names.get(part.id)
            if isinstance(value, httpx.Response):
                number = value.request.headers.get("x-workbook-request", "")
                return int(number) if number.isdigit() else None
    return None
