"""Words for a service that does not start or does not answer."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable

from workbook.feedback.compare import show
from workbook.feedback.evidence import Evidence
from workbook.feedback.framework_errors import explain_exception
from workbook.feedback.returns import explain_return
from workbook.service.protocol.problem import Place, Problem, ProblemKind, omissions_from_json, place_from_json
from workbook.service.protocol.untrusted import json_list

Maker = Callable[[Problem, Evidence], list[tuple[str, str]]]


def problem_rows(problem: Problem, evidence: Evidence) -> tuple[list[tuple[str, str]], Place | None]:
    """What happened, as labelled lines, and where to look.

    The first line says what happened, the next what to make of it.
    """
    maker = _MAKERS.get(problem.kind)
    rows = maker(problem, evidence) if maker else [("What happened", problem.text or problem.kind)]
    rows = [row for row in rows if row[1]]
    forgotten = explain_return(evidence)
    if forgotten is not None:
        kept = [row for row in rows if not row[0].startswith(("Line ", "Looks like"))]
        return [*kept, ("Looks like", forgotten[0])], forgotten[1]
    without_yield = [one for one in omissions_from_json(problem.detail.get("omissions")) if one.how == "no_yield"]
    if problem.kind is ProblemKind.STARTUP_EXCEPTION and len(without_yield) == 1:
        cause = f"`{without_yield[0].function}` is a context manager and has no `yield`"
        return [*(row for row in rows if row[0] != "Looks like"), ("Looks like", cause)], without_yield[0].place
    return rows, place_from_json(problem.detail.get("place")) or problem.place or _file_of(problem)


def _file_of(problem: Problem) -> Place | None:
    """The file in which something is missing, where it is there itself."""
    file = problem.detail.get("file")
    return (
        Place(str(file), 0) if file and problem.kind in (ProblemKind.MISSING_APP, ProblemKind.WRONG_APP_TYPE) else None
    )


def without_path(text: str) -> str:
    """An import error's message without the path that Python puts behind it."""
    return re.sub(r" \((/|[A-Z]:|unknown ).*\)", "", text)


def first_words(text: str) -> str:
    """An exception's message in one line; of Pydantic's validation errors, each field with its message."""
    lines = text.strip().splitlines()
    if lines and re.match(r"\d+ validation errors? for ", lines[0]):
        return "; ".join(
            f"`{field}`: {message.partition(' [type=')[0].strip()}"
            for field, message in itertools.pairwise(lines)
            if message.startswith("  ") and not field.startswith(" ")
        )
    return without_path(lines[0]) if lines else ""


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
    text = re.sub(r" See https://\S+.*", "", without_path(problem.text.partition("\n")[0]))
    return [("Import failed", text or problem.exception), ("Looks like", _why_not_imported(problem))]


def _why_not_imported(problem: Problem) -> str:
    detail = problem.detail
    module, name = str(detail.get("module") or ""), detail.get("name")
    similar, meant = (list(map(str, json_list(detail.get(key)))) for key in ("similar", "meant"))
    if "`BaseSettings` has been moved" in problem.text:
        return "it has a package of its own today: from pydantic_settings import BaseSettings"
    if "beyond top-level package" in problem.text:
        return "the dots lead out of the app: name the module from app on, as in `from app.data import …`"
    if name:
        return f"there is no `{name}` in {module}" + (f"; it has `{similar[0]}`" if similar else "")
    if detail.get("own"):
        return f"your lesson has no module `{module}`" + (f"; there is `{similar[0]}`" if similar else "")
    if meant:
        return f"the module's whole name is `{'` or `'.join(meant)}`: imports begin at the folder app"
    if not module:
        return ""
    other = f"is it `{similar[0]}`?" if similar else "the lessons need no packages but those of the workbook"
    return f"the package `{module.partition('.')[0]}` is not installed; {other}"


def _settings(problem: Problem, evidence: Evidence) -> list[tuple[str, str]]:
    detail = problem.detail
    names = [str(name) for name in json_list(detail.get("set"))[:3]]
    if not names:
        return _unset(problem)
    cls, prefix, listed = f"`{detail.get('class')}`", str(detail.get("prefix") or ""), ", ".join(names)
    rows = [("What happened", f"{listed} {'is' if len(names) == 1 else 'are'} set, and {cls} does not find it")]
    if not detail.get("reads"):
        why = f"{cls} does not read the environment: it has to be a BaseSettings of pydantic_settings"
    elif prefix:
        why = f"{cls} has the env_prefix {show(prefix, 30)}, so it looks for {prefix[:30]}{names[0] if names else ''}"
    else:
        why = f"{cls} looks for other names: see the aliases and the model_config of the class"
    return [*rows, ("It says", first_words(problem.text)), ("Looks like", why)]


def _unset(problem: Problem) -> list[tuple[str, str]]:
    """A required setting is not in the environment, which the checks have filled as the contract says."""
    unset, similar = (list(map(str, json_list(problem.detail.get(key)))) for key in ("unset", "similar"))
    cls, name = f"`{problem.detail.get('class')}`", unset[0] if unset else "a variable"
    rows = [("What happened", f"{cls} needs {name}, which is not set"), ("It says", first_words(problem.text))]
    if similar:
        rows.append(("Looks like", f"the field has another name than the variable that is set: {similar[0]}"))
    else:
        rows.append(("Looks like", f"the field `{name.lower()}` has no default, and the checks set no such variable"))
    return rows


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
        says, cause = explain_exception(problem.text, problem.place.source if problem.place else "")
        if first:
            lines.append(("It says", says or first_words(problem.text) or "\n".join(first[:4])))
        if problem.place and problem.place.source:
            lines.append((f"Line {problem.place.line}", problem.place.source))
        if "ddress already in use" in problem.text:
            cause = "your code opens a port by itself; the app must not, uvicorn does that for it"
        return [*lines, ("Looks like", cause)]

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
        else:
            inside = problem.place.function not in ("", "<module>")
            what = f"`{problem.place.function}`" if inside else "a line that runs when the file is imported"
            rows.append(("Looks like", f"{what} does not come to an end, and the app waits for it"))
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
    elif problem.detail.get("awaits"):
        rows.append(("Looks like", "no line of your code runs at the moment: it waits for something, and for too long"))
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
    return [("What happened", f"the answer has more than {problem.detail['limit']} and was cut off")]


def _unasked(problem: Problem, evidence: Evidence) -> list[tuple[str, str]]:
    return [("What came back", f"{problem.text}, which nobody asked for")]


def _no_answer(problem: Problem, evidence: Evidence) -> list[tuple[str, str]]:
    return [("No answer", "the connection was closed before an answer came"), ("It says", problem.text)]


def _not_http(problem: Problem, evidence: Evidence) -> list[tuple[str, str]]:
    return [("What came back", "something that is not HTTP"), ("It says", problem.text)]


def _call_timeout(problem: Problem, evidence: Evidence) -> list[tuple[str, str]]:
    called = str(problem.detail.get("call") or "")
    rows = [("No end", f"{called if ':' in called else 'your code'} ran for more than {_seconds(problem)}")]
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


_MAKERS: dict[ProblemKind, Maker] = {
    ProblemKind.MISSING_FILE: _missing_file,
    ProblemKind.SYNTAX_ERROR: _syntax,
    ProblemKind.INDENTATION_ERROR: _indentation,
    ProblemKind.IMPORT_ERROR: _import_error,
    ProblemKind.CIRCULAR_IMPORT: _circular,
    ProblemKind.MISSING_APP: _missing_app,
    ProblemKind.WRONG_APP_TYPE: _wrong_app_type,
    ProblemKind.SETTINGS_ERROR: _settings,
    ProblemKind.EXCEPTION_AT_IMPORT: _exception("while it was imported"),
    ProblemKind.EXIT_AT_IMPORT: _exit_at_import,
    ProblemKind.STARTUP_EXCEPTION: _exception("while the app was starting"),
    ProblemKind.STARTUP_TIMEOUT: _startup_timeout,
    ProblemKind.REQUEST_TIMEOUT: _request_timeout,
    ProblemKind.CRASH: _crash,
    ProblemKind.OUTPUT_FLOOD: _output_flood,
    ProblemKind.RESPONSE_TOO_LARGE: _too_large,
    ProblemKind.UNASKED: _unasked,
    ProblemKind.NO_ANSWER: _no_answer,
    ProblemKind.NOT_HTTP: _not_http,
    ProblemKind.CALL_TIMEOUT: _call_timeout,
    ProblemKind.HOST_FAILED: _host_failed,
    ProblemKind.LIMIT: _limit,
    ProblemKind.OUT_OF_TIME: _out_of_time,
}
