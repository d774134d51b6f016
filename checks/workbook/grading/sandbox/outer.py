"""The outer sandbox: bubblewrap around a worker, which sees the course and the Python installation and nothing else.

No network, no process of others, no home folder, no roster, no results, no other submission, no variable of ours. Where
root starts it, it runs as an ordinary user, and its services as another one: see ``users``.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from itertools import count
from pathlib import Path

import workbook
from workbook.course.model import CourseError
from workbook.grading.sandbox.cgroups import INSIDE, WorkerGroup
from workbook.grading.sandbox.filesystem import HOST, SETTINGS, installation
from workbook.grading.sandbox.users import COUNT

WORK = Path("/run/workbook")
"""Where the worker keeps its files: in memory."""
_WORK_BYTES = 512 * 1024 * 1024
_FIRST_USER = 61_000
"""Users that no system hands out (Debian's policy keeps 60000 to 64999 apart, and gives them out on request only)."""
_USERS = 2_000
_LINKS = ("/bin", "/sbin", "/lib", "/lib32", "/lib64")
_workers = count(os.getpid())


def first_user() -> int:
    """The user that root gives to the worker that it starts now; the next number is that of its services."""
    return _FIRST_USER + next(_workers) % _USERS * COUNT if os.getuid() == 0 else os.getuid()


def command(
    inner: Sequence[str],
    visible: Sequence[Path],
    environment: dict[str, str],
    user: int,
    group: WorkerGroup | None = None,
) -> list[str]:
    """The command that runs ``inner`` in the outer sandbox.

    Args:
        inner: what to run.
        visible: folders that it sees at their own places, read-only, beside the Python installation and the system's
            programs.
        environment: all its variables.
        user: from ``first_user``.
        group: the control group that it can put processes into, if there is one.

    Raises:
        CourseError: a program that this needs is not installed.
    """
    is_root = os.getuid() == 0
    variables = [word for name, value in environment.items() for word in ("--setenv", name, value)]
    bound = {INSIDE / name: place for name, place in group.places.items()} if group is not None else {}
    namespaces = ["--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--hostname", HOST]
    sandboxed = [
        _program("bwrap", "bubblewrap"), *([] if is_root else ["--unshare-user"]), *namespaces,
        "--die-with-parent", "--new-session", "--clearenv", *variables, "--proc", "/proc", "--dev", "/dev",
        *_view(visible), *_writable({place: place for place in bound} if is_root else bound),
        "--size", str(_WORK_BYTES), "--tmpfs", str(WORK), "--chdir", "/", "--", *inner,
    ]  # fmt: skip
    prefix = [*group.command_prefix] if group is not None else []
    if not is_root:
        return [*prefix, *sandboxed]
    become = [sys.executable, "-I", "-m", "workbook.grading.sandbox.users", str(user), *sandboxed]
    return [*prefix, *_as_root(visible, {}, Path("/")), *_writable(bound), "--", *become]


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
    user = str(first_user())
    change = [_program("setpriv", "util-linux"), f"--reuid={user}", f"--regid={user}", "--clear-groups"]
    return [*_as_root(visible, environment, folder), "--", *change, "--inh-caps=-all", "--", *inner]


def _as_root(visible: Sequence[Path], environment: dict[str, str], folder: Path) -> list[str]:
    """What shows an ordinary user the folders it needs, wherever they lie."""
    variables = [word for name, value in environment.items() for word in ("--setenv", name, value)]
    return [
        _program("bwrap", "bubblewrap"), "--die-with-parent", "--unshare-ipc", "--unshare-uts", "--unshare-net",
        "--clearenv", *variables, "--perms", "1777", "--tmpfs", "/tmp", "--bind", "/proc", "/proc",
        "--dev-bind", "/dev", "/dev", "--perms", "1777", "--tmpfs", "/dev/shm", *_view(visible),
        "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID", "--chdir", str(folder),
    ]  # fmt: skip


def _writable(bound: Mapping[Path, Path]) -> list[str]:
    words = ["--dir", str(INSIDE.parent), "--dir", str(INSIDE)]
    return words + [word for place, source in bound.items() for word in ("--bind", str(source), str(place))]


def _view(visible: Sequence[Path]) -> list[str]:
    words = ["--ro-bind", "/usr", "/usr"]
    for link in map(Path, _LINKS):
        if link.is_symlink():
            words += ["--symlink", str(link.readlink()), str(link)]
        elif link.is_dir():
            words += ["--ro-bind", str(link), str(link)]
    folders = [*installation(), Path(workbook.__file__).parent, *visible]
    parents = {parent for path in [*folders, *map(Path, SETTINGS)] for parent in path.parents}
    for parent in sorted(parents - {Path("/")}):
        words += ["--dir", str(parent)]  # else bubblewrap makes it with no rights for others
    for path in sorted(set(folders)):
        words += ["--ro-bind", str(path), str(path)]
    for setting in SETTINGS:
        words += ["--ro-bind-try", setting, setting]
    return words


def _program(name: str, package: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise CourseError(
            f"Grading in a sandbox needs {name}: install the package {package} of your system, or say --sandbox none."
        )
    return found
