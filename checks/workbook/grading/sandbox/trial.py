"""Build the inner wall once, behind the outer one, and print what holds. See ``available``."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from workbook.grading.sandbox import kernel, landlock, seccomp
from workbook.grading.sandbox.cage import Cage, CageLimits, installation
from workbook.grading.sandbox.wall import WORK
from workbook.service.spec import Spec


def main() -> None:
    """Try everything that a service needs to be closed in."""
    missing = "" if landlock.version() else "this kernel has no Landlock (5.13 or later, with lsm=landlock)"
    missing = missing or ("" if seccomp.is_available() else "no filter of system calls is known for this processor")
    if missing:
        _say({"missing": missing})
        return
    try:
        kernel.enter_user_namespace(kernel.CLONE_NEWNS, as_user=0)
        for name in ("lesson", "scratch/home", "cage"):
            (WORK / name).mkdir(parents=True)
        kernel.mount("tmpfs", WORK / "scratch", "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, "size=1m")
        (WORK / "scratch/home").mkdir()
    except OSError as fault:
        _say({"missing": str(fault)})
        return
    reader, writer = os.pipe()
    if os.fork() == 0:
        os.close(reader)
        _inside(writer)
    os.close(writer)
    with os.fdopen(reader) as news:
        text = news.read()
    _say(json.loads(text) if text else {"missing": "the process inside ended without a word"})


def _inside(news: int) -> None:
    spec = Spec(str(WORK / "lesson"), "app.main:app", {"HOME": str(WORK / "scratch/home")})
    try:
        # Descriptors of a service would be closed in the other processes of the cage: this one has none.
        Cage(CageLimits(), installation(), WORK / "cage").enclose(spec, [], lambda facts: _tell(news, facts))
        layers = "bubblewrap, namespaces (user, mount, process, network, IPC, host name), "
        layers += f"Landlock (version {landlock.version()}), seccomp, resource limits"
        if not Path("/proc/self").exists():
            layers += "; without /proc"
        os.write(news, json.dumps({"layers": layers}).encode())
    finally:
        os._exit(0)


def _tell(news: int, facts: dict[str, Any]) -> None:
    if facts.get("fault"):
        os.write(news, json.dumps({"missing": facts["fault"]}).encode())


def _say(facts: dict[str, Any]) -> None:
    print(json.dumps(facts))
    sys.stdout.flush()


if __name__ == "__main__":
    main()
