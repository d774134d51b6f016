"""Landlock: a process gives up every file that it does not name, for itself and its children, for good.

Numbers are those of the kernel's ``landlock.h``; what each version of the interface added is listed in
https://docs.kernel.org/userspace-api/landlock.html.
"""

from __future__ import annotations

import ctypes
import os
import stat
import struct
from collections.abc import Iterable
from pathlib import Path

from workbook.grading.sandbox.kernel import syscall

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
"""The same on every architecture."""
_VERSION_FLAG = 1
_RULE_PATH_BENEATH = 1

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_TRUNCATE, _IOCTL_DEV = 1 << 14, 1 << 15
_READ = _EXECUTE | _READ_FILE | _READ_DIR
_FILE = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEV
_MAKE_DEVICES = 1 << 6 | 1 << 11
_REMOVE_FILE, _MAKE_FILE = 1 << 5, 1 << 8
_ORDINARY_FILES = _WRITE_FILE | _READ_FILE | _READ_DIR | _TRUNCATE | _REMOVE_FILE | _MAKE_FILE
_ALL_BY_VERSION = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1, 5: (1 << 16) - 1}
_SCOPED = 0b11
"""No signal to, and no abstract unix socket of, a process outside; since version 6."""


def version() -> int:
    """The version of the interface in this kernel; 0 where there is none."""
    try:
        return syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(_VERSION_FLAG))
    except OSError:
        return 0


def restrict(
    listable: Iterable[Path], readable: Iterable[Path], writable: Iterable[Path], files_only: Path | None
) -> None:
    """From here on, this process and its children see only what is named here.

    Args:
        listable: folders below which every folder can be listed.
        readable: files and folders to read and run; those that do not exist are left out.
        writable: files and folders to read, run and change. Devices cannot be made anywhere.
        files_only: a folder in which ordinary files can be made, changed and removed, and nothing else: no link, pipe,
            socket or folder.

    Raises:
        OSError: the kernel has no Landlock. The process must have given up new privileges before.
    """
    known = version()
    everything = _ALL_BY_VERSION[min(max(known, 1), 5)]
    attributes = struct.pack("QQQ", everything, 0, _SCOPED)
    size = 24 if known >= 6 else 8
    ruleset = syscall(_CREATE_RULESET, attributes, ctypes.c_size_t(size), ctypes.c_uint32(0))
    try:
        for path in listable:
            _allow(ruleset, path, _READ_DIR)
        for path in readable:
            _allow(ruleset, path, _READ & everything)
        for path in writable:
            _allow(ruleset, path, everything & ~_MAKE_DEVICES)
        if files_only is not None:
            _allow(ruleset, files_only, _ORDINARY_FILES & everything)
        syscall(_RESTRICT_SELF, ctypes.c_int(ruleset), ctypes.c_uint32(0))
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: Path, access: int) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        if not stat.S_ISDIR(os.fstat(place).st_mode):
            access &= _FILE
        rule = struct.pack("=Qi", access, place)
        syscall(_ADD_RULE, ctypes.c_int(ruleset), ctypes.c_int(_RULE_PATH_BENEATH), rule, ctypes.c_uint32(0))
    finally:
        os.close(place)
