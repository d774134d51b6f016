"""The magics of ``%load_ext workbook``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from IPython.core.magic import no_var_expand

from workbook.course import Course, CourseError, find_course
from workbook.notebook.cards import note, show
from workbook.notebook.predict import Predictions

if TYPE_CHECKING:
    from collections.abc import Callable

    from IPython.core.interactiveshell import InteractiveShell

    from workbook.notebook.cards import Card


def load(shell: InteractiveShell) -> None:
    """Register ``%check``, ``%hint``, ``%%predict`` and ``%reveal`` with a shell."""
    untyped: Any = shell  # IPython's own annotations do not reach this far
    predictions = Predictions()

    @no_var_expand
    def check(line: str) -> None:
        """Check your work: ``%check 2`` for a lesson, ``%check 2.3`` for one exercise.

        It says what works, and the first thing that does not yet. Save your files first; then run it as often as you
        like.
        """
        from workbook.notebook.check import check as run_checks

        _show_answer(lambda course: run_checks(course, line))

    @no_var_expand
    def hint(line: str) -> None:
        """Give a hint for an exercise: ``%hint 2.3``. Each time it goes one step further, three times in all."""
        from workbook.notebook.hint import hint as next_hint

        _show_answer(lambda course: next_hint(course, line))

    def predict(line: str, cell: str) -> None:
        """Say what will happen before you run it.

        Write your answer after ``answer:`` on the last line and run the cell. Then run the next cell, which shows what
        happens and puts your answer beside it. Nothing is graded::

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

    untyped.register_magic_function(check, "line", "check")
    untyped.register_magic_function(hint, "line", "hint")
    untyped.register_magic_function(predict, "cell", "predict")
    untyped.register_magic_function(reveal, "line", "reveal")


def _show_answer(answer: Callable[[Course], Card]) -> None:
    try:
        card = answer(find_course())
    except CourseError as fault:
        card = note(str(fault))
    show(card)


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
