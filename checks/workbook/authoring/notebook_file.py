"""Notebooks as objects and as text.

The Jupyter libraries carry no complete types, so a notebook and its cells are ``Any`` to the type checker here.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, TypeAlias

Notebook: TypeAlias = Any
"""An ``nbformat.NotebookNode``: a dictionary whose keys are attributes too."""
Cell: TypeAlias = Any
Output: TypeAlias = Any


def from_myst(text: str) -> Notebook:
    """A notebook from jupytext's MyST Markdown; raises whatever the parsers raise."""
    jupytext: Any = import_module("jupytext")  # here, because it takes a third of a second to import
    return jupytext.reads(text, fmt="md:myst")


def from_json(text: str) -> Notebook:
    """A notebook from the text of an ``.ipynb`` file; raises ValueError and others where it is none."""
    nbformat: Any = import_module("nbformat")
    return nbformat.reads(text, as_version=nbformat.NO_CONVERT)


def to_json(notebook: Notebook) -> str:
    """The text of an ``.ipynb`` file."""
    nbformat: Any = import_module("nbformat")
    text: str = nbformat.writes(notebook, version=nbformat.NO_CONVERT)
    return text.rstrip("\n") + "\n"


def node(data: dict[str, Any]) -> Any:
    """A dictionary as the notebook libraries want it."""
    nbformat: Any = import_module("nbformat")
    return nbformat.from_dict(data)
