"""8.1  Ask for the market."""

import pytest

from shared.addresses import IDEAS, PRICE, V1
from shared.reddit import PATIENCE, SUBREDDITS


@pytest.fixture
def market(upstream, rng):
    """The upstream, which answers for the market: one price for every dish."""
    price = rng.randrange(100, 9999) / 100
    upstream.answer("/prices", json={"price": price})
    return price


def test_price_is_what_the_market_says(client, upstream, market, make_recipe):
    """GET /recipes/price/ answers 200 with the label and the market's price.

    Passes on the starter: what it answers is right, and has to stay so.
    """
    label = make_recipe()["label"]
    reply = client.get(PRICE, params={"label": label})
    assert reply.status_code == 200
    assert reply.json() == {"label": label, "price": market}
    assert [request.query for request in upstream.requests] == [{"label": [label]}]


@pytest.mark.parametrize("answer", [{"status": 500}, {"text": "none"}, {"json": {"cost": 7}}])
def test_market_without_a_price(client, upstream, answer):
    """When the market gives no price, the answer is 502 with a text, and 422 for a label that is too short.

    Passes on the starter: what it answers is right, and has to stay so.
    """
    upstream.answer("/prices", **answer)
    reply = client.get(PRICE, params={"label": "Leek soup"})
    assert reply.status_code == 502
    detail = reply.json()["detail"]
    assert isinstance(detail, str)
    assert detail
    assert client.get(PRICE, params={"label": " ab "}).status_code == 422


def test_market_is_overridden(service, make_recipe, rng):
    """With an override of get_market the fake is asked, nobody else is, and no connection is opened."""
    label, price = f"Dish{rng.randrange(10**6)}", rng.randrange(100, 9999) / 100
    found = service.inside("override_market", label=label, price=price)
    assert not found["tried"], f"a connection was opened, to {found['tried'][0]}, in spite of the override"
    assert found["asked"] == [label], "the fake of the override was not asked"
    assert found["answer"] == [200, {"label": label, "price": price}]


def test_price_of_nothing(service, rng):
    """A price of 0 is a price."""
    label = f"Dish{rng.randrange(10**6)}"
    assert service.inside("override_market", label=label, price=0)["answer"] == [200, {"label": label, "price": 0}]


def test_fake_without_a_price(service, rng):
    """When the fake raises MarketError, the answer is 502."""
    found = service.inside("override_market", label=f"Dish{rng.randrange(10**6)}", price=None)
    assert found["tried"] == []
    assert found["answer"][0] == 502


def test_reddit_is_overridden(service, rng):
    """With an override of get_reddit_client the fake is asked, and no connection is opened.

    Passes on the starter: it is given, and has to stay what it is.
    """
    fails = rng.choice(SUBREDDITS)
    answers = {name: None if name == fails else [f"{rng.randrange(999)}: {name}"] for name in SUBREDDITS}
    found = service.inside("override_reddit", answers=answers)
    assert found["tried"] == []
    assert found["answer"] == [200, answers]


def test_market_is_that_of_the_service(service):
    """Left alone, get_market gives app.state.market, each service its own."""
    assert service.inside("given_market") == [True, True]


def test_connections_are_used_again(client, upstream, market):
    """Twenty requests one after the other open at most six connections to the market."""
    for number in range(20):
        assert client.get(PRICE, params={"label": f"Dish {number}"}).json()["price"] == market
    assert upstream.connections <= 6, f"{upstream.connections} connections were opened for twenty requests"


def test_others_are_answered_meanwhile(client, upstream, reddit, while_held):
    """While the market takes its time, the service answers other requests.

    Passes on the starter: it blocks a thread of its own, and has to stay so.
    """
    ask = {"params": {"label": "Leek soup"}, "timeout": PATIENCE}
    with while_held(lambda: client.get(PRICE, **ask), "/prices", json={"price": 7}) as price:
        assert upstream.wait_for(1), "the service does not ask the market"
        for path in ("/health", f"{V1}/recipes/"):
            assert client.get(path, timeout=3).status_code == 200
        assert client.get(IDEAS, timeout=3).json() == reddit()
    assert price.result().json() == {"label": "Leek soup", "price": 7.0}


def test_several_prices_at_once(service, client, upstream, market):
    """Four questions are under way to the market at the same time.

    Passes on the starter: each request has a thread and a client of its own.
    """
    upstream.barrier(4, timeout=2)
    replies = service.together(4, lambda n: client.get(PRICE, params={"label": f"Dish {n}"}, timeout=PATIENCE))
    assert upstream.barrier_met
    assert [reply.json() for reply in replies] == [{"label": f"Dish {n}", "price": market} for n in range(4)]
