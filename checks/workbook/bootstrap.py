"""Set the workbook up and start it, with nothing but Python: ``python3 checks/workbook/bootstrap.py lab``.

This file runs before anything is installed, so it uses the standard library only. It also has to be *readable* by
an old Python, which must be able to say that it is too old: keep its syntax to what Python 3.6 understands.

``setup`` makes ``.venv`` and installs into it exactly what ``requirements.lock`` names, hash by hash. When that has
been done it leaves a stamp, and a second call is over at once. ``lab`` and ``test`` set up in the same way and then
start JupyterLab, or run every test.
"""

import argparse
import hashlib
import importlib.util
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Dict, List, NamedTuple, Optional, Sequence, Tuple

OLDEST_PYTHON = (3, 11)
ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
UV = BIN / ("uv.exe" if os.name == "nt" else "uv")
STAMP = VENV / "workbook-setup.json"
UNFINISHED = VENV / "workbook-setup.unfinished"
LOG = VENV / "workbook-setup.log"
LOCK = ROOT / "requirements.lock"
DEV_LOCK = ROOT / ".ci" / "requirements-dev.lock"

# What would send the installation elsewhere, or (PYTHONDONTWRITEBYTECODE) make every later start three times slower.
UNWANTED_ENV = (
    "PIP_PREFIX",
    "PIP_TARGET",
    "PIP_USER",
    "PYTHONDONTWRITEBYTECODE",
    "PYTHONHOME",
    "PYTHONPATH",
    "PYTHONPYCACHEPREFIX",
    "__PYVENV_LAUNCHER__",
)

DISK_FULL = "The disk is full: the set-up needs about 600 MB. Make room, then run it again."
NOT_WRITABLE = (
    "A file of the set-up may not be written: check that this folder and .venv in it belong to you, then run it again."
)
OFFLINE = (
    "The packages cannot be downloaded: is this machine online, and does pip need a proxy or a mirror here? "
    "Then run the set-up again."
)
# What an installer writes when it fails, and the sentence that helps.
KNOWN_FAULTS = (
    (r"no space left|disk quota exceeded|errno 28|not enough space on the disk", DISK_FULL),
    (r"read-only file system|permission denied|access is denied|errno 13|errno 30", NOT_WRITABLE),
    (
        r"hash mismatch|do not match the hashes",
        (
            "A downloaded package is not the one that requirements.lock names; nothing of it was used. "
            "Run the set-up again, and if it stays so, tell whoever runs your package mirror."
        ),
    ),
    (
        r"long path|file name too long|path too long",
        "A path is too long for this system: move the folder nearer to the top of the disk, then run the set-up again.",
    ),
    (
        (
            r"name resolution|name or service not known|could not resolve|dns error|failed to establish|"
            r"error sending request|connection (refused|reset|aborted|error)|network is unreachable|getaddrinfo failed|"
            r"timed out|tunnel connection|proxyerror|certificate verify failed|failed to fetch|client error \(connect\)"
        ),
        OFFLINE,
    ),
    (
        r"no matching distribution|requires-python|requires a different python|no solution found|has no wheels",
        (
            "A package has no build for this Python. Python 3.11 to 3.14 are known to work: "
            "name one, for example make setup PYTHON=python3.13."
        ),
    ),
)


class Stamp(NamedTuple):
    """What a finished set-up leaves behind."""

    made_from: Dict[str, str]
    """The fingerprint of everything it was made from."""
    dev: bool
    """Whether the tools for authors are installed too."""


class SetupError(Exception):
    """The set-up cannot go on; the message is what the user has to know, in a sentence or two."""


class StepFailed(Exception):
    """A command of the set-up failed.

    Attributes:
        output: what it wrote, standard output and standard error together.
    """

    def __init__(self, output: str) -> None:
        super().__init__(output)
        self.output = output


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Run one command.

    Args:
        arguments: the words after the script's name; those of this process when None.

    Returns:
        The exit code: 0, that of the started program, or 2 when the set-up fails.
    """
    if sys.version_info < OLDEST_PYTHON:
        print(too_old(), file=sys.stderr)
        return 2
    parser = argparse.ArgumentParser(prog="bootstrap.py", description="Set the workbook up and start it.")
    parser.add_argument(
        "command", choices=("setup", "lab", "test"), help="only set up; open JupyterLab; run every test"
    )
    parser.add_argument("words", nargs=argparse.REMAINDER, help="with setup: --dev; lab and test pass them on")
    options = parser.parse_args(arguments)
    words: List[str] = options.words
    tests = ROOT / "checks" / "tests" / "run_all.py"
    if options.command == "test" and not tests.exists():
        print(
            "This is a student's copy, without the tests of the workbook itself. For your own work: workbook check 1."
        )
        return 2
    if options.command == "setup" and words not in ([], ["--dev"]):
        parser.error("setup takes only --dev, which adds the tools for authors and tests")
    try:
        done_before = set_up(dev=options.command == "test" or words == ["--dev"])
    except SetupError as fault:
        print("\n" + str(fault), file=sys.stderr)
        return 2
    if options.command == "setup":
        if done_before:
            say("Everything is set up already.")
        say("Next: make lab, or " + one_line("lab") + " where there is no make.")
        return 0
    if options.command == "lab":
        return run_inside([str(PYTHON), "-m", "workbook", "lab", *words])
    return run_inside([str(PYTHON), str(tests), *words])


def set_up(*, dev: bool) -> bool:
    """Bring ``.venv`` to what the lock names.

    Args:
        dev: also install what only authors and the tests of the tool need.

    Returns:
        Whether there was nothing to do.

    Raises:
        SetupError: it cannot be done here; the message says what to do.
    """
    wanted = fingerprint()
    found = read_stamp()
    if found is not None and PYTHON.exists() and found.made_from == wanted and (found.dev or not dev):
        return True
    started = time.monotonic()
    try:
        dev = dev or (found is not None and found.dev)
        say("Setting up in .venv" + (", with the tools for authors" if dev else "") + " (a minute or so, once) ...")
        make_environment()
        interrupted = UNFINISHED.exists()
        UNFINISHED.touch()
        LOG.write_text("", encoding="utf-8")
        install([LOCK, DEV_LOCK] if dev else [LOCK], again=interrupted)
        STAMP.write_text(json.dumps(Stamp(wanted, dev)._asdict(), indent=2) + "\n", encoding="utf-8")
        UNFINISHED.unlink()
    except StepFailed as failed:
        raise SetupError(explain(failed.output)) from None
    except OSError as fault:
        raise SetupError(explain(str(fault))) from None
    say(f"Done in {time.monotonic() - started:.0f} s.")
    return False


def fingerprint() -> Dict[str, str]:
    """What an environment must have been made from to be the right one."""
    parts = {name: sha256(ROOT / name) for name in ("pyproject.toml", "requirements.lock")}
    if DEV_LOCK.exists():  # a course as handed to a class may come without it
        parts["dev"] = sha256(DEV_LOCK)
    # Scripts in .venv hold the folder's path, so an environment that was moved is not usable any more.
    return {**parts, "python": "{}.{}".format(*sys.version_info), "folder": str(ROOT)}


def make_environment() -> None:
    """Make ``.venv``, unless a working one of this Python stands there.

    Whatever else stands there is moved aside, never deleted.

    Raises:
        SetupError: this Python cannot make one.
        StepFailed: making it failed.
        OSError: the folder cannot be written.
    """
    if VENV.exists() or VENV.is_symlink():
        fault = whats_wrong()
        if fault is None:
            return
        aside = VENV.with_name(".venv.old-" + time.strftime("%Y%m%d-%H%M%S"))
        try:
            VENV.rename(aside)
        except OSError:
            raise SetupError(
                f"The environment in .venv {fault} and cannot be moved away: close what runs from it "
                "(JupyterLab, an editor), then run the set-up again."
            ) from None
        say(f"  .venv {fault}: it is now {aside.name}, to be deleted when you like")
    if importlib.util.find_spec("ensurepip") is None or importlib.util.find_spec("venv") is None:
        package = "python{}.{}-venv".format(*sys.version_info)
        raise SetupError(
            f"This Python comes without its venv module. On Debian and Ubuntu: sudo apt install {package}; "
            "then run the set-up again."
        )
    # When this runs in a virtual environment (even .venv itself), the new one is made from the Python below it.
    base = getattr(sys, "_base_executable", None) or sys.executable
    step("environment of Python " + sys.version.split()[0], [base, "-m", "venv", str(VENV)])


def whats_wrong() -> Optional[str]:
    """Why ``.venv`` cannot be used, as the end of the sentence "the environment in .venv …"; None when it can."""
    stamp = read_stamp()
    if stamp is not None and stamp.made_from.get("folder") != str(ROOT):
        return "was moved here from another folder"
    probe = "import sys, site; print('{}.{}'.format(*sys.version_info), sys.prefix != sys.base_prefix)"
    try:
        answer = subprocess.run(
            [str(PYTHON), "-c", probe], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=60, env=child_env()
        )
    except (OSError, subprocess.TimeoutExpired):
        return "is broken"
    version, _, isolated = answer.stdout.decode("utf-8", "replace").strip().partition(" ")
    if answer.returncode != 0 or isolated != "True":
        return "is broken"
    if version != "{}.{}".format(*sys.version_info):
        return "was made by Python " + version
    return None


def install(locks: List[Path], *, again: bool) -> None:
    """Install what the locks name, and the workbook itself.

    uv does it in a few seconds; where uv cannot (no build of it for this machine, a mirror that only pip knows of),
    pip does it.

    Args:
        locks: the files of exact versions and hashes.
        again: whether an earlier installation was interrupted, so that no file of it can be relied upon.

    Raises:
        StepFailed: neither can.
        OSError: a file cannot be written.
    """
    packages = sum(len(re.findall(r"(?m)^\S+==", lock.read_text(encoding="utf-8"))) for lock in locks)
    what = f"up to {packages} packages"
    pip = [
        str(PYTHON),
        "-m",
        "pip",
        "--disable-pip-version-check",
        "--no-input",
        "install",
        "--no-warn-script-location",
    ]
    uv = [str(UV), "pip", "install", "--no-config", "--python", str(PYTHON)]
    itself = ["--no-deps", "--no-build-isolation", "--editable", str(ROOT)]
    hashed = ["--require-hashes"]
    for lock in locks:
        hashed += ["--requirement", str(lock)]
    if get_uv(pip):
        compiled = ["--compile-bytecode"] + (["--reinstall"] if again else [])
        try:
            step(what, [*uv, *hashed, *compiled])
            step("the workbook itself", [*uv, *itself])
            return
        except StepFailed as failed:
            if explain(failed.output) == DISK_FULL:
                raise
            say("  that did not work with uv; trying pip, which is slower")
    step(what, [*pip, *hashed, *(["--force-reinstall"] if again else [])])
    step("the workbook itself", [*pip, *itself])
    compile_all = [str(PYTHON), "-m", "compileall", "-q", "-j", "0", str(site_packages())]
    step("compiled for quick starts", compile_all, must=False)


def get_uv(pip: List[str]) -> bool:
    """Install the uv that the lock names. False when that does not work here."""
    pinned = re.search(r"^uv==(\S+).*\n(?: .*\n)+", LOCK.read_text(encoding="utf-8"), flags=re.MULTILINE)
    if pinned is None:
        return False
    if UV.exists() and (site_packages() / f"uv-{pinned[1]}.dist-info").is_dir():
        return True
    requirement = VENV / "workbook-setup-uv.txt"
    requirement.write_text(pinned[0], encoding="utf-8")
    try:
        if not (site_packages() / "pip").is_dir():
            step("pip", [str(PYTHON), "-m", "ensurepip", "--upgrade"])
        step("the installer", [*pip, "--no-deps", "--require-hashes", "--requirement", str(requirement)])
    except StepFailed as failed:
        if explain(failed.output) in (DISK_FULL, NOT_WRITABLE, OFFLINE):
            raise
        return False
    return UV.exists()


def site_packages() -> Path:
    """Where the environment keeps its packages."""
    if os.name == "nt":
        return VENV / "Lib" / "site-packages"
    return VENV / "lib" / "python{}.{}".format(*sys.version_info) / "site-packages"


def step(name: str, command: List[str], *, must: bool = True) -> None:
    """Run one command of the set-up quietly; its output goes to the log.

    Args:
        name: what it brings, shown with the seconds it took.
        command: the program and its arguments.
        must: whether its failure is a failure of the set-up.

    Raises:
        StepFailed: it exited with another code than 0, and must not.
    """
    started = time.monotonic()
    output, code = watch(name, command)
    if VENV.is_dir():
        with LOG.open("a", encoding="utf-8") as log:
            log.write("$ " + " ".join(command) + "\n" + output + "\n")
    if code != 0 and must:
        raise StepFailed(output)
    say(f"  {name:<46}{time.monotonic() - started:4.0f} s")


def watch(name: str, command: List[str]) -> Tuple[str, int]:
    """Run a command to its end, counting the seconds where somebody is looking.

    Returns:
        Everything it wrote, and its exit code.
    """
    started = time.monotonic()
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=str(ROOT),
        env=child_env(),
    )
    try:
        while True:
            try:
                output = process.communicate(timeout=1)[0]
                return output.decode("utf-8", "replace"), process.returncode
            except subprocess.TimeoutExpired:
                if sys.stdout.isatty():
                    line = f"  {name:<46}{time.monotonic() - started:4.0f} s ..."
                    print("\r" + line + "\r", end="", flush=True)
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()


def run_inside(command: List[str]) -> int:
    """Hand over to a program of the environment; where the system can, this process becomes it."""
    sys.stdout.flush()
    if os.name == "nt":
        return subprocess.call(command, env=child_env())
    os.execve(command[0], command, child_env())
    return None


def child_env() -> Dict[str, str]:
    """The environment of whatever is started: as if ``.venv`` were activated, without what would spoil it."""
    kept = {name: value for name, value in os.environ.items() if name not in UNWANTED_ENV}
    return {**kept, "VIRTUAL_ENV": str(VENV), "PATH": str(BIN) + os.pathsep + os.environ.get("PATH", os.defpath)}


def read_stamp() -> Optional[Stamp]:
    """What the last finished set-up wrote down; None when there is none, or it cannot be read."""
    if UNFINISHED.exists():
        return None
    try:
        stamp = json.loads(STAMP.read_text(encoding="utf-8"))
        return Stamp(made_from=dict(stamp["made_from"]), dev=bool(stamp["dev"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def explain(output: str) -> str:
    """What a failed installation's output means for the user."""
    text = output.lower()
    for pattern, sentence in KNOWN_FAULTS:
        if re.search(pattern, text):
            return sentence
    lines = [line for line in output.strip().splitlines() if line.strip()]
    where = f" The whole output is in .venv/{LOG.name}." if LOG.exists() else ""
    return "The set-up failed:\n  " + "\n  ".join(lines[-8:]) + "\n" + where.strip()


def too_old() -> str:
    """What somebody with an old Python reads."""
    return (
        "The workbook needs Python 3.11 or newer, and this is Python {}.{}: install one, then name it, for example: "
        "make lab PYTHON=python3.13".format(*sys.version_info)
    )


def one_line(command: str) -> str:
    """The command for a machine without make."""
    return (
        "py checks\\workbook\\bootstrap.py " if os.name == "nt" else "python3 checks/workbook/bootstrap.py "
    ) + command


def sha256(file: Path) -> str:
    """The fingerprint of a file's content."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def say(text: str) -> None:
    """One line for the user, at once."""
    print(text, flush=True)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print("\nStopped. Run the same command to go on.", file=sys.stderr)
        sys.exit(130)
