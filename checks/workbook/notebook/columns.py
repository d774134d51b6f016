"""Two outputs side by side."""

from __future__ import annotations

import html
from typing import Any

from workbook.notebook.cards import GREY, Card, show


def side_by_side(left_title: str, left: Any, right_title: str, right: Any) -> None:
    """Show two outputs in two columns, to be compared.

    Args:
        left_title: what the left one is.
        left: a text, an exchange, or anything with a readable ``str()``.
        right_title: what the right one is.
        right: the other one.
    """
    parts = [(left_title, str(left)), (right_title, str(right))]
    text = "\n\n".join(f"{title}\n" + "\n".join(f"  {line}" for line in body.splitlines()) for title, body in parts)
    column = f"flex:1 1 24em;min-width:0;padding-left:10px;border-left:3px solid {GREY}"
    columns = "".join(
        f'<div style="{column}"><strong>{html.escape(title)}</strong>'
        f'<pre style="margin:4px 0 0 0;padding:0">{html.escape(body)}</pre></div>'
        for title, body in parts
    )
    show(Card(text, f'<div style="display:flex;flex-wrap:wrap;gap:12px 24px">{columns}</div>'))
