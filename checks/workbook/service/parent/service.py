"""A running service as checks see it: a client, calls and probes."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

from workbook.service.parent.client import Exchange, RecordingTransport, make_client
from workbook.service.parent.lifecycle import Lifecycle
from workbook.service.parent.probe import Probe, fill, unreadable
from workbook.service.parent.process import Launcher
from workbook.service.protocol.problem import (
    CallFailed,
    Omission,
    Problem,
    ProblemKind,
    RequestFailed,
    ServiceProblem,
    omissions_from_json,
    place_from_json,
)
from workbook.service.protocol.spec import Limits, Spec
from workbook.service.protocol.untrusted import exceeds, json_count, json_object, json_text

_T = TypeVar("_T")
_LOOK_SECONDS = 3.0
"""How long a service may take to say what it knows about a failure."""
_SETTLE_SECONDS = 0.3
"""How long a request's clean-up may take after its response."""
_DOCUMENT_SIZE = 2_000_000
"""What an OpenAPI document, or the result of a call, holds at most: characters, numbers and containers."""


class Service(Lifecycle):
    """One service of the learner's app.

    It starts when it is made and is ready at the latest when it is used; it starts again by itself after a crash.
    """

    def __init__(
        self,
        launcher: Launcher,
        spec: Spec,
        limits: Limits,
        *,
        database_url: str = "",
        deadline: float = math.inf,
        on_answer: Callable[[], None] = lambda: None,
    ) -> None:
        """Start it.

        Args:
            launcher: starts the process.
            spec: what to start.
            limits: how long and how much.
            database_url: of its database.
            deadline: when the time of the whole run is over, by ``time.monotonic()``.
            on_answer: called whenever a check learns something from the service.
        """
        super().__init__(launcher, spec, limits, deadline)
        self.database_url = database_url
        self._on_answer = on_answer
        self._transport = RecordingTransport(
            self._send, limits, explain=self._explain, before=self.ensure_ready, after=on_answer, until=deadline
        )
        self.client = make_client(self._transport, limits)
        self.start()

    def close(self) -> None:
        """Kill the process and close the client."""
        self.kill()
        self.client.close()

    @property
    def exchanges(self) -> list[Exchange]:
        """Every request sent so far."""
        return self._transport.exchanges

    def openapi(self) -> dict[str, Any]:
        """The app's own OpenAPI document."""
        return json_object(self._small(self._ask_for_check("routes")))

    def omissions(self) -> list[Omission]:
        """The functions of the learner's that can end without the value they owe, for a message."""
        return omissions_from_json(self._look_at("omissions"))

    def document(self) -> dict[str, Any]:
        """The OpenAPI document for a message; {} where it cannot be had."""
        found = json_object(self._look_at("routes"))
        return {} if exceeds(found, _DOCUMENT_SIZE) else found

    def call(self, ref: str, *args: Any, **kwargs: Any) -> Any:
        """Run a function of the learner's in the service process.

        Args:
            ref: ``"app.core.security:verify_password"``.
            args: JSON values.
            kwargs: JSON values.

        Returns:
            Its result as JSON values.

        Raises:
            CallFailed: it raised.
            RequestFailed: it did not end in time, or the process ended.
        """
        return self._call(ref, args, kwargs)

    def inside(self, name: str, **kwargs: Any) -> Any:
        """Run a function of the lesson's own ``inside.py`` in the service process: as ``call``.

        It is loaded before the learner's code, and not in ``sys.modules``, so no accident of the learner's replaces it.
        But it runs in the learner's process, where all of Python can be changed on purpose: what comes back is what
        that process says. A check may use it to make trouble and then look from outside, to find out more about work
        that has to hold from outside as well, and to reject. What earns points because of such an answer alone should
        have a twin that looks from outside: a request, a row, a file on disk, another process.
        """
        if not self.spec.inside:
            raise FileNotFoundError("this lesson has no inside.py")
        return self._call(f":{name}", (), kwargs)

    def together(self, count: int, work: Callable[[int], _T]) -> list[_T]:
        """Run ``work(0)`` … ``work(count - 1)`` at the same time, in threads, and return the results in order."""
        self.ensure_ready()
        with ThreadPoolExecutor(max_workers=count) as pool:
            return list(pool.map(work, range(count)))

    @contextmanager
    def probe(self) -> Generator[Probe]:
        """Observe the service during a block; the yielded object is filled when the block ends."""
        self._ask_for_check("watch")
        result = Probe()
        yield result
        fill(result, self._ask_for_check("unwatch"))

    def connections_checked_out(self) -> int:
        """Database connections that are out of the pool now."""
        result = Probe()
        fill(result, self._ask_for_check("collect"))
        return result.checked_out

    def begin(self) -> bool:
        """Forget what the probes saw, and say whether every database connection is back in its pool.

        A response may be a moment ahead of its clean-up, so this waits for a while.
        """
        self.client.cookies.clear()
        deadline = time.monotonic() + _SETTLE_SECONDS
        while True:
            connections = json_object(self._ask("begin"))
            if json_count(connections.get("out")) == 0:
                return True
            if connections.get("stuck") or time.monotonic() > deadline:
                return False
            time.sleep(0.005)

    def output(self) -> str:
        """What the service has printed."""
        self._on_answer()
        return self._printed()

    def look(self) -> Probe | None:
        """What the probes saw since ``begin``; None when the service is not there to be asked."""
        result = Probe()
        try:
            fill(result, self._look_at("collect"))
        except RequestFailed:
            return None
        return result

    def _look_at(self, command: str) -> Any:
        """Ask something for a message; None where the service is not there, or does not say it."""
        if not self._ready:
            return None
        try:
            return self._ask(command, timeout=_LOOK_SECONDS)
        except ServiceProblem:
            return None

    def _call(self, ref: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        facts: dict[str, Any] = {"ref": ref, "args": list(args), "kwargs": kwargs}
        answer = json_object(self._ask_for_check("call", timeout=self.limits.call, **facts))
        if "exception" in answer:
            raise CallFailed(
                ref.lstrip(":"),
                json_text(answer["exception"])[:200],
                json_text(answer.get("text")),
                place_from_json(answer.get("place")),
            )
        if "value" not in answer:
            raise unreadable("the call was not answered as it should be")
        return self._small(answer["value"])

    def _ask_for_check(self, command: str, timeout: float | None = None, **facts: Any) -> Any:
        """Ask what a check wants to know: what it stumbles over from now on may come from the answer."""
        answer = self._ask(command, timeout, **facts)
        self._on_answer()
        return answer

    def _small(self, answer: Any) -> Any:
        if exceeds(answer, _DOCUMENT_SIZE):
            raise RequestFailed(
                Problem(ProblemKind.RESPONSE_TOO_LARGE, detail={"limit": f"{_DOCUMENT_SIZE // 10**6} MB"})
            )
        return answer
