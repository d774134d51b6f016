"""Show something in a notebook as HTML and as plain text, and elsewhere as plain text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Card:
    """Something to look at, in both forms. Both are stored in the notebook, so both stay the same from run to run."""

    text: str
    html: str

    def _repr_mimebundle_(self, **_wanted: Any) -> dict[str, str]:
        """Called by IPython, which picks what it wants from both."""
        return {"text/plain": self.text, "text/html": self.html}


def show(card: Card) -> None:
    """Display a card below the running cell; without a notebook or IPython, print its text."""
    from IPython.core.getipython import get_ipython

    if get_ipython() is None:
        print(card.text)
        return
    import IPython.display

    displays: Any = IPython.display
    displays.display(card)
