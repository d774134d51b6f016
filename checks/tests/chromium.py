"""A browser for tests: Debian's Chromium, driven by Playwright without a window."""

from __future__ import annotations

import os
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

PROGRAMS = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome")
# A test browser has no business outside this machine, and no graphics card.
SWITCHES = (
    *("--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
)


def find_chromium() -> str | None:
    """The browser's program: ``WORKBOOK_CHROMIUM``, or the first that is installed."""
    named = os.environ.get("WORKBOOK_CHROMIUM")
    return named or next(filter(None, map(shutil.which, PROGRAMS)), None)


def needed_chromium() -> str:
    """The browser's program; without one the test is skipped, and fails in CI, which installs it."""
    program = find_chromium()
    if program is None:
        advice = "no Chromium found: apt install chromium (or name one in WORKBOOK_CHROMIUM) to run the browser test"
        if os.environ.get("CI_BROWSER") == "required":
            pytest.fail(advice)
        pytest.skip(advice)
    return program


@contextmanager
def chromium(program: str) -> Generator[Browser]:
    """The running browser."""
    from playwright.sync_api import sync_playwright

    as_root = hasattr(os, "geteuid") and os.geteuid() == 0  # Chromium's sandbox refuses to work for root
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program, args=[*SWITCHES, *(["--no-sandbox"] if as_root else [])]
        )
        try:
            yield browser
        finally:
            browser.close()
