"""Say why an import failed, and which one was meant. Runs in the service process."""

from __future__ import annotations

import difflib
import pkgutil
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from workbook.service.protocol.problem import Problem, ProblemKind

_MODULES = 500
"""How many of the learner's modules are looked at."""


def explain_import_error(fault: ImportError, folder: Path, facts: dict[str, Any]) -> Problem:
    """Describe an ImportError.

    Args:
        fault: what was raised.
        folder: the lesson folder.
        facts: the problem's ``exception``, ``text`` and ``place``.

    Returns:
        An ``import_error`` or a ``circular_import``. Its detail has the ``module``, the ``name`` that was wanted from
        it, whether it is the learner's ``own``, what is ``similar``, and the learner's modules that are ``meant`` by
        an import that left their package out.
    """
    module, text = fault.name or "", facts["text"]
    if "partially initialized module" in text or "circular import" in text:
        return Problem(ProblemKind.CIRCULAR_IMPORT, **facts, detail={"module": module})
    wanted = re.search(r"cannot import name '([^']+)'", text)
    top = module.partition(".")[0]
    own = bool(top) and ((folder / top).exists() or (folder / f"{top}.py").exists())
    detail: dict[str, Any] = {"module": module, "own": own}
    if wanted:
        detail["name"] = wanted[1]
        detail["similar"] = _close(wanted[1], _names_in(module))
    elif own:
        detail["similar"] = _close(module, _modules(folder))
    elif module:
        meant = [name for name in _modules(folder) if name.endswith(f".{module}")]
        detail["meant"] = sorted(meant, key=lambda name: name.count("."))[:2]
        detail["similar"] = [] if meant else _close(module, (entry.name for entry in pkgutil.iter_modules()), 0.85)
    return Problem(ProblemKind.IMPORT_ERROR, **facts, detail=detail)


def _close(name: str, have: Iterable[str], cutoff: float = 0.6) -> list[str]:
    return difflib.get_close_matches(name, [entry for entry in have if not entry.startswith("_")], 1, cutoff)


def _names_in(module: str) -> Iterator[str]:
    found = sys.modules.get(module)
    yield from vars(found or object)
    yield from (entry.name for entry in pkgutil.iter_modules(getattr(found, "__path__", [])))


def _modules(folder: Path) -> list[str]:
    """The dotted names of the learner's modules and packages."""
    names: list[str] = []
    for path in folder.rglob("*.py"):
        parts = path.relative_to(folder).with_suffix("").parts
        if not all(part.isidentifier() for part in parts):
            continue  # no module: a copy that an editor keeps
        names.append(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
        if len(names) == _MODULES:
            break
    return [name for name in names if name]
