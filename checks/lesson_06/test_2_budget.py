"""6.2  Answer within a budget, whatever they do."""

import time

import pytest

from shared.addresses import IDEAS
from shared.reddit import PATIENCE, SUBREDDITS

SHORT = {"REDDIT_TIMEOUT": "0.4"}


@pytest.fixture
def without(reddit):
    """What the service should answer when some subreddits give nothing."""
    return lambda *names: {**reddit(), **dict.fromkeys(names)}


@pytest.fixture
def is_quiet(upstream):
    """Tell whether nothing is under way to the upstream; it gets a moment to notice closed connections."""

    def quiet():
        deadline = time.monotonic() + 2
        while upstream.in_flight and time.monotonic() < deadline:
            time.sleep(0.01)
        return upstream.in_flight == 0

    return quiet


@pytest.mark.parametrize("status", [500, 503, 404, 429, 302])
def test_one_refuses(client, upstream, without, rng, status):
    """A subreddit that answers 400 or above, or leads elsewhere, has null; the others have their lists."""
    name = rng.choice(SUBREDDITS)
    body = {"data": {"children": []}} if status != 302 else None
    upstream.answer(f"/r/{name}/top.json", status=status, json=body, headers={"location": "/nowhere"})
    reply = client.get(IDEAS)
    assert reply.status_code == 200
    assert reply.json() == without(name)
    assert list(reply.json()) == list(SUBREDDITS)


def test_any_status_from_400_on(client, upstream, without, rng):
    """Whatever status from 400 on a subreddit answers, it has null, and is asked once for a request."""
    name = rng.choice(SUBREDDITS)
    for status in (400, 599, *rng.sample(range(401, 599), 4)):
        before = len(upstream.requests)
        upstream.answer(f"/r/{name}/top.json", status=status, json={"data": {"children": []}})
        assert client.get(IDEAS).json() == without(name)
        asked = len(upstream.requests) - before
        assert asked == 3, f"r/{name} answers {status}, and is asked more than once for one request"


@pytest.mark.parametrize("how", ["drop", "reset", "truncate", "garbage"])
def test_one_breaks_off(client, upstream, without, rng, how):
    """A subreddit whose connection breaks has null; the others have their lists."""
    name = rng.choice(SUBREDDITS)
    upstream.fail(f"/r/{name}/top.json", how)
    reply = client.get(IDEAS)
    assert reply.status_code == 200
    assert reply.json() == without(name)


@pytest.mark.parametrize(
    "body",
    [
        "<html>You are a robot</html>",
        "",
        "[]",
        "null",
        "7",
        "{}",
        '{"data": null}',
        '{"data": {}}',
        '{"data": {"children": null}}',
        '{"data": {"children": 7}}',
        '{"data": {"children": [{"data": {"score": 7, "title": "No address"}}]}}',
        '{"data": {"children": [{"data": {"score": 7, "url": "https://a.example/no-title"}}]}}',
        '{"data": {"children": [{"data": {"title": "No score"}}]}}',
        '{"data": {"children": [null]}}',
    ],
)
def test_one_answers_nonsense(client, upstream, without, rng, body):
    """A subreddit that answers no JSON, or JSON of another shape, has null; the others have their lists."""
    name = rng.choice(SUBREDDITS)
    upstream.answer(f"/r/{name}/top.json", text=body)
    reply = client.get(IDEAS)
    assert reply.status_code == 200
    assert reply.json() == without(name)
    assert len(upstream.requests) == 3, f"r/{name} answers nonsense, and is asked more than once for one request"


@pytest.mark.parametrize(
    ("body", "headers"),
    [(b'{"data": "\xe4"}', {}), (b"nonsense", {"content-encoding": "gzip"})],
    ids=["not UTF-8", "not gzip"],
)
def test_one_answers_bytes_that_are_no_text(client, upstream, without, rng, body, headers):
    """A subreddit whose answer cannot be decoded has null; the others have their lists."""
    name = rng.choice(SUBREDDITS)
    upstream.answer(f"/r/{name}/top.json", body=body, headers={"content-type": "application/json", **headers})
    reply = client.get(IDEAS)
    assert reply.status_code == 200
    assert reply.json() == without(name)


def test_all_three_fail(client, upstream, reddit):
    """Three subreddits that fail are three nulls, and 200."""
    for name, how in zip(SUBREDDITS, ("drop", "garbage", "reset"), strict=True):
        upstream.fail(f"/r/{name}/top.json", how)
    reply = client.get(IDEAS)
    assert reply.status_code == 200
    assert reply.json() == dict.fromkeys(SUBREDDITS)


def test_nobody_is_there(launch, upstream):
    """Where nothing listens at the address, the answer is 200 and three nulls."""
    with launch(env={"REDDIT_URL": "http://127.0.0.1:1"}) as service:
        reply = service.client.get(IDEAS, timeout=PATIENCE)
    assert reply.status_code == 200
    assert reply.json() == dict.fromkeys(SUBREDDITS)
    assert upstream.requests == []


@pytest.mark.parametrize("how", ["hang", "drip"])
def test_one_hangs(launch, upstream, without, is_quiet, rng, how):
    """A subreddit that hangs or drips has null after REDDIT_TIMEOUT; the others have their lists; nothing is left."""
    name = rng.choice(SUBREDDITS)
    upstream.fail(f"/r/{name}/top.json", how)
    with launch(env=SHORT) as service:
        reply = service.client.get(IDEAS, timeout=PATIENCE)
        assert reply.status_code == 200
        assert reply.json() == without(name)
        assert is_quiet(), "a question is still under way after the answer"
        assert service.client.get("/health").status_code == 200


def test_all_three_hang(launch, upstream, reddit, is_quiet):
    """Three subreddits that hang are given up together: three nulls, and nothing is left under way."""
    for name in SUBREDDITS:
        upstream.fail(f"/r/{name}/top.json", "hang")
    with launch(env=SHORT) as service:
        reply = service.client.get(IDEAS, timeout=2.5)  # a limit of three seconds that is written down is too long
        assert reply.status_code == 200
        assert reply.json() == dict.fromkeys(SUBREDDITS)
        assert is_quiet(), "a question is still under way after the answer"


def test_slow_is_not_too_late(launch, upstream, reddit):
    """A subreddit that takes its time, and less than REDDIT_TIMEOUT, has its list."""
    expected = reddit()
    upstream.answer("/r/recipes/top.json", json={"data": {"children": []}}, delay=1.3)
    with launch(env={"REDDIT_TIMEOUT": "2.4"}) as service:
        reply = service.client.get(IDEAS, timeout=PATIENCE)
    assert reply.json() == {**expected, "recipes": []}


def test_late_is_too_late(launch, upstream, without, rng):
    """A subreddit that answers after REDDIT_TIMEOUT has null, even when it is only a little late."""
    name = rng.choice(SUBREDDITS)
    upstream.answer(f"/r/{name}/top.json", json={"data": {"children": []}}, delay=0.7)
    with launch(env={"REDDIT_TIMEOUT": "0.4"}) as service:
        assert service.client.get(IDEAS, timeout=PATIENCE).json() == without(name)


def test_failed_is_asked_again(client, upstream, reddit, without):
    """A subreddit that has failed is asked again with the next request."""
    expected = reddit()
    upstream.reset()
    for name in SUBREDDITS:
        upstream.answer(f"/r/{name}/top.json", json={"data": {"children": []}})
    upstream.fail("/r/easyrecipes/top.json", "drop", times=1)
    upstream.answer("/r/easyrecipes/top.json", json={"data": {"children": []}})
    first, second = client.get(IDEAS).json(), client.get(IDEAS).json()
    assert first == {"recipes": [], "easyrecipes": None, "TopSecretRecipes": []}
    assert second == {key: [] for key in SUBREDDITS}
    assert list(expected) == list(SUBREDDITS)
