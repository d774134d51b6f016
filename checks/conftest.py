"""Loads the workbook's pytest plugin for every check."""

import importlib.util

import pytest

if importlib.util.find_spec("workbook") is None:
    pytest.exit("This Python has no workbook installed: run make setup, then use the .venv that it made.", returncode=2)

pytest_plugins = ["workbook.plugin"]
