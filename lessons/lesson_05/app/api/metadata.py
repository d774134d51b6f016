"""What the OpenAPI document says beside the routes."""

from collections.abc import Callable

from fastapi.routing import APIRoute

from fastapi.utils import generate_unique_id

DESCRIPTION = """
Recipes, and who submitted them.

- **Version 1** is frozen and goes one day: read the headers `Deprecation` and `Sunset` of its answers.
- **Version 2** calls the name of a recipe its `title`.
"""

# Exercise 5.5: Describe each tag
TAGS: list[dict[str, str]] = []


def name_operations(version: str = "") -> Callable[[APIRoute], str]:
    """Make a function that gives an operation its id.

    A program generator makes a method's name of it, so it has to be another one for each operation, and stay when
    routes move or come.

    Args:
        version: what it begins with: ``v1``, or nothing.

    Returns:
        A function for ``generate_unique_id_function``.
    """
    # Exercise 5.5: The version, and the name of the function that answers
    return generate_unique_id
