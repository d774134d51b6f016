"""From an exception or a thread to the learner's own line. Runs in the service process."""

from __future__ import annotations

import ast
import inspect
import linecache
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, cast

from workbook.service.protocol.problem import Place

_TEXT_LIMIT = 1_000


class Tracer:
    """Finds places below one folder: the learner's code, and nothing of a framework's."""

    def __init__(self, folder: Path) -> None:
        self.root = folder.resolve()
        self._known: dict[str, str | None] = {}

    def relative(self, filename: str) -> str | None:
        """The file's name relative to the lesson folder, or None for a file outside it."""
        if filename not in self._known:
            self._known[filename] = self._relative(filename)
        return self._known[filename]

    def _relative(self, filename: str) -> str | None:
        path = Path(filename)
        if not path.is_absolute():  # "<string>", "<frozen runpy>"
            return None
        try:
            path = path.resolve()
        except (OSError, ValueError):
            return None
        return path.relative_to(self.root).as_posix() if path.is_relative_to(self.root) else None

    def place(self, filename: str, line: int, function: str = "") -> Place | None:
        """A line as a place, or None for a line outside the lesson folder."""
        relative = self.relative(filename)
        if relative is None:
            return None
        return Place(relative, line, function, linecache.getline(filename, line).strip()[:200])

    def of_traceback(self, trace: TracebackType | None) -> Place | None:
        """The innermost learner's line that an exception passed through."""
        found: Place | None = None
        for frame, line in traceback.walk_tb(trace):
            found = self.place(frame.f_code.co_filename, line, frame.f_code.co_name) or found
        return found

    def of_exception(self, fault: BaseException) -> Place | None:
        """The innermost learner's line of an exception, of its causes where it has none itself."""
        seen: set[int] = set()
        current: BaseException | None = fault
        while current is not None and id(current) not in seen:
            seen.add(id(current))
            place = self.of_traceback(current.__traceback__)
            if place is not None:
                return place
            current = current.__cause__ or current.__context__
        return None

    def coroutine_of(self, fault: BaseException) -> str:
        """The name of the coroutine that code stumbled over; "" where the exception tells of none."""
        if "coroutine" not in text_of(fault):
            return ""
        for frame, _ in reversed(list(traceback.walk_tb(fault.__traceback__))):
            for value in frame.f_locals.values():
                code = getattr(value, "cr_code", None) if inspect.iscoroutine(value) else None
                if code is not None and self.relative(code.co_filename) is not None:
                    return str(code.co_name)[:100]
        return ""

    def of_frame(self, frame: FrameType | None) -> Place | None:
        """The innermost learner's line that a running thread is in."""
        while frame is not None:
            place = self.place(frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name)
            if place is not None:
                return place
            frame = frame.f_back
        return None

    def running(self) -> tuple[Place | None, bool]:
        """The learner's line that runs now, and whether it runs in the main thread, where the event loop is."""
        frames = sys._current_frames()  # pyright: ignore[reportPrivateUsage] - the documented way to see other threads
        main = threading.main_thread().ident
        order = sorted(frames, key=lambda ident: ident != main)
        for ident in order:
            place = self.of_frame(frames[ident])
            if place is not None:
                return place, ident == main
        return None, False

    def of_class(self, name: str, file: str) -> Place | None:
        """Where a learner's class begins; its module may be one whose import has failed."""
        try:
            tree = ast.parse(Path(file).read_bytes())
        except (OSError, SyntaxError, ValueError, RecursionError):
            return None
        lines = [node.lineno for node in ast.walk(tree) if isinstance(node, ast.ClassDef) and node.name == name]
        return self.place(file, lines[0], name) if lines else None

    def of_function(self, function: Callable[..., Any]) -> Place | None:
        """Where a learner's function begins."""
        function = inspect.unwrap(function)
        code = getattr(function, "__code__", None)
        if code is None:  # an object with a __call__ of its own
            code = getattr(getattr(function, "__call__", None), "__code__", None)  # noqa: B004 - not a test
        return None if code is None else self.place(code.co_filename, code.co_firstlineno, code.co_name)


def text_of(fault: BaseException) -> str:
    """An exception's message, whatever its ``__str__`` does."""
    try:
        return str(fault)[:_TEXT_LIMIT]
    except Exception as other:  # the learner's own __str__ raised
        return f"(its message cannot be shown: {type(other).__name__})"


def name_of(fault: BaseException) -> str:
    """An exception's class name."""
    return type(fault).__name__[:100]


def innermost(fault: BaseException) -> BaseException:
    """The first real exception inside an exception group."""
    while isinstance(fault, BaseExceptionGroup):
        fault = cast("BaseExceptionGroup[BaseException]", fault).exceptions[0]
    return fault
