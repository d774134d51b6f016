"""Gather the evidence about a check that did not pass, and have it put into words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from _pytest.fixtures import FixtureLookupError

from workbook.course.message import Message
from workbook.course.model import Exercise
from workbook.course.results import Verdict
from workbook.feedback.assertion import read_assertion
from workbook.feedback.compare import kind, show
from workbook.feedback.evidence import Evidence
from workbook.feedback.message_builder import write_message
from workbook.plugin.run import Look
from workbook.plugin.state import State
from workbook.service.database.problem import DatabaseProblem, DatabaseUnreachable, RowRefused
from workbook.service.parent.client import UnreadableAnswer
from workbook.service.protocol.problem import CallFailed, ServiceProblem, omissions_from_json

_NEVER_DATA = (NameError, ImportError, pytest.UsageError, FixtureLookupError)
"""What no value can make a check raise. Not ``UnboundLocalError``: an empty list can leave a name unbound."""


def outcome(
    state: State, item: pytest.Item, exercise: Exercise, excinfo: pytest.ExceptionInfo[BaseException]
) -> tuple[Verdict, Message]:
    """The verdict and the message for a check that raised.

    A check can stumble over two things: itself, or what it got. Every check passes on the solution, so one that has
    heard something of the learner's work has stumbled over that, whatever it raised: an answer of another form is a
    failure of the exercise. A check that has heard nothing yet, or raises what no value can cause, is broken itself.

    The words come after the verdict, and can neither change it nor lose it.
    """
    error = RowRefused.explain(excinfo.value)
    verdict = _verdict(state, error)
    if verdict is Verdict.TIMED_OUT:
        state.timeouts[exercise.id] += 1
    evidence = Evidence(
        exercise=exercise,
        expects=expectation(item),
        folder=state.run.target.lesson_folder(state.lesson(exercise.lesson)),
        label=f"{state.run.target.label}/{state.lesson(exercise.lesson).folder}",
    )
    try:
        return verdict, _message(state, verdict, evidence, error, excinfo)
    except Exception:  # of words about data that may be anything
        rows = (("Expected", evidence.expects), ("Stuck?", f"workbook hint {exercise.id}"))
        return verdict, Message(rows=rows, kind=UNEXPLAINED)


UNEXPLAINED = "unexplained"
"""The kind of a message for which there were no words. Our tests hold that there is none."""


def _verdict(state: State, error: BaseException) -> Verdict:
    match error:
        case ServiceProblem():
            return error.problem.kind.verdict
        case DatabaseUnreachable():
            return Verdict.CHECK_ERROR
        case AssertionError() | pytest.fail.Exception() | CallFailed() | DatabaseProblem():
            return Verdict.FAILED
        case _ if isinstance(error, UnboundLocalError) or not isinstance(error, _NEVER_DATA):
            return Verdict.FAILED if state.run.heard else Verdict.CHECK_ERROR
        case _:
            return Verdict.CHECK_ERROR


def _message(
    state: State,
    verdict: Verdict,
    evidence: Evidence,
    error: BaseException,
    excinfo: pytest.ExceptionInfo[BaseException],
) -> Message:
    if isinstance(error, ServiceProblem):
        evidence.problem = error.problem
        evidence.omissions = omissions_from_json(error.problem.detail.get("omissions"))
    elif isinstance(error, CallFailed):
        evidence.call = error
    elif isinstance(error, DatabaseProblem):
        evidence.rows, evidence.kind = error.message_rows(), error.kind
    elif isinstance(error, AssertionError | pytest.fail.Exception):
        source, names = _failing_line(state, excinfo)
        evidence.assertion = read_assertion(source, names, _said(source, error), state.comparison)
    elif verdict is Verdict.CHECK_ERROR:
        return _broken_check(error, excinfo, evidence.exercise)
    else:
        evidence.odd_answer = _odd(error)
    if not (evidence.problem and evidence.problem.kind.prevents_start):
        _look(state, evidence)
    return write_message(evidence)


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
            evidence.probe, evidence.document, evidence.omissions = look.probe, look.document, look.omissions


def _failing_line(state: State, excinfo: pytest.ExceptionInfo[BaseException]) -> tuple[str, dict[str, Any]]:
    """The last statement of the checks' own code that the exception came through, and the names there."""
    for entry in reversed(excinfo.traceback):
        if (
            Path(str(entry.path)).is_relative_to(state.course.checks_dir)
            and "workbook" not in Path(str(entry.path)).parts[-3:]
        ):
            return str(entry.statement), dict(entry.frame.f_locals)
    return "", {}


def _said(source: str, fault: BaseException) -> str:
    """The message a check wrote beside its assertion: pytest puts its own account below it."""
    text = str(fault)
    if text.startswith("assert ") or not text:
        return ""
    return text.partition("\nassert ")[0].strip() if "\nassert " in text or source else text


def _odd(fault: BaseException) -> str:
    match fault:
        case UnreadableAnswer():
            return fault.text
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
            return f"an answer of another form ({type(fault).__name__}: {str(fault)[:200]})"


def _broken_check(fault: BaseException, excinfo: pytest.ExceptionInfo[BaseException], exercise: Exercise) -> Message:
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
