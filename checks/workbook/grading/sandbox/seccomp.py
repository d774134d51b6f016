"""A filter of system calls: what no web service needs, and what a way out would begin with, is refused.

So is memory that no limit of a process counts: that of System V, of message queues, and of files without a name.

The filter is classic BPF as ``seccomp(2)`` takes it. Numbers are those of the kernel's ``unistd.h`` for each machine.
"""

from __future__ import annotations

import ctypes
import errno
import platform
import socket
import struct

from workbook.grading.sandbox.kernel import prctl

_PR_SET_SECCOMP = 22
_MODE_FILTER = 2
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _MACHINE, _FIRST_ARGUMENT, _SECOND_ARGUMENT, _THIRD_ARGUMENT = 0, 4, 16, 24, 32
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_STEP = 8
"""Bytes of an instruction."""
_X32 = 0x40000000
_NEW_NAMESPACES = 0x7E020000
"""Every CLONE_NEW* flag that clone takes."""
_FAMILIES = (socket.AF_UNIX, socket.AF_INET, socket.AF_INET6, 16)
"""16 is AF_NETLINK, by which libraries list network interfaces. AF_VSOCK, which no namespace closes, is not here."""

_SAME = {
    "memfd_secret": 447,
    "quotactl_fd": 443,
    "pidfd_getfd": 438,
    "io_uring_setup": 425,
    "io_uring_enter": 426,
    "io_uring_register": 427,
    "open_tree": 428,
    "move_mount": 429,
    "fsopen": 430,
    "fsconfig": 431,
    "fsmount": 432,
    "fspick": 433,
    "mount_setattr": 442,
}
_DENIED = {
    "x86_64": {
        "ptrace": 101, "syslog": 103, "personality": 135, "pivot_root": 155, "chroot": 161, "acct": 163, "mount": 165,
        "umount2": 166, "swapon": 167, "swapoff": 168, "reboot": 169, "iopl": 172, "ioperm": 173, "init_module": 175,
        "delete_module": 176, "quotactl": 179, "kexec_load": 246, "add_key": 248, "request_key": 249, "keyctl": 250,
        "unshare": 272, "perf_event_open": 298, "name_to_handle_at": 303, "open_by_handle_at": 304, "setns": 308,
        "process_vm_readv": 310, "process_vm_writev": 311, "kcmp": 312, "finit_module": 313, "kexec_file_load": 320,
        "bpf": 321, "userfaultfd": 323, "shmget": 29, "shmat": 30, "shmctl": 31, "semget": 64, "semop": 65,
        "semctl": 66, "msgget": 68, "msgsnd": 69, "msgrcv": 70, "msgctl": 71, "vhangup": 153, "modify_ldt": 154,
        "adjtimex": 159, "settimeofday": 164, "sethostname": 170, "setdomainname": 171, "semtimedop": 220,
        "clock_settime": 227, "mbind": 237, "set_mempolicy": 238, "mq_open": 240, "migrate_pages": 256,
        "move_pages": 279, "fanotify_init": 300, "clock_adjtime": 305, "memfd_create": 319,
    },
    "aarch64": {
        "umount2": 39, "mount": 40, "pivot_root": 41, "chroot": 51, "quotactl": 60, "acct": 89, "personality": 92,
        "unshare": 97, "kexec_load": 104, "init_module": 105, "delete_module": 106, "syslog": 116, "ptrace": 117,
        "reboot": 142, "add_key": 217, "request_key": 218, "keyctl": 219, "swapon": 224, "swapoff": 225,
        "perf_event_open": 241, "name_to_handle_at": 264, "open_by_handle_at": 265, "setns": 268,
        "process_vm_readv": 270, "process_vm_writev": 271, "kcmp": 272, "finit_module": 273, "bpf": 280,
        "userfaultfd": 282, "kexec_file_load": 294, "shmget": 194, "shmctl": 195, "shmat": 196, "semget": 190,
        "semctl": 191, "semtimedop": 192, "semop": 193, "msgget": 186, "msgctl": 187, "msgrcv": 188, "msgsnd": 189,
        "vhangup": 58, "adjtimex": 171, "settimeofday": 170, "sethostname": 161, "setdomainname": 162,
        "clock_settime": 112, "mbind": 235, "set_mempolicy": 237, "mq_open": 180, "migrate_pages": 238,
        "move_pages": 239, "fanotify_init": 262, "clock_adjtime": 266, "memfd_create": 279,
    },
}  # fmt: skip
_MACHINES = {"x86_64": (0xC000003E, 56, 41, 54), "aarch64": (0xC00000B7, 220, 198, 208)}
"""AUDIT_ARCH, clone, socket and setsockopt."""
_CLONE3 = 435
_UNKNOWN = 452
"""Calls from here on are newer than this list: programs take them for missing, as on an older kernel."""
_SOCKET_LEVEL = 1
_BUFFER_SIZES = (7, 8)
"""SO_SNDBUF and SO_RCVBUF: a hint, which the kernel may bend as it likes, and here does not follow at all."""


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def is_available() -> bool:
    """Whether the filter is known for this machine."""
    return platform.machine() in _MACHINES


def install() -> None:
    """Filter the system calls of this process and of its children, for good.

    Raises:
        OSError: the kernel has no seccomp. The process must have given up new privileges before.
    """
    program = _program(platform.machine())
    prctl(_PR_SET_SECCOMP, _MODE_FILTER, ctypes.byref(_Program(len(program) // _STEP, program)))


def _program(machine: str) -> bytes:
    audit, clone, open_socket, set_option = _MACHINES[machine]
    refuse, missing, done = _ERRNO | errno.EPERM, _ERRNO | errno.ENOSYS, _ERRNO | 0
    steps: list[tuple[int, int, int, int]] = [
        (_LOAD, 0, 0, _MACHINE),
        (_EQUAL, 1, 0, audit),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER),
    ]
    if machine == "x86_64":
        steps += [(_AT_LEAST, 0, 1, _X32), (_RETURN, 0, 0, refuse)]
    steps += [(_AT_LEAST, 0, 1, _UNKNOWN), (_RETURN, 0, 0, missing)]
    for number in sorted({*_DENIED[machine].values(), *_SAME.values()}):
        steps += [(_EQUAL, 0, 1, number), (_RETURN, 0, 0, refuse)]
    # Its flags lie in memory, where no filter can look. Without it, the C library uses clone.
    steps += [(_EQUAL, 0, 1, _CLONE3), (_RETURN, 0, 0, missing)]
    steps += [(_EQUAL, 0, 4, clone), (_LOAD, 0, 0, _FIRST_ARGUMENT), (_ANY_BIT, 0, 1, _NEW_NAMESPACES)]
    steps += [(_RETURN, 0, 0, refuse), (_RETURN, 0, 0, _ALLOW)]
    steps += [(_EQUAL, 0, 6, set_option), (_LOAD, 0, 0, _SECOND_ARGUMENT), (_EQUAL, 0, 4, _SOCKET_LEVEL)]
    steps += [(_LOAD, 0, 0, _THIRD_ARGUMENT), (_EQUAL, 1, 0, _BUFFER_SIZES[0]), (_EQUAL, 0, 1, _BUFFER_SIZES[1])]
    steps += [(_RETURN, 0, 0, done)]
    families = [(_EQUAL, len(_FAMILIES) - position, 0, family) for position, family in enumerate(_FAMILIES)]
    steps += [(_LOAD, 0, 0, _NUMBER), (_EQUAL, 0, len(families) + 2, open_socket)]
    steps += [(_LOAD, 0, 0, _FIRST_ARGUMENT), *families]
    steps += [(_RETURN, 0, 0, _ERRNO | errno.EAFNOSUPPORT), (_RETURN, 0, 0, _ALLOW)]
    return b"".join(struct.pack("HBBI", *step) for step in steps)
