#!/usr/bin/env python3
"""Grade a submission in Classroom 50. It is copied, as ``autograder.py``, into the bundle of an assignment.

Beside it in the bundle lies ``workbook.zip``, made with ``workbook handout --zip workbook.zip``: the checks that count
are yours, and not those in the student's repository. Classroom 50's runner starts this file in the student's checkout
and says in the environment for which submission; what it has to find there afterwards is ``result.json``. It ends with
0 for every grade; with another code where there is none, through no fault of the student's, so that it is run again.

Choose the lessons here:
"""

import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

LESSONS = ""
"""Like ``1-2``; empty for all that are in ``workbook.zip``."""


def main() -> int:
    """Set the workbook up beside the checkout, grade the checkout, and leave its result in it."""
    checkout, bundle = Path.cwd(), Path(__file__).resolve().parent
    with tempfile.TemporaryDirectory(prefix="workbook-") as scratch:
        with zipfile.ZipFile(bundle / "workbook.zip") as packed:
            packed.extractall(scratch)
        [course] = [entry for entry in Path(scratch).iterdir() if entry.is_dir()]
        set_up = subprocess.run([sys.executable, str(course / "checks/workbook/bootstrap.py"), "setup"], check=False)
        if set_up.returncode:
            return set_up.returncode
        report = Path(scratch) / "report"
        command = [str(course / ".venv/bin/workbook"), "grade", str(checkout), "--one", "--out", str(report)]
        command += ["--formats", "classroom50,feedback", *(["--lessons", LESSONS] if LESSONS else [])]
        command += ["--sandbox", os.environ.get("WORKBOOK_SANDBOX", "auto")]
        owner = os.environ.get("USERNAME", "")  # of the repository; who pushed may be somebody else
        env = {**os.environ, "WORKBOOK_ROOT": str(course), "GITHUB_ACTOR": owner}
        subprocess.run(command, cwd=course, env=env, check=False)
        found = sorted(report.glob("classroom50/*/result.json"))
        if not found:
            return 1
        shutil.copy(found[0], checkout / "result.json")
        shutil.copy(next(report.glob("feedback/*.md")), checkout / "release-body.md")
    return 0


if __name__ == "__main__":
    sys.exit(main())
