"""The report on a class in a real browser: reading, searching, keyboard, paper, light and dark, hostile texts."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from tests.chromium import chromium, needed_chromium
from tests.grading.report_sample import figures, large_class, sample_pairs
from tests.grading.sample import HIDDEN_EXPECTS, SEED, of_kind, sample_gradebook
from workbook.course.model import find_course
from workbook.grading.exports import shown
from workbook.grading.gradebook import Gradebook
from workbook.grading.report import write_report
from workbook.grading.report.items import item_statistics
from workbook.grading.report.page import SIZE_LIMIT

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

LEARNERS = 24
ELEMENTS = 4_000
"""More elements than this make a page slow; a class of any size has to stay below."""
CONTRAST = 4.5
"""WCAG 2.2, level AA, for text of an ordinary size."""

Open = Callable[..., "Page"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium(needed_chromium()) as browser:
        yield browser


@pytest.fixture(scope="module")
def pictures() -> Path:
    """Where CI keeps what a human wants to see."""
    folder = find_course().root / "artifacts"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="module")
def book() -> Gradebook:
    return sample_gradebook(LEARNERS)


@pytest.fixture(scope="module")
def file(book: Gradebook, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("report") / "index.html"
    write_report(book, file, sample_pairs(book))
    return file


@pytest.fixture(scope="module")
def large_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("large") / "index.html"
    book = large_class()
    write_report(book, file, sample_pairs(book))
    return file


@pytest.fixture
def open_page(browser: Browser, file: Path) -> Iterator[Open]:
    """Opens the report; when the test ends, the page must have asked for nothing and complained of nothing."""
    context = browser.new_context(viewport={"width": 1366, "height": 900}, color_scheme="light")
    context.set_default_timeout(15_000)
    asked: list[str] = []
    wrong: list[str] = []

    def open_page(address: str = "", *, file: Path = file) -> Page:
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda message: wrong.append(message.text))
        page.on("dialog", lambda dialog: wrong.append(f"a dialog: {dialog.message}"))
        page.on("popup", lambda _: wrong.append("a window"))
        page.add_init_script(
            "addEventListener('securitypolicyviolation', event => console.error('policy', event.violatedDirective))"
        )
        page.goto(file.as_uri() + address)
        page.wait_for_selector("#class", state="attached")
        return page

    yield open_page
    context.close()
    assert not [url for url in asked if not url.startswith("file:") or "index.html" not in url], asked
    assert not wrong, wrong


def rows(page: Page) -> list[str]:
    """The names in the class map, as they are in sight."""
    return page.locator(".map tbody th a").all_inner_texts()


def focused(page: Page) -> tuple[str, str]:
    """Row and column of the cell that has the focus."""
    found = page.evaluate(
        "() => { const cell = document.activeElement;"
        " return [cell.parentElement?.dataset.row ?? '', cell.dataset.column ?? ''] }"
    )
    return found[0], found[1]


def test_the_class_at_a_glance(open_page: Open, book: Gradebook, pictures: Path) -> None:
    page = open_page()
    tiles = [" ".join(text.split()) for text in page.locator(".tile").all_inner_texts()]
    assert tiles[0].startswith("2 Grader errors")
    assert "2 Missing" in tiles
    assert "2 Invalid uploads" in tiles
    assert page.locator("#errors strong").count() == 2  # two faults, and each keeps two learners waiting
    assert page.locator("#errors .people a").count() == 4
    assert page.locator(".map thead .sorts th").count() == 2 + sum(len(lesson.exercises) for lesson in book.lessons)
    signs = set(page.locator(".map tbody td[class^='v-']").all_inner_texts())
    assert {"✓", "✗", "½", "T", "C", "·", "–", "/", "!"} >= signs >= {"✓", "✗", "T", "C", "·", "!"}
    counts = [int(text) for text in page.locator(".histogram .count").all_text_contents()]
    assert sum(counts) == int(re.findall(r"\d+", page.locator("#distribution .hint").inner_text())[0])
    assert page.locator(".banner").count() == 0
    assert str(SEED) in page.locator("#about").inner_text()
    page.screenshot(path=pictures / "report_light.png", full_page=True)
    page.emulate_media(color_scheme="dark")
    page.screenshot(path=pictures / "report_dark.png", full_page=True)


def test_a_run_without_isolation_says_so_in_red(open_page: Open, book: Gradebook, tmp_path: Path) -> None:
    file = tmp_path / "index.html"
    write_report(replace(book, isolated=False, isolation="Nothing kept them apart."), file)
    page = open_page(file=file)
    banner = page.get_by_role("alert")
    assert "Nothing kept them apart." in banner.inner_text()
    assert banner.evaluate("it => getComputedStyle(it).backgroundColor") == "rgb(166, 27, 27)"


def test_search_finds_names_ids_and_words_of_messages(open_page: Open) -> None:
    page = open_page()
    search = page.get_by_role("searchbox")
    search.fill("lovelace")
    assert rows(page) == ["Ada Lovelace"]
    search.fill("S001")
    assert {"Ada Lovelace", "O'Brien, Conan"} <= set(rows(page))  # two ids that differ in their case alone
    search.fill("stops at this line")
    assert len(rows(page)) == page.locator("tr:has(td.v-c)").count() > 0
    search.fill("nobody says that")
    assert "No learner fits" in page.locator(".map tbody").inner_text()
    assert page.locator("#count").inner_text() == f"0 of {LEARNERS} learners"
    search.press("Escape")
    page.keyboard.press("Escape")
    assert page.locator("#count").inner_text() == f"{LEARNERS} learners"


def test_filters_and_orders(open_page: Open) -> None:
    page = open_page()
    page.locator("#filter").select_option("timedOut")
    assert len(rows(page)) == page.locator("tr:has(td.v-t)").count() == 2
    page.locator(".tile", has_text="Missing").click()
    assert page.locator("#count").inner_text() == f"2 of {LEARNERS} learners"
    assert page.locator(".tile[aria-pressed=true]").inner_text().split() == ["2", "Missing"]
    page.locator(".tile", has_text="Missing").click()

    def points() -> list[float]:
        shown = page.locator(".map tbody td.points").all_inner_texts()
        return [float(text.replace("–", "-1")) for text in shown]

    head = page.locator("th[data-sort=points]")
    head.click()
    assert head.get_attribute("aria-sort") == "descending"
    assert points() == sorted(points(), reverse=True)
    head.click()
    assert points() == sorted(points())
    page.locator("#sort").select_option("exercise 1.3")
    order = page.locator(".map tbody tr[data-row] td:nth-child(5)").all_inner_texts()
    assert order == sorted(order, key="✓½✗TC·–/!".index)


def test_the_map_by_keyboard_and_back_again(open_page: Open) -> None:
    page = open_page()
    page.keyboard.press("m")
    page.wait_for_function("() => document.activeElement.closest('.map')")
    assert focused(page) == ("0", "0")
    for key in ("ArrowRight", "ArrowRight", "ArrowDown", "End", "Control+End", "Home", "Control+Home", "ArrowRight"):
        page.keyboard.press(key)
    assert focused(page) == ("0", "1")
    page.keyboard.press("Control+End")
    assert focused(page)[0] == str(LEARNERS - 1)
    box = page.locator(":focus").bounding_box()
    scroller = page.locator(".map-scroll").bounding_box()
    assert box
    assert scroller
    assert scroller["y"] < box["y"] < scroller["y"] + scroller["height"] - box["height"] + 1
    for key in ("Control+Home", "ArrowRight", "ArrowRight", "ArrowRight"):
        page.keyboard.press(key)
    before = focused(page)
    assert before == ("0", "3")
    assert page.locator(".about").inner_text().count(" · ") == 2
    page.keyboard.press("Enter")
    page.wait_for_selector(".learner h1")
    assert "#learner=" in page.url
    assert page.locator(":focus").evaluate("it => it.closest('details').open")
    page.go_back()
    page.wait_for_function("() => !document.getElementById('class').hidden")
    assert focused(page) == before


def test_the_statistics_of_the_exercises(open_page: Open, book: Gradebook, pictures: Path) -> None:
    page = open_page()
    page.locator("#items summary").click()
    rows_ = page.locator("#items tbody tr")
    assert rows_.count() == 18
    first = item_statistics(book)[0]
    text = " ".join(rows_.first.inner_text().split())
    assert text.startswith("1.1 ")
    assert f"{first.began} of {first.learners}" in text
    assert text.endswith(f"{first.discrimination:.2f}")
    assert page.locator("#items circle").count() == 18
    page.locator("#items").screenshot(path=pictures / "report_exercises.png")


def test_a_learners_page(open_page: Open, book: Gradebook, pictures: Path) -> None:
    page = open_page()
    grade = of_kind(book, "half_late")
    page.get_by_role("searchbox").fill("half_late")
    page.locator(".map tbody th a").click()
    page.wait_for_selector(".learner h1")
    text = page.locator(".learner").inner_text()
    assert f"{grade.points:g} of {grade.max_points} points" in " ".join(text.split())
    assert f"{grade.raw_points:g} earned − 50 % = {grade.points:g}" in text
    result = grade.lessons[0].result
    assert result
    for exercise in result.exercises:
        row = page.locator(f"details[data-exercise='{exercise.exercise}']")
        words = " ".join(row.locator("> summary").inner_text().split())
        assert exercise.title in words
        assert words.endswith(f"{exercise.verdict.value.replace('_', ' ')} {exercise.points:g}/{exercise.max_points}")
        if exercise.verdict.value == "failed":
            message = row.locator(".exercise-body > .message").inner_text()
            assert exercise.message
            for label, said in exercise.message.rows:
                assert label in message
                assert said.split()[0] in message
    page.screenshot(path=pictures / "report_learner.png", full_page=True)
    assert str(SEED) not in text


def test_the_code_stands_beside_the_verdict(open_page: Open, book: Gradebook, tmp_path: Path, pictures: Path) -> None:
    """At the line that the message names, and as text, whatever is in it."""
    grade = of_kind(book, "half_late")
    result = grade.lessons[0].result
    assert result
    exercise = next(entry for entry in result.exercises if shown.told(entry) and entry.verdict.value == "failed")
    told = shown.told(exercise)
    assert told is not None
    rows = tuple(row for row in told.rows if row[0] != "Look at")
    here = replace(told, rows=(*rows, ("Look at", "lessons/lesson_01/app/main.py:12")))
    checks = tuple(replace(check, message=here) if check.message == told else check for check in exercise.checks)
    changed = replace(exercise, checks=checks)
    exercises = tuple(changed if entry is exercise else entry for entry in result.exercises)
    lesson = replace(grade.lessons[0], result=replace(result, exercises=exercises))
    one = replace(book, learners=(replace(grade, lessons=(lesson, *grade.lessons[1:])),))
    code = "".join(f"line_{number} = '<b>{number}</b>'\n" for number in range(1, 31))
    file = tmp_path / "index.html"
    write_report(one, file, (), {grade.learner.id: {1: {"app/main.py": code.encode()}}})
    page = open_page(file=file)
    page.locator(".map tbody th a").first.click()
    row = page.locator(f"details[data-exercise='{exercise.exercise}']")
    excerpt = row.locator("figure.excerpt")
    assert excerpt.locator("figcaption").inner_text() == "app/main.py, line 12"
    lines = excerpt.locator(".line").all_inner_texts()
    assert [line.split()[0] for line in lines] == [str(number) for number in range(7, 18)]
    assert "<b>12</b>" in excerpt.locator(".line.here").inner_text()
    page.screenshot(path=pictures / "report_code.png", full_page=True)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_shows_a_learners_page(open_page: Open, pictures: Path, scheme: Any) -> None:
    """Nothing is cut, and no title stands as a word a line."""
    page = open_page()
    page.set_viewport_size({"width": 390, "height": 844})
    page.emulate_media(color_scheme=scheme)
    page.locator(".map tbody th a").first.click()
    page.wait_for_selector(".learner h1")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    narrow = page.evaluate(
        """() => [...document.querySelectorAll('.learner .title')].filter(title => {
            const words = title.textContent.trim().split(/\\s+/).length;
            const lines = Math.round(title.clientHeight / parseFloat(getComputedStyle(title).lineHeight));
            return lines > 2 && lines >= words - 1;
        }).map(title => title.textContent)"""
    )
    assert narrow == []
    page.screenshot(path=pictures / f"report_phone_{scheme}.png", full_page=True)


def test_an_invalid_upload_and_a_missing_lesson_have_the_points_of_the_exports(
    open_page: Open, book: Gradebook
) -> None:
    """They earn 0; who handed nothing in has no points."""
    for kind, total, lesson in (("invalid", "0", "0 of"), ("part_handed_in", "", "0 of"), ("missing", "–", "")):
        grade = of_kind(book, kind)
        page = open_page(f"#learner={quote(grade.learner.id)}")
        words = page.locator(".learner .total strong").inner_text()
        assert words == (total or f"{grade.points:g}")
        last = page.locator("section.lesson header span").last.inner_text()
        assert last == f"{lesson} {grade.lessons[-1].max_points} points".strip()


def test_learners_one_after_the_other_and_back_to_the_class(open_page: Open) -> None:
    page = open_page()
    first, second = rows(page)[:2]
    page.locator(".map tbody th a").first.click()
    page.wait_for_selector(".learner h1")
    for key, name in (("ArrowRight", second), ("ArrowLeft", first), ("j", second), ("k", first)):
        page.keyboard.press(key)
        page.wait_for_function("name => document.querySelector('.learner h1').innerText === name", arg=name)
    page.get_by_role("link", name="Next").click()
    page.wait_for_function("name => document.querySelector('.learner h1').innerText === name", arg=second)
    page.go_back()
    page.wait_for_function("() => !document.getElementById('class').hidden")
    assert page.locator(".learner").count() == 0
    assert "class report" in page.title()


def test_hidden_checks_are_marked_and_stay_off_paper(open_page: Open) -> None:
    page = open_page()
    page.get_by_role("searchbox").fill("hidden_only")
    page.locator(".map tbody th a").click()
    shown = page.locator(".hidden-check", has_text=HIDDEN_EXPECTS).first
    assert "hidden" in shown.locator(".badge").inner_text()
    page.emulate_media(media="print")
    assert not shown.is_visible()
    assert not page.locator(".for-you").is_visible()
    on_paper = page.locator(".learner").inner_text()
    assert HIDDEN_EXPECTS not in on_paper
    assert "2 of 2 checks passed" in on_paper
    assert ", and " not in page.locator(".checks summary").first.inner_text()
    assert page.locator(".lesson").first.is_visible()


def test_failures_lead_to_their_learners(open_page: Open) -> None:
    page = open_page()
    failure = page.locator("details.failure").first
    count = int(failure.locator("strong").inner_text())
    failure.locator("summary").click()
    failure.locator(".message").wait_for()
    assert failure.locator(".people a").count() == count
    failure.get_by_role("button", name="Show these learners in the map").click()
    assert len(rows(page)) == count
    page.locator("#only").click()
    assert page.locator("#count").inner_text() == f"{LEARNERS} learners"
    failure.locator(".people a").first.click()
    page.wait_for_selector(".learner h1")


def test_a_pair_side_by_side(open_page: Open, pictures: Path) -> None:
    page = open_page()
    page.locator("table.pairs a").first.click()
    page.wait_for_selector(".pair .sides")
    panes = page.locator(".pane")
    assert [panes.nth(side).locator("li.alike").count() for side in (0, 1)] == [53, 53]
    left, right = (panes.nth(side).locator("[data-passage='1'] code").first.inner_text() for side in (0, 1))
    assert left == right != ""
    page.get_by_role("button", name="Show passage 2").click()
    assert page.locator(".current").count() == 66
    assert panes.first.evaluate("pane => pane.scrollTop") > 0
    assert "</script><script>alert(1)</script>" in panes.nth(1).inner_text()
    page.screenshot(path=pictures / "report_pair.png")
    page.goto(page.url.replace("pair=0", "pair=1"))
    page.wait_for_selector("text=left out to keep the page small")


def test_hostile_texts_are_shown_and_do_nothing(open_page: Open) -> None:
    page = open_page()
    active = "document.querySelectorAll('script, img, iframe, object, embed, form, base, meta, style, link').length"
    before = page.evaluate(active)
    assert "<script>alert('name')</script>" in rows(page)
    page.locator(".map tbody th a").first.click()
    said = ""
    for number in range(LEARNERS):
        if number:
            page.keyboard.press("j")
        page.wait_for_selector(".learner:not([data-read]) h1")  # the next learner's page, and no longer the last one's
        page.evaluate("document.querySelector('.learner').dataset.read = 'yes'")
        page.evaluate("for (const it of document.querySelectorAll('details')) it.open = true")
        page.wait_for_function(
            "() => [...document.querySelectorAll('.exercise')].every(row => row.querySelector('.exercise-body'))"
        )
        assert page.evaluate(active) == before
        said += page.locator(".learner").inner_text()
    for text in (
        "<script>alert(1)</script><img src=x onerror=alert(1)>",
        "\ufffd[31mred\ufffd[0m",
        "<!--",
        "=cmd|' /C calc'!A0",
    ):
        assert text in said, text
    for text in ("\u202egnp.exe", "\x1b", "\u2066", "\x07"):
        assert text not in said
    assert "\ufffdgnp.exe" in said
    assert "javascript:" not in page.evaluate("[...document.links].map(link => link.href).join()")


@pytest.mark.parametrize(
    "address", ["#learner=nobody", "#learner=%E0%A4%A", "#pair=99", "#<img src=x onerror=alert(1)>"]
)
def test_an_address_that_leads_nowhere_says_so(open_page: Open, address: str) -> None:
    page = open_page(address)
    if "learner" in address:
        page.get_by_role("heading", name="No such learner").wait_for()
        page.get_by_role("link", name="Back to the class").click()
    page.locator(".map").wait_for()


def test_light_and_dark_follow_the_system_and_the_button(open_page: Open) -> None:
    page = open_page()

    def ground() -> str:
        return page.evaluate("getComputedStyle(document.body).backgroundColor")

    light = ground()
    page.emulate_media(color_scheme="dark")
    dark = ground()
    assert light != dark
    page.get_by_role("button", name="Light or dark").click()
    assert ground() == light
    page.keyboard.press("t")
    assert ground() == dark
    page.keyboard.press("t")
    page.reload()
    assert ground() == light  # the choice was kept


def test_shortcuts_are_listed(open_page: Open) -> None:
    page = open_page()
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog")
    assert {"/", "m", "t", "?", "Esc"} <= set(dialog.locator("kbd").all_inner_texts())
    page.keyboard.press("Escape")
    assert not dialog.is_visible()
    page.keyboard.press("/")
    page.wait_for_function("() => document.activeElement.id === 'search'")
    page.keyboard.type("?t")
    assert page.get_by_role("searchbox").input_value() == "?t"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_has_contrast_enough(open_page: Open, theme: str) -> None:
    page = open_page()
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
    found: list[tuple[str, str, str]] = page.evaluate(
        """() => [...document.querySelectorAll('body *')].filter(it => it.checkVisibility() &&
               [...it.childNodes].some(node => node.nodeType === 3 && node.data.trim())).map(it => {
             let ground = it;
             const bare = node => ['rgba(0, 0, 0, 0)', 'transparent'].includes(getComputedStyle(node).backgroundColor);
             while (ground.parentElement && bare(ground)) ground = ground.parentElement;
             const style = getComputedStyle(it);
             const ink = it instanceof SVGElement ? style.fill : style.color;
             return [`${it.localName}.${it.getAttribute('class')}`, ink, getComputedStyle(ground).backgroundColor];
           })"""
    )
    assert len(found) > 300
    weak = {entry for entry in map(tuple, found) if _contrast(entry[1], entry[2]) < CONTRAST}
    assert not weak


def _contrast(one: str, other: str) -> float:
    """The contrast of two colours, as WCAG 2.2 defines it."""

    def luminance(colour: str) -> float:
        parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("width", [1024, 1366])
def test_nothing_is_wider_than_a_laptop(open_page: Open, width: int) -> None:
    page = open_page()
    page.set_viewport_size({"width": width, "height": 700})
    for address in ("#class", "#pair=0"):
        page.evaluate("address => { location.hash = address }", address)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.evaluate("location.hash = '#class'")
    page.locator(".map tbody th a").first.click()
    page.wait_for_selector(".learner h1")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_largest_class_is_small_and_drawn_in_part(open_page: Open, large_file: Path, pictures: Path) -> None:
    size = large_file.stat().st_size
    assert size < SIZE_LIMIT
    page = open_page(file=large_file)
    found = figures(page) | {"bytes": size}
    (pictures / "report_figures.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    assert page.locator(".map").get_attribute("aria-rowcount") == "502"
    assert found["elements"] < ELEMENTS
    page.keyboard.press("m")
    page.locator("#class-map").evaluate("it => it.scrollIntoView()")
    page.screenshot(path=pictures / "report_large.png")
    page.keyboard.press("Control+End")
    assert focused(page)[0] == "499"
    assert figures(page)["elements"] < ELEMENTS
    page.keyboard.press("Enter")
    page.wait_for_selector(".learner h1")
    assert page.locator(".lesson").count() == 8


def test_on_paper_the_map_has_every_row(open_page: Open, tmp_path: Path) -> None:
    write_report(sample_gradebook(120), tmp_path / "index.html")
    page = open_page(file=tmp_path / "index.html")
    shown = page.locator(".map tbody tr[data-row]")
    assert shown.count() < 60
    page.emulate_media(media="print")
    page.wait_for_function("() => document.querySelectorAll('.map tbody tr[data-row]').length === 120")
    assert not page.locator(".tools").is_visible()
    page.emulate_media(media="screen")
    page.wait_for_function("() => document.querySelectorAll('.map tbody tr[data-row]').length < 60")
