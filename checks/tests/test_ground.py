"""The ground the workbook stands on: set-up, locks, declared packages, the editor, and what lies in the tree."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest

from workbook import bootstrap

ROOT = Path(__file__).resolve().parents[2]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LESSONS = sorted(folder.name for folder in (ROOT / "lessons").glob("lesson_[0-9][0-9]"))
LOCKS = {"requirements.lock": ROOT / "requirements.lock", "dev": ROOT / ".ci" / "requirements-dev.lock"}
TOP_LEVEL = {
    *("lessons", "solutions", "checks", "notebooks"),
    *("pyproject.toml", "requirements.lock", "Makefile", "README.md", "CONTRIBUTING.md", "LICENSE"),
    *(".ci", ".devcontainer", ".github", ".gitignore", ".vscode"),
}
FLOORS = ("course", "service", "feedback", "plugin", "notebook", "authoring", "grading", "cli")
"""The packages of the tool, from below: each imports from those before it, and from none after it."""
# Put together here, so that this file does not hold what it looks for.
REGISTRIES = ("py" + "pi.org", "python" + "hosted.org", "npm" + "js.", "deb." + "debian.org", "conda." + "anaconda.org")
PLACES = tuple("/" + place + "/" for place in ("root", "work/main", "work/shared", "home/runner", "Users/runner"))


def files_of_the_tree() -> list[Path]:
    """Every file that is, or would be, committed."""
    answer = subprocess.run(
        ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if answer.returncode != 0:
        pytest.skip("this copy is no git clone, so nobody can say which files belong to it")
    files = (ROOT / os.fsdecode(name) for name in answer.stdout.split(b"\0") if name)
    return [file for file in files if file.is_file()]


def requirement_name(requirement: str) -> str:
    name = re.match(r"[\w.-]+", requirement)
    assert name is not None, requirement
    return re.sub(r"[-_.]+", "-", name[0]).lower()


def declared(*, dev: bool) -> set[str]:
    project = PROJECT["project"]
    extras = project["optional-dependencies"]
    found = [*project["dependencies"], *extras["postgres"], *extras["cluster"]]
    if dev:
        found += [*extras["dev"], *PROJECT["dependency-groups"]["setup"]]
    return {requirement_name(requirement) for requirement in found}


def locked(name: str) -> dict[str, str]:
    """The packages of a lock with all their lines."""
    blocks = re.split(r"^(?=\S)", LOCKS[name].read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {requirement_name(block): block for block in blocks if block.strip()}


# --- packages -------------------------------------------------------------------------------------------------------


def imports(source: str) -> Iterator[str]:
    """The top-level modules that a source file imports, wherever in it."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module.partition(".")[0]


def code_of(file: Path) -> str:
    """The Python of a source file, or of a notebook's source; magics are left out."""
    text = file.read_text(encoding="utf-8")
    if file.suffix == ".py":
        return text
    cells = re.findall(r"^```\{code-cell\}[^\n]*\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)
    lines = (line for cell in cells for line in cell.splitlines() if re.match(r"(from|import) ", line))
    return "\n".join(line for line in lines if not line.endswith("("))


def test_every_imported_package_is_declared() -> None:
    distributions = packages_distributions()
    own = {"app", "shared", "tests", "workbook", *sys.stdlib_module_names}
    missing: set[str] = set()
    for folder in ("checks", "lessons", "solutions", "notebooks/src"):
        for file in [*(ROOT / folder).rglob("*.py"), *(ROOT / folder).rglob("*.md")]:
            for_authors = (ROOT / "checks" / "tests", ROOT / "checks" / "workbook" / "authoring")
            allowed = declared(dev=any(map(file.is_relative_to, for_authors)))
            siblings = {path.stem for path in file.parent.glob("*.py")}
            for module in set(imports(code_of(file))) - own - siblings:
                if file.suffix == ".md" and module not in distributions:
                    continue  # a module that the notebook itself writes
                names = {requirement_name(name) for name in distributions.get(module, [module])}
                if not names & allowed:
                    missing.add(f"{file.relative_to(ROOT).as_posix()} imports {module} of {', '.join(sorted(names))}")
    assert not missing, "declare it in pyproject.toml, then make lock:\n" + "\n".join(sorted(missing))


def test_the_locks_hold_everything_that_is_declared() -> None:
    learner, dev = locked("requirements.lock"), locked("dev")
    runtime = {requirement_name(requirement) for requirement in PROJECT["project"]["dependencies"]}
    runtime |= {requirement_name(requirement) for requirement in PROJECT["dependency-groups"]["setup"]}
    assert runtime <= learner.keys(), "run make lock"
    assert declared(dev=True) <= learner.keys() | dev.keys(), "run make lock"
    assert not learner.keys() & dev.keys(), "a package is locked once"


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_is_exact_hashed_and_bound_to_no_place(name: str) -> None:
    for package, block in locked(name).items():
        assert re.match(r"[\w.-]+==[\w.]+ (; .+ )?\\\n", block), f"{package} is not pinned to one version"
        assert "--hash=sha256:" in block, f"{package} has no hash"
    text = LOCKS[name].read_text(encoding="utf-8")
    assert "://" not in text
    assert not re.search(r"^\s*(-i|-f|-e|--index|--extra-index|--find-links|--trusted)", text, flags=re.MULTILINE)
    assert "torch" not in locked(name)


# --- the editor -----------------------------------------------------------------------------------------------------


def test_every_lesson_is_a_world_of_its_own_in_the_editor() -> None:
    listed: dict[str, dict[str, Any]] = {
        env["root"]: env for env in PROJECT["tool"]["pyright"]["executionEnvironments"]
    }
    for lesson in LESSONS:
        for root in (f"lessons/{lesson}", f"solutions/{lesson}"):
            assert root in listed, f"add {{ root = {root!r} }} to tool.pyright.executionEnvironments in pyproject.toml"
            assert "extraPaths" not in listed[root], "another path there could hide the lesson's own package"
        paths = ["checks", f"solutions/{lesson}"]
        assert listed.get(f"checks/{lesson}", {}).get("extraPaths") == paths, (
            f"add {{ root = 'checks/{lesson}', extraPaths = {paths} }} to executionEnvironments in pyproject.toml"
        )
    roots = list(listed)
    assert roots[-1] == "checks", "the first match wins, so the shortest path comes last"
    gone = [root for root in roots if not (ROOT / root).is_dir()]
    assert not gone, f"{gone} do not exist any more"


def test_the_editors_files_are_readable() -> None:
    for name in (".vscode/settings.json", ".vscode/extensions.json", ".devcontainer/devcontainer.json"):
        text = re.sub(r"^\s*//.*$", "", (ROOT / name).read_text(encoding="utf-8"), flags=re.MULTILINE)
        assert isinstance(json.loads(text), dict), name


# --- the tree -------------------------------------------------------------------------------------------------------


def test_nothing_else_stands_at_the_top() -> None:
    assert {file.relative_to(ROOT).parts[0] for file in files_of_the_tree()} <= TOP_LEVEL


def test_no_file_names_a_registry_or_a_place_on_somebodys_machine() -> None:
    words = (*REGISTRIES, *PLACES, f"{ROOT}/")
    found: list[str] = []
    for file in files_of_the_tree():
        text = file.read_bytes().decode("utf-8", "replace")
        found += [f"{file.relative_to(ROOT).as_posix()}: {word}" for word in words if word in text]
    assert not found


def test_the_licence_stands_in_the_tree() -> None:
    assert (ROOT / "LICENSE").read_text(encoding="utf-8").startswith("MIT License")
    assert PROJECT["project"]["license"] == "MIT"


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md"])
def test_links_lead_somewhere(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    headings = re.findall(r"^#+ (.*)$", text, flags=re.MULTILINE)
    anchors = {"#" + re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-") for heading in headings}
    for target in re.findall(r"\]\(([^)]+)\)", text) + re.findall(r'(?:src|href|srcset)="([^"]+)"', text):
        assert target.startswith("https://") or target in anchors or (ROOT / target).exists(), target


def test_the_readme_lists_every_lesson() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for lesson in LESSONS:
        data = tomllib.loads((ROOT / "lessons" / lesson / "lesson.toml").read_text(encoding="utf-8"))
        notebook = f"notebooks/{lesson.removeprefix('lesson_')}_{data['name']}.ipynb"
        assert notebook in readme, f"README.md, the map: link {notebook}"
        assert data["title"] in readme


# --- the set-up -----------------------------------------------------------------------------------------------------


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of what the set-up looks at, and no environment yet."""
    (tmp_path / ".ci").mkdir()
    (tmp_path / ".ci" / "requirements-dev.lock").write_text("ruff==1 \\\n    --hash=sha256:0\n")
    (tmp_path / "requirements.lock").write_text("uv==2.1 \\\n    --hash=sha256:0 \\\n    --hash=sha256:1\n")
    (tmp_path / "pyproject.toml").write_text("")
    venv = tmp_path / ".venv"
    for name, path in {
        "ROOT": tmp_path,
        "VENV": venv,
        "BIN": venv / bootstrap.BIN.name,
        "PYTHON": venv / bootstrap.BIN.name / bootstrap.PYTHON.name,
        "UV": venv / bootstrap.BIN.name / bootstrap.UV.name,
        "STAMP": venv / bootstrap.STAMP.name,
        "UNFINISHED": venv / bootstrap.UNFINISHED.name,
        "LOG": venv / bootstrap.LOG.name,
        "LOCK": tmp_path / "requirements.lock",
        "DEV_LOCK": tmp_path / ".ci" / "requirements-dev.lock",
    }.items():
        monkeypatch.setattr(bootstrap, name, path)
    return tmp_path


@pytest.fixture
def commands(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What the set-up would have run; nothing is, but an environment appears all the same: one without packages."""
    ran: list[list[str]] = []

    def step(name: str, command: list[str], *, must: bool = True) -> None:
        ran.append(command)
        if command[1:3] == ["-m", "venv"]:
            bootstrap.BIN.mkdir(parents=True)
            bootstrap.PYTHON.symlink_to(command[0])
            (bootstrap.VENV / "pyvenv.cfg").write_text(f"home = {Path(command[0]).parent}\n")
        if "--no-deps" in command and bootstrap.VENV.is_dir():
            bootstrap.UV.touch()

    monkeypatch.setattr(bootstrap, "step", step)
    return ran


def test_an_old_python_can_read_the_bootstrap_and_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    source = Path(bootstrap.__file__).read_text(encoding="utf-8")
    ast.parse(source, feature_version=(3, 7))
    assert set(imports(source)) <= sys.stdlib_module_names
    monkeypatch.setattr(sys, "version_info", (3, 8, 18))
    assert bootstrap.main(["lab"]) == 2
    assert capsys.readouterr().err.startswith("The workbook needs Python 3.11 or newer, and this is Python 3.8:")


@pytest.mark.parametrize("package", FLOORS)
def test_imports_run_one_way(package: str) -> None:
    tool = ROOT / "checks" / "workbook"
    assert {folder.name for folder in tool.iterdir() if (folder / "__init__.py").is_file()} == set(FLOORS)
    above = FLOORS[FLOORS.index(package) + 1 :]
    upwards = [
        f"{file.relative_to(tool)}: {name}"
        for file in (tool / package).rglob("*.py")
        for name in re.findall(r"^\s*from workbook\.(\w+)", file.read_text(encoding="utf-8"), flags=re.MULTILINE)
        if name in above
    ]
    assert upwards == []


def test_the_bootstraps_neighbours_hide_no_standard_module() -> None:
    # Run as a script, its own folder is the first place that its imports are looked for in.
    neighbours = {path.stem for path in Path(bootstrap.__file__).parent.iterdir()}
    assert not neighbours & sys.stdlib_module_names


def test_a_second_set_up_runs_nothing(commands: list[list[str]], capsys: pytest.CaptureFixture[str]) -> None:
    assert bootstrap.main(["setup"]) == 0
    assert commands
    commands.clear()
    assert bootstrap.main(["setup"]) == 0
    assert not commands
    assert "Everything is set up already." in capsys.readouterr().out


def test_tools_for_authors_are_added_and_stay(commands: list[list[str]]) -> None:
    assert bootstrap.set_up(dev=False) is False
    assert not any(str(bootstrap.DEV_LOCK) in command for command in commands)
    assert bootstrap.set_up(dev=True) is False
    assert any(str(bootstrap.DEV_LOCK) in command for command in commands)
    commands.clear()
    assert bootstrap.set_up(dev=False) is True
    bootstrap.LOCK.write_text(bootstrap.LOCK.read_text() + "new==1 \\\n    --hash=sha256:2\n")
    assert bootstrap.set_up(dev=False) is False
    assert any(str(bootstrap.DEV_LOCK) in command for command in commands)


def test_everything_is_installed_by_hash_and_compiled(commands: list[list[str]]) -> None:
    bootstrap.set_up(dev=True)
    installs = [command for command in commands if "install" in command and "--editable" not in command]
    assert len(installs) == 2
    assert all("--require-hashes" in command for command in installs)
    assert "--compile-bytecode" in installs[-1]
    only_uv = (bootstrap.VENV / "workbook-setup-uv.txt").read_text()
    assert only_uv == "uv==2.1 \\\n    --hash=sha256:0 \\\n    --hash=sha256:1\n"


def test_an_interrupted_installation_is_done_again_in_full(commands: list[list[str]]) -> None:
    bootstrap.set_up(dev=False)
    bootstrap.UNFINISHED.touch()
    commands.clear()
    assert bootstrap.set_up(dev=False) is False
    assert any("--reinstall" in command for command in commands)
    assert not bootstrap.UNFINISHED.exists()


def test_pip_steps_in_for_uv(commands: list[list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    faithful = bootstrap.step

    def step(name: str, command: list[str], *, must: bool = True) -> None:
        faithful(name, command, must=must)
        if command[0] == str(bootstrap.UV):
            raise bootstrap.StepFailed("error: invalid peer certificate: UnknownIssuer")

    monkeypatch.setattr(bootstrap, "step", step)
    bootstrap.set_up(dev=False)
    assert [str(bootstrap.PYTHON), "-m", "pip"] == commands[-2][:3]
    assert "compileall" in commands[-1]


@pytest.mark.skipif(os.name == "nt", reason="a Windows environment has no links to break")
@pytest.mark.parametrize("state", ["empty", "dangling", "not an environment"])
def test_an_unusable_environment_is_moved_aside(
    elsewhere: Path, commands: list[list[str]], state: str, capsys: pytest.CaptureFixture[str]
) -> None:
    bootstrap.BIN.mkdir(parents=True)
    (bootstrap.VENV / "mine.txt").write_text("kept")
    if state == "dangling":
        bootstrap.PYTHON.symlink_to(elsewhere / "gone")
    if state == "not an environment":
        bootstrap.PYTHON.symlink_to("/bin/true")
    bootstrap.make_environment()
    assert bootstrap.whats_wrong() is None
    [aside] = elsewhere.glob(".venv.old-*")
    assert (aside / "mine.txt").read_text() == "kept"
    assert f".venv is broken: it is now {aside.name}" in capsys.readouterr().out


def test_an_environment_that_was_moved_is_not_trusted(elsewhere: Path) -> None:
    bootstrap.VENV.mkdir()
    stamp = bootstrap.Stamp({**bootstrap.fingerprint(), "folder": str(elsewhere / "before")}, dev=False)
    bootstrap.STAMP.write_text(json.dumps(stamp._asdict()))
    assert bootstrap.whats_wrong() == "was moved here from another folder"


@pytest.mark.parametrize(
    ("output", "begins"),
    [
        ("error: failed to write: No space left on device (os error 28)", "The disk is full"),
        ("PermissionError: [Errno 13] Permission denied: '.venv'", "A file of the set-up may not be written"),
        ("[Errno 30] Read-only file system: '.venv'", "A file of the set-up may not be written"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.", "A downloaded package is not"),
        ("Failed to establish a new connection: [Errno -3] Temporary failure", "The packages cannot be downloaded"),
        ("error sending request for url: dns error", "The packages cannot be downloaded"),
        ("ERROR: No matching distribution found for uv==2.1", "A package has no build for this Python"),
        ("something\nnew", "The set-up failed:\n  something\n  new"),
    ],
)
def test_a_failed_set_up_says_what_to_do(elsewhere: Path, output: str, begins: str) -> None:
    assert bootstrap.explain(output).startswith(begins)


def test_a_python_without_venv_is_told_what_to_install(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]
    with pytest.raises(bootstrap.SetupError, match=r"sudo apt install python3\.\d+-venv"):
        bootstrap.make_environment()


def test_what_is_started_writes_bytecode_and_sees_the_environment_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.setenv("PYTHONPATH", "somewhere")
    environment = bootstrap.child_env()
    assert "PYTHONDONTWRITEBYTECODE" not in environment
    assert "PYTHONPATH" not in environment
    assert environment["PATH"].split(os.pathsep)[0] == str(bootstrap.BIN)


@pytest.mark.skipif(os.name == "nt", reason="bash is asked")
def test_ci_runs_the_same_command() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert subprocess.run(["bash", "-n", str(script)], check=False).returncode == 0
    assert "make test" in script.read_text(encoding="utf-8")
    assert ".ci/run" in (ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
