"""JupyterLab in a real browser: open lesson 2, run all cells, and see the feedback card in light and in dark.

It works on a copy of the course, because JupyterLab saves the notebook that it runs.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.chromium import chromium, needed_chromium
from workbook.course import Course, Lesson, find_course
from workbook.lab import command

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

LESSON = 2
SECONDS = 1_000.0
"""Playwright counts in milliseconds."""
START_LIMIT = 120.0
RUN_LIMIT = 240.0
"""Seconds in which all cells of a notebook have to be done, on a busy machine too."""
IDLE = "text='Python 3 (ipykernel) | Idle'"
"""What the status bar says once the kernel is there and waits."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium(needed_chromium()) as browser:
        yield browser


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """The course as a learner has it on the first day."""
    root = tmp_path_factory.mktemp("copy")
    real = find_course()
    unwanted = shutil.ignore_patterns("__pycache__", "tests", ".ipynb_checkpoints", "*.db", ".env")
    for name in ("lessons", "checks", "notebooks"):
        shutil.copytree(real.root / name, root / name, ignore=unwanted)
    shutil.copy(real.root / "pyproject.toml", root)
    return Course(root)


@pytest.fixture(scope="module")
def lesson(copy: Course) -> Lesson:
    """Lesson 2, or while it has no notebook the first one that has."""
    wanted = [LESSON, *(lesson.number for lesson in copy.lessons)]
    return next(lesson for lesson in map(copy.lesson, wanted) if copy.notebook(lesson).is_file())


@pytest.fixture(scope="module")
def address(copy: Course, lesson: Lesson, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """JupyterLab as ``workbook lab 2 --no-browser`` starts it, and the address that it prints."""
    home = tmp_path_factory.mktemp("home")
    env = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "WORKBOOK_", "JUPYTER_"))
    }
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = home / "jupyter.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command(copy, lesson, browser=False), f"--ServerApp.port={port}"],
            cwd=copy.root,
            env=env | {"HOME": str(home)},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield _printed_address(process, log)
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _printed_address(process: subprocess.Popen[bytes], log: Path) -> str:
    deadline = time.monotonic() + START_LIMIT
    while time.monotonic() < deadline and process.poll() is None:
        found = re.search(r"http://127\.0\.0\.1:\d+/\S+token=\w+", log.read_text(encoding="utf-8"))
        if found:
            return found[0]
        time.sleep(0.1)
    raise AssertionError("JupyterLab printed no address:\n" + log.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def pictures() -> Path:
    """Where CI keeps what a human wants to see."""
    folder = find_course().root / "artifacts"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture
def page(browser: Browser, address: str, pictures: Path) -> Iterator[Page]:
    """A window that shows the notebook."""
    context = browser.new_context(viewport={"width": 1280, "height": 1200}, color_scheme="light")
    context.set_default_timeout(START_LIMIT * SECONDS)
    page = context.new_page()
    page.goto(address)
    try:
        page.wait_for_selector(".jp-NotebookPanel .jp-CodeCell")
        page.wait_for_selector(IDLE)
        yield page
    finally:
        page.screenshot(path=pictures / "browser_last.png")
        context.close()


def test_a_learner_opens_lesson_2_runs_all_and_sees_the_card(page: Page, lesson: Lesson, pictures: Path) -> None:
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    page.wait_for_function(
        "count => document.querySelectorAll('.jp-NotebookPanel .wb .wb-head').length >= count",
        arg=len(lesson.exercises),
        timeout=RUN_LIMIT * SECONDS,
    )
    page.wait_for_selector(IDLE, timeout=RUN_LIMIT * SECONDS)

    card = page.locator(".wb:has(.wb-head)").last
    card.scroll_into_view_if_needed()  # what is out of sight has no text yet
    card.locator("text=points").wait_for()
    text = " ".join(card.inner_text().split())
    assert f"Lesson {lesson.number} · {lesson.title}" in text
    assert re.search(r"\d+ of \d+ points", text)
    assert re.search(r"✘ \d\.\d .+ failed|· \d\.\d .+ not started", text)
    assert page.locator(".jp-RenderedText[data-mime-type='application/vnd.jupyter.stderr']").count() == 0
    assert page.locator("text=official Jupyter news").count() == 0

    shots = {}
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        wanted = str(theme == "light").lower()
        page.wait_for_selector(f"body[data-jp-theme-light='{wanted}']", state="attached")
        card.scroll_into_view_if_needed()
        page.wait_for_timeout(0.5 * SECONDS)
        page.screenshot(path=pictures / f"lesson_02_{theme}.png")
        card.screenshot(path=pictures / f"card_{theme}.png")
        shots[theme] = card.evaluate("card => getComputedStyle(card).color")
    assert shots["light"] != shots["dark"]

    link = card.locator("a[href*='/lessons/lesson_']").first
    name = (link.text_content() or "").rpartition("/")[2]
    link.click()  # it opens the file in JupyterLab, beside the notebook
    page.locator(".lm-TabBar-tabLabel", has_text=name).wait_for()
