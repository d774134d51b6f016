"""Which walls this machine can build: found out by building them once, never from versions."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from workbook.course import CourseError
from workbook.grading.sandbox import wall

_SECONDS = 60
_RESTRICTED = Path("/proc/sys/kernel/apparmor_restrict_unprivileged_userns")
"""Ubuntu 24.04 and later refuse user namespaces to programs that have no AppArmor profile."""


class Sandbox(StrEnum):
    """What the instructor asks for."""

    AUTO = "auto"
    """The best there is, which today is the same as ``bwrap``; never none."""
    BWRAP = "bwrap"
    NONE = "none"


NO_ISOLATION = "none: submissions were not kept apart from each other, nor from this machine"


@dataclass(frozen=True)
class Walls:
    """What a trial found."""

    complete: bool
    text: str
    """The layers that are active, or what is missing, in one sentence."""


def try_walls(course_root: Path) -> Walls:
    """Build both walls around nothing, and look at them from inside.

    Args:
        course_root: the folder that workers see.
    """
    if sys.platform != "linux":
        return Walls(False, "the sandbox exists on Linux only")
    inner = [sys.executable, "-I", "-m", "workbook.grading.sandbox.trial"]
    try:
        command = wall.command(inner, [course_root / "checks"], {"PATH": "/usr/bin:/bin"})
    except CourseError as fault:
        return Walls(False, str(fault))
    try:
        environment = {"PATH": os.environ.get("PATH", "/usr/bin:/bin")}
        done = subprocess.run(command, capture_output=True, timeout=_SECONDS, env=environment, check=False)
    except (OSError, subprocess.TimeoutExpired) as fault:
        return Walls(False, f"bubblewrap does not work here: {fault}")
    try:
        found = json.loads(done.stdout.decode().splitlines()[-1])
    except (IndexError, ValueError):
        said = done.stderr.decode(errors="replace").strip().splitlines()
        cause = said[-1][:200] if said else f"exit code {done.returncode}"
        if _RESTRICTED.exists() and _RESTRICTED.read_text(encoding="ascii").strip() == "1":
            cause += "; AppArmor refuses user namespaces here (kernel.apparmor_restrict_unprivileged_userns)"
        return Walls(False, f"bubblewrap cannot build the outer wall: {cause}")
    if found.get("missing"):
        return Walls(False, f"the inner wall cannot be built: {found['missing']}")
    return Walls(True, found["layers"])


def mend_of(walls: Walls) -> str:
    """What to do about a missing part; for those who grade, learners need none of it."""
    if sys.platform != "linux":
        return "grade on a Linux machine, in WSL, or in CI; learners need no sandbox"
    if "install the package" in walls.text:
        return "install it, for example: sudo apt-get install bubblewrap; learners need no sandbox"
    if "AppArmor" in walls.text:
        return "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0; learners need no sandbox"
    return "allow user namespaces in this container, or grade in a virtual machine; learners need no sandbox"


def choose(wanted: Sandbox, course_root: Path) -> tuple[bool, str]:
    """Whether services are to be closed in, and what to write about it in the report.

    Raises:
        CourseError: a part of the sandbox is missing, and the instructor did not say ``none``.
    """
    if wanted is Sandbox.NONE:
        return False, NO_ISOLATION
    walls = try_walls(course_root)
    if not walls.complete:
        raise CourseError(
            f"Submissions cannot be kept apart on this machine: {walls.text.rstrip('.')}. Mend that (workbook doctor "
            "says how), or say --sandbox none to grade code that you trust."
        )
    return True, walls.text
