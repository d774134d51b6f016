"""Things that are opened for a request, or for the whole service, and closed again whatever happens."""

from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager, AsyncExitStack, asynccontextmanager
from typing import Any, TypeVar

from fastapi import FastAPI

T = TypeVar("T")


def lend(make: Callable[[], AbstractContextManager[T]]) -> Callable[[], Iterator[T]]:
    """Make a dependency that opens something for each request.

    Args:
        make: makes it anew: what ``with`` takes.

    Returns:
        A dependency that gives what ``with`` gives, and closes it after the answer has been sent: also after an error,
        which it hands on, and when the client has gone away.
    """
    # Exercise 8.3: Open, give, close

    def dependency() -> Iterator[T]:
        yield make().__enter__()

    return dependency


@asynccontextmanager
async def hold(app: FastAPI, **resources: Callable[[], AbstractAsyncContextManager[Any]]) -> AsyncGenerator[None]:
    """Keep things open as long as the service runs.

    Args:
        app: the service. Each thing is ``app.state.<name>`` meanwhile.
        resources: for each name what makes the thing: what ``async with`` takes. They are opened in this order and
            closed in the reverse one, also when a later one cannot be opened, or another one not be closed.
    """
    # Exercise 8.4: Open in order, close in reverse
    for name, make in resources.items():
        setattr(app.state, name, await make().__aenter__())
    yield
