"""One message: its limits, and what it does with text that the learner's code made up."""

from __future__ import annotations

from workbook.course.message import Message


def test_long_texts_are_wrapped_under_their_label() -> None:
    message = Message((("Expected", "word " * 40), ("Stuck?", "workbook hint 1.1")))
    lines = message.lines(columns=60)
    assert max(map(len, lines)) <= 60
    assert lines[0].startswith("Expected      word")
    assert lines[1].startswith("              word")
    assert lines[-1] == "Stuck?        workbook hint 1.1"


def test_the_longest_text_is_cut_first() -> None:
    message = Message((("We sent", "GET /"), ("You answered", "x " * 2_000), ("Stuck?", "workbook hint 1.1")))
    lines = message.lines()
    assert len(lines) == 11
    assert lines[0] == "We sent       GET /"
    assert lines[-2].endswith(" …")
    assert lines[-1] == "Stuck?        workbook hint 1.1"


def test_nothing_in_it_can_steer_the_terminal() -> None:
    message = Message((("It says", "\x1b[2J\x1b]0;title\x07 \u202etxt.exe\x9b31m\ttab\xa0space"),))
    [line] = message.lines()
    assert line.isprintable()
    assert "tab space" in line


def test_it_survives_json() -> None:
    message = Message((("It says", "\x1b[2J"),), kind="status_500")
    assert Message.from_json(message.to_json()) == message
