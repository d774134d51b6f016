"""What a notebook of the workbook uses: the magics of ``%load_ext workbook``, and live servers for small APIs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workbook.notebook.compare import side_by_side
    from workbook.notebook.live import serve
    from workbook.notebook.sql import sql_log

__all__ = ["serve", "side_by_side", "sql_log"]


def __getattr__(name: str) -> Any:
    """Import each helper when it is first asked for, because ``%load_ext`` passes here and needs none of them."""
    from importlib import import_module

    homes = {"serve": "live", "side_by_side": "compare", "sql_log": "sql"}
    if name not in homes:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{homes[name]}"), name)
