"""The git repository that a copy of the course was cloned from, for ``workbook update``.

Git is asked for the newer version and told, at the end, that it is there. It merges nothing: which files are the
learner's is known better here, and a conflict in a notebook is nothing for a learner to solve.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from workbook.course.model import CourseError

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from workbook.course.model import Course

_NO_UPSTREAM = (
    "This copy of the workbook does not know where newer versions come from. "
    "Download the newer one, and say where it is: workbook update FOLDER-OR-ZIP"
)


@dataclass(frozen=True, slots=True)
class Repository:
    """A clone of the course whose branch follows one elsewhere."""

    root: Path
    newest: str
    """The commit of the newest version; it has been fetched."""

    def write_newest(self, folder: Path) -> None:
        """Write the files of the newest version into a folder, with the line ends that git gives them here."""
        with _index() as env:
            _git(self.root, "read-tree", self.newest, env=env)
            _git(self.root, "checkout-index", "--all", f"--prefix={folder}/", env=env)

    def tracked(self) -> set[str]:
        """The files of the version that the learner has, without those of the learner's own commits."""
        return self._files(_git(self.root, "merge-base", "HEAD", self.newest).strip())

    def unchanged(self) -> set[str]:
        """The files that are as in the last commit, which therefore keeps them."""
        return self._files("HEAD") - set(_git(self.root, "diff", "-z", "--name-only", "HEAD").split("\0"))

    def _files(self, commit: str) -> set[str]:
        return set(_git(self.root, "ls-tree", "-r", "-z", "--name-only", commit).split("\0")) - {""}

    def record(self) -> None:
        """Let the branch say that it has the newest version; no file changes.

        Whoever has commits of their own gets one more, which joins both: the newest version, with their lessons.
        """
        base = _git(self.root, "merge-base", "HEAD", self.newest).strip()
        head = _git(self.root, "rev-parse", "HEAD").strip()
        if base == self.newest:
            return
        _git(self.root, "reset", "--quiet", self.newest if base == head else self._joined(base))

    def _joined(self, base: str) -> str:
        """A commit of the newest version with the lessons and the new files of the learner's own commits."""
        own = _git(self.root, "diff", "-z", "--raw", "--no-abbrev", "--no-renames", base, "HEAD").split("\0")
        newest = self._files(self.newest)
        with _index() as env:
            _git(self.root, "read-tree", self.newest, env=env)
            for facts, name in zip(own[:-1:2], own[1::2], strict=True):
                _, mode, _, blob, status = facts.split(" ")
                if not name.startswith("lessons/") and name in newest:
                    continue
                if status == "D":
                    _git(self.root, "update-index", "--force-remove", "--", name, env=env)
                else:
                    _git(self.root, "update-index", "--add", "--cacheinfo", f"{mode},{blob},{name}", env=env)
            tree = _git(self.root, "write-tree", env=env).strip()
        words = "Take in the newer version of the workbook"
        return _git(self.root, "commit-tree", tree, "-p", "HEAD", "-p", self.newest, "-m", words).strip()


def find(course: Course) -> Repository:
    """The repository of a course, with its newest version fetched.

    Raises:
        CourseError: the course was not cloned, follows no other repository, is in the middle of a merge, or cannot
            reach the other one.
    """
    if not (course.root / ".git").exists():
        raise CourseError(_NO_UPSTREAM)
    try:
        remote, _, branch = _git(course.root, "rev-parse", "--abbrev-ref", "@{upstream}").strip().partition("/")
    except CourseError as fault:
        raise CourseError(_NO_UPSTREAM) from fault
    for unfinished in ("MERGE_HEAD", "CHERRY_PICK_HEAD", "rebase-merge", "rebase-apply"):
        if (course.root / _git(course.root, "rev-parse", "--git-path", unfinished).strip()).exists():
            raise CourseError("Git is in the middle of a merge or a rebase here: finish it first.")
    _git(course.root, "fetch", "--quiet", remote, branch)
    return Repository(course.root, _git(course.root, "rev-parse", "FETCH_HEAD").strip())


@contextmanager
def _index() -> Generator[dict[str, str]]:
    """An index of our own, so that the learner's is not touched."""
    with tempfile.TemporaryDirectory(prefix="workbook-index-") as scratch:
        yield {"GIT_INDEX_FILE": str(Path(scratch) / "index")}


def _git(root: Path, *words: str, env: Mapping[str, str] | None = None) -> str:
    """What git prints.

    Raises:
        CourseError: there is no git, or it says no.
    """
    try:
        done = subprocess.run(
            ["git", *words],
            cwd=root,
            env={**os.environ, "GIT_TERMINAL_PROMPT": "0", **(env or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="surrogateescape",
            check=False,
        )
    except FileNotFoundError as fault:
        raise CourseError("git is not installed, and this copy of the workbook was cloned with it.") from fault
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["it gave no reason"])[-1].removeprefix("fatal: ")
        raise CourseError(f"git {words[0]} did not work: {last}")
    return done.stdout
