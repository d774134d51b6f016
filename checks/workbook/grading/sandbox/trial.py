"""Build a jail once, in the outer sandbox, and print what holds. See ``available``."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from workbook.grading.sandbox import kernel, landlock, seccomp
from workbook.grading.sandbox.available import MEMORY
from workbook.grading.sandbox.cgroups import ServiceGroup
from workbook.grading.sandbox.jail import Jail
from workbook.grading.sandbox.limits import SandboxLimits
from workbook.grading.sandbox.outer import WORK
from workbook.grading.sandbox.users import service_user
from workbook.service.protocol.spec import Spec


def main() -> None:
    """Try everything that a service needs to be closed in."""
    missing = "" if landlock.version() else "this kernel has no Landlock (5.13 or later, with lsm=landlock)"
    missing = missing or ("" if seccomp.is_available() else "no filter of system calls is known for this processor")
    if missing:
        _say({"missing": missing})
        return
    try:
        kernel.own_mounts()
        for name in ("lesson", "jail"):
            (WORK / name).mkdir(parents=True)
    except OSError as error:
        _say({"missing": str(error)})
        return
    facts = _in_jail(_look_around)
    if "missing" not in facts:
        layers = ["bubblewrap", "namespaces (user, mount, process, network, IPC, host name)"]
        layers += [f"Landlock (version {landlock.version()})", "seccomp", "resource limits"]
        layers += ["control groups"] if _group_holds() else []
        layers += ["a user of their own for services"] if service_user() else []
        facts["layers"] = ", ".join(layers) + ("" if facts["proc"] else "; without /proc")
    _say(facts)


def _group_holds() -> bool:
    """Whether a group is there, and ends who takes more memory than it allows."""
    return ServiceGroup.find() is not None and "memory" in _in_jail(_take_memory).get("limit", "")


def _look_around() -> dict[str, Any]:
    return {"proc": Path("/proc/self").exists()}


def _take_memory() -> dict[str, Any]:
    kept = bytearray(2 * MEMORY)
    kept[::4096] = b"x" * len(kept[::4096])
    return {}


def _in_jail(work: Any) -> dict[str, Any]:
    """What a process in a jail finds, or how it ended."""
    reader, writer = os.pipe()
    if os.fork() == 0:
        os.close(reader)
        _inside(writer, work)
    os.close(writer)
    with os.fdopen(reader) as report:
        lines = report.read().splitlines()
    os.wait()
    return json.loads(lines[0]) if lines else {"missing": "the process inside ended without a word"}


def _inside(report: int, work: Any) -> None:
    spec = Spec(str(WORK / "lesson"), "app.main:app", {})

    def tell(facts: dict[str, Any]) -> None:
        found = {"missing": facts["fault"]} if facts.get("fault") else facts
        os.write(report, json.dumps(found).encode() + b"\n")

    try:
        # Descriptors of a service would be closed in the other processes of the jail: this one has none.
        Jail(SandboxLimits(memory=MEMORY), WORK / "jail", WORK).enclose(spec, [], tell)
        os.write(report, json.dumps(work()).encode() + b"\n")
    finally:
        os._exit(0)


def _say(facts: dict[str, Any]) -> None:
    print(json.dumps(facts))
    sys.stdout.flush()


if __name__ == "__main__":
    main()
