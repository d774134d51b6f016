"""Mutants: the solution with one small change in the code of one exercise, which its checks should notice.

A change is an edit of the source text, found by ``ast``; all the rest of the file stays as it is. No mutant is made of
what is not behaviour: docstrings, imports, the words of an exception, and what only documents an API
(``description=`` and the like).
"""

from __future__ import annotations

import ast
import re
from collections.abc import Container, Iterator
from dataclasses import dataclass

from workbook.authoring.starters import BuiltLesson

_FLIPPED: dict[type[ast.cmpop], tuple[str, ...]] = {
    ast.Lt: (">=", "<="),
    ast.LtE: (">", "<"),
    ast.Gt: ("<=", ">="),
    ast.GtE: ("<", ">"),
    ast.Eq: ("!=",),
    ast.NotEq: ("==",),
    ast.Is: ("is not",),
    ast.IsNot: ("is",),
    ast.In: ("not in",),
    ast.NotIn: ("in",),
}
"""For each comparison, its opposite; where it has a bound, the bound moved by one as well."""
_BOUNDS = {"ge": "gt", "gt": "ge", "le": "lt", "lt": "le"}
_REFINING = {"order_by", "where", "limit", "offset", "options", "distinct", "unique", "strip", "lower", "casefold"}
"""Methods that answer a thing of their object's own kind, so that a call of them can be left out."""
_DOCUMENTING = {"description", "summary", "response_description", "examples", "responses", "tags"}
_QUOTES = re.compile(r"[a-zA-Z]*('''|\"\"\"|'|\")")
_STATEMENTS = (ast.Expr, ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Return, ast.Raise, ast.Delete, ast.Assert)


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change of one solution file."""

    exercise: str
    """The exercise that the changed line belongs to."""
    file: str
    line: int
    """Where the change begins in the solution without markers."""
    before: str
    """The lines that change, stripped and joined."""
    after: str
    content: bytes
    """The whole changed file."""

    @property
    def identity(self) -> tuple[str, str, str, str]:
        """What says which change this is, also when lines above it come and go."""
        return self.exercise, self.file, self.before, self.after

    def __str__(self) -> str:
        return f"{self.exercise}, {self.file}: {self.before or 'nothing'}  →  {self.after or 'nothing'}"


@dataclass(frozen=True, slots=True)
class _Change:
    start: int
    end: int
    text: str


def make_mutants(built: BuiltLesson) -> list[Mutant]:
    """All mutants of a lesson, in the order of its files and lines. They are the same each time.

    Not of the learner's own tests, in the folder ``tests``: what these say is up to the learner, as long as they notice
    what they should.
    """
    return [
        mutant
        for name, regions in built.regions.items()
        if name.endswith(".py") and not name.startswith("tests/")
        for region in regions
        for mutant in _of_region(built.solution[name], name, region.exercise, region.first, region.solution)
    ]


def _of_region(content: bytes, name: str, exercise: str, first: int, own: str) -> Iterator[Mutant]:
    source = _Source(content)
    last = first + len(own.splitlines()) - 1
    seen = {ast.dump(source.tree)}
    for change in sorted(set(_changes(source, first, last)), key=lambda one: (one.start, one.end, one.text)):
        changed = content[: change.start] + change.text.encode() + content[change.end :]
        try:
            meaning = ast.dump(ast.parse(changed))
        except SyntaxError:
            continue
        if meaning in seen:
            continue
        seen.add(meaning)
        before, after = _difference(content.decode(), changed.decode())
        yield Mutant(exercise, name, source.line_of(change.start), before, after, changed)


def _difference(old: str, new: str) -> tuple[str, str]:
    """The lines in which two texts differ, each stripped and joined."""
    one, two = old.splitlines(), new.splitlines()
    while one and two and one[0] == two[0]:
        del one[0], two[0]
    while one and two and one[-1] == two[-1]:
        del one[-1], two[-1]
    return _joined(one), _joined(two)


def _joined(lines: list[str]) -> str:
    return " ".join(filter(None, map(str.strip, lines)))


class _Source:
    """A Python file as bytes, in which nodes have their places: ``ast`` counts columns in bytes."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.tree = ast.parse(content)
        self.words = frozenset(_words_for_people(self.tree))
        self._starts = [0]
        for line in content.splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line))

    def start(self, node: ast.expr | ast.stmt | ast.keyword) -> int:
        return self._starts[node.lineno - 1] + node.col_offset

    def end(self, node: ast.expr | ast.stmt | ast.keyword) -> int:
        if node.end_lineno is None or node.end_col_offset is None:
            raise ValueError("a node that was parsed has an end")
        return self._starts[node.end_lineno - 1] + node.end_col_offset

    def text(self, start: int, end: int) -> str:
        return self.content[start:end].decode()

    def line_of(self, offset: int) -> int:
        return self.content.count(b"\n", 0, offset) + 1


def _changes(source: _Source, first: int, last: int) -> Iterator[_Change]:
    """The changes of all nodes that stand wholly between two lines."""
    for node in _behaving(source.tree, source.words):
        line, end = getattr(node, "lineno", 0), getattr(node, "end_lineno", 0)
        decorators = getattr(node, "decorator_list", [])
        for decorator in decorators:
            if first <= decorator.lineno and decorator.end_lineno <= last:
                yield _without_decorator(source, decorator)
        if line < first or end > last:
            continue
        if isinstance(node, ast.stmt):
            yield from _of_statement(source, node)
        elif isinstance(node, ast.expr):
            yield from _of_expression(source, node)


def _behaving(node: ast.AST, words: Container[ast.AST]) -> Iterator[ast.AST]:
    """All nodes but words for people, and those inside of formatted texts, which have no place."""
    yield node
    if not isinstance(node, ast.JoinedStr):
        for child in ast.iter_child_nodes(node):
            if child not in words:
                yield from _behaving(child, words)


def _words_for_people(tree: ast.Module) -> Iterator[ast.AST]:
    """The nodes that change no behaviour; imports are among them, since without one nothing would start."""
    for node in ast.walk(tree):
        match node:
            case ast.Import() | ast.ImportFrom() | ast.Expr(value=ast.Constant()):
                yield node
            case ast.If(test=ast.Name(id="TYPE_CHECKING")):
                yield node
            case ast.keyword(arg=name) if name in _DOCUMENTING:
                yield node
            case ast.Raise(exc=ast.Call(args=arguments)):
                yield from (one for one in arguments if _is_text(one))
            case ast.Dict():
                for key, value in zip(node.keys, node.values, strict=True):
                    if isinstance(key, ast.Constant) and key.value in _DOCUMENTING:
                        yield from (key, value)
            case _:
                pass


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def _of_statement(source: _Source, node: ast.stmt) -> Iterator[_Change]:
    if isinstance(node, _STATEMENTS):
        yield _Change(source.start(node), source.end(node), "pass")
    elif isinstance(node, ast.If | ast.While):
        yield from _negated(source, node.test)


def _of_expression(source: _Source, node: ast.expr) -> Iterator[_Change]:
    match node:
        case ast.Compare():
            yield from _compared(source, node)
        case ast.BoolOp():
            old, new = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
            for left, right in zip(node.values, node.values[1:], strict=False):
                yield from _between(source, left, right, old, (new,))
        case ast.UnaryOp(op=ast.Not(), operand=operand) | ast.Await(value=operand):
            yield _Change(source.start(node), source.start(operand), "")
        case ast.IfExp():
            yield from _negated(source, node.test)
        case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
            for generator in node.generators:
                for test in generator.ifs:
                    yield from _negated(source, test)
        case ast.Call():
            yield from _called(source, node)
        case ast.JoinedStr():
            yield from _lengthened(source, node)
        case ast.Constant():
            yield from _other_constant(source, node)
        case _:
            return


def _negated(source: _Source, test: ast.expr) -> Iterator[_Change]:
    if isinstance(test, ast.UnaryOp) or (isinstance(test, ast.Compare) and len(test.ops) == 1):
        return  # the comparison is flipped, or the "not" removed, anyway
    start, end = source.start(test), source.end(test)
    yield _Change(start, end, f"not ({source.text(start, end)})")


def _compared(source: _Source, node: ast.Compare) -> Iterator[_Change]:
    for left, operator, right in zip([node.left, *node.comparators], node.ops, node.comparators, strict=False):
        yield from _between(source, left, right, r"<=|>=|==|!=|<|>|is\s+not|is|not\s+in|in", _FLIPPED[type(operator)])


def _between(source: _Source, left: ast.expr, right: ast.expr, old: str, new: tuple[str, ...]) -> Iterator[_Change]:
    """The operator between two operands, replaced by each of the new ones."""
    start = source.end(left)
    found = re.search(old, source.text(start, source.start(right)))
    if found is not None:  # comments may stand there as well
        for text in new:
            yield _Change(start + found.start(), start + found.end(), text)


def _called(source: _Source, node: ast.Call) -> Iterator[_Change]:
    arguments = sorted([*node.args, *node.keywords], key=source.start)
    for argument, following in zip(arguments, [*arguments[1:], None], strict=False):
        if argument not in source.words:
            yield _without_argument(source, node, argument, following)
    for argument in node.keywords:
        if argument.arg in _BOUNDS:
            start = source.start(argument)
            yield _Change(start, start + len(argument.arg), _BOUNDS[argument.arg])
    match node.func:
        case ast.Attribute(value=subject, attr=name) if name in _REFINING or isinstance(subject, ast.Call):
            yield _Change(source.end(subject), source.end(node), "")
        case _:
            pass


def _without_argument(
    source: _Source, call: ast.Call, argument: ast.expr | ast.keyword, following: ast.expr | ast.keyword | None
) -> _Change:
    start = source.start(argument)
    if following is not None:
        return _Change(start, source.start(following), "")
    before = source.text(source.end(call.func), start).rstrip()
    comma = 1 if before.endswith(",") else 0
    return _Change(source.end(call.func) + len(before.encode()) - comma, source.end(argument), "")


def _without_decorator(source: _Source, decorator: ast.expr) -> _Change:
    """The whole line goes, ``@`` included."""
    start = source.content.rindex(b"@", 0, source.start(decorator))
    return _Change(source.content.rindex(b"\n", 0, start) + 1 if start else 0, source.end(decorator) + 1, "")


def _other_constant(source: _Source, node: ast.Constant) -> Iterator[_Change]:
    start, end = source.start(node), source.end(node)
    match node.value:
        case bool(value):
            yield _Change(start, end, f"{not value}")
        case int(value) | float(value):
            yield _Change(start, end, f"{value + 1}")
            yield _Change(start, end, f"{value - 1}" if value >= 1 else f"({value - 1})")
        case str() | bytes():
            yield from _lengthened(source, node)
        case _:
            return


def _lengthened(source: _Source, node: ast.expr) -> Iterator[_Change]:
    """A text with one character more at its end."""
    end = source.end(node)
    quotes = _QUOTES.match(source.text(source.start(node), end))
    if quotes is not None:
        inside = end - len(quotes[1])
        yield _Change(inside, inside, "_")
