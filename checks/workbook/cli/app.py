"""The command line as a whole: its commands, and how a mistake is answered.

Start-up is kept light: a module that a single command needs is imported inside that command.
"""

from __future__ import annotations

import sys
from typing import Annotated, Any, cast

import typer
from typer.core import TyperCommand, TyperGroup

import workbook
from workbook.cli import (
    authoring,
    carry,
    check,
    class_file,
    collect,
    diff,
    doctor,
    forward,
    grade,
    handout,
    hint,
    lab,
    new,
    override,
    reset,
    restore,
    serve,
    similar,
    site,
    solution,
    status,
    update,
    watch,
    where,
)
from workbook.course.model import CourseError

USER_ERROR = 2


class LightHelp:
    """Gives ``--help`` the default False.

    Typer's own default, None, has to be converted to a flag, and for that alone Typer imports Pydantic: half of the
    time that a bare ``workbook`` takes.
    """

    def get_help_option(self, ctx: Any) -> Any:
        """The ``--help`` option."""
        option = cast("Any", super()).get_help_option(ctx)
        if option is not None:
            option.default = False
        return option


class PlainCommand(LightHelp, TyperCommand):
    """One command."""


class PlainGroup(LightHelp, TyperGroup):
    """A group of commands that answers every mistake in one sentence, with exit code 2."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run a command line and leave with its exit code."""
        _tolerate_narrow_encodings()
        kwargs["standalone_mode"] = False
        try:
            code: object = super().main(*args, **kwargs)
        except CourseError as fault:
            code = _refuse(str(fault))
        except typer.TyperException as fault:
            code = _refuse(_sentence(fault))
        except ModuleNotFoundError as fault:
            if not (fault.name or "").startswith("workbook."):
                raise
            code = _refuse("This is a student's copy of the workbook: what this command needs is not in it.")
        except OSError as fault:
            code = _refuse(f"{fault.strerror or fault}: {fault.filename or 'no file is named'}.")
        except typer.Abort:
            code = _refuse("Stopped: nothing was changed.")
        sys.exit(code if isinstance(code, int) else 0)


def _refuse(sentence: str) -> int:
    print(sentence, file=sys.stderr)
    return USER_ERROR


def _sentence(fault: typer.TyperException) -> str:
    """Word a usage error of the command line as one sentence that says where the help is."""
    text = fault.format_message().replace(". Did you mean", ": did you mean").strip()
    if text.endswith("?"):
        return text
    context = getattr(fault, "ctx", None)
    command = context.command_path if context is not None else "workbook"
    return f"{text.rstrip('.')}: see `{command} --help`."


def _tolerate_narrow_encodings() -> None:
    """Print a question mark where the terminal's encoding has no such character, instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")


app = typer.Typer(
    name="workbook",
    cls=PlainGroup,
    invoke_without_command=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Learn to write FastAPI services: read, predict, run, build, and be told at once what is still missing.",
    epilog="Without a command: where you are, and what comes next.",
)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"workbook {workbook.__version__}")
        raise typer.Exit


@app.callback()
def start(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_print_version, help="Print the version.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print where you are as JSON.")] = False,
) -> None:
    """Learn to write FastAPI services: read, predict, run, build, and be told at once what is still missing."""
    if context.invoked_subcommand is None:
        where.where(json=json)


LEARN, LOOK, TEACH, AUTHOR = "Work", "Look", "For instructors", "For authors"

for panel, commands in {
    LEARN: [
        lab.lab,
        check.check,
        watch.watch,
        hint.hint,
        serve.serve,
        carry.carry,
        reset.reset,
        restore.restore,
        update.update,
    ],
    LOOK: [status.status, diff.diff, solution.solution, doctor.doctor],
    TEACH: [class_file.class_, collect.collect, grade.grade, override.override, similar.similar, handout.handout],
    AUTHOR: [new.new, authoring.build, authoring.verify, forward.forward, site.site],
}.items():
    for command in commands:
        settings = check.PASS_ON if command is check.check else None
        name = command.__name__.rstrip("_")  # class is a word of Python's
        app.command(name, cls=PlainCommand, rich_help_panel=panel, context_settings=settings)(command)
