"""The workflows for a class: they are what GitHub expects, ask for little, and use commands that exist."""

from __future__ import annotations

import re
import shutil
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
GITLAB = read(ROOT / "checks/workbook/grading/guide/gitlab-ci.yml")["grade"]
SCRIPTS = {
    f"{name} {place}": step["run"] for name, steps in STEPS.items() for place, step in enumerate(steps) if "run" in step
} | {f"gitlab {place}": line for place, line in enumerate([*GITLAB["script"], *GITLAB["after_script"]])}


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
    assert GRADE["permissions"] == {"contents": "write"}, "for the branch that keeps the store"
    assert set(GRADE[True]) == {"workflow_call", "workflow_dispatch"}
    assert GRADE[True]["workflow_call"]["inputs"].keys() == GRADE[True]["workflow_dispatch"]["inputs"].keys()
    text = (WORKFLOWS / "grade.yml").read_text(encoding="utf-8")
    example = [line.removeprefix("#   ") for line in text.splitlines() if line.startswith("#   ")]
    called = yaml.safe_load("\n".join(example))["jobs"]["grade"]
    assert len(example) <= 11
    assert (ROOT / called["uses"]).is_file()
    assert called["with"].keys() <= GRADE[True]["workflow_call"]["inputs"].keys()


def test_only_the_step_that_clones_sees_the_token() -> None:
    with_secrets = [step for step in STEPS["grade"] if "secrets." in str(step)]
    assert [step["name"] for step in with_secrets] == ["Collect the submissions"]
    checkouts = [step for steps in STEPS.values() for step in steps if "actions/checkout@" in step.get("uses", "")]
    assert [step["with"]["persist-credentials"] for step in checkouts] == [False, False]


def script(name: str) -> str:
    """The script of a step of the class workflow."""
    return next(step["run"] for step in STEPS["grade"] if step.get("name") == name)


def run_script(text: str, folder: Path, programs: dict[str, str], **env: str) -> subprocess.CompletedProcess[str]:
    """Run a script with programs that are made up."""
    bin_ = folder / "bin"
    bin_.mkdir(parents=True, exist_ok=True)
    for name, body in programs.items():
        (bin_ / name).write_text(f"#!/bin/bash\n{body}\n", encoding="utf-8")
        (bin_ / name).chmod(0o755)
    env |= {"PATH": f"{bin_}:/usr/bin:/bin", "GITHUB_REPOSITORY": "school/grades", "RUNNER_TEMP": str(folder)}
    options = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", text]
    return subprocess.run(options, cwd=folder, env=env, capture_output=True, text=True, check=False)


@pytest.mark.skipif(sys.platform == "win32", reason="the runners are Linux")
@pytest.mark.parametrize(
    ("gh", "status"),
    [("echo private", 0), ("echo public", 1), ("echo internal", 1), ("echo private; exit 1", 1), ("exit 4", 1)],
)
def test_grades_are_made_where_it_is_known_to_be_private_and_nowhere_else(tmp_path: Path, gh: str, status: int) -> None:
    assert run_script(script("Grades are private"), tmp_path, {"gh": gh}).returncode == status


@pytest.mark.skipif(sys.platform == "win32", reason="the runners are Linux")
@pytest.mark.parametrize(("visibility", "status"), [("private", 0), ("public", 1), ("internal", 1), ("", 1)])
def test_gitlab_likewise(tmp_path: Path, visibility: str, status: int) -> None:
    assert run_script(GITLAB["script"][0], tmp_path, {}, CI_PROJECT_VISIBILITY=visibility).returncode == status


@pytest.mark.skipif(sys.platform == "win32", reason="the runners are Linux")
@pytest.mark.parametrize(("listed", "status"), [(2, 0), (128, 1)])
def test_a_store_that_cannot_be_read_ends_the_run(tmp_path: Path, listed: int, status: int) -> None:
    """Only a branch that is not there means that nothing was graded before."""
    programs = {"gh": "true", "git": f"exit {listed}"}
    assert run_script(script("Fetch what was graded before"), tmp_path, programs).returncode == status


@pytest.mark.skipif(sys.platform == "win32", reason="the runners are Linux")
def test_the_store_goes_to_a_branch_and_comes_back(tmp_path: Path) -> None:
    remote = tmp_path / "remote.git"
    subprocess.run(["git", "init", "--quiet", "--bare", str(remote)], check=True)
    address = {
        "gh": "true",
        "git": f'exec /usr/bin/env git "${{@//https:\\/\\/github.com\\/school\\/grades/{remote}}}"',
    }
    # The made-up git is the real one, with another address for the repository.
    address["git"] = address["git"].replace("/usr/bin/env git", shutil.which("git") or "git")
    for run in ("one", "two"):
        folder = tmp_path / run
        (folder / "bin").mkdir(parents=True)
        fetched = run_script(script("Fetch what was graded before"), folder, address)
        assert fetched.returncode == 0, fetched.stderr
        store = folder / "grades" / "grades.sqlite"
        assert (store.read_text(encoding="utf-8") if store.exists() else "") == ("" if run == "one" else "one")
        store.write_text(run, encoding="utf-8")
        kept = run_script(script("Keep what was graded"), folder, address, HOME=str(folder), GITHUB_RUN_ID="7")
        assert kept.returncode == 0, kept.stderr


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
