"""Questions about the inside of the learner's service. It runs in the service's process, and reports facts only."""

from __future__ import annotations

from typing import Any


def put_recipes(recipes: list[dict[str, Any]]) -> list[int]:
    """Put recipes on the shelf behind the routes' back, and report their ids."""
    from app.main import app

    return [app.state.store.add_recipe(**recipe).id for recipe in recipes]


def put_user(user: dict[str, Any]) -> int:
    """Put a user on the shelf behind the routes' back, and report their id."""
    from app.main import app

    return app.state.store.add_user(**user).id


def stored_user(user_id: int) -> dict[str, Any]:
    """Report everything that the shelf holds about a user."""
    from app.main import app

    user: object = app.state.store.users[user_id]
    return dict(vars(user))
