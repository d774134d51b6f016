"""JupyterLab in a real browser, as a learner has it: what opens, what can be clicked, and what renews itself.

It works on a copy of the course, with a JupyterLab of the environment that ``WORKBOOK_LEARNER`` names, or of this one.
The tests share one JupyterLab; each begins with the course as it is on the first day.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.chromium import chromium, needed_chromium
from tests.notebook.jupyterlab import (
    IDLE,
    MAIN,
    RUN_LIMIT,
    SECONDS,
    SOLVED_1_1,
    START_LIMIT,
    Lab,
    cell_with,
    check_1_1,
    printed_address,
    renewed,
    run_cell,
    running_lab,
    until,
    write,
)
from workbook.course.model import find_course
from workbook.service.protocol.loopback import listen

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium(needed_chromium()) as browser:
        yield browser


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with running_lab(tmp_path_factory.mktemp("copy") / "course", tmp_path_factory.mktemp("home"), 2) as lab:
        yield lab


@pytest.fixture
def lab(server: Lab) -> Lab:
    """JupyterLab, on the first day."""
    server.first_day()
    return server


@pytest.fixture(scope="module")
def pictures() -> Path:
    """Where CI keeps what a human wants to see."""
    folder = find_course().root / "artifacts"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture
def look(browser: Browser, lab: Lab, pictures: Path, request: pytest.FixtureRequest) -> Iterator[Callable[[int], Page]]:
    """Open a lesson in a window of its own, and wait for its notebook and its kernel."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, color_scheme="light")
    context.set_default_timeout(START_LIMIT * SECONDS)
    page = context.new_page()

    def look(number: int) -> Page:
        lab.run("lab", str(number), "--no-browser")  # which finds the one that runs, and prepares the lesson
        page.goto(lab.address(number))
        page.wait_for_selector(".jp-NotebookPanel .jp-CodeCell")
        page.wait_for_selector(IDLE)
        page.locator(".wb-place strong").wait_for()
        return page

    try:
        yield look
    finally:
        page.screenshot(path=pictures / f"browser_{request.node.name}.png")
        context.close()


# what opens


def test_a_lesson_opens_as_a_workspace(look: Callable[[int], Page], lab: Lab) -> None:
    page = look(1)
    notebook, editor = page.locator(".jp-NotebookPanel"), page.locator(".jp-FileEditor")
    terminal = page.locator(".jp-Terminal")
    terminal.wait_for()
    editor.locator(".cm-content", has_text="FastAPI").wait_for()
    left, right, below = (each.bounding_box() or {} for each in (notebook, editor, terminal))
    assert left["x"] + left["width"] <= right["x"] + 2
    assert right["y"] + right["height"] <= below["y"] + 40
    names = page.locator(".jp-DirListing-itemName").all_inner_texts()
    assert names == ["app"], "the file browser starts in the lesson, and hides what is not for learners"
    terminal.click()
    said = lab.root / "said.txt"
    page.keyboard.type(f"workbook hint 1.1 > {said.name} && echo done >> {said.name}\n")
    until(lambda: said.is_file() and said.read_text(encoding="utf-8").endswith("done\n"))
    assert "1.1" in said.read_text(encoding="utf-8")


def test_the_learner_works_on_a_copy_in_which_nothing_has_run(look: Callable[[int], Page], lab: Lab) -> None:
    before = {file.name: file.read_bytes() for file in (lab.root / "notebooks").glob("*.ipynb")}
    page = look(1)
    assert page.locator(".lm-TabBar-tab", has_text="01_structure.ipynb").get_attribute("title") is not None
    run_cell(page, "%check 1.1").locator(".wb-head").wait_for()
    page.keyboard.press("Control+s")
    own = lab.root / "notebooks" / "mine" / "01_structure.ipynb"
    until(lambda: "wb-head" in own.read_text(encoding="utf-8"))
    assert {file.name: file.read_bytes() for file in (lab.root / "notebooks").glob("*.ipynb")} == before


def test_the_bar_says_where_one_is_and_leads_on(look: Callable[[int], Page], pictures: Path) -> None:
    page = look(2)
    bar = page.locator(".wb-place")
    text = " ".join(bar.inner_text().split())
    lesson = find_course().lesson(2)
    assert text.startswith(
        f"Lesson 2 · {lesson.title} 0 of {lesson.max_points} points, about {lesson.minutes} minutes left"
    )
    bar.get_by_role("button", name="2.1").click()
    heading = page.locator(".jp-NotebookPanel h3", has_text="Exercise 2.1").first
    heading.wait_for()
    page.wait_for_function(
        "() => [...document.querySelectorAll('.jp-NotebookPanel h3')].some(h => h.textContent.includes('Exercise 2.1')"
        " && h.getBoundingClientRect().top > 0 && h.getBoundingClientRect().top < innerHeight)"
    )
    bar.get_by_role("button", name="Contents").click()
    contents = page.locator(".wb-page")
    contents.get_by_text("Structure").first.wait_for()
    page.screenshot(path=pictures / "contents.png")
    titles = [f"{each.number} · {each.title}" for each in find_course().lessons]
    assert contents.get_by_role("heading", level=2).all_inner_texts() == titles
    page.locator(".lm-TabBar-tabLabel", has_text="02_schemas").click()
    bar.get_by_role("button", name="Next").click()
    page.wait_for_url("**/lab/workspaces/lesson-3*")
    page.locator(".wb-place strong", has_text="Lesson 3").wait_for()


def test_a_restarted_kernel_knows_the_workbook(look: Callable[[int], Page]) -> None:
    page = look(1)
    page.get_by_role("menuitem", name="Kernel", exact=True).click()
    page.get_by_text("Restart Kernel…", exact=True).click()
    page.locator(".jp-Dialog-button.jp-mod-accept").click()
    page.wait_for_selector(IDLE)
    card = check_1_1(page)
    card.get_by_role("button", name="Hint").click()  # the bar's and the cards' talk with the kernel is there again
    card.locator(".wb-below", has_text="Hint 1 of 3").wait_for()


def test_a_plain_jupyterlab_shows_the_same_without_buttons(
    browser: Browser, server: Lab, tmp_path: Path, pictures: Path
) -> None:
    """As one has it who opens the notebook with a JupyterLab of their own: it knows nothing of our extension."""
    server.first_day()
    notebook = server.root / "notebooks" / "01_structure.ipynb"
    before = notebook.read_bytes()
    python = Path(server.workbook).with_name("python")
    with listen() as free:
        port = free.getsockname()[1]
    command = [str(python), "-m", "jupyterlab", "--no-browser", f"--port={port}", "--ServerApp.port_retries=0"]
    command += ["--allow-root", f"--ServerApp.root_dir={server.root}"]
    log = tmp_path / "jupyter.log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=server.root, env=server.env, stdout=output, stderr=subprocess.STDOUT)
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.set_default_timeout(START_LIMIT * SECONDS)
    try:
        address = printed_address(process, log)
        page = context.new_page()
        page.goto(address.replace("/lab?", "/lab/tree/notebooks/01_structure.ipynb?"))
        page.wait_for_selector(".jp-NotebookPanel .jp-CodeCell")
        page.wait_for_selector(IDLE)
        cell = run_cell(page, "%check 1.1")
        cell.get_by_text("not started").wait_for()
        assert cell.get_by_role("button", name="Check again").count() == 0
        assert page.locator(".wb-place").count() == 0
        with renewed(cell, "passed"):
            write(server, MAIN, SOLVED_1_1)
        page.screenshot(path=pictures / "plain_jupyterlab.png")
    finally:
        context.close()
        process.terminate()
        process.wait(30)
        notebook.write_bytes(before)


# what renews itself


def test_a_card_renews_itself_after_each_save(look: Callable[[int], Page], lab: Lab, pictures: Path) -> None:
    page = look(1)
    card = check_1_1(page)
    assert "not started" in card.inner_text()
    with renewed(card, "failed"):
        write(lab, MAIN, SOLVED_1_1.replace('"ok"', '"well"'))
    write(lab, MAIN, SOLVED_1_1.replace("return", "return (", 1))
    said = card.locator(".wb-live", has_text="main.py, line 10")
    said.wait_for()
    assert "failed" in card.inner_text(), "a file that is half written is not judged"
    with renewed(card, "passed"):
        write(lab, MAIN, SOLVED_1_1)
    page.screenshot(path=pictures / "card_renewed.png")
    page.locator(".wb-place", has_text=re.compile(r"[1-9]\d* of \d+ points")).wait_for()
    card.get_by_role("button", name="Stop that").click()
    card.get_by_text("It no longer renews itself.").wait_for()
    write(lab, MAIN, SOLVED_1_1.replace('"ok"', '"well"'))
    page.wait_for_timeout(4 * SECONDS)
    assert "failed" not in card.inner_text()


def test_a_save_in_jupyterlab_counts_like_any_other(look: Callable[[int], Page], lab: Lab) -> None:
    page = look(1)
    card = check_1_1(page)
    with renewed(card, "failed"):
        page.locator(".jp-FileEditor .cm-content").click()
        page.keyboard.press("Control+a")
        page.keyboard.insert_text(SOLVED_1_1.replace('"ok"', '"well"'))
        page.keyboard.press("Control+s")
    assert '"well"' in (lab.root / MAIN).read_text(encoding="utf-8")


def test_an_editor_saves_by_itself(look: Callable[[int], Page], lab: Lab) -> None:
    page = look(1)
    card = check_1_1(page)
    with renewed(card, "failed"):
        page.locator(".jp-FileEditor .cm-content").click()
        page.keyboard.press("Control+a")
        page.keyboard.insert_text(SOLVED_1_1.replace('"ok"', '"well"'))
    assert '"well"' in (lab.root / MAIN).read_text(encoding="utf-8")


def test_an_open_file_follows_what_is_on_disk(look: Callable[[int], Page], lab: Lab) -> None:
    page = look(1)
    editor = page.locator(".jp-FileEditor .cm-content")
    write(lab, MAIN, SOLVED_1_1)
    editor.get_by_text("def health").wait_for()
    lab.run("reset", "1.1", "--yes")
    editor.get_by_text("The recipe service: all of it in one file").wait_for()


def test_a_whole_lesson_passes_in_jupyterlab(look: Callable[[int], Page], lab: Lab) -> None:
    """What JupyterLab itself leaves beside the files that it has saved makes no difference."""
    page = look(1)
    page.locator(".jp-FileEditor .cm-content").click()
    page.keyboard.press("Control+s")
    until(lambda: (lab.root / MAIN).with_name(".ipynb_checkpoints").is_dir())
    # An editor that still saves would ask, rightly, which of the two versions is meant.
    page.locator(".lm-TabBar-tab", has_text="main.py").locator(".lm-TabBar-tabCloseIcon").click()
    page.locator(".jp-FileEditor").wait_for(state="detached")
    solved = find_course().solutions_dir / "lesson_01"
    shutil.copytree(solved, lab.root / "lessons" / "lesson_01", dirs_exist_ok=True)
    card = run_cell(page, "%check 1.6")
    card.get_by_text("passed").first.wait_for()


# what can be clicked


def test_a_cards_buttons(look: Callable[[int], Page], lab: Lab, pictures: Path) -> None:
    page = look(1)
    card = check_1_1(page)
    with renewed(card, "failed"):
        write(lab, MAIN, SOLVED_1_1.replace('{"status": "ok"}', '{"status": "well"}'))

    for number in (1, 2):
        card.get_by_role("button", name="Hint").click()
        card.locator(".wb-below", has_text=f"Hint {number} of 3").wait_for()
    page.locator(".jp-FileEditor .cm-content").wait_for()
    page.locator(".lm-TabBar-tab", has_text="main.py").locator(".lm-TabBar-tabCloseIcon").click()
    card.get_by_role("button", name="Open main.py").click()  # it stands beside the notebook, not over it
    page.locator(".jp-FileEditor .cm-content", has_text="def health").wait_for()
    named = SOLVED_1_1.splitlines().index('@app.get("/health")') + 1
    page.get_by_text(f"Ln {named}, Col 1").wait_for()
    assert page.locator(".jp-NotebookPanel").is_visible()
    page.screenshot(path=pictures / "card_buttons.png")

    write(lab, MAIN, SOLVED_1_1)
    card.get_by_role("button", name="Compare with the solution").wait_for()
    card.get_by_role("button", name="Compare with the solution").click()
    card.locator(".wb-below pre", has_text="solutions/lesson_01/app/main.py").wait_for()
    card.get_by_role("button", name="Check again").click()
    card.locator(".wb-below").wait_for(state="detached")
    onward = card.get_by_role("button", name=re.compile(r"1\.2"))
    path, line = (onward.get_attribute(f"data-wb-{name}") for name in ("path", "line"))
    assert path is not None
    assert line is not None
    said = (lab.root / path).read_text(encoding="utf-8").splitlines()[int(line) - 1]
    assert said.strip().startswith("# Exercise 1.2:"), "one types where the file says so"
    onward.click()
    page.locator(".jp-NotebookPanel h3", has_text="Exercise 1.2").first.wait_for()
    page.get_by_text(f"Ln {line}, Col 1").wait_for()


def test_buttons_are_used_by_keyboard(look: Callable[[int], Page]) -> None:
    page = look(1)
    card = check_1_1(page)
    card.get_by_role("button", name="Check again").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Hint"
    page.keyboard.press("Enter")
    card.locator(".wb-below", has_text="Hint 1 of 3").wait_for()


def test_links_in_the_text_open_files_and_lessons(look: Callable[[int], Page]) -> None:
    page = look(1)
    page.locator(".lm-TabBar-tab", has_text="main.py").locator(".lm-TabBar-tabCloseIcon").click()
    page.locator(".jp-FileEditor").wait_for(state="detached")
    page.locator(".jp-NotebookPanel").get_by_role("link", name="lessons/lesson_01").first.click()
    page.locator(".jp-FileEditor .cm-content").wait_for()
    assert page.locator(".jp-NotebookPanel").is_visible()
    assert page.locator(".jp-Terminal").is_visible()
    page.locator(".jp-NotebookPanel").get_by_role("link", name="2 Schemas").first.click()
    page.wait_for_url("**/lab/workspaces/lesson-2*")
    page.locator(".wb-place strong", has_text="Lesson 2").wait_for()


def test_a_prediction_is_answered_by_a_click_and_asked_again(look: Callable[[int], Page], lab: Lab) -> None:
    page = look(1)
    cell_with(page, "%reveal double_cat").locator(".cm-content").click()
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Above Selected Cell", exact=True).click()
    page.wait_for_timeout(2 * SECONDS)
    page.wait_for_selector(IDLE, timeout=RUN_LIMIT * SECONDS)
    cell = cell_with(page, "GET /double/cat: which status comes back?")
    cell.get_by_role("button", name="404").click()
    cell.get_by_role("button", name="404", pressed=True).wait_for()
    cell.get_by_text("Noted: b. Run the next cell and compare.").wait_for()
    reveal = cell_with(page, "%reveal double_cat")
    run_cell(page, "%reveal double_cat")
    reveal.get_by_text("Such a surprise is worth more than a lucky guess").wait_for()

    page = look(2)
    run_cell(page, "%recall 2").get_by_text("GET /double/cat: which status comes back?").wait_for()


# where one was


def test_one_comes_back_to_the_same_place(look: Callable[[int], Page], lab: Lab) -> None:
    page = look(1)
    page.locator(".wb-place").get_by_role("button", name="1.1").click()
    cell_with(page, "%check 1.1").locator(".cm-content").click()
    page.wait_for_timeout(2 * SECONDS)  # JupyterLab saves its workspace a moment later
    page = look(1)
    page.locator(".jp-NotebookPanel .jp-CodeCell", has_text="%check 1.1").first.wait_for()
    assert "lesson-1" in lab.run("lab", "--no-browser")


# how it looks


def test_all_cells_run_and_the_card_is_seen_in_light_and_dark(look: Callable[[int], Page], pictures: Path) -> None:
    page = look(2)
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    page.wait_for_timeout(2 * SECONDS)
    page.wait_for_selector(IDLE, timeout=RUN_LIMIT * SECONDS)
    cell = cell_with(page, "%check 2.1")
    card = cell.locator(".wb:has(.wb-head)")
    card.locator("text=points").wait_for()
    text = " ".join(card.inner_text().split())
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
        shots[theme] = card.evaluate("card => getComputedStyle(card).color")
    assert shots["light"] != shots["dark"]


def test_a_picture_follows_the_theme(look: Callable[[int], Page], pictures: Path) -> None:
    page = look(1)
    window = page.locator(".jp-NotebookPanel .jp-WindowedPanel-outer")
    picture = page.locator(".jp-RenderedMermaid").first
    for _ in range(200):
        if picture.count():
            break
        window.evaluate("window => window.scrollBy(0, 400)")
        page.wait_for_timeout(50)
    picture.scroll_into_view_if_needed()
    shots = {}
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        page.wait_for_selector(f"body[data-jp-theme-light='{str(theme == 'light').lower()}']", state="attached")
        page.wait_for_timeout(1.5 * SECONDS)
        shots[theme] = picture.locator("img, svg").first.evaluate("each => each.src || each.outerHTML")
        page.screenshot(path=pictures / f"picture_{theme}.png")
    assert shots["light"] != shots["dark"]


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark", "JupyterLab Dark High Contrast"])
def test_axe_finds_nothing_serious_in_what_is_ours(
    look: Callable[[int], Page], lab: Lab, pictures: Path, theme: str
) -> None:
    plugin = "@jupyterlab/apputils-extension:themes"
    settings = json.dumps({"adaptive-theme": False, "theme": theme})
    lab.settings(plugin, settings)
    try:
        page = look(1)
        card = check_1_1(page)
        write(lab, MAIN, SOLVED_1_1.replace('"ok"', '"well"'))
        card.get_by_text("failed").first.wait_for()
        card.get_by_role("button", name="Hint").click()
        card.locator(".wb-below").wait_for()
        page.locator(".wb-place").get_by_role("button", name="Contents").click()
        page.locator(".wb-page").wait_for()
        found = serious(page, ".wb-page")
        page.screenshot(path=pictures / f"contents_{theme.rpartition(' ')[2].lower()}.png")
        page.locator(".lm-TabBar-tabLabel", has_text="01_structure").click()
        card.scroll_into_view_if_needed()
        cell_with(page, "GET /double/cat: which status comes back?")
        for part in (".wb-place", ".wb", ".wb-question", ".jp-NotebookPanel .jp-RenderedMarkdown"):
            found += serious(page, part)
        page.screenshot(path=pictures / f"theme_{theme.rpartition(' ')[2].lower()}.png")
    finally:
        lab.settings(plugin, "{}")
    assert not found, "\n".join(found)


def serious(page: Page, part: str) -> list[str]:
    """What axe finds in a part of the page that keeps somebody from using it."""
    from axe_playwright_python.sync_playwright import Axe  # pyright: ignore[reportMissingTypeStubs]

    assert page.locator(part).count(), part
    axe: Any = Axe()
    violations: list[dict[str, Any]] = axe.run(page, context={"include": [[part]]}).response["violations"]
    return [
        f"{part}: {each['id']}: {each['help']}: {[node['html'][:200] for node in each['nodes'][:3]]}"
        for each in violations
        if each["impact"] in {"serious", "critical"}
    ]


def test_lines_are_no_longer_than_80_characters(look: Callable[[int], Page]) -> None:
    page = look(1)
    page.set_viewport_size({"width": 2400, "height": 1000})
    page.wait_for_timeout(1 * SECONDS)
    wide = page.evaluate(
        """() => {
            const text = [...document.querySelectorAll('.jp-NotebookPanel .jp-RenderedMarkdown p')]
                .find(p => p.textContent.length > 200);
            const probe = document.createElement('span');
            probe.textContent = '0'.repeat(80);
            text.append(probe);
            const width = text.parentElement.clientWidth / probe.getBoundingClientRect().width;
            probe.remove();
            return width;
        }"""
    )
    assert wide <= 1.05
