"""What a notebook of the workbook can do: its magics, and what they share in one kernel.

Every kernel of the environment loads it: ``ipython_config.json`` beside this file is installed for that.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

from IPython.core.getipython import get_ipython
from IPython.core.magic import no_var_expand

from workbook.course.model import CourseError, find_course
from workbook.notebook.cards import note, show
from workbook.notebook.predict import Predictions

if TYPE_CHECKING:
    from collections.abc import Callable

    from IPython.core.interactiveshell import InteractiveShell

    from workbook.course.model import Course
    from workbook.notebook.cards import Card
    from workbook.notebook.predict import Prediction

_NOTEBOOK = re.compile(r"(?:.*[/\\])?(\d\d)_\w+\.ipynb")


def load(shell: InteractiveShell) -> None:
    """Register ``%check``, ``%hint``, ``%%predict``, ``%reveal`` and ``%recall`` with a shell."""
    untyped: Any = shell  # IPython's own annotations do not reach this far
    predictions = Predictions(_keep)
    checks: list[Any] = []  # made with the first check, because most kernels of the tests never make one

    def course_checks(course: Course) -> Any:
        from workbook.notebook.card_of_checks import Checks

        if not checks:
            checks.append(Checks(course, getattr(untyped, "kernel", None), this_lesson()))
        return checks[0]

    @no_var_expand
    def check(line: str) -> None:
        """Check your work: ``%check 2`` for a lesson, ``%check 2.3`` for one exercise.

        It says what works, and the first thing that does not yet; after each save of a file it says so anew.
        ``%check off`` ends that, ``%check on`` begins it again.
        """
        _try(lambda: course_checks(find_course()).check(line))

    @no_var_expand
    def hint(line: str) -> None:
        """Give a hint for an exercise: ``%hint 2.3``. Each time it goes one step further, three times in all."""
        from workbook.notebook.hint import hint as next_hint

        _show_answer(lambda course: next_hint(course, line))

    def predict(line: str, cell: str) -> None:
        """Say what will happen before you run it.

        Write your answer after ``answer:`` on the last line and run the cell; in JupyterLab, click on it. Then run the
        next cell, which shows what happens and puts your answer beside it. Nothing is graded::

            %%predict free_price
            POST /recipes with {"price": "free"}: what comes back?
            a) 201
            b) 422
            answer: b
        """
        show(predictions.note(line, cell))

    @no_var_expand
    def reveal(line: str) -> None:
        """Put a prediction beside what happened: ``%reveal NAME EXPRESSION``.

        The expression is evaluated in the notebook. Its value names an option by letter, by text, or by the beginning
        of its text: ``%reveal free_price reply.status_code``. Without an expression, only your answer is shown.
        """
        show(_reveal(predictions, line, untyped.user_ns))

    @no_var_expand
    def recall(line: str) -> None:
        """Ask again what you predicted wrongly in the lessons before one: ``%recall 3``."""
        from workbook.notebook.recall import recall as ask_again

        _show_answer(lambda course: ask_again(course, line))

    untyped.register_magic_function(check, "line", "check")
    untyped.register_magic_function(hint, "line", "hint")
    untyped.register_magic_function(predict, "cell", "predict")
    untyped.register_magic_function(reveal, "line", "reveal")
    untyped.register_magic_function(recall, "line", "recall")
    kernel = getattr(untyped, "kernel", None)
    if kernel is not None and this_lesson() is not None:
        _try(lambda: course_checks(find_course()))  # a page may call before the first check is made


def this_lesson() -> int | None:
    """The number of the lesson whose notebook this kernel belongs to; None where nobody says it."""
    shell: Any = get_ipython()
    said = os.environ.get("JPY_SESSION_NAME") or (shell.user_ns.get("__vsc_ipynb_file__") if shell else None)
    match = _NOTEBOOK.fullmatch(str(said or ""))
    return int(match[1]) if match else None


def _keep(name: str, prediction: Prediction, happened: str, right: bool) -> None:
    """Remember a prediction of this lesson's notebook."""
    from workbook.course import predictions

    lesson = this_lesson()
    if lesson is None:
        return
    options = [prediction.named(letter) for letter in prediction.options]
    said = prediction.named(prediction.answer)
    answered = predictions.Answered(lesson, prediction.question, said, happened, right, options)
    _try(lambda: predictions.keep(find_course(), name, answered))


def _try(do: Callable[[], object]) -> None:
    try:
        do()
    except CourseError as fault:
        show(note(str(fault)))


def _show_answer(answer: Callable[[Course], Card]) -> None:
    _try(lambda: show(answer(find_course())))


def _reveal(predictions: Predictions, line: str, namespace: dict[str, Any]) -> Card:
    name, _, expression = line.strip().partition(" ")
    expression = expression.strip()
    if not name:
        return note("Say which prediction: `%reveal free_price reply.status_code`.")
    if not expression:
        return predictions.compare(name, has_value=False)
    if expression in predictions.known(name).options:
        return predictions.compare(name, expression)
    try:
        value = eval(expression, namespace)  # a notebook runs its own code
    except Exception as fault:
        return note(f"There is nothing to compare with yet ({type(fault).__name__}: {fault}).")
    return predictions.compare(name, value)
