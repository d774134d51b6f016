"""What the service has printed, all of it."""

from __future__ import annotations

import random
import time
from typing import Any

import pytest


@pytest.fixture
def printed(service: Any, rng: random.Random) -> Any:
    """A reader of all that the service has printed so far. The lesson's ``inside.py`` has ``print_line``."""

    def read() -> str:
        mark = f"mark {rng.getrandbits(80)}"
        service.inside("print_line", text=mark)
        for _ in range(200):  # what it prints comes through a pipe, so the mark may need a moment
            if mark in service.output():
                break
            time.sleep(0.01)
        return service.output()

    return read
