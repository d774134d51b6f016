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
MS_NOEXEC = 0x8
MS_REMOUNT = 0x20
MS_NOSYMFOLLOW = 0x100
MS_BIND = 0x1000
MS_REC = 0x4000
MS_PRIVATE = 0x40000
MNT_DETACH = 2
PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
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
    """Enter new namespaces in which this process's user is ``as_user``, with every capability inside them.

    Raises:
        OSError: the kernel or its administrator does not allow that.
    """
    user, group = os.geteuid(), os.getegid()
    unshare(CLONE_NEWUSER | flags)
    prctl(PR_SET_DUMPABLE, 1)  # else the files of a process that has changed its user belong to root
    me = Path("/proc/self")
    (me / "setgroups").write_text("deny", encoding="ascii")
    (me / "uid_map").write_text(f"{as_user} {user} 1", encoding="ascii")
    (me / "gid_map").write_text(f"{as_user} {group} 1", encoding="ascii")


def own_mounts() -> None:
    """Be able to mount in this process and its children, and have nobody else see it."""
    if mapped_users() > 1:  # root made this namespace, and gave it every capability inside
        unshare(CLONE_NEWNS)
    else:
        enter_user_namespace(CLONE_NEWNS, as_user=0)


def mapped_users() -> int:
    """How many users this process's namespace knows."""
    lines = Path("/proc/self/uid_map").read_text(encoding="ascii").splitlines()
    return sum(int(line.split()[2]) for line in lines)


def become(user: int) -> None:
    """Become another user and group of this namespace, for good."""
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)
    prctl(PR_SET_DUMPABLE, 1)


def drop_capabilities(*kept: int) -> None:
    """Give capabilities away, for good: no program that is started can get one back.

    Args:
        kept: the numbers of those that this process keeps.
    """
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    bits = sum(1 << number for number in kept)
    header = struct.pack("Ii", _CAPABILITY_VERSION, 0)
    _checked(_libc.capset(header, struct.pack("IIIIII", bits, bits, 0, 0, 0, 0)), "capset")


def _checked(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result
