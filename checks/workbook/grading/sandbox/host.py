"""The host of services (see ``workbook.service.child.host``), each of which it closes in a jail.

Run as ``python -I -m workbook.grading.sandbox.host FD SCRATCH SETTINGS``; SETTINGS is JSON: ``limits``, and the folders
``root`` and ``work`` (see ``Jail``).
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from workbook.grading.sandbox.jail import Jail
from workbook.grading.sandbox.limits import SandboxLimits
from workbook.service.child.host import serve_orders


def main() -> None:
    """Start services, each in a jail."""
    settings = json.loads(sys.argv[3])
    serve_orders(Jail(SandboxLimits(**settings["limits"]), Path(settings["root"]), Path(settings["work"])))


if __name__ == "__main__":
    main()
