"""The file system of a service: built by the trusted side in a mount namespace of its own, from nothing.

All that can be written is a new tmpfs, mounted for this service and gone with it: no other process ever sees it, so
nothing that a service leaves behind can be followed, read or used again. The one exception is the folder of its
database, which the checks read: see ``jail``.
"""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import suppress
from pathlib import Path

from workbook.grading.sandbox import kernel
from workbook.grading.sandbox.limits import MEGABYTE, SandboxLimits

USER = 1000
"""Whom a service takes itself for."""
NAME = "learner"
HOST = "service"
HOME = Path("/home", NAME)
TEMPORARY = Path("/tmp")
SHARED = Path("/dev/shm")
WRITABLE = (TEMPORARY, Path("/var/tmp"), HOME)
DEVICES = ("null", "zero", "full", "random", "urandom")

_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64")
SETTINGS = (
    "/etc/localtime",
    "/etc/mime.types",
    "/etc/ld.so.cache",
    "/etc/ssl/certs",
    "/etc/ssl/openssl.cnf",
    "/etc/pki/tls/certs",
    "/etc/pki/ca-trust/extracted",
)
"""What libraries read to name time zones and types of files, and to trust certificates."""
_FILES = {
    "passwd": f"root:x:0:0:root:/root:/bin/false\n{NAME}:x:{USER}:{USER}:{NAME}:{HOME}:/bin/sh\n",
    "group": f"root:x:0:\n{NAME}:x:{USER}:\n",
    "hosts": f"127.0.0.1 localhost {HOST}\n",
    "hostname": f"{HOST}\n",
    "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
    "resolv.conf": "",
}
"""The files below ``/etc`` by which programs learn who and where they are: the same for everybody."""
_SHARED = 16 * MEGABYTE
_QUIET = kernel.MS_NOSUID | kernel.MS_NODEV


def installation() -> list[Path]:
    """The folders that this Python and its packages are read from."""
    found = {Path(sys.base_prefix), Path(sys.prefix), Path(sys.executable).resolve().parent.parent}
    return sorted(path for path in found if not path.is_relative_to("/usr"))


def readable() -> list[Path]:
    """What every service may read and run."""
    return [*map(Path, _SYSTEM), Path("/etc"), *installation()]


def build(root: Path, lesson: Path, database: Path | None, limits: SandboxLimits, owner: int) -> None:
    """Mount a new root that holds what a service may see, and nothing else.

    Args:
        root: an empty folder that no service can reach.
        lesson: the submission's files; the service gets a copy at the same place, its own to change.
        database: a folder for the service to keep its database in, shared with the checks.
        limits: sizes.
        owner: the user of the files that the service may change.
    """
    kernel.mount("none", Path("/"), flags=kernel.MS_REC | kernel.MS_PRIVATE)
    kernel.mount("tmpfs", root, "tmpfs", _QUIET, f"size={MEGABYTE},nr_inodes=1000,mode=0755")
    for name, text in _FILES.items():
        file = root / "etc" / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="ascii")
    _add_devices(root)
    _add_scratch(root, lesson, limits, owner)
    for path in (*map(Path, (*_SYSTEM, *SETTINGS)), *installation()):
        _show(path, root)
    if database is not None:
        os.chown(database, owner, owner)
        _own_files(database, owner)
        _show(database, root)
    (root / "proc").mkdir()
    (root / ".old").mkdir()


def enter(root: Path) -> None:
    """Make the new root the only one there is. Runs as process 1 of a new process namespace."""
    with suppress(OSError):  # refused where a container hides parts of its own /proc: then there is none at all
        # A service sees its own processes, and not the monitor.
        kernel.mount("proc", root / "proc", "proc", _QUIET | kernel.MS_NOEXEC, "hidepid=2")
    os.chdir(root)
    kernel.pivot_root(root, root / ".old")
    os.chdir("/")
    kernel.unmount(Path("/.old"))
    Path("/.old").rmdir()
    kernel.mount("none", Path("/"), flags=kernel.MS_BIND | kernel.MS_REMOUNT | kernel.MS_RDONLY | kernel.MS_NOSUID)


def _add_devices(root: Path) -> None:
    devices = root / "dev"
    for folder in (devices, devices / "shm", devices / "pts"):
        folder.mkdir()
    for name in DEVICES:
        _show(Path("/dev") / name, root)
    for name, target in (("fd", "fd"), ("stdin", "fd/0"), ("stdout", "fd/1"), ("stderr", "fd/2")):
        (devices / name).symlink_to(f"/proc/self/{target}")
    kernel.mount("tmpfs", devices / "shm", "tmpfs", _QUIET, f"size={_SHARED},nr_inodes=200,mode=1777")
    flags = kernel.MS_NOSUID | kernel.MS_NOEXEC
    kernel.mount("devpts", devices / "pts", "devpts", flags, "newinstance,ptmxmode=0666,mode=0620,max=16")
    (devices / "ptmx").symlink_to("pts/ptmx")


def _add_scratch(root: Path, lesson: Path, limits: SandboxLimits, owner: int) -> None:
    """Mount the folders that the service may change: one new tmpfs, seen at several places."""
    files = [path for path in lesson.rglob("*") if path.is_file()]
    size = limits.scratch + sum(file.stat().st_size for file in files)
    scratch = root / ".scratch"
    scratch.mkdir()
    options = f"size={size},nr_inodes={limits.scratch_files + len(files)},mode=0755"
    kernel.mount("tmpfs", scratch, "tmpfs", _QUIET, options)
    for number, path in enumerate((*WRITABLE, lesson)):
        part = scratch / str(number)
        if path == lesson:
            shutil.copytree(lesson, part)
        else:
            part.mkdir()
            part.chmod(0o755 if path == HOME else 0o1777)
        for made in (part, *part.rglob("*")):
            os.chown(made, owner, owner)
        place = root / path.relative_to("/")
        place.mkdir(parents=True, exist_ok=True)
        kernel.mount(str(part), place, flags=kernel.MS_BIND)
    kernel.unmount(scratch)
    scratch.rmdir()


def _own_files(folder: Path, owner: int) -> None:
    """Give the service the files of its database; nothing in there is followed."""
    for entry in os.scandir(folder):
        os.chown(entry.path, owner, owner, follow_symlinks=False)


def _show(path: Path, root: Path) -> None:
    """Make a file, folder or link of the present file system appear at the same place below ``root``."""
    place = root / path.relative_to("/")
    if path.is_symlink():
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(path.readlink())
    elif path.is_dir():
        place.mkdir(parents=True, exist_ok=True)
        kernel.mount(str(path), place, flags=kernel.MS_BIND | kernel.MS_REC)
    elif path.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        place.touch()
        kernel.mount(str(path), place, flags=kernel.MS_BIND)
