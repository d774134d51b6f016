"""What sandbox this machine can build: found out by building it once, never from versions."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from workbook.course.model import CourseError
from workbook.grading.sandbox import outer
from workbook.grading.sandbox.cgroups import WorkerGroup
from workbook.grading.sandbox.limits import MEGABYTE, SandboxLimits

_SECONDS = 60
_RESTRICTED = Path("/proc/sys/kernel/apparmor_restrict_unprivileged_userns")
"""Ubuntu 24.04 and later refuse user namespaces to programs that have no AppArmor profile."""
MEMORY = 64 * MEGABYTE
"""The limit of the trial's control group, which the trial tries to exceed."""
_NO_GROUPS = (
    "without control groups, memory and processes are counted by looking at each, which is less exact: grade as root, "
    "or with `systemd-run --user --scope -p Delegate=yes workbook grade …`"
)


class Sandbox(StrEnum):
    """What the instructor asks for."""

    AUTO = "auto"
    """The best there is, which today is the same as ``bwrap``; never none."""
    BWRAP = "bwrap"
    REDUCED = "reduced"
    """What can be had without namespaces; never chosen by itself."""
    NONE = "none"


NO_ISOLATION = "none: submissions were not kept apart from each other, nor from this machine"


@dataclass(frozen=True)
class SandboxStatus:
    """What a trial found."""

    complete: bool
    text: str
    """The layers that are active, or what is missing, in one sentence."""
    note: str = ""
    """What would make it better; empty where nothing would."""


def try_sandbox(course_root: Path) -> SandboxStatus:
    """Build the whole sandbox around nothing, and look at it from inside.

    Args:
        course_root: the folder that workers see.
    """
    if sys.platform != "linux":
        return SandboxStatus(False, "the sandbox exists on Linux only")
    inner = [sys.executable, "-I", "-m", "workbook.grading.sandbox.trial"]
    user = outer.first_user()
    group = WorkerGroup.make(SandboxLimits(memory=MEMORY), user, os.getpid())
    environment = {"PATH": "/usr/bin:/bin"}
    try:
        command = outer.command(inner, [course_root / "checks"], environment, user, group)
        environment = {"PATH": os.environ.get("PATH", "/usr/bin:/bin")}
        done = subprocess.run(command, capture_output=True, timeout=_SECONDS, env=environment, check=False)
    except CourseError as error:
        return SandboxStatus(False, str(error))
    except (OSError, subprocess.TimeoutExpired) as error:
        return SandboxStatus(False, f"bubblewrap does not work here: {error}")
    finally:
        if group is not None:
            group.close()
    try:
        found = json.loads(done.stdout.decode().splitlines()[-1])
    except (IndexError, ValueError):
        said = done.stderr.decode(errors="replace").strip().splitlines()
        cause = said[-1][:200] if said else f"exit code {done.returncode}"
        if _RESTRICTED.exists() and _RESTRICTED.read_text(encoding="ascii").strip() == "1":
            cause += "; AppArmor refuses user namespaces here (kernel.apparmor_restrict_unprivileged_userns)"
        return SandboxStatus(False, f"bubblewrap cannot build the outer sandbox: {cause}")
    if found.get("missing"):
        return SandboxStatus(False, f"the jail of a service cannot be built: {found['missing']}")
    return SandboxStatus(True, found["layers"], "" if "control groups" in found["layers"] else _NO_GROUPS)


def fix_of(status: SandboxStatus) -> str:
    """What to do about a missing part; for those who grade, learners need none of it."""
    if "install the package" in status.text:
        return "install it, for example: sudo apt-get install bubblewrap; learners need no sandbox"
    if "AppArmor" in status.text:
        return "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0; learners need no sandbox"
    return "allow user namespaces in this container, or grade in a virtual machine; learners need no sandbox"


@dataclass(frozen=True)
class Isolation:
    """What keeps submissions apart in a run."""

    jailed: bool
    """Whether each service is in a whole jail."""
    reduced: bool
    """Whether it is closed in as far as that is possible without namespaces."""
    text: str
    """For the report, in a sentence or two."""


def choose(wanted: Sandbox, course_root: Path) -> Isolation:
    """What is to keep submissions apart.

    Raises:
        CourseError: a part of the sandbox is missing, and the instructor said neither ``reduced`` nor ``none``.
    """
    if wanted is Sandbox.NONE:
        return Isolation(jailed=False, reduced=False, text=NO_ISOLATION)
    if wanted is Sandbox.REDUCED:
        from workbook.grading.sandbox.reduced import CANNOT  # Linux only, and doctor runs anywhere

        return Isolation(jailed=False, reduced=True, text=f"reduced: {_try_reduced()}. {CANNOT}")
    status = try_sandbox(course_root)
    if not status.complete:
        raise CourseError(
            f"Submissions cannot be kept apart on this machine: {status.text.rstrip('.')}. Fix that (workbook doctor "
            "says how), say --sandbox reduced for what can be had without it, or --sandbox none to grade code that you "
            "trust."
        )
    return Isolation(jailed=True, reduced=False, text=status.text)


def _try_reduced() -> str:
    """The layers of the reduced sandbox, found out by building it once."""
    from workbook.grading.sandbox.reduced import missing

    lacks = missing()
    if not lacks:
        command = [sys.executable, "-I", "-m", "workbook.grading.sandbox.reduced", "try"]
        done = subprocess.run(command, capture_output=True, timeout=_SECONDS, check=False)
        try:
            found = json.loads(done.stdout.decode().splitlines()[-1])
        except (IndexError, ValueError):
            found = {"missing": done.stderr.decode(errors="replace").strip()[-200:] or "it ended without a word"}
        if "layers" in found:
            return found["layers"]
        lacks = found["missing"]
    raise CourseError(f"The reduced sandbox cannot be built here: {lacks}.")
