"""Note when the phases of a run begin, for the benchmark: see ``checks/tests/bench_checks.py``."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

_FILE = os.environ.get("WORKBOOK_TIMINGS")
_noted: set[str] = set()


def mark(phase: str) -> None:
    """Note the first time that a phase is reached, where ``WORKBOOK_TIMINGS`` names a file for it."""
    if _FILE and phase not in _noted:
        _noted.add(phase)
        with Path(_FILE).open("a", encoding="utf-8") as file:
            file.write(json.dumps({"phase": phase, "t": time.time()}) + "\n")
