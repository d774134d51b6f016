"""6.1  Ask three places at the same time."""

import pytest

from shared.addresses import IDEAS, V1
from shared.reddit import PATIENCE, SUBREDDITS


def test_ideas_are_what_reddit_likes(client, reddit):
    """GET /recipes/ideas/ answers a line for each post of each subreddit, in Reddit's order.

    Passes on the starter: it asks one after the other, and what it answers is right.
    """
    reply = client.get(IDEAS)
    assert reply.status_code == 200
    assert reply.json() == reddit()
    assert list(reply.json()) == list(SUBREDDITS)


def test_names_come_in_their_order(client, upstream, reddit):
    """The three names come in the order given, whichever answer comes first.

    Passes on the starter: it asks one after the other, and what it answers is right.
    """
    expected = reddit()
    upstream.answer("/r/recipes/top.json", json={"data": {"children": []}}, delay=0.2)
    reply = client.get(IDEAS)
    assert reply.json() == {**expected, "recipes": []}
    assert list(reply.json()) == list(SUBREDDITS)


def test_reddit_is_asked_once_for_each(client, upstream, reddit):
    """Each request asks for each subreddit once, for the top five of the day.

    Passes on the starter: it asks one after the other, and what it answers is right.
    """
    assert client.get(IDEAS).json() == reddit()
    asked = sorted(request.path for request in upstream.requests)
    assert asked == sorted(f"/r/{name}/top.json" for name in SUBREDDITS)
    for request in upstream.requests:
        assert request.method == "GET"
        assert request.query == {"sort": ["top"], "t": ["day"], "limit": ["5"]}


def test_all_three_are_under_way_at_once(client, upstream, reddit):
    """The three questions are under way at the same time."""
    upstream.barrier(3, timeout=1.5)
    reply = client.get(IDEAS, timeout=PATIENCE)
    assert upstream.barrier_met, "the questions are asked one after the other"
    assert reply.status_code == 200
    assert reply.json() == reddit()


def test_others_are_answered_meanwhile(client, upstream, while_held, make_posts):
    """While Reddit takes its time, the service answers other requests."""
    paths = [f"/r/{name}/top.json" for name in SUBREDDITS]
    answer, lines = make_posts(1)
    with while_held(lambda: client.get(IDEAS, timeout=PATIENCE), *paths, json=answer) as ideas:
        assert upstream.wait_for(1), "the service does not ask Reddit"
        assert client.get("/health", timeout=3).status_code == 200
    assert ideas.result().json() == dict.fromkeys(SUBREDDITS, lines)


def test_users_are_read_meanwhile(launch, upstream, while_held, make_posts):
    """While several requests for ideas wait for Reddit, the database is there for others."""
    paths = [f"/r/{name}/top.json" for name in SUBREDDITS]
    answer, _ = make_posts(1)
    with launch(env={"REDDIT_MOST_AT_ONCE": "15", "REDDIT_TIMEOUT": "8"}) as service:

        def several():
            return service.together(5, lambda _: service.client.get(IDEAS, timeout=PATIENCE))

        with while_held(several, *paths, json=answer) as ideas:
            upstream.wait_for(15, timeout=1.5)  # fewer, where fewer are let through: that is for exercise 6.3
            assert service.client.get(f"{V1}/users/", timeout=3).status_code == 200
    assert [reply.status_code for reply in ideas.result()] == [200] * 5


def test_nothing_is_remembered(client, upstream, reddit, make_posts):
    """Each request asks anew, and shows what Reddit says now.

    Passes on the starter: it asks one after the other, and what it answers is right.
    """
    assert client.get(IDEAS).json() == reddit()
    expected = {}
    for name in SUBREDDITS:
        answer, expected[name] = make_posts(2)
        upstream.answer(f"/r/{name}/top.json", json=answer)
    assert client.get(IDEAS).json() == expected
    assert len(upstream.requests) == 6


def test_fewer_posts_are_fewer_lines(client, upstream, reddit, make_posts):
    """A subreddit with two posts has two lines, and one with none has an empty list.

    Passes on the starter: it asks one after the other, and what it answers is right.
    """
    answer, lines = make_posts(2)
    upstream.answer("/r/recipes/top.json", json=answer)
    upstream.answer("/r/TopSecretRecipes/top.json", json={"data": {"children": []}})
    assert client.get(IDEAS).json() == {**reddit(), "recipes": lines, "TopSecretRecipes": []}


def test_connections_are_used_again(client, upstream, reddit):
    """Twenty requests one after the other open at most six connections to Reddit."""
    for _ in range(20):
        assert client.get(IDEAS).json() == reddit()
    assert upstream.connections <= 6, f"{upstream.connections} connections were opened: one client for the service"


def test_address_is_a_setting(launch, upstream, reddit):
    """The address of Reddit is the setting REDDIT_URL.

    Passes on the starter: it asks one after the other, and what it answers is right.
    """
    expected = reddit()
    for name in SUBREDDITS:
        upstream.answer(f"/elsewhere/r/{name}/top.json", json={"data": {"children": []}})
    with launch(env={"REDDIT_URL": f"{upstream.url}/elsewhere"}) as service:
        assert service.client.get(IDEAS).json() == {key: [] for key in SUBREDDITS}
    assert all(request.path.startswith("/elsewhere/r/") for request in upstream.requests)
    assert list(expected) == list(SUBREDDITS)


@pytest.mark.parametrize("path", ["/recipes/", "/users/", "/recipes/page/"])
def test_other_routes_are_what_they_were(client, path):
    """The routes of version 1 answer as before.

    Passes on the starter: they are given, and a route above them must not take their addresses.
    """
    assert client.get(f"{V1}{path}").status_code == 200
