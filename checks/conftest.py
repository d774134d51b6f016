"""Loads the workbook's pytest plugin for every check, and lets checks import what they share from ``shared``."""

import importlib.util
import sys
from pathlib import Path

import pytest

if importlib.util.find_spec("workbook") is None:
    pytest.exit("This Python has no workbook installed: run make setup, then use the .venv that it made.", returncode=2)

sys.path.insert(0, str(Path(__file__).resolve().parent))
pytest.register_assert_rewrite("shared")
pytest_plugins = ["workbook.plugin.hooks"]
