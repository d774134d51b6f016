"""``workbook site``: every lesson can be read in a browser, on a phone too, and nothing leads nowhere."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import pytest

from tests.chromium import chromium, needed_chromium
from workbook.authoring.errors import AuthoringError
from workbook.authoring.site import build_site
from workbook.course.model import Course, find_course

if TYPE_CHECKING:
    from playwright.sync_api import Browser

REPOSITORY = "https://code.example/somebody/workbook"
PAGE_LIMIT = 1_000_000
"""Bytes of a page with its own styles and scripts."""
PHONE_WIDTH = 390


class Page(HTMLParser):
    """The links, the names that a link can lead to, and the head of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.parts: list[str] = []
        self.names: set[str] = set()
        self.meta: dict[str, str] = {}
        self.language = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = {name: value or "" for name, value in attrs}
        self.names.update(known.get(name, "") for name in ("id", "name"))
        if tag == "a" and "href" in known:
            self.links.append(known["href"])
        if tag in {"script", "img"} and "src" in known:
            self.parts.append(known["src"])
        if tag == "link" and known.get("rel") == "stylesheet":
            self.parts.append(known["href"])
        if tag == "meta" and "name" in known:
            self.meta[known["name"]] = known.get("content", "")
        if tag == "html":
            self.language = known.get("lang", "")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("site")
    assert build_site(find_course(), out, repository=REPOSITORY) == len(find_course().lessons)
    return out


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Page]:
    return {file: Page(file.read_text(encoding="utf-8")) for file in site.rglob("index.html")}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium(needed_chromium()) as browser:
        yield browser


def lesson_page(site: Path, number: int) -> Path:
    course = find_course()
    return site / course.notebook(course.lesson(number)).stem / "index.html"


def local(page: Path, address: str) -> Path:
    """The file that an address on a page leads to."""
    target = (page.parent / unquote(urlsplit(address).path)).resolve()
    return target / "index.html" if target.is_dir() else target


def test_no_link_leads_nowhere(site: Path, pages: dict[Path, Page]) -> None:
    root = find_course().root
    dead: list[str] = []
    for file, page in pages.items():
        for address in page.links:
            parts = urlsplit(address)
            if address.startswith(REPOSITORY + "/blob/main/"):
                if not (root / parts.path.partition("/blob/main/")[2]).exists():
                    dead.append(f"{file.parent.name}: {address}")
            elif not parts.scheme:
                target = local(file, address) if parts.path else file
                names = pages[target].names if target in pages else {""}
                if not target.exists() or unquote(parts.fragment) not in names | {""}:
                    dead.append(f"{file.parent.name}: {address}")
    assert not dead, "\n".join(dead)


def test_every_page_says_what_it_is_and_weighs_less_than_a_megabyte(pages: dict[Path, Page]) -> None:
    for file, page in pages.items():
        assert page.language == "en"
        assert "viewport" in page.meta
        weight = sum(
            each.stat().st_size for each in [file, *{local(file, part) for part in page.parts if is_own(part)}]
        )
        assert weight < PAGE_LIMIT, f"{file}: {weight} bytes"
        if re.match(r"\d\d_", file.parent.name):
            assert 50 < len(page.meta["description"]) < 600


def is_own(address: str) -> bool:
    return not urlsplit(address).scheme


def test_the_lessons_are_there_with_their_exercises_and_without_solutions(site: Path) -> None:
    course = find_course()
    for lesson in course.lessons:
        text = lesson_page(site, lesson.number).read_text(encoding="utf-8")
        for exercise in lesson.exercises:
            assert f"Exercise {exercise.id}" in text
        assert text.count("<summary>Hint ") == 3 * len(lesson.exercises)
        assert "%check" not in re.sub(r"<code.*?</code>", "", text)
        assert "%reveal" not in text
        assert "%%predict" not in text
        assert "# region" not in text
        plain = html.unescape(
            re.sub(r"<[^>]+>", "", re.sub(r"<(pre|code|style|script).*?</\1>", "", text, flags=re.DOTALL))
        )
        for mark in (":::", "```", "](", "**"):
            assert mark not in plain, f"lesson {lesson.number}: Markdown that is shown as it is written: {mark}"
        assert text.count('class="admonition') >= 2, "predictions are questions of their own"
    first = lesson_page(site, 1).read_text(encoding="utf-8")
    assert "which status comes back?" in first
    assert "→" in first, "what the cells answered is shown"


def test_a_phone_shows_a_lesson_without_scrolling_sideways(site: Path, browser: Browser) -> None:
    pictures = find_course().root / "artifacts"
    pictures.mkdir(exist_ok=True)
    context = browser.new_context(viewport={"width": PHONE_WIDTH, "height": 844}, color_scheme="light")
    try:
        page = context.new_page()
        page.route(re.compile("^https?:"), lambda route: route.abort())
        for lesson in find_course().lessons:
            page.goto(lesson_page(site, lesson.number).as_uri())
            wide = page.evaluate("document.documentElement.scrollWidth")
            assert wide <= PHONE_WIDTH, f"lesson {lesson.number} is {wide} pixels wide"
        page.screenshot(path=pictures / "site_phone.png")
    finally:
        context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(site: Path, browser: Browser, scheme: Any) -> None:
    from axe_playwright_python.sync_playwright import Axe  # pyright: ignore[reportMissingTypeStubs]

    pictures = find_course().root / "artifacts"
    context = browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme=scheme)
    found: list[str] = []
    try:
        page = context.new_page()
        page.route(re.compile("^https?:"), lambda route: route.abort())
        for file in (site / "index.html", lesson_page(site, 1), lesson_page(site, 6)):
            page.goto(file.as_uri())
            axe: Any = Axe()
            violations: list[dict[str, Any]] = axe.run(page, context={"include": [["article"]]}).response["violations"]
            found += [
                f"{file.parent.name}: {each['id']}: {[node['html'][:200] for node in each['nodes'][:2]]}"
                for each in violations
                if each["impact"] in {"serious", "critical"}
            ]
        page.screenshot(path=pictures / f"site_{scheme}.png")
    finally:
        context.close()
    assert not found, "\n".join(found)


def test_a_lesson_without_a_notebook_is_named(stand_in_course: Course, tmp_path: Path) -> None:
    with pytest.raises(AuthoringError, match=r"lesson \d has no built notebook"):
        build_site(stand_in_course, tmp_path / "site")
