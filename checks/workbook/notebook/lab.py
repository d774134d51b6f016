"""The command that opens JupyterLab on a lesson."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from workbook.notebook.workspace import workspace_name, workspaces_folder

SETTINGS = Path(__file__).with_name("lab_settings")
"""Defaults for JupyterLab; a learner's own settings win over them."""
EXTENSIONS = Path(__file__).with_name("lab_extension")
"""The folder with our extension of JupyterLab: buttons, links, and where one is."""
HIDDEN = ["__pycache__", "*.pyc", "*.pyo", "*~", "*.egg-info", "lesson.toml", "solutions", "src"]
"""What the file browser does not list, by name: what is not the learner's to edit."""

if TYPE_CHECKING:
    from workbook.course.model import Course, Lesson


def command(course: Course, lesson: Lesson, *, browser: bool, port: int) -> list[str]:
    """What to run, in the course's folder, to work on a lesson in JupyterLab.

    The server listens on this machine only and keeps Jupyter's usual protection: an address with a token, which is
    printed at the start. It asks the web for no news and no updates.

    Args:
        course: the course; its folder is what JupyterLab shows.
        lesson: the lesson whose workspace to open.
        browser: whether to open a browser.
        port: where to listen; nothing else is tried when it is taken.

    Returns:
        The program and its arguments.
    """
    options = [
        f"--ServerApp.root_dir={course.root}",
        f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0",
        f"--ServerApp.open_browser={browser}",
        f"--ServerApp.terminado_settings={json.dumps({'shell_command': shell()})}",
        f"--ContentsManager.hide_globs={json.dumps(HIDDEN)}",
        f"--LabApp.default_url=/lab/workspaces/{workspace_name(lesson)}",
        f"--LabApp.workspaces_dir={workspaces_folder(course)}",
        f"--LabApp.app_settings_dir={SETTINGS}",
        f"--LabApp.extra_labextensions_path={EXTENSIONS}",
        "--LabApp.news_url=None",
        "--LabApp.check_for_updates_class=jupyterlab.handlers.announcements.NeverCheckForUpdate",
        "--LabApp.extension_manager=readonly",  # nothing is installed into the environment by a click
        # A language server that happens to be installed (for authors, one is) fills the page with its own messages.
        "--LanguageServerManager.autodetect=False",
        "--log-level=WARN",  # the address is printed all the same
    ]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        options.append("--allow-root")  # in a container, where there is nobody else
    if os.environ.get("BROWSER"):  # a program that shows addresses, as in a dev container, and no file of this machine
        options.append("--ServerApp.use_redirect_file=False")
    if space := os.environ.get("CODESPACE_NAME"):
        domain = os.environ.get("GITHUB_CODESPACES_PORT_FORWARDING_DOMAIN", "app.github.dev")
        options.append(f"--ServerApp.allow_origin=https://{space}-{port}.{domain}")  # as the learner's browser sees it
    return [sys.executable, "-m", "jupyterlab", *options]


def environment() -> dict[str, str]:
    """The environment of JupyterLab and of all that runs in it: ``workbook`` is found in its terminals."""
    programs = str(Path(sys.executable).parent)
    path = os.environ.get("PATH", os.defpath).split(os.pathsep)
    return {**os.environ, "PATH": os.pathsep.join([programs, *(part for part in path if part != programs)])}


def shell() -> list[str]:
    """The shell for terminals.

    Named, because JupyterLab would otherwise start a login shell when its output goes to a file, and that forgets the
    path on which ``workbook`` is found.
    """
    if os.name == "nt":
        return ["powershell.exe"]
    return [os.environ.get("SHELL") or shutil.which("bash") or "sh"]
