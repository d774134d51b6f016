"""The HTML card: everything escaped, every verdict in words, readable in light and dark and without its style."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from workbook.course.message import Message
from workbook.course.results import CheckResult, ExerciseResult, LessonResult, Report, Verdict
from workbook.feedback.html import card, report_card, rich, safe

HOSTILE = "</td></table><script>alert(1)</script><img src=x onerror=alert(1)>\x1b[31m\u202egnp.exe"
MESSAGE = Message(
    (
        ("We sent", 'POST /recipes {"label": ""}'),
        ("You answered", f"201 {HOSTILE}"),
        ("Expected", "422: a `label` has a text"),
        ("Looks like", "first line\n  second line"),
        ("Look at", "lessons/lesson_02/app/schemas/recipe.py, line 12"),
        ("Stuck?", "workbook hint 2.2"),
    )
)


def an_exercise(
    number: int, verdict: Verdict, points: float = 0, *, title: str = "Bound it", message: Message | None = None
) -> ExerciseResult:
    check = CheckResult("test_it", "it works", passed=verdict is Verdict.PASSED, verdict=verdict, message=message)
    return ExerciseResult(f"2.{number}", title, verdict, points, 3, (check,))


def a_report(*exercises: ExerciseResult) -> Report:
    return Report("lessons", 1, (LessonResult(2, "Schemas", exercises),))


ALLOWED = {"div", "style", "span", "strong", "table", "tbody", "tr", "td", "pre", "a", "p", "br", "code"}


class Reader(HTMLParser):
    """Reads HTML as a browser would, and complains where tags do not match."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.words.append(data)

    @classmethod
    def of(cls, markup: str) -> Reader:
        reader = cls()
        reader.feed(markup)
        assert reader.open == []
        return reader


def test_a_card_says_what_the_terminal_says() -> None:
    report = a_report(
        an_exercise(1, Verdict.PASSED, 3, title="Take a recipe in"),
        an_exercise(2, Verdict.FAILED, 1.5, message=MESSAGE),
        an_exercise(3, Verdict.NOT_STARTED),
    )
    words = " ".join(" ".join(Reader.of(report_card(report, next_step="Save `app/main.py`.")).words).split())
    for text in (
        "Lesson 2 · Schemas 4.5 of 9 points",
        "✔ 2.1 Take a recipe in passed 3/3",
        "✘ 2.2 Bound it failed 1.5/3",
        'We sent POST /recipes {"label": ""}',
        "Expected 422: a label has a text",
        "Look at lessons/lesson_02/app/schemas/recipe.py, line 12",
        "Stuck? %hint 2.2",
        "· 2.3 Bound it not started 0/3",
        "Save app/main.py .",
    ):
        assert text in words


@pytest.mark.parametrize("verdict", Verdict)
def test_a_verdict_is_a_word_beside_its_mark(verdict: Verdict) -> None:
    reader = Reader.of(report_card(a_report(an_exercise(1, verdict))))
    assert verdict.words in reader.words
    assert {"✔", "✘", "·", "!"} & set(reader.words)


def test_nothing_of_the_learner_is_markup() -> None:
    exercise = an_exercise(1, Verdict.FAILED, title=HOSTILE, message=MESSAGE)
    report = Report(HOSTILE, 1, (LessonResult(2, HOSTILE, (exercise,)),))
    markup = report_card(report, next_step=f"`{HOSTILE}` {HOSTILE}", up="../")
    reader = Reader.of(markup)
    assert {tag for tag, _ in reader.tags} <= ALLOWED
    assert not [name for _, attributes in reader.tags for name in attributes if name.startswith("on")]
    assert "\x1b" not in markup
    assert "\u202e" not in markup
    assert "<script>alert(1)</script>" in "".join(reader.words)


def test_only_the_first_problem_is_explained() -> None:
    second = Message((("Expected", "the second problem"),))
    report = a_report(
        an_exercise(1, Verdict.NOT_STARTED, message=second),
        an_exercise(2, Verdict.FAILED, message=MESSAGE),
        an_exercise(3, Verdict.FAILED, message=second),
    )
    markup = report_card(report)
    assert "422" in markup
    assert "the second problem" not in markup


def test_the_file_to_look_at_is_a_link_from_the_notebook() -> None:
    report = a_report(an_exercise(1, Verdict.FAILED, message=MESSAGE))
    links = [attributes for tag, attributes in Reader.of(report_card(report, up="../")).tags if tag == "a"]
    assert links == [{"href": "../lessons/lesson_02/app/schemas/recipe.py"}]
    assert "<a " not in report_card(report)


def test_lines_of_a_message_stay_lines() -> None:
    assert "<pre>first line\n  second line</pre>" in report_card(
        a_report(an_exercise(1, Verdict.FAILED, message=MESSAGE))
    )


def test_our_texts_have_code_and_links() -> None:
    assert rich("Read https://example.org/a?b=1&c=2, then `x < 1`.\nDone") == (
        'Read <a href="https://example.org/a?b=1&amp;c=2">https://example.org/a?b=1&amp;c=2</a>, '
        "then <code>x &lt; 1</code>.<br>Done"
    )
    assert "<a" not in rich("javascript:alert(1) and file:///etc/passwd")


def test_control_characters_are_seen() -> None:
    assert safe("a\x00b\u2066c\td") == "a\ufffdb\ufffdc\td"


def test_the_style_knows_both_themes_and_asks_for_nothing_outside() -> None:
    style = card("").partition("<style>")[2].partition("</style>")[0]
    for selector in (
        "@media (prefers-color-scheme: dark)",
        'body[data-jp-theme-light="false"] .wb',
        'body[data-jp-theme-light="true"] .wb',
        "var(--jp-content-font-color1, inherit)",
    ):
        assert selector in style
    assert not re.search(r"url\(|@import|http", style)
    assert "/*" not in style


@pytest.mark.parametrize(("theme", "background"), [("true", "#ffffff"), ("false", "#111111")])
def test_every_colour_of_a_text_can_be_read(theme: str, background: str) -> None:
    """At least 4.5 to 1, as the accessibility guidelines ask for text of this size."""
    style = card("")
    block = style.partition(f'body[data-jp-theme-light="{theme}"] .wb')[2].partition("}")[0]
    colours = re.findall(r"--wb-(?:good|bad|rest): (#[0-9a-f]{6})", block)
    assert len(colours) == 3
    assert min(_contrast(colour, background) for colour in colours) >= 4.5


def _contrast(one: str, other: str) -> float:
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
