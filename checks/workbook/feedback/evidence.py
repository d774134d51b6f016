"""All that is known about a check that did not pass."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbook.course.model import Exercise
from workbook.feedback.assertion import Assertion

if TYPE_CHECKING:
    from workbook.service.parent.client import Exchange
    from workbook.service.parent.probe import Probe, RequestReport
    from workbook.service.protocol.problem import CallFailed, Omission, Problem


@dataclass
class Evidence:
    """What the words to the learner are made from."""

    exercise: Exercise
    expects: str
    """The first line of the check's docstring."""
    folder: Path
    """The lesson folder of the target."""
    label: str
    """The same folder as learners call it: ``lessons/lesson_05``."""
    assertion: Assertion | None = None
    problem: Problem | None = None
    """Why the service could not start or answer."""
    call: CallFailed | None = None
    rows: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    """Words that the raiser already found, such as a missing table's."""
    kind: str = "failed"
    """The short name of the cause that goes with ``rows``."""
    odd_answer: str = ""
    """How the check stumbled over an answer of unexpected shape: ``KeyError: 'label'``."""
    exchanges: list[Exchange] = field(default_factory=list["Exchange"])
    probe: Probe | None = None
    document: dict[str, Any] = field(default_factory=dict[str, Any])
    """The app's OpenAPI document. It is the learner's: anything may stand in it."""
    omissions: list[Omission] = field(default_factory=list["Omission"])
    """Functions that can end without the value they owe."""

    @property
    def exchange(self) -> Exchange | None:
        """The exchange that the failure is about: the one the assertion looked at, else the last."""
        number = self.assertion.number if self.assertion else None
        named = next((exchange for exchange in self.exchanges if exchange.number == number), None)
        return named or (self.exchanges[-1] if self.exchanges else None)

    @property
    def report(self) -> RequestReport | None:
        """What the probe says about that exchange."""
        exchange = self.exchange
        if exchange is None or self.probe is None:
            return None
        return next((report for report in self.probe.requests if report.number == exchange.number), None)

    def file(self, name: str, line: int | None = None) -> str:
        """A file of the lesson as the learner can open it."""
        return f"{self.label}/{name}" + (f":{line}" if line else "")


def exception_name(facts: dict[str, Any]) -> str:
    """An exception as one line: ``KeyError: 'label'``."""
    name, text = str(facts.get("exception", "")), str(facts.get("text", "")).strip().splitlines()
    return f"{name}: {text[0]}" if text else name
