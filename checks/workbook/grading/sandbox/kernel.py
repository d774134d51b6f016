"""The system calls that Python has no function for, by ctypes. Linux only.

Numbers and structures are those of the kernel's own headers: ``mount.h``, ``sched.h``, ``prctl.h``, ``capability.h``.
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct
from pathlib import Path

CLONE_NEWNS = 0x00020000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
MS_RDONLY = 0x1
MS_NOSUID = 0x2
MS_NODEV = 0x4
MS_REMOUNT = 0x20
MS_BIND = 0x1000
MS_REC = 0x4000
MS_PRIVATE = 0x40000
MNT_DETACH = 2
PR_SET_PDEATHSIG = 1
PR_SET_NO_NEW_PRIVS = 38

_CAPABILITY_VERSION = 0x20080522
_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}

_libc = ctypes.CDLL(None, use_errno=True)


def syscall(number: int, *arguments: object) -> int:
    """Make a system call by its number.

    Raises:
        OSError: the kernel refused.
    """
    return _checked(_libc.syscall(ctypes.c_long(number), *arguments), f"system call {number}")


def mount(source: str, target: Path, kind: str | None = None, flags: int = 0, options: str | None = None) -> None:
    """Make a file system appear at a place."""
    result = _libc.mount(
        source.encode(),
        os.fsencode(target),
        kind and kind.encode(),
        ctypes.c_ulong(flags),
        options and options.encode(),
    )
    _checked(result, f"mount on {target}")


def unmount(target: Path) -> None:
    """Take a mount away, also while it is in use."""
    _checked(_libc.umount2(os.fsencode(target), MNT_DETACH), f"umount of {target}")


def pivot_root(new: Path, old: Path) -> None:
    """Put another folder in the place of the root."""
    syscall(_PIVOT_ROOT[platform.machine()], ctypes.c_char_p(os.fsencode(new)), ctypes.c_char_p(os.fsencode(old)))


def unshare(flags: int) -> None:
    """Enter new namespaces. The process must have one thread."""
    _checked(_libc.unshare(flags), "unshare")


def prctl(option: int, value: int, pointer: object = None) -> None:
    """Change a setting of this process."""
    _checked(_libc.prctl(option, ctypes.c_ulong(value), pointer, 0, 0), f"prctl {option}")


def enter_user_namespace(flags: int, *, as_user: int) -> None:
    """Enter new namespaces of which this process's user is ``as_user``, with every capability inside them.

    Raises:
        OSError: the kernel or its administrator does not allow that.
    """
    user, group = os.getuid(), os.getgid()
    unshare(CLONE_NEWUSER | flags)
    me = Path("/proc/self")
    (me / "setgroups").write_text("deny", encoding="ascii")
    (me / "uid_map").write_text(f"{as_user} {user} 1", encoding="ascii")
    (me / "gid_map").write_text(f"{as_user} {group} 1", encoding="ascii")


def drop_capabilities() -> None:
    """Give every capability away, for good: no program that is started can get one back."""
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    header = struct.pack("Ii", _CAPABILITY_VERSION, 0)
    _checked(_libc.capset(header, bytes(24)), "capset")


def _checked(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result
