"""Import the learner's modules from their source, always.

CPython accepts cached bytecode when the source has the same size and the same modification second, so two quick saves
of equal length can run the old code. For files below one folder, the loader here neither reads nor writes bytecode;
libraries keep theirs.
"""

from __future__ import annotations

import sys
from importlib.machinery import SOURCE_SUFFIXES, FileFinder, SourceFileLoader
from pathlib import Path


class FreshLoader(SourceFileLoader):
    """A source loader that compiles on every import."""

    def path_stats(self, path: str) -> dict[str, int]:
        """Report no statistics: without them, the import system leaves bytecode caches alone."""
        raise OSError("bytecode is not cached for learner code")


def install(folder: Path) -> None:
    """Make every later import from ``folder`` and below come fresh from source.

    Args:
        folder: the lesson's folder. It is not added to ``sys.path`` here.
    """
    root = folder.resolve()

    def finder(path: str) -> FileFinder:
        if not Path(path or ".").resolve().is_relative_to(root):
            raise ImportError(f"{path} is not below {root.name}")
        return FileFinder(path, (FreshLoader, SOURCE_SUFFIXES))

    sys.path_hooks.insert(0, finder)
    for path in list(sys.path_importer_cache):
        if Path(path or ".").resolve().is_relative_to(root):
            del sys.path_importer_cache[path]
