"""One run of checks: which target, which lessons, one warm launcher, and the services it started."""

from __future__ import annotations

import ast
import math
import os
import random
import sys
import zlib
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbook.course.model import Course, Lesson
from workbook.service.protocol.problem import Omission, Problem, ProblemKind, StartFailed
from workbook.service.protocol.spec import Limits, Spec

if TYPE_CHECKING:
    from workbook.service.database.database import Database
    from workbook.service.database.databases import Databases
    from workbook.service.parent.client import Exchange
    from workbook.service.parent.probe import Probe
    from workbook.service.parent.process import Launcher
    from workbook.service.parent.service import Service
    from workbook.service.upstream.server import Upstream


@dataclass(frozen=True)
class Target:
    """A folder that holds ``lesson_NN`` folders, and how learners call it."""

    folder: Path
    label: str

    def lesson_folder(self, lesson: Lesson) -> Path:
        """The lesson's folder in this target."""
        return self.folder / lesson.folder


@dataclass(frozen=True)
class Look:
    """What is known about a service when a check has failed."""

    exchanges: list[Exchange]
    probe: Probe | None
    document: dict[str, Any]
    """The app's OpenAPI document."""
    omissions: list[Omission]

    @classmethod
    def at(cls, service: Service, first: int = 0) -> Look:
        """Look at a service; ``first`` is the position of the check's first exchange."""
        probe = service.look()
        if probe is None:
            return cls(service.exchanges[first:], None, {}, [])
        return cls(service.exchanges[first:], probe, service.document(), service.omissions())


@dataclass
class Run:
    """What the checks of one pytest process share."""

    course: Course
    target: Target
    seed: int
    limits: Limits = field(default_factory=Limits)
    deadline: float = math.inf
    """When the time of the whole run is over, by ``time.monotonic()``."""
    given_launcher: Launcher | None = None
    """The launcher of a process that makes many runs; without it, a run makes its own."""
    _launcher: Launcher | None = None
    _databases: Databases | None = None
    _lesson: Lesson | None = None
    _service: Service | None = None
    _database: Database | None = None
    _upstream: Upstream | None = None
    extra: list[Service] = field(default_factory=list["Service"])
    """Services that a check launched for itself; stopped when the check ends."""
    looks: list[Look] = field(default_factory=list["Look"])
    """What was seen of launched services when their block failed; emptied before each check."""
    heard: bool = False
    """Whether the present check has learnt anything from the learner's work: see ``hear``."""

    def hear(self) -> None:
        """Note that something of the learner's has reached the check: an answer, a row, a file.

        What the check stumbles over from here on may come from it. Before, it can only stumble over itself.
        """
        self.heard = True

    @property
    def service(self) -> Service | None:
        """The service of the current lesson, if it was begun."""
        return self._service

    def warm_up(self) -> Launcher:
        """Start the launcher, if nobody has: its libraries are imported from this moment on."""
        if self._launcher is None:
            from workbook.service.parent.process import make_launcher

            self._launcher = self.given_launcher or make_launcher()
        return self._launcher

    @property
    def launcher(self) -> Launcher:
        """The warm launcher."""
        return self.warm_up()

    def databases(self) -> Databases:
        """Where the services' databases are made."""
        if self._databases is None:
            from workbook.service.database.databases import make_databases

            self._databases = make_databases(self.launcher.scratch)
        return self._databases

    def begin(self, lesson: Lesson) -> Service:
        """The lesson's service, started if it is not there; the service of another lesson is ended."""
        if self._service is not None and self._lesson is lesson:
            return self._service
        self.end_lesson()
        self._lesson = lesson
        self._service = self.start(lesson, {}, database_url=self.new_database(lesson))
        if lesson.uses_database:
            # SQLAlchemy is imported here while the service starts.
            self.database().prepare()
        return self._service

    def new_database(self, lesson: Lesson) -> str:
        """The URL of a fresh, empty database for a service of a lesson."""
        if lesson.uses_database:
            return self.databases().new(lesson.folder)
        # Nobody is expected to use it, and the database tools are slow to import.
        return f"sqlite:///{(self.launcher.new_home() / 'unused.db').as_posix()}"

    def start(
        self, lesson: Lesson, env: Mapping[str, str | None], *, database_url: str, app: str | None = None
    ) -> Service:
        """Start a service of a lesson; it may still be importing when this returns.

        Args:
            lesson: the lesson.
            env: environment variables to add or change; None takes one away that the lesson sets.
            database_url: what it finds in ``DATABASE_URL``.
            app: another application than the lesson's own; "" imports nothing of the learner's.

        Raises:
            StartFailed: the target has no folder for the lesson.
        """
        from workbook.service.parent.process import service_environment
        from workbook.service.parent.service import Service

        folder = self.target.lesson_folder(lesson)
        if not folder.is_dir():
            raise StartFailed(Problem(ProblemKind.MISSING_FILE, detail={"file": ""}))
        home = self.launcher.new_home()
        inside = self.course.checks_dir / lesson.folder / "inside.py"
        addresses = dict.fromkeys(lesson.upstream_env, self.upstream().url) if lesson.upstream_env else {}
        wanted = {**service_environment(home), "DATABASE_URL": database_url, **lesson.env, **addresses, **env}
        source = inside.read_text(encoding="utf-8") if inside.is_file() else ""
        spec = Spec(
            folder=str(folder.resolve()),
            app=lesson.app if app is None else app,
            env={name: value for name, value in wanted.items() if value is not None},
            preload=_libraries(lesson, inside, database_url),
            inside=source,
        )
        return Service(
            self.launcher,
            spec,
            self.limits,
            database_url=database_url,
            deadline=self.deadline,
            on_answer=self.hear,
        )

    def database(self) -> Database:
        """Access from outside to the database of the current lesson's service."""
        from workbook.service.database.database import Database

        if self._service is None:
            raise RuntimeError("no lesson has begun")
        if self._database is None:
            self._database = Database(self._service.database_url)
        return self._database

    def empty_database(self) -> None:
        """Delete all rows. A transaction that the learner's code left open is ended with its service first."""
        from workbook.service.database.problem import DatabaseLocked

        service = self._service
        if service is None:
            raise RuntimeError("no lesson has begun")
        if not service.begin():
            service.kill()
        try:
            self.database().reset()
        except DatabaseLocked:
            service.kill()
            self.database().reset()
        service.ensure_ready()

    def upstream(self) -> Upstream:
        """The upstream of this run, started when it is first asked for."""
        if self._upstream is None:
            from workbook.service.upstream.server import Upstream

            self._upstream = Upstream()
            self._upstream.start()
        return self._upstream

    def random(self, check: str) -> random.Random:
        """A random generator that depends on the run's seed and the check's name alone, so that order plays no part."""
        return random.Random(f"{self.seed}:{zlib.crc32(check.encode())}")

    @contextmanager
    def launched(self, service: Service) -> Generator[Service]:
        """Keep a service for a block and end it after; what its probes saw is kept where the block fails."""
        self.extra.append(service)
        try:
            yield service
        except Exception:
            self.looks.append(Look.at(service))
            raise
        finally:
            self.extra.remove(service)
            service.close()

    def end_lesson(self) -> None:
        """End the current lesson's service."""
        if self._database is not None:
            self._database.dispose()
            self._database = None
        if self._service is not None:
            self._service.close()
            self._service = None

    def close(self) -> None:
        """End everything and leave nothing behind."""
        self.end_lesson()
        for service in list(self.extra):
            service.close()
        if self._upstream is not None:
            self._upstream.stop()
            self._upstream = None
        if self._databases is not None:
            self._databases.close()
            self._databases = None
        if self._launcher is not None:
            self._launcher.close()
            self._launcher = None


def _libraries(lesson: Lesson, inside: Path, database_url: str) -> tuple[str, ...]:
    """What the host imports before it forks this lesson's service, beside what every service needs."""
    libraries = _imported_by(inside) if inside.is_file() else ()
    if not lesson.uses_database:
        return libraries
    dialect = "postgresql.psycopg" if database_url.startswith("postgresql") else "sqlite"
    return (*libraries, "sqlalchemy.orm", f"sqlalchemy.dialects.{dialect}", "workbook.service.child.fault_injection")


@cache
def _imported_by(file: Path) -> tuple[str, ...]:
    """The libraries that one of our files imports first of all."""
    names: list[str] = []
    for statement in ast.parse(file.read_bytes()).body:
        if isinstance(statement, ast.Import):
            names += [alias.name for alias in statement.names]
        elif isinstance(statement, ast.ImportFrom) and statement.module:
            names.append(statement.module)
    return tuple(name for name in names if name.partition(".")[0] not in sys.stdlib_module_names)


def limits_from_environment() -> Limits:
    """The limits, with times multiplied by ``WORKBOOK_SLOWNESS`` where a slow machine sets it."""
    return Limits().scaled(float(os.environ.get("WORKBOOK_SLOWNESS", "1")))
