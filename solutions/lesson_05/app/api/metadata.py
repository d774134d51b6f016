"""What the OpenAPI document says beside the routes."""

from collections.abc import Callable

from fastapi.routing import APIRoute

# region 5.5
# starter: from fastapi.utils import generate_unique_id
# starter:
# endregion
DESCRIPTION = """
Recipes, and who submitted them.

- **Version 1** is frozen and goes one day: read the headers `Deprecation` and `Sunset` of its answers.
- **Version 2** calls the name of a recipe its `title`.
"""

# region 5.5 Describe each tag
TAGS = [
    {"name": "recipes", "description": "Find, add, change and remove recipes."},
    {"name": "users", "description": "Those who submit recipes."},
    {"name": "health", "description": "For the machines that watch over this service."},
]
# starter: TAGS: list[dict[str, str]] = []
# endregion


def name_operations(version: str = "") -> Callable[[APIRoute], str]:
    """Make a function that gives an operation its id.

    A program generator makes a method's name of it, so it has to be another one for each operation, and stay when
    routes move or come.

    Args:
        version: what it begins with: ``v1``, or nothing.

    Returns:
        A function for ``generate_unique_id_function``.
    """
    # region 5.5 The version, and the name of the function that answers
    return lambda route: f"{version}_{route.name}" if version else route.name
    # starter: return generate_unique_id
    # endregion
