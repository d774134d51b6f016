"""The lessons as a web site, to read before anything is installed.

Sphinx makes it from the stored notebooks, with MyST-NB and the theme Furo: nothing is run. What only a kernel can
answer is left out, predictions become questions, and no solution is on it, because none is in a notebook.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbook.authoring.errors import AuthoringError
from workbook.authoring.notebook_file import from_json, node, to_json
from workbook.course.model import CourseError
from workbook.notebook.cards import AMBER, BLUE, GREEN, GREY, RED
from workbook.notebook.predict import read_question

if TYPE_CHECKING:
    from workbook.course.model import Course, Lesson

NEEDED = ("sphinx", "myst_nb", "furo", "sphinxcontrib.mermaid")
TITLE = "FastAPI workbook"
_LINK = re.compile(r"\[(?P<text>(?:[^\[\]]|\[[^\]]*\])*)\]\((?P<address>[^()\s]+)\)")
_ANCHOR = re.compile(r'<a href="(?P<address>[^"]+)">(?P<text>.*?)</a>')
_NEEDS_A_KERNEL = re.compile(r"^\s*%(check|hint|recall)\b")
_REVEAL = re.compile(r"^\s*%reveal\b")
_STYLE = re.compile(r"<style>.*?</style>", re.DOTALL)
_SETTINGS = """\
project = {title!r}
html_title = {title!r}
language = "en"
extensions = ["myst_nb", "sphinxcontrib.mermaid"]
nb_execution_mode = "off"
myst_fence_as_directive = ["mermaid"]
myst_heading_anchors = 3
mermaid_fullscreen = False
mermaid_height = "auto"
html_theme = "furo"
html_baseurl = {address!r}
html_copy_source = False
html_show_sourcelink = False
html_show_copyright = False
html_static_path = ["static"]
html_css_files = ["site.css"]
pygments_style = "a11y-high-contrast-light"
pygments_dark_style = "a11y-high-contrast-dark"
"""
_STYLES = """\
/* On a phone, code breaks its lines: what scrolls sideways is not found with a keyboard. */
article pre { white-space: pre-wrap; overflow-wrap: anywhere; }
article pre.mermaid { background: none; }
article .wb { max-width: 100%; }
article table { overflow-wrap: anywhere; }
"""
_LIGHT = {GREEN: "#1a7f37", BLUE: "#1f5fb8", AMBER: "#8a5200", RED: "#b3261e", GREY: "#5f6b76"}
_DARK = {GREEN: "#63c787", BLUE: "#8ab8f5", AMBER: "#e0a850", RED: "#ff9488", GREY: "#a3adb8"}


def build_site(course: Course, out: Path, *, repository: str = "", address: str = "") -> int:
    """Write the site into a folder.

    Args:
        course: the course.
        out: the folder; what Sphinx wrote there before is written anew.
        repository: where the files of the lessons can be read, such as ``https://github.com/NAME/REPOSITORY``.
        address: where the site will be.

    Returns:
        The number of lessons on it.

    Raises:
        CourseError: Sphinx or a part of it is not installed.
        AuthoringError: a lesson has no built notebook, or Sphinx finds a fault, such as a link that leads nowhere.
    """
    missing = [name for name in NEEDED if find_spec(name.partition(".")[0]) is None or find_spec(name) is None]
    if missing:
        raise CourseError(f"The site needs {', '.join(missing)}: make setup does not bring it, setup --dev does.")
    with tempfile.TemporaryDirectory(prefix="workbook-site-") as scratch:
        source = Path(scratch)
        (source / "static").mkdir()
        (source / "static" / "site.css").write_text(_styles(), encoding="utf-8")
        (source / "conf.py").write_text(_SETTINGS.format(title=TITLE, address=address), encoding="utf-8")
        (source / "index.md").write_text(_index(course, repository), encoding="utf-8")
        for lesson in course.lessons:
            page = _page(course, lesson, repository)
            (source / course.notebook(lesson).name).write_text(to_json(page), encoding="utf-8")
        command = [sys.executable, "-m", "sphinx", "--fail-on-warning", "--keep-going", "--quiet", "--fresh-env"]
        run = subprocess.run(
            [*command, "-b", "dirhtml", "-d", str(source / "trees"), str(source), str(out)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
        if run.returncode:
            raise AuthoringError([line.replace(scratch, "site") for line in run.stderr.strip().splitlines()[:20]])
    return len(course.lessons)


def _page(course: Course, lesson: Lesson, repository: str) -> Any:
    """A lesson's notebook as a page."""
    file = course.notebook(lesson)
    if not file.is_file():
        raise AuthoringError(f"notebooks/{file.name}: lesson {lesson.number} has no built notebook.")
    notebook = from_json(file.read_text(encoding="utf-8"))
    learned = "; ".join(lesson.objectives)
    description = f"Lesson {lesson.number} of a free course on production FastAPI services: {learned}."
    notebook.metadata["myst"] = {"html_meta": {"description": description.replace("`", "")}}
    notebook.cells = [shown for cell in notebook.cells if (shown := _cell(cell, repository)) is not None]
    _add_hints(notebook, lesson)
    styles = 0
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            html = "".join(output.get("data", {}).get("text/html", ""))
            if "<style>" in html:
                styles += 1
                output["data"]["text/html"] = html if styles == 1 else _STYLE.sub("", html)
    return notebook


def _add_hints(notebook: Any, lesson: Lesson) -> None:
    """Put each exercise's hints below its contract, folded, one below the other."""
    for cell in notebook.cells:
        for exercise in lesson.exercises if cell.cell_type == "markdown" else ():
            if f"### Exercise {exercise.id} " in cell.source:
                cell.source += "\n\n" + "\n\n".join(
                    f"<details><summary>Hint {number}</summary>\n\n{hint}\n\n</details>"
                    for number, hint in enumerate(exercise.hints, start=1)
                )


def _cell(cell: Any, repository: str) -> Any:
    """A cell as the site shows it; None where it says nothing without a kernel."""
    if cell.cell_type == "markdown":
        cell.source = _with_links(cell.source, repository)
        return cell
    if cell.source.startswith("%%predict"):
        question, options, _ = read_question(cell.source.partition("\n")[2])
        choices = "".join(f"\n- {letter}) {text}" for letter, text in options.items())
        text = f"````{{admonition}} Predict\n{question}\n{choices}\n````"
        return node({"cell_type": "markdown", "id": cell.id, "metadata": {}, "source": text})
    lines = [line for line in cell.source.splitlines() if not _REVEAL.match(line)]
    if not "".join(lines).strip() or all(_NEEDS_A_KERNEL.match(line) for line in lines if line.strip()):
        return None
    cell.source = "\n".join(lines)
    return cell


def _with_links(text: str, repository: str) -> str:
    """The text with links that lead somewhere on the site; to files of the course only where these can be read."""

    def destination(address: str) -> str | None:
        if re.match(r"https?:|#", address) or address.endswith(".ipynb"):
            return address
        if address.startswith("../README.md"):
            return "index.md"
        return f"{repository.rstrip('/')}/blob/main/{address.removeprefix('../')}" if repository else None

    def link(match: re.Match[str]) -> str:
        to = destination(match["address"])
        return f"[{match['text']}]({to})" if to else match["text"]

    def anchor(match: re.Match[str]) -> str:
        to = destination(match["address"])
        return f'<a href="{to}">{match["text"]}</a>' if to else match["text"]

    return _ANCHOR.sub(anchor, _LINK.sub(link, text))


def _styles() -> str:
    """The site's own style sheet. The colours of the cards are made for white and black paper; a page knows which."""
    dark = "\n".join(_coloured("body[data-theme=dark]", _DARK))
    auto = "\n".join(_coloured("body:not([data-theme=light])", _DARK))
    light = "\n".join(_coloured("body", _LIGHT))
    return f"{_STYLES}{light}\n{dark}\n@media (prefers-color-scheme: dark) {{\n{auto}\n}}\n"


def _coloured(body: str, colours: dict[str, str]) -> list[str]:
    rules = colours.items()
    return [f'{body} article [style*="color:{old}"] {{ color: {new} !important; }}' for old, new in rules]


def _index(course: Course, repository: str) -> str:
    minutes = sum(lesson.minutes for lesson in course.lessons)
    lessons = "\n\n".join(_entry(course, lesson) for lesson in course.lessons)
    pages = "\n".join(course.notebook(lesson).name for lesson in course.lessons)
    start = f"[Get the workbook]({repository}), then open it" if repository else "Get the workbook, and open it"
    return f"""---
myst:
  html_meta:
    description: Learn to write production FastAPI services in {len(course.lessons)} lessons, by building one.
---
# {TITLE}

Learn to write production FastAPI services by building one. You read a notebook that runs a real API in front of you,
say what will happen before it does, then build the next piece yourself. After each save the checks talk to your
service over HTTP, and tell you one thing at a time.

Here you can read all {len(course.lessons)} lessons, about {round(minutes / 60)} hours of work, with what every cell
answered. To answer the exercises you need the workbook on your machine: Python 3.11 or newer, and make. {start}:

```console
make lab
```

## The lessons

{lessons}

```{{toctree}}
:hidden:

{pages}
```
"""


def _entry(course: Course, lesson: Lesson) -> str:
    objectives = "\n".join(f"- {text}" for text in lesson.objectives)
    name = course.notebook(lesson).name
    exercises = f"{len(lesson.exercises)} exercises, {lesson.max_points} points, about {lesson.minutes} minutes"
    return f"### [Lesson {lesson.number} · {lesson.title}]({name})\n\n{exercises}. You will be able to:\n\n{objectives}"
