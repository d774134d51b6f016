"""The tests of the tutorial that the recipe service comes from, in our words, on what lesson 8 makes of it.

The tutorial's part 11 overrides the Reddit client with a fake, and tries the route for ideas and the recipe routes.
What had to change: the client's method is called ``get_top``; adding and changing a recipe needs a token; what was 201
for a change is 200, and what was 400 for missing rights is 401 or 403.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

SOLUTION = Path(__file__).parents[2] / "solutions" / "lesson_08"
V1 = "/api/v1"
PERSON = {"first_name": "Ada", "surname": "Ito", "email": "ada@example.com", "password": "Sunshine1"}


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("CONTACT_EMAIL", "kitchen@recipes.example")
    monkeypatch.setenv("SECRET_KEY", "thirty-two characters and some more")
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{(tmp_path / 'kitchen.db').as_posix()}")
    monkeypatch.setattr(sys, "path", [str(SOLUTION), *sys.path])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield importlib.import_module("app.main").create_app()
    for name in [name for name in sys.modules if name.partition(".")[0] == "app"]:
        del sys.modules[name]


@pytest.fixture
def client(app: Any) -> Iterator[TestClient]:
    with TestClient(app) as client:
        yield client


class FakeRedditClient:
    """What the tutorial's tests put in the place of Reddit."""

    async def get_top(self, subreddit: str, limit: int = 5) -> list[str]:
        return [f"{number}: {subreddit} (https://a.example)" for number in range(limit)]


@pytest.fixture
def headers(client: TestClient) -> dict[str, str]:
    assert client.post(f"{V1}/auth/signup", json=PERSON).status_code == 201
    form = {"username": PERSON["email"], "password": PERSON["password"]}
    token = client.post(f"{V1}/auth/login", data=form).json()["access_token"]
    assert client.get(f"{V1}/auth/me", headers={"Authorization": f"Bearer {token}"}).json()["email"] == PERSON["email"]
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture
def recipe(client: TestClient, headers: dict[str, str]) -> dict[str, Any]:
    new = {"label": "Chicken Vesuvio", "source": "Serious Eats", "url": "https://www.seriouseats.example/chicken.html"}
    reply = client.post(f"{V1}/recipes/", json=new, headers=headers)
    assert reply.status_code == 201
    assert {name: reply.json()[name] for name in new} == new
    return reply.json()


def test_ideas_come_from_the_overridden_client(app: Any, client: TestClient) -> None:
    deps = importlib.import_module("app.api.deps")
    app.dependency_overrides[deps.get_reddit_client] = FakeRedditClient
    reply = client.get(f"{V1}/recipes/ideas/")
    assert reply.status_code == 200
    ideas = reply.json()
    assert list(ideas) == ["recipes", "easyrecipes", "TopSecretRecipes"]
    for subreddit, lines in ideas.items():
        assert len(lines) == 5
        assert lines[0] == f"0: {subreddit} (https://a.example)"


def test_a_recipe_is_fetched_by_its_number(client: TestClient, recipe: dict[str, Any]) -> None:
    assert client.get(f"{V1}/recipes/{recipe['id']}").json() == recipe
    missing = client.get(f"{V1}/recipes/{recipe['id'] + 1}")
    assert missing.status_code == 404
    assert "detail" in missing.json()


def test_recipes_are_searched(client: TestClient, recipe: dict[str, Any]) -> None:
    for params, found in (
        ({"keyword": "chicken"}, [recipe]),
        ({"keyword": "CHICKEN", "max_results": 1}, [recipe]),
        ({"keyword": "parsnip"}, []),
        ({}, [recipe]),
    ):
        reply = client.get(f"{V1}/recipes/search/", params=params)
        assert reply.status_code == 200
        assert reply.json() == {"results": found}


def test_a_recipe_is_changed_by_its_submitter_alone(
    client: TestClient, headers: dict[str, str], recipe: dict[str, Any]
) -> None:
    address, new = f"{V1}/recipes/{recipe['id']}", {name: recipe[name] for name in ("source", "url")} | {"label": "Pie"}
    assert client.put(address, json=new).status_code == 401
    assert client.put(address, json=new, headers=headers).json()["label"] == "Pie"
    other = PERSON | {"email": "ben@example.com"}
    client.post(f"{V1}/auth/signup", json=other)
    form = {"username": other["email"], "password": other["password"]}
    token = client.post(f"{V1}/auth/login", data=form).json()["access_token"]
    assert client.put(address, json=new, headers={"Authorization": f"Bearer {token}"}).status_code == 403


def test_the_root_is_a_page(client: TestClient, recipe: dict[str, Any]) -> None:
    page = client.get("/")
    assert page.headers["content-type"].startswith("text/html")
    assert recipe["label"] in page.text
