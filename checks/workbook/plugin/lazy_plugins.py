"""Load xdist and nbval for the pytest runs that ask for them, and for no others: each costs time to import."""

from __future__ import annotations

import os
import re
import sys

import pytest

_XDIST = re.compile(r"-n(\d+|auto|logical)?$|--(numprocesses|dist|maxprocesses|tx)\b")
_NBVAL = re.compile(r"--nbval")
_TOLD = "WORKBOOK_NBVAL"
"""Set for the worker processes of xdist, which are not started with the command line's words."""


def pytest_addoption(pluginmanager: pytest.PytestPluginManager) -> None:
    """Look at the command line before pytest reads it, and load what it names."""
    words = [*sys.argv[1:], *os.environ.get("PYTEST_ADDOPTS", "").split()]
    worker = "PYTEST_XDIST_WORKER" in os.environ
    if worker or any(_XDIST.match(word) for word in words):
        pluginmanager.import_plugin("xdist.plugin")
    if any(_NBVAL.match(word) for word in words) or (worker and _TOLD in os.environ):
        os.environ[_TOLD] = "1"
        pluginmanager.import_plugin("nbval.plugin")
