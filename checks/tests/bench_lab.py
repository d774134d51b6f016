"""How long a learner waits in JupyterLab: until a lesson stands there, and from a save to the new card.

Run it with the environment's Python on an idle machine; it works on a copy of the course, and needs Chromium::

    python checks/tests/bench_lab.py
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CHECKS = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(CHECKS))

SAVES = 20
MAIN = "lessons/lesson_01/app/main.py"


def main() -> None:
    """Measure, and print a line for each figure."""
    from tests.chromium import chromium, needed_chromium
    from tests.notebook.jupyterlab import SOLVED_1_1, check_1_1, running_lab

    with tempfile.TemporaryDirectory() as scratch, chromium(needed_chromium()) as browser:
        started = time.perf_counter()
        with running_lab(Path(scratch, "copy"), Path(scratch, "home"), 1) as lab:
            page = browser.new_page()
            page.goto(lab.address(1))
            page.wait_for_selector(".jp-NotebookPanel .jp-RenderedMarkdown h1")
            print(f"workbook lab 1 until the lesson is to be read: {time.perf_counter() - started:.1f} s")
            page.wait_for_selector(".wb-place strong")
            print(f"                       until its bar is there: {time.perf_counter() - started:.1f} s")
            card = check_1_1(page)
            waits: list[float] = []
            for number in range(SAVES):
                text = SOLVED_1_1 if number % 2 else SOLVED_1_1.replace('"ok"', '"well"')
                began = time.perf_counter()
                (lab.root / MAIN).write_text(text, encoding="utf-8")
                card.get_by_text("passed" if number % 2 else "failed", exact=True).first.wait_for()
                waits.append(time.perf_counter() - began)
            cold: list[float] = []
            for _ in range(5):
                began = time.perf_counter()
                subprocess.run([lab.workbook, "check", "1.1"], cwd=lab.root, capture_output=True, check=False)
                cold.append(time.perf_counter() - began)
    middle, alone = statistics.median(waits), statistics.median(cold)
    print(f"a save until its card is new, median of {SAVES}: {middle:.2f} s, longest {max(waits):.2f} s")
    print(
        f"workbook check 1.1 in a terminal, median of 5: {alone:.2f} s, so a card takes {middle / alone:.1f} times that"
    )


if __name__ == "__main__":
    main()
