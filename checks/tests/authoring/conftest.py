"""A course that grows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.growing_course import GrowingCourse
from workbook.course.model import find_course


@pytest.fixture
def growing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[GrowingCourse]:
    """A course of three lessons; its starters are not built yet."""
    monkeypatch.setenv("WORKBOOK_ROOT", str(tmp_path))
    yield GrowingCourse(tmp_path)
    find_course.cache_clear()
