"""Draw the README's picture of the feedback, from what a learner really sees.

``python checks/tests/picture.py`` checks a lesson that is half done and has a typical mistake in it (one of the
lesson's wrong variants), and draws the answer as an SVG.
"""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

from workbook.authoring.regions import read_marked
from workbook.authoring.starter_files import target_folder
from workbook.authoring.starters import BuiltLesson, build_lesson
from workbook.authoring.variants import read_variants
from workbook.course.model import find_course

ROOT = Path(__file__).resolve().parents[2]
PICTURE = ROOT / ".github" / "images" / "feedback.svg"
LESSON = 3
MISTAKE = "flushed_not_committed"
NOT_STARTED = ("3.4", "3.5", "3.6")
COLUMNS = 92

# Drawn with the reader's own monospaced font: a picture that fetches one shows nothing offline.
FRAME = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}"
role="img" aria-label="The feedback of a check, in a terminal">
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace;
  font-size: {char_height}px; line-height: {line_height}px; white-space: pre; }}
.{unique_id}-title {{ font-family: system-ui, sans-serif; font-size: 18px; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/>
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""
INK = (220, 223, 228)
RED, GREEN, YELLOW, BLUE = (240, 113, 120), (145, 203, 115), (229, 192, 123), (97, 175, 239)
THEME = TerminalTheme((24, 26, 32), INK, [(40, 44, 52), RED, GREEN, YELLOW, BLUE, (198, 120, 221), (86, 182, 194), INK])


def main() -> int:
    """Draw the picture again.

    Returns:
        0, or 1 when the checks said nothing.
    """
    course = find_course(ROOT)
    built = build_lesson(course, course.lesson(LESSON))
    with tempfile.TemporaryDirectory() as scratch:
        target_folder(Path(scratch) / "lessons", built, half_done(built))
        options = ["--target", f"{scratch}/lessons", "--seed", "1", "--color", "yes"]
        answer = subprocess.run(
            [sys.executable, "-m", "pytest", f"checks/lesson_{LESSON:02d}", *options],
            cwd=ROOT,
            env={**os.environ, "COLUMNS": str(COLUMNS)},
            capture_output=True,
            text=True,
            check=False,
        )
    text = answer.stdout.strip("\n").replace(f"{scratch}/", "")
    if not text:
        print(answer.stderr)
        return 1
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
    console.print(Text.from_ansi(f"$ pytest checks/lesson_{LESSON:02d}\n\n{text}"))
    picture = console.export_svg(title="", theme=THEME, code_format=FRAME, unique_id="feedback")
    PICTURE.write_text(re.sub(r"[ \t]+$", "", picture, flags=re.MULTILINE), encoding="utf-8")
    print(text)
    return 0


def half_done(built: BuiltLesson) -> dict[str, bytes]:
    """The lesson with the mistake in it, and with the starter's lines where nothing is done yet."""
    course = find_course(ROOT)
    [variant] = [one for one in read_variants(course, built.lesson) if one.name == MISTAKE]
    files: dict[str, bytes] = {}
    for name, content in built.solution.items():
        marked = (course.solutions_dir / built.lesson.folder / name).read_text(encoding="utf-8")
        text = read_marked(solved_but(marked), name, NOT_STARTED).starter if name in built.regions else content.decode()
        for edit in variant.edits:
            if edit.file == name and text is not None and edit.find is not None:
                text = text.replace(edit.find, edit.text or "")
        if text is not None:
            files[name] = text.encode()
    return files


def solved_but(marked: str) -> str:
    """A marked Python file in which only the regions of exercises that are not started are left."""
    kept: list[str] = []
    solved = False
    for line in marked.splitlines(keepends=True):
        word, _, rest = line.strip().removeprefix("# ").partition(" ")
        if word == "region":
            solved = rest.split(" ")[0].strip() not in NOT_STARTED
        if not (solved and word in {"region", "starter:", "endregion"}):
            kept.append(line)
    return "".join(kept)


if __name__ == "__main__":
    sys.exit(main())
