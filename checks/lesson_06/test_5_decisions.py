"""6.5  Decide how an endpoint is written."""

import pytest

RIGHT = {
    "await_http": ({"async def"}, "there is something to await, and only async def can"),
    "blocking_http": ({"def"}, "the call waits without await: in async def it stops the loop; a thread may wait"),
    "sync_session": ({"def"}, "queries of a Session block: in async def they stop the loop; a thread may wait"),
    "async_driver": ({"async def"}, "there is something to await, and only async def can"),
    "time_sleep": ({"def"}, "it waits without await: in async def it stops the loop; a thread may wait"),
    "asyncio_sleep": ({"async def"}, "there is something to await, and only async def can"),
    "read_big_file": ({"def"}, "it waits for the disk without await: in async def it stops the loop"),
    "pure_python_for_seconds": ({"process"}, "it computes, and holds the interpreter's lock in every thread"),
    "return_a_constant": ({"async def", "def"}, "there is nothing to wait for; no process is needed"),
    "gather_ten_calls": ({"async def"}, "there is something to await, and only async def can"),
}


@pytest.fixture
def decisions(service):
    """The learner's decisions."""
    return service.inside("decisions")


def test_all_ten_are_decided(decisions):
    """DECISIONS has the ten keys of the table, and no others; each value is one of the three."""
    assert sorted(decisions) == sorted(RIGHT)
    assert set(decisions.values()) <= {"async def", "def", "process"}


@pytest.mark.parametrize("kind", RIGHT)
def test_decision(decisions, kind):
    """The endpoint answers others meanwhile."""
    right, why = RIGHT[kind]
    assert decisions.get(kind) in right, f"{kind}: {why}" if decisions.get(kind) else f"{kind} is not decided yet"
