"""Which database connections are out of their pools, and which of them nobody gives back: inside the service."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

_TRIES = 2
"""How often a lost connection is looked for: an exception can still hold it when its request ends, but not later."""


class Borrower(Protocol):
    """A request that borrows connections."""

    ended: bool
    """Whether the app is done with it."""


@dataclass
class _Loan:
    """A connection that is out of its pool."""

    request: Borrower | None
    """The request that borrowed it, if it was one."""
    connection: object
    """Kept until the request is over, so that the garbage collector does not give it back meanwhile."""
    tries: int = 0
    """How often the garbage collector was called to bring it back."""


class Connections:
    """Counts the connections of every engine, present and future."""

    def __init__(self, borrower: Callable[[], Borrower | None]) -> None:
        """Nothing is watched yet.

        Args:
            borrower: gives the request that runs where it is called.
        """
        self._borrower = borrower
        # The garbage collector can return a lost connection while this thread holds the lock.
        self._lock = threading.RLock()
        self._loans: dict[int, _Loan] = {}
        """By the identity of the pool's record of each connection."""
        self.most_out = 0
        """How many were out at the same time since the last ``clear``."""
        self.opened = 0
        """How many were opened, and not taken from a pool."""
        self.lost = 0
        """How many were still out when their request was over."""

    @property
    def out(self) -> int:
        """How many are out now."""
        return len(self._loans)

    @property
    def stuck(self) -> int:
        """How many of them are out although their request is over: nobody will give them back."""
        return sum(loan.tries > 0 for loan in list(self._loans.values()))

    def clear(self) -> None:
        """Begin to count anew; those that are out stay counted."""
        with self._lock:
            self.most_out, self.opened, self.lost = self.out, 0, self.stuck

    def watch(self) -> None:
        """Listen to every pool of SQLAlchemy."""
        from sqlalchemy import event
        from sqlalchemy.pool import Pool

        event.listen(Pool, "connect", self._opened)
        event.listen(Pool, "checkout", self._taken)
        event.listen(Pool, "checkin", self._given_back)

    def _opened(self, _dbapi: object, _record: object) -> None:
        with self._lock:
            self.opened += 1

    def _taken(self, _dbapi: object, record: object, connection: object) -> None:
        with self._lock:
            self._loans[id(record)] = _Loan(self._borrower(), connection)
            self.most_out = max(self.most_out, self.out)

    def _given_back(self, _dbapi: object, record: object) -> None:
        with self._lock:
            self._loans.pop(id(record), None)

    def take_back_lost(self) -> None:
        """Count the connections that were not given back when their request ended, and let them go.

        A session that was not closed keeps its connection until the garbage collector comes by, and that depends on
        everything that ran before. So that luck decides no verdict, nothing is collected before the request's end, and
        all of it then: what comes next finds its connections.
        """
        with self._lock:
            loans = list(self._loans.values())
            lost = [loan for loan in loans if loan.request is not None and loan.request.ended and loan.tries < _TRIES]
            for loan in lost:
                self.lost += loan.tries == 0
                loan.tries += 1
                loan.connection = None
        if lost:
            gc.collect()
