"""The ``workbook`` command: one small file for each thing a person can ask of it."""

from __future__ import annotations

from workbook.cli.app import app


def main() -> None:
    """Run the command line; the console script ``workbook`` calls this."""
    app()
