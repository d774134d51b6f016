"""The command that opens JupyterLab on a lesson."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

SETTINGS = Path(__file__).with_name("lab_settings")
"""Defaults for JupyterLab; a learner's own settings win over them."""

if TYPE_CHECKING:
    from workbook.course import Course, Lesson


def command(course: Course, lesson: Lesson, *, browser: bool) -> list[str]:
    """What to run, in the course's folder, to work on a lesson in JupyterLab.

    The server listens on this machine only and keeps Jupyter's usual protection: an address with a token, which is
    printed at the start. It asks the web for no news and no updates.

    Args:
        course: the course; its folder is what JupyterLab shows.
        lesson: the lesson whose notebook to open; without a notebook, JupyterLab opens on the folder.
        browser: whether to open a browser.

    Returns:
        The program and its arguments.
    """
    notebook = course.notebook(lesson)
    opened = f"/tree/{quote(notebook.relative_to(course.root).as_posix())}" if notebook.is_file() else ""
    options = [
        f"--ServerApp.root_dir={course.root}",
        f"--LabApp.default_url=/lab{opened}",
        f"--ServerApp.open_browser={browser}",
        f"--LabApp.app_settings_dir={SETTINGS}",
        "--LabApp.news_url=None",
        "--LabApp.check_for_updates_class=jupyterlab.handlers.announcements.NeverCheckForUpdate",
        "--LabApp.extension_manager=readonly",  # nothing is installed into the environment by a click
        "--log-level=WARN",  # the address is printed all the same
    ]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        options.append("--allow-root")  # in a container, where there is nobody else
    return [sys.executable, "-m", "jupyterlab", *options]
