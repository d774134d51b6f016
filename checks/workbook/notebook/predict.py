"""Predictions: the learner writes down what will happen before it is run, and compares afterwards."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from workbook.notebook.cards import BLUE, GREEN, Card, note

if TYPE_CHECKING:
    from collections.abc import Callable

_OPTION = re.compile(r"\s*([a-f])\)\s+(.*\S)\s*")
_ANSWER = re.compile(r"\s*answer\s*:(.*)", re.IGNORECASE)
_NAME = re.compile(r"[A-Za-z_]\w*")
_YES_NO = {True: ("yes", "true"), False: ("no", "false")}


@dataclass(frozen=True)
class Prediction:
    """A question, and what the learner said."""

    options: dict[str, str]
    """The text of each option by its letter; empty for an open question."""
    answer: str = ""
    """The letter, or the learner's text for an open question; empty if there is none yet."""
    question: str = ""

    def named(self, answer: str) -> str:
        """How an answer is spoken of: ``"b) 422"``, or the learner's own words."""
        return f"{answer}) {self.options[answer]}" if answer in self.options else answer

    def match(self, value: Any) -> str | None:
        """The letter of the option that a value stands for, if exactly one does."""
        text = _plain(value)
        if text in self.options:
            return text
        texts = _YES_NO[value] if isinstance(value, bool) else (text,)
        for test in (_equals, _begins):
            found = [letter for letter, option in self.options.items() if any(test(_plain(option), t) for t in texts)]
            if len(found) == 1:
                return found[0]
        return None


class Predictions:
    """What was asked and answered in this kernel, by name."""

    def __init__(self, keep: Callable[[str, Prediction, str, bool], None] | None = None) -> None:
        """Know nothing yet.

        Args:
            keep: called with the name of a prediction that was compared, with the prediction, with what happened, and
                with whether it was right.
        """
        self._known: dict[str, Prediction] = {}
        self._keep = keep

    def note(self, name: str, body: str) -> Card:
        """Take in a ``%%predict`` cell, and say whether an answer was noted.

        Args:
            name: what stands after ``%%predict``.
            body: the cell's text: the question, its options, and a line ``answer:``.
        """
        name = name.strip()
        if not _NAME.fullmatch(name):
            return _sentence("Give the prediction a name of letters and digits: %%predict free_price")
        question, options, said = read_question(body)
        prediction = self._known[name] = Prediction(options, question=question)
        letters = _list(list(options))
        if not said:
            choice = f" ({letters})" if options else ""
            return _sentence(f"Write your answer after `answer:`{choice} and run this cell. Then run the next cell.")
        answer = _letter(said, options) if options else said
        if answer is None:
            return _sentence(
                f"{said[:60]!r} is none of the answers: write {letters} after `answer:` and run this cell."
            )
        self._known[name] = replace(prediction, answer=answer)
        return _sentence(f"Noted: {answer}. Run the next cell and compare.")

    def known(self, name: str) -> Prediction:
        """The prediction of that name; one without options and answer if its cell was not run."""
        return self._known.get(name, Prediction({}))

    def compare(self, name: str, value: Any = None, *, has_value: bool = True) -> Card:
        """Put what the learner said beside what happened.

        Args:
            name: the prediction.
            value: what happened.
            has_value: False if nothing is given to compare with.
        """
        prediction = self.known(name)
        said = f"You said {_stop(prediction.named(prediction.answer))}" if prediction.answer else ""
        if not has_value:
            return _sentence(
                f"{said} Compare it with what you see above."
                if said
                else "You had noted no answer this time. Next time, write one first: it makes the result stick."
            )
        right = prediction.match(value)
        happened = _stop(prediction.named(right) if right else _shown(value))
        if not said:
            return _sentence(
                f"It was {happened} You had noted no answer: next time, write one first, so that it sticks."
            )
        if right is None or not prediction.options:
            return _sentence(f"{said} It was {happened}")
        if self._keep is not None:
            self._keep(name, prediction, prediction.named(right), right == prediction.answer)
        if right == prediction.answer:
            return _sentence(f"{said} That is what happened.", happened_so=True)
        return _sentence(
            f"{said} It was {happened} Such a surprise is worth more than a lucky guess: read on to see why."
        )


def read_question(body: str) -> tuple[str, dict[str, str], str]:
    """The question, its options by letter, and what stands after ``answer:``."""
    options: dict[str, str] = {}
    question: list[str] = []
    lines = body.splitlines()
    for position, line in enumerate(lines):
        option, answer = _OPTION.fullmatch(line), _ANSWER.fullmatch(line)
        if option:
            options[option[1]] = option[2]
        elif answer:
            rest = [answer[1], *lines[position + 1 :]]
            return " ".join(question).strip(), options, "\n".join(rest).strip()
        else:
            question.append(line.strip())
    return " ".join(question).strip(), options, ""


def _letter(said: str, options: dict[str, str]) -> str | None:
    match = re.fullmatch(r"[\s(\"'`]*([A-Fa-f])[\s)\"'`.:]*(.*)", said, re.DOTALL)
    letter = match[1].lower() if match else ""
    if match and letter in options and _plain(match[2]) in ("", _plain(options[letter])):
        return letter
    same = [letter for letter, option in options.items() if _plain(option) == _plain(said)]
    return same[0] if len(same) == 1 else None


def _plain(value: Any) -> str:
    return " ".join(str(value).split()).casefold().strip("`\"'.")


def _equals(option: str, text: str) -> bool:
    return option == text


def _begins(option: str, text: str) -> bool:
    """Whether an option begins with a text, and not in the middle of a word or number."""
    return bool(text) and option.startswith(text) and not option[len(text) : len(text) + 1].isalnum()


def _shown(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 200 else text[:199] + "…"


def _stop(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _list(letters: list[str]) -> str:
    return letters[0] if len(letters) == 1 else f"{', '.join(letters[:-1])} or {letters[-1]}" if letters else ""


def _sentence(text: str, *, happened_so: bool = False) -> Card:
    mark = "✔ " if happened_so else ""
    return note(mark + text, colour=GREEN if happened_so else BLUE)
