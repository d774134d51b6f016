"""The commonest causes of failure: messages that say the same, however much their values differ."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from workbook.course.message import Message
from workbook.service.protocol.problem import ProblemKind

_TELLING = (
    *("Looks like", "Found", "It raised", "Cannot read", "Import failed", "Not found", "What happened", "No answer"),
    *("No end", "What came back", "You answered"),
)
"""Labels whose text says what is wrong, the best one first."""
_WORDY = {"Found": ";", "You answered": " "}
"""Up to where such a text says the same for everybody who has that fault."""

_TELLING_LENGTH = 300
"""Characters of a text by which faults are told apart."""

_PREVENTS_START = frozenset(str(kind) for kind in ProblemKind if kind.prevents_start)

_QUOTED = re.compile(r"\"(?:[^\"\\]|\\.)*\"?|'(?:[^'\\]|\\.)*'")
_SHOULD = r"expected|and should (?:not )?be(?: one of| in| less than| at most| more than| at least)?"
_VALUES = re.compile(rf"\b(is|has) .+?, ({_SHOULD}) .+?(?=; |$)")
_NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?|(?<=\[)\d+(?=\])|0x[0-9a-fA-F]+")
_STATUS = re.compile(r"^(\d{3})(?=[: ]|$)")
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True)
class Cause:
    """What makes failures one group."""

    lesson: int
    exercise: str
    """Empty where the service did not start: then all of the lesson's exercises fail by one fault."""
    kind: str
    expected: str
    telling: str
    """What is wrong, without the values that differ from learner to learner."""


@dataclass
class Group:
    """The learners who were stopped by one cause."""

    cause: Cause
    example: Message
    learners: list[int]
    """Their places among the gradebook's learners, each once, in order."""
    hidden: bool = False
    """Whether the check was the instructor's own."""


def telling_row(message: Message) -> tuple[str, str]:
    """The row that says best what is wrong, or the first one."""
    for label in _TELLING:
        text = message.row(label)
        if text:
            return label, text
    return message.rows[0] if message.rows else ("", "")


def telling_text(message: Message) -> str:
    """What is wrong, in a few words, as the example has it."""
    label, text = telling_row(message)
    return f"answered {text.partition(' ')[0]}" if label == "You answered" else text


def cause_of(lesson: int, exercise: str, message: Message) -> Cause:
    """What a message's cause is, whoever's it is."""
    label, text = telling_row(message)
    end = _WORDY.get(label)
    telling = f"{label}: {general(text.partition(end)[0] if end else text)}"
    if message.kind in _PREVENTS_START:
        return Cause(lesson, "", message.kind, "", telling)
    return Cause(lesson, exercise, message.kind, general(message.row("Expected") or ""), telling)


@lru_cache(maxsize=8192)
def general(text: str) -> str:
    """A text with its values left out: quoted texts, numbers (but not a leading HTTP status), runs of blanks.

    >>> general('field `dish` is "stew", expected "soup"')
    'field `dish` is …, expected …'
    """
    text = text[:_TELLING_LENGTH]
    status = _STATUS.match(text)
    rest = text[status.end() :] if status else text
    rest = _QUOTED.sub("…", rest)
    rest = _VALUES.sub(r"\1 …, \2 …", rest)
    rest = _NUMBER.sub("#", rest)
    return _SPACE.sub(" ", (status[0] if status else "") + rest).strip()


def grouped(failures: Iterable[tuple[int, Cause, Message, bool]], *, limit: int) -> list[Group]:
    """Groups of failures, the one with the most learners first.

    Args:
        failures: the learner's place, the cause, the message, and whether its check was hidden.
        limit: how many groups are kept.
    """
    groups: dict[Cause, Group] = {}
    for learner, cause, message, hidden in failures:
        group = groups.setdefault(cause, Group(cause, message, [], hidden))
        if not group.learners or group.learners[-1] != learner:
            group.learners.append(learner)
    ranked = sorted(groups.values(), key=lambda group: (-len(group.learners), group.cause.lesson, group.cause.exercise))
    return ranked[:limit]
