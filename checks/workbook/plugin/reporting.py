"""What a run leaves: the JSON report, the exercises in the JUnit file, the progress, and the exit code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from workbook.course import progress
from workbook.course.files import replace_file
from workbook.course.results import Report
from workbook.plugin.state import State


def finish(session: pytest.Session, state: State) -> None:
    """Write everything that a run leaves, once all checks have run."""
    report = state.report()
    if session.exitstatus == pytest.ExitCode.OK and not report.passed:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
    option: Any = session.config.option
    if option.report_json:
        replace_file(Path(option.report_json), json.dumps(report.to_json(), ensure_ascii=False, indent=2) + "\n")
    _describe_in_junit(session.config, report)
    if state.run.target.folder == state.course.lessons_dir.resolve():
        progress.record(state.course, report, state.run.target.folder)


def _describe_in_junit(config: pytest.Config, report: Report) -> None:
    """Add verdict and points of each exercise to the test suite's properties."""
    from _pytest.junitxml import xml_key

    xml = config.stash.get(xml_key, None)
    if xml is None:
        return
    for lesson in report.lessons:
        for exercise in lesson.exercises:
            xml.add_global_property(f"exercise.{exercise.exercise}.verdict", exercise.verdict.value)
            xml.add_global_property(f"exercise.{exercise.exercise}.points", exercise.points)
            xml.add_global_property(f"exercise.{exercise.exercise}.max_points", exercise.max_points)
