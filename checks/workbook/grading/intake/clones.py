"""Clone what learners have pushed, and write down when they did."""

from __future__ import annotations

import base64
import os
import re
import shutil
import subprocess
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from workbook.course.files import replace_file
from workbook.course.model import CourseError
from workbook.grading.exports.files import csv_text
from workbook.grading.intake.commits import run_git
from workbook.grading.intake.entry import InvalidUpload
from workbook.grading.intake.hosts import Host, Remote
from workbook.grading.intake.sources import TIMES

_SAFE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}")


@dataclass(frozen=True)
class Cloned:
    """What became of one."""

    learner: str
    problem: str = ""


def clone_all(
    host: Host, token: str, owner: str, folder: Path, *, prefix: str = "", names: Collection[str] = ()
) -> list[Cloned]:
    """Clone every repository of a class anew, and write ``times.csv`` beside the clones.

    Args:
        host: where they are.
        token: may read them.
        owner: the organisation or group.
        folder: where to; it is made, and clones of an earlier time in it are replaced.
        prefix: how the repositories' names begin; the rest is the learner's id.
        names: only these, if there are any.

    Returns:
        Each learner, with what went wrong.

    Raises:
        CourseError: the host refuses, or there is no such repository.
    """
    folder.mkdir(parents=True, exist_ok=True)
    wanted = [remote for remote in host.repositories(owner) if _is_wanted(remote, prefix, names)]
    if not wanted:
        raise CourseError(f"{owner} has no repository called {prefix or ' or '.join(names) or 'anything'}….")
    rows: list[tuple[str, str, str, str]] = [("id", "time", "commit", "by")]
    cloned: list[Cloned] = []
    for remote in wanted:
        learner = remote.name.removeprefix(prefix) or remote.name
        if any(each.learner == learner for each in cloned):
            raise CourseError(f"{owner} has two repositories called {remote.name}: collect one group at a time.")
        pushes = host.pushes(remote)
        rows += [(learner, push.when.isoformat(), push.commit, push.by) for push in pushes]
        cloned.append(_clone(remote, learner, folder, host.user, token))
    replace_file(folder / TIMES, csv_text(rows))
    return cloned


def _is_wanted(remote: Remote, prefix: str, names: Collection[str]) -> bool:
    return remote.name.startswith(prefix) and (not names or remote.name in names) and bool(_SAFE.fullmatch(remote.name))


def _clone(remote: Remote, learner: str, folder: Path, user: str, token: str) -> Cloned:
    place = folder / learner
    shutil.rmtree(place, ignore_errors=True)
    # The token is in no argument and in no file: others may see the first, and the second would lie beside the grades.
    secret = base64.b64encode(f"{user}:{token}".encode()).decode()
    env = {
        "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
        "HOME": str(folder),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_LFS_SKIP_SMUDGE": "1",
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "http.extraHeader",
        "GIT_CONFIG_VALUE_0": f"Authorization: Basic {secret}",
    }
    words = ["clone", "--quiet", "--no-tags", "--single-branch", "--template="]
    try:
        run_git([*words, "--", remote.address, str(place)], env, subprocess.DEVNULL)
    except InvalidUpload:
        return Cloned(learner, f"Git cannot clone {remote.address}.")
    if not any(entry.name != ".git" for entry in place.iterdir()):
        shutil.rmtree(place)  # nothing was pushed: that is nothing handed in, and no broken upload
    return Cloned(learner)
