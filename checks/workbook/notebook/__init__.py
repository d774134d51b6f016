"""What a notebook of the workbook uses: its magics, and live servers for small APIs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workbook.notebook.columns import side_by_side
    from workbook.notebook.live import serve
    from workbook.notebook.sql import sql_log

__all__ = ["serve", "side_by_side", "sql_log"]


def __getattr__(name: str) -> Any:
    """Import each helper when it is first asked for, because every kernel passes here, and most need none of them."""
    from importlib import import_module

    homes = {"serve": "live", "side_by_side": "columns", "sql_log": "sql"}
    if name not in homes:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{homes[name]}"), name)
