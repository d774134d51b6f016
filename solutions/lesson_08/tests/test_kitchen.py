"""Tests of ideas, prices and the door, without the internet."""

# region 8.6 Fakes, an override for each, and tests that fail when the service is wrong
from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.api.deps import get_market, get_reddit_client
from app.clients.market import MarketError
from app.clients.reddit import SUBREDDITS, RedditError

IDEAS, PRICE = "/api/v1/recipes/ideas/", "/api/v1/recipes/price/"


class FakeReddit:
    """Answers at once, with what a test wants."""

    def __init__(self) -> None:
        self.answers: dict[str, list[str] | None] = {name: [f"1: {name} (https://a.example)"] for name in SUBREDDITS}

    async def get_top(self, subreddit: str, limit: int = 5) -> list[str]:
        answer = self.answers[subreddit]
        if answer is None:
            raise RedditError(subreddit)
        return answer


class FakeMarket:
    """Knows the price of pie, and of nothing else."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def price_of(self, label: str) -> float:
        self.asked.append(label)
        if label != "Pie":
            raise MarketError(f"No price for {label}.")
        return 7.45


@pytest.fixture
def reddit(app: FastAPI) -> Iterator[FakeReddit]:
    fake = FakeReddit()
    app.dependency_overrides[get_reddit_client] = lambda: fake
    yield fake
    del app.dependency_overrides[get_reddit_client]


@pytest.fixture
def market(app: FastAPI) -> Iterator[FakeMarket]:
    fake = FakeMarket()
    app.dependency_overrides[get_market] = lambda: fake
    yield fake
    del app.dependency_overrides[get_market]


def test_ideas_of_three_subreddits(client: TestClient, reddit: FakeReddit) -> None:
    reply = client.get(IDEAS)
    assert reply.status_code == 200
    assert reply.json() == reddit.answers


def test_ideas_are_asked_for_anew(client: TestClient, reddit: FakeReddit) -> None:
    for text in ("first", "second"):
        reddit.answers["recipes"] = [text]
        assert client.get(IDEAS).json()["recipes"] == [text]


def test_a_subreddit_that_fails_is_null(client: TestClient, reddit: FakeReddit) -> None:
    reddit.answers["easyrecipes"] = None
    reply = client.get(IDEAS)
    assert reply.status_code == 200
    assert reply.json() == reddit.answers


def test_price_is_the_markets(client: TestClient, market: FakeMarket) -> None:
    reply = client.get(PRICE, params={"label": "Pie"})
    assert reply.status_code == 200
    assert reply.json()["label"] == "Pie"
    assert reply.json()["price"] == 7.45
    assert market.asked == ["Pie"]


def test_no_price_is_a_bad_gateway(client: TestClient, market: FakeMarket) -> None:
    assert client.get(PRICE, params={"label": "Soup"}).status_code == 502


def test_nobody_adds_a_recipe_without_a_token(client: TestClient) -> None:
    new = {"label": "Pie", "source": "Ada", "url": "https://a.example"}
    assert client.post("/api/v1/recipes/", json=new).status_code == 401


# starter: from fastapi.testclient import TestClient
# starter:
# starter:
# starter: def test_the_service_is_there(client: TestClient) -> None:
# starter:     assert client.get("/health").json() == {"status": "ok"}
# endregion
