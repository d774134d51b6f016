"""The outer wall: bubblewrap around a worker, so that it sees the course and the Python installation and nothing else.

No network, no process of others, no home folder, no roster, no results, no other submission, no variable of ours. As
root, the worker is first made an ordinary user: the kernel exempts root from the limit of processes.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import workbook
from workbook.course import CourseError
from workbook.grading.sandbox.cage import installation

WORK = Path("/run/workbook")
"""Where the worker keeps its files: in memory."""
_WORK_BYTES = 512 * 1024 * 1024
_FIRST_USER = 61_000
"""Users that no system hands out (Debian's policy keeps 60000 to 64999 apart, and gives them out on request only)."""
_USERS = 4_000
_LINKS = ("/bin", "/sbin", "/lib", "/lib32", "/lib64")
_SETTINGS = ("/etc/localtime", "/etc/mime.types", "/etc/ld.so.cache")


def command(inner: Sequence[str], visible: Sequence[Path], environment: dict[str, str]) -> list[str]:
    """The command that runs ``inner`` behind the wall.

    Args:
        inner: what to run.
        visible: folders that it sees at their own places, read-only, beside the Python installation and the system's
            programs.
        environment: all its variables.

    Raises:
        CourseError: a program that this needs is not installed.
    """
    variables = [word for name, value in environment.items() for word in ("--setenv", name, value)]
    wall = [
        _program("bwrap", "bubblewrap"), "--unshare-all", "--die-with-parent", "--new-session", "--clearenv",
        *variables, "--proc", "/proc", "--dev", "/dev", *_view(visible),
        "--size", str(_WORK_BYTES), "--tmpfs", str(WORK), "--chdir", "/",
    ]  # fmt: skip
    walled = [*wall, "--", *inner]
    return walled if os.getuid() != 0 else become_user(walled, visible, {})


def become_user(
    inner: Sequence[str], visible: Sequence[Path], environment: dict[str, str], folder: Path = Path("/")
) -> list[str]:
    """The command by which root runs ``inner`` as an ordinary user, who may be unable to reach the folders it needs.

    Args:
        inner: what to run.
        visible: folders to show, as for ``command``.
        environment: all its variables.
        folder: where it runs.

    Raises:
        CourseError: a program that this needs is not installed.
    """
    user = str(_FIRST_USER + os.getpid() % _USERS)
    variables = [word for name, value in environment.items() for word in ("--setenv", name, value)]
    show = [
        _program("bwrap", "bubblewrap"), "--die-with-parent", "--unshare-ipc", "--unshare-uts", "--unshare-net",
        "--clearenv", *variables, "--perms", "1777", "--tmpfs", "/tmp", "--bind", "/proc", "/proc",
        "--dev-bind", "/dev", "/dev", "--perms", "1777", "--tmpfs", "/dev/shm", *_view(visible),
        "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID", "--chdir", str(folder),
    ]  # fmt: skip
    change = [_program("setpriv", "util-linux"), f"--reuid={user}", f"--regid={user}", "--clear-groups"]
    return [*show, "--", *change, "--inh-caps=-all", "--", *inner]


def _view(visible: Sequence[Path]) -> list[str]:
    words = ["--ro-bind", "/usr", "/usr"]
    for link in map(Path, _LINKS):
        if link.is_symlink():
            words += ["--symlink", str(link.readlink()), str(link)]
        elif link.is_dir():
            words += ["--ro-bind", str(link), str(link)]
    folders = [*installation(), Path(workbook.__file__).parent, *visible]
    parents = {parent for path in [*folders, *map(Path, _SETTINGS)] for parent in path.parents}
    for parent in sorted(parents - {Path("/")}):
        words += ["--dir", str(parent)]  # else bubblewrap makes it with no rights for others
    for path in sorted(set(folders)):
        words += ["--ro-bind", str(path), str(path)]
    for setting in _SETTINGS:
        words += ["--ro-bind-try", setting, setting]
    return words


def _program(name: str, package: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise CourseError(
            f"Grading in a sandbox needs {name}: install the package {package} of your system, or say --sandbox none."
        )
    return found
