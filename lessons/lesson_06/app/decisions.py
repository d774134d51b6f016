"""How should an endpoint be written whose work is … ? Your answers, for the table in the notebook."""

from typing import Literal

Choice = Literal["async def", "def", "process"]

# Exercise 6.5: One of the three for each kind of work
DECISIONS: dict[str, Choice] = {}
