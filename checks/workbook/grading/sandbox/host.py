"""The host of services (see ``workbook.service.host``), each of which it closes in a cage.

Run as ``python -I -m workbook.grading.sandbox.host FD SCRATCH SETTINGS``; SETTINGS is JSON: the limits and the place.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from workbook.grading.sandbox.cage import Cage, CageLimits, installation
from workbook.service.host import serve_orders


def main() -> None:
    """Obey, with every service in a cage."""
    settings = json.loads(sys.argv[3])
    cage = Cage(CageLimits(**settings["limits"]), installation(), Path(settings["place"]))
    serve_orders(cage.enclose)


if __name__ == "__main__":
    main()
