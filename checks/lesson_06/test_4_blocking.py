"""6.4  Keep the loop free of a call that blocks."""

import pytest

from shared.addresses import IDEAS, PRICE, V1
from shared.reddit import PATIENCE


@pytest.fixture
def market(upstream, rng):
    """The upstream, which answers for the market: one price for every dish."""
    price = rng.randrange(100, 9999) / 100
    upstream.answer("/prices", json={"price": price})
    return price


def test_price_is_what_the_market_says(client, upstream, market, make_recipe):
    """GET /recipes/price/ answers 200 with the label and the market's price.

    Passes on the starter: it is given, and has to stay what it is.
    """
    label = f"{make_recipe()['label']},  with sauce"
    reply = client.get(PRICE, params={"label": label})
    assert reply.status_code == 200
    assert reply.json() == {"label": label, "price": market}
    assert [request.query for request in upstream.requests] == [{"label": [label]}]
    for price in (0, 0.25):
        upstream.answer("/prices", json={"price": price})
        assert client.get(PRICE, params={"label": label}).json() == {"label": label, "price": price}


def test_label_has_bounds(client, market):
    """A label has 3 to 100 characters without the blanks around it; anything else is answered with 422.

    Passes on the starter: it is given, and has to stay what it is.
    """
    for label, status in (
        ("ab", 422),
        ("  ab ", 422),
        ("abc", 200),
        ("ü" * 100, 200),
        (f"  {'x' * 100} ", 200),
        ("x" * 101, 422),
    ):
        assert client.get(PRICE, params={"label": label}).status_code == status
    assert client.get(PRICE).status_code == 422
    assert client.get(PRICE, params={"label": "  Pie  "}).json()["label"] == "Pie"


@pytest.mark.parametrize("answer", [{"status": 500}, {"status": 404}, {"text": "none"}, {"json": {"cost": 7}}])
def test_market_without_a_price(client, upstream, answer):
    """When the market gives no price, the answer is 502 with a text.

    Passes on the starter: it is given, and has to stay what it is.
    """
    upstream.answer("/prices", **answer)
    reply = client.get(PRICE, params={"label": "Leek soup"})
    assert reply.status_code == 502
    detail = reply.json()["detail"]
    assert isinstance(detail, str)
    assert detail


def test_others_are_answered_meanwhile(launch, upstream, reddit, while_held):
    """While the market takes its time, the service answers other requests: /health, a list, ideas."""
    ask = {"params": {"label": "Leek soup"}, "timeout": PATIENCE}
    with launch(env={"REDDIT_MOST_AT_ONCE": "1"}) as service:

        def several():
            return service.together(5, lambda _: service.client.get(PRICE, **ask))

        with while_held(several, "/prices", json={"price": 7}) as prices:
            assert upstream.wait_for(4), "the service does not ask the market"
            for path in ("/health", f"{V1}/users/", f"{V1}/recipes/"):
                assert service.client.get(path, timeout=3).status_code == 200
            assert service.client.get(IDEAS, timeout=3).json() == reddit()
    assert [reply.json() for reply in prices.result()] == [{"label": "Leek soup", "price": 7.0}] * 5


def test_four_prices_at_once(service, client, upstream, market):
    """Four questions are under way to the market at the same time."""
    upstream.barrier(4, timeout=2)
    replies = service.together(4, lambda n: client.get(PRICE, params={"label": f"Dish {n % 3}"}, timeout=PATIENCE))
    assert upstream.barrier_met, f"only {upstream.max_in_flight} questions were under way to the market at once"
    assert [reply.json() for reply in replies] == [{"label": f"Dish {n % 3}", "price": market} for n in range(4)]
