"""Run a command as an ordinary user, where this is root and the repository may lie where nobody else can reach it.

    python checks/tests/as_user.py .venv/bin/pytest checks/tests/grading/test_hostile.py

The command sees this repository and the Python installation read-only, at their places, and a ``/tmp`` of its own. It
has every right that an ordinary user has: to make user namespaces, above all, which is what the grader needs.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from workbook.grading.sandbox.outer import become_user

ROOT = Path(__file__).resolve().parents[2]


def main() -> None:
    """Become the command."""
    if os.getuid() != 0:
        os.execvp(sys.argv[1], sys.argv[1:])
    environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/tmp", "LANG": "C.UTF-8", "CI": "true"}
    command = become_user(sys.argv[1:], [ROOT], environment, folder=ROOT)
    os.execv(command[0], command)


if __name__ == "__main__":
    main()
