"""How should an endpoint be written whose work is … ? Your answers, for the table in the notebook."""

from typing import Literal

Choice = Literal["async def", "def", "process"]

DECISIONS: dict[str, Choice] = {
    "await_http": "async def",
    "blocking_http": "def",
    "sync_session": "def",
    "async_driver": "async def",
    "time_sleep": "def",
    "asyncio_sleep": "async def",
    "read_big_file": "def",
    "pure_python_for_seconds": "process",
    "return_a_constant": "async def",
    "gather_ten_calls": "async def",
}
