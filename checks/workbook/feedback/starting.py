"""Words for a service that does not start or does not answer."""

from __future__ import annotations

import re
from collections.abc import Callable

from workbook.feedback.evidence import Evidence
from workbook.service.problem import Problem

Maker = Callable[[Problem, Evidence], list[tuple[str, str]]]


def problem_rows(problem: Problem, evidence: Evidence) -> list[tuple[str, str]]:
    """What happened, as labelled lines; where to look is added by the caller.

    The first line says what happened, the next what to make of it.
    """
    maker = _MAKERS.get(problem.kind)
    rows = maker(problem, evidence) if maker else [("What happened", problem.text or problem.kind)]
    return [row for row in rows if row[1]]


def without_path(text: str) -> str:
    """An import error's message without the path that Python puts behind it."""
    return re.sub(r" \((/|[A-Z]:|unknown ).*\)", "", text)


def _missing_file(problem: Problem, evidence: Evidence) -> list[tuple[str, str]]:
    name = problem.detail.get("file") or ""
    return [
        ("Not found", evidence.file(str(name)) if name else f"the folder {evidence.label}"),
        ("Expected", "the file that makes your app" if name else "the folder of the lesson, with app/main.py in it"),
        ("To restore", f"workbook reset {evidence.exercise.lesson}   (it keeps a backup of what is there)"),
    ]


def _syntax(problem: Problem, evidence: Evidence) -> list[tuple[str, str]]:
    rows = [("Cannot read", f"Python stops at this line: {problem.text}")]
    if problem.place and problem.place.source:
        rows.append((f"Line {problem.place.line}", problem.place.source))
    return rows


def _indentation(problem: Problem, evidence: Evidence) -> list[tuple[str, str]]:
    rows = _syntax(problem, evidence)
    return [*rows, ("Looks like", "the spaces at the beginning of this line, or of the one above it, do not fit")]


def _import_error(problem: Problem, evidence: Evidence) -> list[tuple[str, str]]:
    detail = problem.detail
    module, name, similar = str(detail.get("module", "")), detail.get("name"), list(detail.get("similar") or [])
    text = without_path(problem.text.partition("\n")[0])
    rows = [("Import failed", text or problem.exception)]
    if name:
        close = f"; it has `{similar[0]}`" if similar else ""
        return [*rows, ("Looks like", f"there is no `{name}` in {module}{close}")]
    if detail.get("own"):
        close = f"; there is `{similar[0]}`" if similar else ""
        return [*rows, ("Looks like", f"your lesson has no module `{module}`{close}")]
    top = module.partition(".")[0]
    return [
        *rows,
        ("Looks like", f"the package `{top}` is not installed; the lessons need no packages but those of the workbook"),
    ]


def _circular(problem: Problem, evidence: Evidence) -> list[tuple[str, str]]:
    module = str(problem.detail.get("module") or "a module")
    return [
        ("Import failed", f"`{module}` is needed while it is itself still being imported"),
        ("Looks like", "two of your files import each other: move what both need into a third one"),
    ]


def _missing_app(problem: Problem, evidence: Evidence) -> list[tuple[str, str]]:
    attribute, have = problem.detail.get("attribute"), list(problem.detail.get("have") or [])
    rows = [("Not found", f"`{attribute}` in {evidence.file(str(problem.detail.get('file')))}")]
    if have:
        rows.append(
            ("Looks like", f"your FastAPI application is called `{have[0]}` there; uvicorn looks for `{attribute}`")
        )
    else:
        rows.append(("Expected", f"a line such as {attribute} = FastAPI()"))
    return rows


def _wrong_app_type(problem: Problem, evidence: Evidence) -> list[tuple[str, str]]:
    attribute, found = str(problem.detail.get("attribute")), str(problem.detail.get("found"))
    rows = [("Found", f"`{attribute}` in {evidence.file(str(problem.detail.get('file')))} is {found}")]
    rows.append(("Expected", f"`{attribute}` is a FastAPI application: FastAPI(), or what your function returns"))
    if found.startswith(("the class", "the function")):
        rows.append(("Looks like", "the parentheses that call it are missing"))
    return rows


def _exception(when: str) -> Maker:
    def rows(problem: Problem, evidence: Evidence) -> list[tuple[str, str]]:
        first = problem.text.strip().splitlines()
        lines = [("What happened", f"your code raised {problem.exception} {when}")]
        if first:
            lines.append(("It says", "\n".join(first[:4])))
        if problem.place and problem.place.source:
            lines.append((f"Line {problem.place.line}", problem.place.source))
        if "ddress already in use" in problem.text:
            lines.append(("Looks like", "your code opens a port by itself; the app must not, uvicorn does that for it"))
        return lines

    return rows


def _exit_at_import(problem: Problem, evidence: Evidence) -> list[tuple[str, str]]:
    return [
        ("What happened", "your code ended the program while it was imported"),
        ("Looks like", "a call of exit() or sys.exit() outside a function"),
    ]


def _startup_timeout(problem: Problem, evidence: Evidence) -> list[tuple[str, str]]:
    rows = [("What happened", f"the app had not started after {_seconds(problem)}")]
    if problem.place:
        rows.append(("It was at", f"line {problem.place.line} of {problem.place.file}: {problem.place.source}"))
        if "uvicorn.run" in problem.place.source:
            rows.append(("Looks like", "your file starts a server of its own; uvicorn app.main:app does that for you"))
    return rows


def _request_timeout(problem: Problem, evidence: Evidence) -> list[tuple[str, str]]:
    rows = [("No answer", f"within {_seconds(problem)}")]
    if problem.place:
        rows.append(("It was at", f"line {problem.place.line}: {problem.place.source}"))
        name = f"`{problem.place.function}`"
        if problem.detail.get("on_loop"):
            what = f"{name} does not give the event loop back: while it runs, no other request is answered"
        else:
            what = f"{name} does not come to an end"
        rows.append(("Looks like", what))
    else:
        # Not even the thread that would name the line gets its turn.
        what = "a call that keeps Python's interpreter for itself, such as a regular expression with too much to try"
        rows.append(("Looks like", what))
    return rows


def _crash(problem: Problem, evidence: Evidence) -> list[tuple[str, str]]:
    status = problem.detail.get("status")
    ended = "the process of your app ended"
    if isinstance(status, int) and status < 0:
        ended += f" by signal {-status}" + {-11: " (a crash in C code)", -9: " (it was killed)"}.get(status, "")
    elif isinstance(status, int):
        ended += f" with exit code {status}"
    rows = [("What happened", f"{ended}, in the middle of its work")]
    if isinstance(status, int) and status >= 0:
        rows.append(("Looks like", "a call of os._exit() or something like it: an app must never end its own process"))
    return rows


def _output_flood(problem: Problem, evidence: Evidence) -> list[tuple[str, str]]:
    megabytes = int(problem.detail.get("bytes", 0)) // (1024 * 1024)
    return [
        ("What happened", f"your app printed more than {megabytes} MB, so it was stopped"),
        ("Looks like", "a print() inside a loop that does not end"),
    ]


def _too_large(problem: Problem, evidence: Evidence) -> list[tuple[str, str]]:
    megabytes = int(problem.detail.get("bytes", 0)) // (1024 * 1024)
    return [("What happened", f"the answer has more than {megabytes} MB and was cut off")]


def _no_answer(problem: Problem, evidence: Evidence) -> list[tuple[str, str]]:
    return [("No answer", "the connection was closed before an answer came"), ("It says", problem.text)]


def _not_http(problem: Problem, evidence: Evidence) -> list[tuple[str, str]]:
    return [("What came back", "something that is not HTTP"), ("It says", problem.text)]


def _call_timeout(problem: Problem, evidence: Evidence) -> list[tuple[str, str]]:
    rows = [("No end", f"{problem.detail.get('call') or 'your code'} ran for more than {_seconds(problem)}")]
    if problem.place:
        rows.append(("It was at", f"line {problem.place.line}: {problem.place.source}"))
    return rows


def _host_failed(problem: Problem, evidence: Evidence) -> list[tuple[str, str]]:
    return [
        ("What happened", problem.text or "the process for your app could not be started"),
        ("Looks like", "a problem of this machine, not of your code: run workbook doctor"),
    ]


def _limit(problem: Problem, evidence: Evidence) -> list[tuple[str, str]]:
    return [
        ("What happened", f"your app used {problem.text}, so it was stopped"),
        ("Looks like", "something that grows or repeats without an end; no exercise needs that much"),
    ]


def _out_of_time(problem: Problem, evidence: Evidence) -> list[tuple[str, str]]:
    return [
        ("Not run", f"all checks of a lesson together have {_seconds(problem)}, and your app used them up"),
        ("Looks like", "many slow answers: the first exercises that timed out say where"),
    ]


def _seconds(problem: Problem) -> str:
    seconds = float(problem.detail.get("seconds", 0))
    return "1 second" if seconds == 1 else f"{seconds:g} seconds"


_MAKERS: dict[str, Maker] = {
    "missing_file": _missing_file,
    "syntax_error": _syntax,
    "indentation_error": _indentation,
    "import_error": _import_error,
    "circular_import": _circular,
    "missing_app": _missing_app,
    "wrong_app_type": _wrong_app_type,
    "exception_at_import": _exception("while it was imported"),
    "exit_at_import": _exit_at_import,
    "startup_exception": _exception("while the app was starting"),
    "startup_timeout": _startup_timeout,
    "request_timeout": _request_timeout,
    "crash": _crash,
    "output_flood": _output_flood,
    "response_too_large": _too_large,
    "no_answer": _no_answer,
    "not_http": _not_http,
    "call_timeout": _call_timeout,
    "host_failed": _host_failed,
    "limit": _limit,
    "out_of_time": _out_of_time,
}
