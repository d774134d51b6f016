"""Checks that repeat themselves: one watcher, never two runs, and no verdict on a file that is half written."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from workbook.course import predictions
from workbook.course.model import Course, CourseError
from workbook.course.predictions import Answered
from workbook.notebook import live_checks
from workbook.notebook.cards import Card
from workbook.notebook.check import Wanted, parse
from workbook.notebook.live_checks import LiveChecks, unreadable
from workbook.notebook.recall import recall


class Runs:
    """Stands in for runs of checks; a test says when one is over."""

    def __init__(self) -> None:
        self.started = 0
        self.active = 0
        self.most_at_once = 0
        self.over = threading.Event()
        self._lock = threading.Lock()

    def __call__(self, _course: Course, _wanted: Wanted) -> Runs.One:
        with self._lock:
            self.started += 1
            self.active += 1
            self.most_at_once = max(self.most_at_once, self.active)
        return Runs.One(self)

    class One:
        def __init__(self, runs: Runs) -> None:
            self._runs = runs
            self._ended = False

        def is_over(self) -> bool:
            return self._runs.over.is_set()

        def outcome(self) -> None:
            return None

        def end(self) -> None:
            if not self._ended:
                self._ended = True
                with self._runs._lock:
                    self._runs.active -= 1


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> Runs:
    runs = Runs()

    def made(_course: Course, wanted: Wanted, _outcome: Any) -> Card:
        return Card(f"card {wanted.name}", "")

    monkeypatch.setattr(live_checks, "Run", runs)
    monkeypatch.setattr(live_checks, "make_card", made)
    monkeypatch.delenv("WORKBOOK_TARGET", raising=False)
    return runs


class Page:
    """What the learner would see."""

    def __init__(self) -> None:
        self.cards: list[str] = []
        self.said: list[str] = []

    def show(self, _wanted: Wanted, card: Card) -> None:
        self.cards.append(card.text)

    def say(self, _wanted: Wanted, sentence: str) -> None:
        self.said.append(sentence)


@pytest.fixture
def course(stand_in_course: Course, tmp_path: Path) -> Course:
    """The stand-in course, with lessons that a test may change."""
    for name in ("lessons", "checks"):
        (tmp_path / name).mkdir()
    for lesson in stand_in_course.lessons:
        for top in ("lessons", "checks"):
            (tmp_path / top / lesson.folder).mkdir()
        toml = stand_in_course.lessons_dir / lesson.folder / "lesson.toml"
        (tmp_path / "lessons" / lesson.folder / "lesson.toml").write_bytes(toml.read_bytes())
        (tmp_path / "lessons" / lesson.folder / "main.py").write_text("first = 1\n", encoding="utf-8")
    return Course(tmp_path)


@pytest.fixture
def page() -> Page:
    return Page()


@pytest.fixture
def live(course: Course, runs: Runs, page: Page) -> Iterator[LiveChecks]:
    live = LiveChecks(course, page.show, page.say)
    yield live
    live.rest()
    assert runs.active == 0, "nothing is left under way"


def save(course: Course, text: str, lesson: int = 2) -> None:
    (course.lessons_dir / f"lesson_0{lesson}" / "main.py").write_text(text, encoding="utf-8")


def until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def watch(live: LiveChecks, course: Course, what: str = "2") -> None:
    live.follow(parse(course, what))
    time.sleep(0.5)  # until the system watches the folder


def test_a_save_runs_the_checks_once_and_shows_the_card(
    live: LiveChecks, course: Course, runs: Runs, page: Page
) -> None:
    watch(live, course)
    save(course, "second = 2\n")
    until(lambda: runs.started == 1)
    assert page.cards == []
    runs.over.set()
    until(lambda: page.cards == ["card 2"])
    assert page.said == ["Checking …"]


def test_there_are_never_two_runs(live: LiveChecks, course: Course, runs: Runs, page: Page) -> None:
    """A save ends the run that it has overtaken; only the newest files get a card."""
    watch(live, course)
    for number in range(1, 5):
        save(course, f"number = {number}\n")
        until(lambda number=number: runs.started == number)
    assert runs.most_at_once == 1
    assert page.cards == []
    runs.over.set()
    until(lambda: page.cards == ["card 2"])


def test_a_half_written_file_is_not_judged(live: LiveChecks, course: Course, runs: Runs, page: Page) -> None:
    """Nor is the run still shown that the save has overtaken."""
    watch(live, course)
    save(course, "second = 2\n")
    until(lambda: runs.started == 1)
    save(course, "second = 2\ndef half(:\n")
    until(lambda: page.said[-1:] == ["Python cannot read main.py, line 2 yet: this waits for the next save."])
    assert (runs.started, runs.active, page.cards) == (1, 0, [])
    save(course, "second = 2\ndef whole(): ...\n")
    until(lambda: runs.started == 2)


def test_one_lesson_is_watched_at_a_time(live: LiveChecks, course: Course, runs: Runs) -> None:
    watch(live, course, "3")
    watch(live, course, "2")
    save(course, "changed = 1\n", lesson=3)
    save(course, "changed = 2\n", lesson=2)
    until(lambda: runs.started == 1)
    watchers = [thread for thread in threading.enumerate() if thread.name == "workbook-live-checks"]
    assert len(watchers) == 1
    time.sleep(0.5)
    assert runs.started == 1


@pytest.mark.parametrize("why", ["turned off", "another target"])
def test_nothing_is_watched(
    live: LiveChecks, course: Course, runs: Runs, monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    if why == "turned off":
        live.on = False
    else:
        monkeypatch.setenv("WORKBOOK_TARGET", "solutions")
    watch(live, course)
    save(course, "second = 2\n")
    time.sleep(0.5)
    assert (live.wanted, runs.started) == (None, 0)


def test_what_an_app_writes_while_it_runs_is_no_save(live: LiveChecks, course: Course, runs: Runs) -> None:
    watch(live, course)
    for name in ("kitchen.db", "kitchen.db-wal", "app.log"):
        (course.lessons_dir / "lesson_02" / name).write_text("x", encoding="utf-8")
    time.sleep(0.5)
    assert runs.started == 0


def test_what_python_cannot_read(tmp_path: Path) -> None:
    good, bad, text = tmp_path / "good.py", tmp_path / "bad.py", tmp_path / "notes.txt"
    good.write_text("x = 1\n", encoding="utf-8")
    bad.write_bytes(b"x = '\xff'\n")
    text.write_text("def (", encoding="utf-8")
    assert unreadable([good, text, tmp_path / "gone.py"]) is None
    assert "Python cannot read bad.py" in (unreadable([good, bad]) or "")


# what was predicted


def answered(lesson: int, question: str, *, right: bool = False) -> Answered:
    return Answered(lesson, question, "a) 200", "b) 422", right, ["a) 200", "b) 422"])


def test_what_was_wrong_is_asked_again_in_later_lessons_only(course: Course) -> None:
    for name, what in {
        "one": answered(1, "Which <status>?"),
        "two": answered(1, "And this?", right=True),
        "three": answered(2, "Later?"),
    }.items():
        predictions.keep(course, name, what)
    card = recall(course, "2")
    assert "Which <status>?" in card.text
    assert "It was b) 422. In lesson 1 you said a) 200." in card.text
    assert "And this?" not in card.text
    assert "Later?" not in card.text
    assert "Which &lt;status&gt;?" in card.html
    assert "Later?" in recall(course, "3").text


def test_the_first_answer_is_what_counts(course: Course) -> None:
    predictions.keep(course, "one", answered(1, "Which?"))
    predictions.keep(course, "one", answered(1, "Which?", right=True))
    predictions.keep(course, "one", answered(2, "Another of that name?"))
    assert [each.right for each in predictions.load(course).values()] == [False, False]


def test_recall_says_when_there_is_nothing_to_ask(course: Course) -> None:
    assert "You have noted no predictions" in recall(course, "2").text
    predictions.keep(course, "one", answered(1, "Which?", right=True))
    assert "was right" in recall(course, "2").text
    (course.state_dir / predictions.FILE_NAME).write_text("{broken", encoding="utf-8")
    assert "You have noted no predictions" in recall(course, "2").text
    with pytest.raises(CourseError, match="Say which lesson begins"):
        recall(course, "soon")
