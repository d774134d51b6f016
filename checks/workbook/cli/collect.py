"""``workbook collect``: clone what learners have pushed, with the times at which the host saw it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from workbook.cli.console import console, count
from workbook.course.model import CourseError

_HOSTS = {"github": ("GitHub", ("GH_TOKEN", "GITHUB_TOKEN")), "gitlab": ("GitLab", ("GITLAB_TOKEN",))}
_PROBLEMS = 1


def collect(
    owner: Annotated[str, typer.Argument(metavar="OWNER", help="Like github:my-school or gitlab:school/course.")],
    out: Annotated[Path, typer.Argument(help="The folder for the clones.")] = Path("submissions"),
    prefix: Annotated[
        str, typer.Option(help="How the repositories' names begin, like week-3-; the rest is the id.")
    ] = "",
    only: Annotated[list[str] | None, typer.Option(help="Only this repository; may be repeated.")] = None,
    server: Annotated[str, typer.Option(help="Where the host's API is, if on a server of yours.")] = "",
) -> None:
    """Clone every learner's repository, and note when each was pushed to: workbook grade reads both."""
    from workbook.grading.intake import hosts
    from workbook.grading.intake.clones import clone_all

    kind, _, name = owner.partition(":")
    if kind not in _HOSTS or not name:
        raise CourseError(f"{owner} is no host and owner: write it like github:my-school or gitlab:school/course.")
    title, variables = _HOSTS[kind]
    token = next((value for variable in variables if (value := os.environ.get(variable))), "")
    if not token:
        raise CourseError(f"{title} wants a token: put one that may read the repositories into {variables[0]}.")
    host = hosts.GitHub(token, server) if kind == "github" else hosts.GitLab(token, server)
    cloned = clone_all(host, token, name, out, prefix=prefix, names=only or ())
    problems = [each for each in cloned if each.problem]
    for each in problems:
        console().print(f"{each.learner}: {each.problem}", soft_wrap=True, markup=False)
    print(f"{count(len(cloned) - len(problems), 'clone')} in {out}.")
    if problems:
        raise typer.Exit(_PROBLEMS)
