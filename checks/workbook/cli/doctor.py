"""``workbook doctor``: is this machine ready, and if not, what mends it?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from workbook.cli.console import JSON_OPTION, console, count, print_json
from workbook.course.model import find_course

if TYPE_CHECKING:
    from rich.console import Console

    from workbook.cli.machine import Finding

SCHEMA = "fastapi-workbook/doctor/v1"
_NAME_COLUMNS = 14


def doctor(json: Annotated[bool, JSON_OPTION] = False) -> None:
    """Look at this machine: Python, packages, sockets, notebooks, a real service. Each fault comes with its mend."""
    from workbook.cli.machine import State, examine

    course, out = find_course(), console()
    findings: list[Finding] = []
    for finding in examine(course):
        findings.append(finding)
        if not json:
            _print(out, finding)
    faults = sum(finding.state is State.FAULT for finding in findings)
    if json:
        print_json({"schema": SCHEMA, "healthy": not faults, "findings": [finding.to_json() for finding in findings]})
    else:
        out.print()
        out.print(f"{count(faults, 'fault')} to mend." if faults else "All is well.", style="bold")
    raise typer.Exit(1 if faults else 0)


def _print(out: Console, finding: Finding) -> None:
    from workbook.cli.machine import State

    mark, style = {State.OK: ("✔", "green"), State.NOTE: ("!", "yellow"), State.FAULT: ("✘", "red")}[finding.state]
    out.print(f" {mark} ", style=style, end="")
    out.print(f"{finding.name:<{_NAME_COLUMNS}}{finding.text}", soft_wrap=True)
    if finding.mend:
        out.print(f"{'':<{_NAME_COLUMNS + 3}}Mend: {finding.mend}", soft_wrap=True)
