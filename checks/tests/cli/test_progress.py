"""Progress: a cache that survives anything, and says where the learner is."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from workbook.course import progress
from workbook.course.model import Course, CourseError
from workbook.course.results import Report, Verdict

MakeReport = Callable[..., Report]


def at(course: Course) -> str | None:
    exercise = progress.load(course).current(course)
    return exercise.id if exercise else None


def test_nothing_is_known_at_first(course: Course) -> None:
    known = progress.load(course)
    assert known.exercises == {}
    assert known.hint_level("1.1") == 0
    assert known.verdict("1.1") is Verdict.NOT_STARTED
    assert at(course) == "1.1"


def test_a_run_is_remembered(course: Course, report: MakeReport) -> None:
    progress.record(course, report({"1.1": "passed", "1.2": "failed"}, points={"1.2": 1.5}), course.lessons_dir)
    known = progress.load(course)
    assert known.exercises["1.1"] == progress.Standing(Verdict.PASSED, 2, 2, ever_passed=True)
    assert known.exercises["1.2"] == progress.Standing(Verdict.FAILED, 1.5, 3, ever_passed=False)
    assert at(course) == "1.2"


def test_the_last_run_counts_and_an_earlier_pass_is_not_forgotten(course: Course, report: MakeReport) -> None:
    progress.record(course, report({"1.1": "passed"}), course.lessons_dir)
    progress.record(course, report({"1.1": "crashed"}), course.lessons_dir)
    known = progress.load(course)
    assert known.verdict("1.1") is Verdict.CRASHED
    assert known.points("1.1") == 0
    assert known.has_passed("1.1")
    assert at(course) == "1.1"


def test_runs_that_say_nothing_about_the_learners_work_are_left_out(course: Course, report: MakeReport) -> None:
    progress.record(course, report({"1.1": "passed"}), course.solutions_dir)
    progress.record(course, report({"1.1": "passed"}, complete=False), course.lessons_dir)
    progress.record(course, report({"1.1": "check_error"}), course.lessons_dir)
    assert not course.state_dir.exists()


def test_all_passed_leaves_nothing_to_do(course: Course, report: MakeReport) -> None:
    progress.record(course, report(dict.fromkeys(["1.1", "1.2", "2.1", "2.2"], "passed")), course.lessons_dir)
    assert at(course) is None


def test_a_stretch_exercise_is_passed_over_once_a_later_lesson_has_begun(course: Course, report: MakeReport) -> None:
    toml = course.lessons_dir / "lesson_01" / "lesson.toml"
    toml.write_text(toml.read_text(encoding="utf-8") + "stretch = true\n", encoding="utf-8")
    progress.record(course, report({"1.1": "passed"}), course.lessons_dir)
    assert at(Course(course.root)) == "1.2"
    progress.record(course, report({"2.1": "failed"}), course.lessons_dir)
    assert at(Course(course.root)) == "2.1"
    progress.record(course, report({"2.1": "passed", "2.2": "passed"}), course.lessons_dir)
    assert at(Course(course.root)) == "1.2", "what is left is still offered"


def test_hints_go_one_further_and_stay_at_the_last(course: Course) -> None:
    revealed = [progress.reveal_hint(course, "1.1") for _ in range(4)]
    assert revealed == [
        (1, "What does it return now?"),
        (2, "A function returns what follows return."),
        (3, "Put a text after return."),
        (3, "Put a text after return."),
    ]
    assert progress.load(course).hint_level("1.1") == 3
    assert progress.load(course).hint_level("1.2") == 0


def test_there_is_no_hint_for_an_exercise_that_does_not_exist(course: Course) -> None:
    with pytest.raises(CourseError, match=r"Lesson 1 has no exercise 1\.7"):
        progress.reveal_hint(course, "1.7")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        "[" * 100_000,
        "\x00\x01",
        '{"schema": "another"}',
        '{"schema": "fastapi-workbook/progress/v1"}',
        '{"schema": "fastapi-workbook/progress/v1", "exercises": [], "hints": {}}',
        '{"schema": "fastapi-workbook/progress/v1", "exercises": {"1.1": 3}, "hints": {}}',
        '{"schema": "fastapi-workbook/progress/v1", "exercises": {"1.1": {"verdict": "great"}}, "hints": {}}',
        '{"schema": "fastapi-workbook/progress/v1", "exercises": {}, "hints": {"1.1": "many"}}',
    ],
)
def test_a_damaged_file_is_begun_anew(course: Course, report: MakeReport, text: str) -> None:
    file = course.state_dir / "progress.json"
    file.parent.mkdir()
    file.write_text(text, encoding="utf-8")
    assert progress.load(course).exercises == {}
    progress.record(course, report({"1.1": "passed"}), course.lessons_dir)
    assert progress.load(course).verdict("1.1") is Verdict.PASSED


def test_a_file_in_another_encoding_is_begun_anew(course: Course) -> None:
    file = course.state_dir / "progress.json"
    file.parent.mkdir()
    file.write_bytes(b"\xff\xfe\x00")
    assert progress.load(course) == progress.Progress()


def test_what_cannot_be_written_does_not_disturb(course: Course, report: MakeReport) -> None:
    course.state_dir.write_text("a file where a folder should be", encoding="utf-8")
    progress.record(course, report({"1.1": "passed"}), course.lessons_dir)
    assert progress.reveal_hint(course, "1.1") == (1, "What does it return now?")
    progress.forget(course, verdicts=["1.1"], hints=["1.1"])


def test_forgetting(course: Course, report: MakeReport) -> None:
    progress.record(course, report({"1.1": "passed", "1.2": "passed"}), course.lessons_dir)
    progress.reveal_hint(course, "1.1")
    progress.reveal_hint(course, "1.2")
    progress.forget(course, verdicts=["1.1", "2.1"], hints=["1.2"])
    known = progress.load(course)
    assert list(known.exercises) == ["1.2"]
    assert known.hints == {"1.1": 1}


def test_writers_at_the_same_time_lose_nothing(course: Course) -> None:
    """Four processes note something about different exercises; each finds its own later."""
    script = (
        "import sys; from pathlib import Path; from workbook.course import progress\n"
        "from workbook.course.model import Course\n"
        "progress._LOCK_SECONDS = 60  # a slow machine is not what is tested\n"
        "course = Course(Path(sys.argv[1]))\n"
        "for _ in range(20):\n"
        "    with progress._update(course) as known: known.hints[sys.argv[2]] = known.hints.get(sys.argv[2], 0) + 1\n"
    )
    writers = [
        subprocess.Popen([sys.executable, "-c", script, str(course.root), name])
        for name in ("1.1", "1.2", "2.1", "2.2")
    ]
    assert [writer.wait(90) for writer in writers] == [0, 0, 0, 0]
    assert progress.load(course).hints == {"1.1": 20, "1.2": 20, "2.1": 20, "2.2": 20}
    assert [file.name for file in sorted(course.state_dir.iterdir())] == ["progress.json", "progress.lock"]


def test_a_writer_that_hangs_does_not_block_the_next(
    course: Course, report: MakeReport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "_LOCK_SECONDS", 0.05)
    course.state_dir.mkdir()
    with progress._locked(course.state_dir / "progress.lock"):  # pyright: ignore[reportPrivateUsage]
        progress.record(course, report({"1.1": "passed"}), course.lessons_dir)
    assert progress.load(course).verdict("1.1") is Verdict.PASSED


def test_a_failing_write_leaves_the_old_file_and_nothing_else(
    course: Course, report: MakeReport, monkeypatch: pytest.MonkeyPatch
) -> None:
    progress.record(course, report({"1.1": "passed"}), course.lessons_dir)

    def refuse(self: Path, target: Path) -> Path:
        raise OSError("the disk is full")

    monkeypatch.setattr(Path, "replace", refuse)
    progress.record(course, report({"1.1": "failed"}), course.lessons_dir)
    monkeypatch.undo()
    assert progress.load(course).verdict("1.1") is Verdict.PASSED
    assert [file.name for file in sorted(course.state_dir.iterdir())] == ["progress.json", "progress.lock", "snapshots"]


def test_the_file_is_plain_json(course: Course, report: MakeReport) -> None:
    progress.record(course, report({"1.1": "passed"}), course.lessons_dir)
    progress.reveal_hint(course, "1.2")
    assert json.loads((course.state_dir / "progress.json").read_text(encoding="utf-8")) == {
        "schema": "fastapi-workbook/progress/v1",
        "exercises": {"1.1": {"verdict": "passed", "points": 2, "max_points": 2, "ever_passed": True}},
        "hints": {"1.2": 1},
    }


def test_it_is_light_to_import() -> None:
    script = (
        "import sys, workbook.course.progress\n"
        "print([n for n in ('rich', 'typer', 'pytest', 'httpx') if n in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
