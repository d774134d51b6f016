"""Gather the evidence about a check that did not pass, and have it put into words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from workbook.course import Exercise
from workbook.feedback.assertion import read_assertion
from workbook.feedback.compare import kind, show
from workbook.feedback.evidence import Evidence
from workbook.feedback.message import Message
from workbook.feedback.words import STARTING, write_message
from workbook.results import Verdict
from workbook.run import Look
from workbook.service.database_problem import DatabaseProblem, DatabaseUnreachable
from workbook.service.problem import CallFailed, ServiceProblem
from workbook.state import State

_ODD = (LookupError, TypeError, AttributeError, ValueError, StopIteration, RecursionError)
"""What a check raises when an answer has another shape than it was promised."""


def outcome(
    state: State, item: pytest.Item, exercise: Exercise, excinfo: pytest.ExceptionInfo[BaseException]
) -> tuple[Verdict, Message]:
    """The verdict and the message for a check that raised."""
    fault = excinfo.value
    evidence = Evidence(
        exercise=exercise,
        expects=expectation(item),
        folder=state.run.target.lesson_folder(state.lesson(exercise.lesson)),
        label=f"{state.run.target.label}/{state.lesson(exercise.lesson).folder}",
    )
    if isinstance(fault, ServiceProblem):
        evidence.problem = fault.problem
    if not (evidence.problem and evidence.problem.kind in STARTING):
        _look(state, evidence)
    if isinstance(fault, ServiceProblem):
        verdict = _of_problem(fault.problem.kind)
        if verdict is Verdict.TIMED_OUT:
            state.timeouts[exercise.id] += 1
        return verdict, write_message(evidence)
    if isinstance(fault, CallFailed):
        evidence.call = fault
        return Verdict.FAILED, write_message(evidence)
    if isinstance(fault, DatabaseProblem):
        evidence.rows, evidence.kind = fault.message_rows(), fault.kind
        unreachable = isinstance(fault, DatabaseUnreachable)
        return Verdict.CHECK_ERROR if unreachable else Verdict.FAILED, write_message(evidence)
    source, names = _failing_line(state, excinfo)
    if isinstance(fault, AssertionError):
        evidence.assertion = read_assertion(source, names, _said(source, fault), state.comparison)
        return Verdict.FAILED, write_message(evidence)
    if isinstance(fault, _ODD) and evidence.exchange is not None and evidence.exchange.status is not None:
        evidence.odd_answer = _odd(fault)
        return Verdict.FAILED, write_message(evidence)
    return Verdict.CHECK_ERROR, _own_fault(fault, excinfo, exercise)


def expectation(item: pytest.Item) -> str:
    """The first line of a check's docstring, without its full stop."""
    document = getattr(getattr(item, "function", None), "__doc__", None) or item.name.replace("_", " ")
    return str(document).strip().splitlines()[0].rstrip(".")


def _look(state: State, evidence: Evidence) -> None:
    """Collect what was sent, what came back and what the probes saw, of the service the check used last."""
    looks = list(state.run.looks)
    service = state.run.service
    if service is not None:
        looks.append(Look.at(service, state.first_exchange))
    evidence.exchanges = sorted(
        (exchange for look in looks for exchange in look.exchanges), key=lambda exchange: exchange.number
    )
    wanted = evidence.exchange
    for look in looks:
        if wanted is None or wanted in look.exchanges:
            evidence.probe, evidence.routes = look.probe, look.routes


def _of_problem(problem: str) -> Verdict:
    match problem:
        case "host_failed":
            return Verdict.CHECK_ERROR
        case "startup_timeout" | "request_timeout" | "call_timeout" | "not_run" | "out_of_time":
            return Verdict.TIMED_OUT
        case "no_answer" | "not_http" | "response_too_large":
            return Verdict.FAILED
        case _:
            return Verdict.CRASHED


def _failing_line(state: State, excinfo: pytest.ExceptionInfo[BaseException]) -> tuple[str, dict[str, Any]]:
    """The last statement of the checks' own code that the exception came through, and the names there."""
    for entry in reversed(excinfo.traceback):
        if (
            Path(str(entry.path)).is_relative_to(state.course.checks_dir)
            and "workbook" not in Path(str(entry.path)).parts[-3:]
        ):
            return str(entry.statement), dict(entry.frame.f_locals)
    return "", {}


def _said(source: str, fault: AssertionError) -> str:
    """The message a check wrote beside its assertion: pytest puts its own account below it."""
    text = str(fault)
    if text.startswith("assert ") or not text:
        return ""
    return text.partition("\nassert ")[0].strip() if "\nassert " in text or source else text


def _odd(fault: BaseException) -> str:
    match fault:
        case KeyError():
            return f"field `{fault.args[0]}` is missing" if fault.args else "a field is missing"
        case IndexError():
            return "a list is shorter than expected"
        case ValueError() if "JSON" in type(fault).__name__ or "Expecting" in str(fault):
            return "the body is not JSON"
        case RecursionError():
            return "the body is nested too deeply to be read"
        case TypeError() if "indices must be" in str(fault):
            return "a list where an object is expected, or the other way round"
        case TypeError() if "not subscriptable" in str(fault):
            return "a single value or null where an object is expected"
        case AttributeError():
            found = getattr(fault, "obj", None)
            return f"{kind(found)} where something else is expected: {show(found, 60)}"
        case _:
            return f"an answer of another form ({fault})"


def _own_fault(fault: BaseException, excinfo: pytest.ExceptionInfo[BaseException], exercise: Exercise) -> Message:
    entry = excinfo.traceback[-1]
    return Message(
        rows=(
            ("A fault", "of the workbook, not of your code: the check itself broke"),
            ("It says", f"{type(fault).__name__}: {str(fault).strip().splitlines()[0] if str(fault).strip() else ''}"),
            ("In", f"{Path(str(entry.path)).name}:{entry.lineno + 1}"),
            ("What now", f"skip exercise {exercise.id} and report this, with the output of workbook doctor"),
        ),
        kind="check_error",
    )
