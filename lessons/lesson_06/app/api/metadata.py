"""What the OpenAPI document says beside the routes."""

from collections.abc import Callable

from fastapi.routing import APIRoute

DESCRIPTION = """
Recipes, and who submitted them.

- **Version 1** is frozen and goes one day: read the headers `Deprecation` and `Sunset` of its answers.
- **Version 2** calls the name of a recipe its `title`.
"""

TAGS = [
    {"name": "recipes", "description": "Find, add, change and remove recipes."},
    {"name": "users", "description": "Those who submit recipes."},
    {"name": "health", "description": "For the machines that watch over this service."},
]


def name_operations(version: str = "") -> Callable[[APIRoute], str]:
    """Make a function that gives an operation its id.

    A program generator makes a method's name of it, so it has to be another one for each operation, and stay when
    routes move or come.

    Args:
        version: what it begins with: ``v1``, or nothing.

    Returns:
        A function for ``generate_unique_id_function``.
    """
    return lambda route: f"{version}_{route.name}" if version else route.name
