"""A clone that was handed in, as Git knows it: which states it was in, when, and what each of them held.

A learner's repository is hostile. So Git never works in it: it is copied into a bare one of ours, through
``git upload-pack``, which is made to read repositories that nobody trusts (git(1), "Security"). Nothing of its
configuration, hooks, filters or attributes takes effect on this side.
"""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from workbook.course.model import folder_name
from workbook.grading.intake.entry import InvalidUpload
from workbook.grading.intake.limits import Limits
from workbook.grading.intake.tar_upload import TarUpload
from workbook.grading.intake.times import HandIn

_SECONDS = 120
_MOST = Limits().unpacked_bytes
_BLOCK = 512
"""Bytes of a block, as ``ulimit -f`` counts (POSIX)."""
_WITHIN = 'ulimit -f "$0" && exec git "$@"'
_NOT_FOUND = 127
"""What a shell says of a program that is not there (POSIX)."""
_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_OURS = '[safe]\n\tdirectory = *\n[protocol]\n\tallow = never\n[protocol "file"]\n\tallow = always\n[gc]\n\tauto = 0\n'
"""All of Git's configuration here. The clones may belong to somebody else than who grades."""


@dataclass(frozen=True, slots=True)
class State:
    """A state of a repository."""

    commit: str
    when: datetime
    by: str
    """Who made it: for a push the login, for a commit the e-mail address of the committer."""


def is_clone(folder: Path) -> bool:
    """Whether a folder is a Git repository with its files."""
    inside = folder / ".git"
    return not (folder.is_symlink() or inside.is_symlink()) and (inside / "HEAD").is_file()


class Repository:
    """A bare copy of what was handed in."""

    def __init__(self, folder: Path, env: dict[str, str]) -> None:
        """Take one that ``opened`` made."""
        self._folder, self._env = folder, env

    def states(self, pushes: Sequence[HandIn] = ()) -> list[State]:
        """Its states, the first one first: by pushes, where a host has seen them, else by the dates in its commits.

        A learner can set the date in a commit to anything, and cannot set the time of a push.
        """
        if known := [push for push in pushes if _COMMIT.fullmatch(push.commit) and self._has(push.commit)]:
            return [State(push.commit, push.when, push.by) for push in known]
        log = self._git("log", "--first-parent", "--reverse", "--format=%H %ct %ce", "HEAD").splitlines()
        found: list[State] = []
        for line in log:
            commit, seconds, by = [*line.split(" ", 2), "", ""][:3]
            found.append(State(commit, _time(seconds), by))
        return found

    def trees(self, states: Sequence[State], lesson: int) -> list[str]:
        """What names the content of a lesson's folder in each state; "" where there is none."""
        asked = "".join(f"{state.commit}:lessons/{folder_name(lesson)}\n" for state in states)
        answers = self._git("cat-file", "--batch-check", said=asked).splitlines()
        return ["" if answer.endswith(" missing") else answer.partition(" ")[0] for answer in answers]

    @contextmanager
    def files(self, commit: str, limits: Limits) -> Generator[TarUpload]:
        """What a commit holds, as an upload.

        Raises:
            InvalidUpload: it cannot be unpacked, or is not safe to read.
        """
        with tempfile.TemporaryFile() as stream:
            self._run(["archive", "--format=tar", commit], stream.fileno(), most=limits.tar_bytes)
            length = stream.seek(0, os.SEEK_END)
            upload = TarUpload(os.fdopen(os.dup(stream.fileno()), "rb"), length, limits)
            try:
                yield upload
            finally:
                upload.close()

    def _has(self, commit: str) -> bool:
        try:
            return self._git("cat-file", "-t", commit).strip() == "commit"
        except InvalidUpload:
            return False

    def _git(self, *words: str, said: str = "") -> str:
        with tempfile.TemporaryFile() as stream:
            self._run(words, stream.fileno(), said)
            stream.seek(0)
            return stream.read().decode("utf-8", "replace")

    def _run(self, words: Sequence[str], output: int, said: str = "", most: int = _MOST) -> None:
        run_git(["-C", str(self._folder), *words], self._env, output, said, most)


@contextmanager
def opened(clone: Path) -> Generator[Repository]:
    """A bare copy of a clone, which is gone afterwards.

    Raises:
        InvalidUpload: Git is not here, or cannot read it.
    """
    with tempfile.TemporaryDirectory(prefix="workbook-git-") as scratch:
        (Path(scratch) / "config").write_text(_OURS, encoding="utf-8")
        env = {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
            "HOME": scratch,
            "LC_ALL": "C.UTF-8",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": f"{scratch}/config",
            "GIT_TERMINAL_PROMPT": "0",
        }
        copy = Path(scratch) / "copy.git"
        source = clone.resolve().as_uri()
        run_git(["clone", "--quiet", "--bare", "--no-local", "--template=", source, str(copy)], env, subprocess.DEVNULL)
        yield Repository(copy, env)


def run_git(words: Sequence[str], env: dict[str, str], output: int, said: str = "", most: int = _MOST) -> None:
    """Run Git, within limits of time and size.

    Args:
        words: what to say after ``git``.
        env: its whole environment.
        output: the file descriptor that takes what it prints.
        said: its input.
        most: the most bytes of any file that it writes, its output among them.

    Raises:
        InvalidUpload: it is not here, fails, or does not end.
    """
    try:
        done = subprocess.run(
            ["/bin/sh", "-c", _WITHIN, str(most // _BLOCK), *words],
            env=env,
            input=said.encode(),
            stdout=output,
            stderr=subprocess.DEVNULL,
            timeout=_SECONDS,
            check=False,
        )
    except FileNotFoundError:
        raise InvalidUpload("There is no /bin/sh here, by which Git is run within limits.") from None
    except subprocess.TimeoutExpired:
        raise InvalidUpload(f"Git cannot read it within {_SECONDS} s: hand in a smaller repository.") from None
    if done.returncode == _NOT_FOUND:
        raise InvalidUpload("It is a Git repository, and git is not installed here.")
    if done.returncode != 0:
        raise InvalidUpload("Git cannot read it: push it again, or hand in a zip of the lessons folder.")


def last_before(states: Sequence[State], deadline: datetime | None) -> int | None:
    """The place of the last state that was there at the deadline, or of the last one where there is none."""
    in_time = [place for place, state in enumerate(states) if deadline is None or state.when <= deadline]
    return in_time[-1] if in_time else None


def changed_at(repository: Repository, states: Sequence[State], lesson: int, others: frozenset[str]) -> datetime | None:
    """When somebody other than these last changed a lesson; None where nobody did.

    Args:
        repository: which holds the states.
        states: up to the one that is graded, the first one first.
        lesson: its number.
        others: logins and e-mail addresses, in small letters, whose changes do not count: the instructors'.
    """
    trees = repository.trees(states, lesson)
    for place in range(len(states) - 1, -1, -1):
        before = trees[place - 1] if place else ""
        if trees[place] != before and states[place].by.casefold() not in others:
            return states[place].when
    return None


def _time(seconds: str) -> datetime:
    try:
        return datetime.fromtimestamp(int(seconds), tz=UTC)
    except (OverflowError, OSError, ValueError):  # a date that is none says nothing, and is never too late
        return datetime.fromtimestamp(0, tz=UTC)
