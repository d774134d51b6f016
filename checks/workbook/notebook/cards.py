"""Show something in a notebook as HTML and as plain text, and elsewhere as plain text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

GREEN, BLUE, AMBER, RED, GREY = "#258a4d", "#3478d4", "#ad6800", "#d94343", "#7a7a7a"
"""Colours that can be read equally well on white and on black."""


@dataclass(frozen=True)
class Card:
    """Something to look at, in both forms. Both are stored in the notebook, so both stay the same from run to run."""

    text: str
    html: str

    def _repr_mimebundle_(self, **_wanted: Any) -> dict[str, str]:
        """Called by IPython, which picks what it wants from both."""
        return {"text/plain": self.text, "text/html": self.html}


def edged(markup: str, colour: str) -> str:
    """Ready HTML with a coloured edge, and without a style sheet, because notebooks store many of these."""
    return f'<div style="margin:2px 0 10px 0;padding:1px 0 1px 12px;border-left:3px solid {colour}">{markup}</div>'


def edged_text(markup: str, colour: str) -> str:
    """The same for text whose lines and spaces count."""
    return edged(f'<pre style="margin:0;padding:0">{markup}</pre>', colour)


def note(text: str, *, colour: str = BLUE) -> Card:
    """A few plain sentences of ours; `code` stands between backticks."""
    from workbook.feedback.html import rich

    return Card(text.replace("`", ""), edged(rich(text), colour))


def show(card: Card) -> Any:
    """Display a card below the running cell; without a notebook or IPython, print its text.

    Returns:
        IPython's handle, whose ``update`` shows another card in its place; None where there is none.
    """
    from IPython.core.getipython import get_ipython

    # Half a surrogate pair, which JSON can carry, cannot be sent to a notebook.
    card = Card(*(text.encode("utf-8", "backslashreplace").decode() for text in (card.text, card.html)))
    if get_ipython() is None:
        print(card.text)
        return None
    import IPython.display

    displays: Any = IPython.display
    return displays.display(card, display_id=True)
