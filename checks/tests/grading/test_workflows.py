"""The workflows for a class: they are what GitHub expects, ask for little, and use commands that exist."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.main import get_command

from workbook.cli.app import app
from workbook.course.model import find_course
from workbook.grading.exports import FORMATS

ROOT = find_course().root
WORKFLOWS = ROOT / ".github" / "workflows"
AUTOGRADE = ROOT / ".github" / "actions" / "autograde" / "action.yml"
GUIDE = [ROOT / "checks/workbook/grading/README.md", *sorted((ROOT / "checks/workbook/grading/guide").glob("*.md"))]


def read(file: Path) -> dict[Any, Any]:
    return yaml.safe_load(file.read_text(encoding="utf-8"))


CLASSROOM, GRADE, ACTION = read(WORKFLOWS / "classroom.yml"), read(WORKFLOWS / "grade.yml"), read(AUTOGRADE)
STEPS: dict[str, list[dict[str, Any]]] = {
    "classroom": CLASSROOM["jobs"]["run-autograding-tests"]["steps"],
    "grade": GRADE["jobs"]["grade"]["steps"],
    "autograde": ACTION["runs"]["steps"],
}
SCRIPTS = {
    f"{name} {place}": step["run"] for name, steps in STEPS.items() for place, step in enumerate(steps) if "run" in step
}


def lines_of(file: Path) -> list[str]:
    lines = file.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line.strip() and not line.lstrip().startswith("#")]


def test_classroom_finds_the_workflow_by_its_names() -> None:
    assert CLASSROOM["name"] == "Autograding Tests"
    assert CLASSROOM[True] == ["push", "repository_dispatch"], "YAML 1.1 reads the key on as true"
    assert CLASSROOM["permissions"] == {"checks": "write", "actions": "read", "contents": "read"}
    job = CLASSROOM["jobs"]["run-autograding-tests"]
    assert job["if"] == "github.actor != 'github-classroom[bot]'"
    assert len(lines_of(WORKFLOWS / "classroom.yml")) <= 10


def test_the_reporter_gets_the_result_of_the_step_that_it_names() -> None:
    reporter = next(step for step in STEPS["autograde"] if "autograding-grading-reporter" in step.get("uses", ""))
    name = reporter["with"]["runners"]
    assert reporter["env"] == {f"{name.upper()}_RESULTS": f"${{{{ steps.{name}.outputs.result }}}}"}
    step = next(step for step in STEPS["autograde"] if step.get("id") == name)
    assert "result=" in step["run"]
    assert "GITHUB_OUTPUT" in step["run"]


def test_the_class_workflow_asks_for_little_and_can_be_called_in_ten_lines() -> None:
    assert GRADE["permissions"] == {"contents": "read"}
    assert set(GRADE[True]) == {"workflow_call", "workflow_dispatch"}
    assert GRADE[True]["workflow_call"]["inputs"].keys() == GRADE[True]["workflow_dispatch"]["inputs"].keys()
    text = (WORKFLOWS / "grade.yml").read_text(encoding="utf-8")
    example = [line.removeprefix("#   ") for line in text.splitlines() if line.startswith("#   ")]
    called = yaml.safe_load("\n".join(example))["jobs"]["grade"]
    assert len(example) <= 10
    assert (ROOT / called["uses"]).is_file()
    assert called["with"].keys() <= GRADE[True]["workflow_call"]["inputs"].keys()


def test_only_the_step_that_clones_sees_the_token() -> None:
    with_secrets = [step for step in STEPS["grade"] if "secrets." in str(step)]
    assert [step["name"] for step in with_secrets] == ["Clone the submissions"]
    checkouts = [step for steps in STEPS.values() for step in steps if "actions/checkout@" in step.get("uses", "")]
    assert [step["with"]["persist-credentials"] for step in checkouts] == [False, False]


@pytest.mark.parametrize("name", SCRIPTS)
def test_what_somebody_typed_is_never_part_of_a_script(name: str) -> None:
    assert "${{" not in SCRIPTS[name]


@pytest.mark.skipif(sys.platform == "win32", reason="the runners are Linux")
@pytest.mark.parametrize("name", SCRIPTS)
def test_scripts_are_bash(name: str) -> None:
    done = subprocess.run(["bash", "-n"], input=SCRIPTS[name], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_commands_and_options_exist() -> None:
    commands: dict[str, Any] = getattr(get_command(app), "commands")  # noqa: B009 - Typer's own type does not say it
    guide = "".join(file.read_text(encoding="utf-8") for file in GUIDE)
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```(?:console|sh)\n(.*?)```", guide + readme, flags=re.DOTALL)
    seen: set[str] = set()
    for text in (*SCRIPTS.values(), *blocks):
        joined = re.sub(r"\\\n\s*", " ", text)
        for command, rest in re.findall(r"^\s*(?:\S*/)?workbook (\w+)([^\n|]*)", joined, flags=re.MULTILINE):
            known = {option for parameter in commands[command].params for option in parameter.opts}
            used = set(re.findall(r"(?<!\w)--[a-z][a-z-]*", rest.split(" #")[0]))
            assert used <= known, f"workbook {command} has no {', '.join(used - known)}"
            seen.add(command)
            for listed in re.findall(r"--formats (\S+)", rest):
                assert set(listed.split(",")) <= set(FORMATS)
    assert {"grade", "similar", "handout"} <= seen


def test_links_of_the_guide_lead_somewhere() -> None:
    for file in GUIDE:
        for address in re.findall(r"\]\(([^)\s]+)\)", file.read_text(encoding="utf-8")):
            path, _, part = address.partition("#")
            target = (file.parent / path).resolve() if path else file
            assert target.exists(), f"{file.name}: {address}"
            if part:
                titles = re.findall(r"^#+ (.+)$", target.read_text(encoding="utf-8"), flags=re.MULTILINE)
                assert part in {title.lower().replace(" ", "-") for title in titles}, f"{file.name}: {address}"


def test_scripts_name_what_is_there() -> None:
    assert "checks/workbook/bootstrap.py" in "".join(SCRIPTS.values())
    assert (ROOT / "checks" / "workbook" / "bootstrap.py").is_file()
    assert (ROOT / STEPS["classroom"][-1]["uses"] / "action.yml").is_file()
    assert re.search(r"^setup:", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE)
