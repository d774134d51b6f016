"""What importing one of the learner's modules does. Runs in a service process that has imported none of them yet."""

from __future__ import annotations

import contextlib
import importlib
import io
import os
import re
import sys
import tempfile
import threading
from collections.abc import Generator
from pathlib import Path
from typing import Any

_LASTING = (
    "os.chmod",
    "os.link",
    "os.mkdir",
    "os.remove",
    "os.rename",
    "os.rmdir",
    "os.symlink",
    "os.system",
    "os.truncate",
    "socket.bind",
    "socket.connect",
    "socket.getaddrinfo",
    "sqlite3.connect",
    "subprocess.Popen",
)
"""What an import has no business with: https://docs.python.org/3/library/audit_events.html"""


def import_alone(module: str) -> dict[str, Any]:
    """Import one module where nothing of the lesson has been imported before, and say what happened meanwhile.

    It is imported a second time from a folder that holds the Python files alone: what an import writes only where it
    is missing may be there from an earlier run.

    Returns:
        ``error``: how the import failed, or None; ``printed``: what it printed; ``done``: what it did to files, to the
        network or to other programs; ``loaded``: the lesson's modules that it imported, or tried to.
    """
    facts = _import(module)
    with tempfile.TemporaryDirectory() as folder:
        for file in Path("app").rglob("*.py"):
            copy = Path(folder, file)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(file.read_bytes())
        for name in facts["loaded"]:
            sys.modules.pop(name, None)
        sys.path.insert(0, folder)
        with contextlib.chdir(folder):
            again = _import(module)
    return {**facts, "done": facts["done"] or again["done"]}


def _import(module: str) -> dict[str, Any]:
    printed, error = io.StringIO(), None
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed), _watching() as (done, loaded):
        try:
            importlib.import_module(module)
        except (Exception, SystemExit) as raised:
            # Python names the file at the end, in brackets; the module's name says enough.
            error = re.sub(r" \(\S+\.py\)$", "", f"{type(raised).__name__}: {raised}")
    loaded |= {name for name in sys.modules if name.partition(".")[0] == "app"}  # a failed import leaves nothing there
    return {"error": error, "printed": printed.getvalue(), "done": done, "loaded": sorted(loaded)}


@contextlib.contextmanager
def _watching() -> Generator[tuple[list[str], set[str]]]:
    """Note what this thread does to the world outside of the process, and which of the lesson's modules it imports."""
    done: list[str] = []
    loaded: set[str] = set()
    thread: int | None = threading.get_ident()

    def note(event: str, args: tuple[Any, ...]) -> None:
        if threading.get_ident() != thread:
            return
        if event == "import" and args[0].partition(".")[0] == "app":
            loaded.add(args[0])
        elif event in _LASTING:
            done.append(event)
        elif event == "open" and isinstance(args[0], (str, bytes)) and _writes(*args):
            done.append(f"open {Path(os.fsdecode(args[0])).name} for writing")

    sys.addaudithook(note)
    try:
        yield done, loaded
    finally:
        thread = None  # a hook cannot be taken away


def _writes(path: str | bytes, mode: str | None, flags: int) -> bool:
    if os.fsdecode(path) == os.devnull or ".pyc" in os.fsdecode(path):
        return False
    return any(letter in mode for letter in "wax+") if mode else bool(flags & (os.O_WRONLY | os.O_RDWR))
