"""Does a solved service answer what its OpenAPI document says? schemathesis asks it."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from workbook.authoring.errors import AuthoringError
from workbook.authoring.runs import environment
from workbook.course.model import Lesson
from workbook.service.live.events import DoesNotStart
from workbook.service.live.lesson_server import LessonServer
from workbook.service.upstream.server import Upstream

_SECONDS = 300
"""A run takes some seconds; this is for a service that hangs."""


def openapi_faults(lesson: Lesson, solved: Path, scratch: Path, seed: int) -> list[str]:
    """What a solved service answers and does not document: an unknown status, another schema, or a 500.

    Args:
        lesson: the lesson.
        solved: its folder in a target that holds the solution.
        scratch: a folder for what schemathesis leaves behind.
        seed: where the requests come from.

    Raises:
        AuthoringError: the service does not start, or schemathesis cannot be run.
    """
    if find_spec("schemathesis") is None:
        raise AuthoringError("schemathesis is not installed: run make test once, which adds the tools for authors")
    upstream = Upstream().start()  # it answers 404 to everything, which no service may fall over
    server = LessonServer(lesson, solved, env=dict.fromkeys(lesson.upstream_env, upstream.url))
    try:
        server.start()
        done = subprocess.run(
            [sys.executable, "-P", "-m", "workbook.authoring.openapi_run", f"{server.url}{lesson.document}", str(seed)],
            cwd=scratch,
            env=environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=_SECONDS,
            check=False,
        )
    except DoesNotStart as error:
        raise AuthoringError(" ".join(str(error).split())) from None
    except subprocess.TimeoutExpired:
        raise AuthoringError(f"schemathesis had not ended after {_SECONDS} seconds") from None
    finally:
        server.stop()
        upstream.stop()
    if done.returncode:
        last = (done.stderr.strip() or "no word of it").splitlines()[-1]
        raise AuthoringError(f"schemathesis ended with exit code {done.returncode}: {last}")
    found: list[str] = json.loads(done.stdout.splitlines()[-1])
    return found
