"""6.3  Bound what is under way."""

from shared.addresses import IDEAS
from shared.reddit import PATIENCE, SUBREDDITS


def test_no_more_than_five_at_once(service, client, upstream, reddit):
    """Of twenty requests at once, all get 200 and three lists, with at most five questions under way.

    Passes on the starter: where one request blocks the loop, its questions come one after the other.
    """
    expected = reddit()
    for name in SUBREDDITS:
        upstream.answer(f"/r/{name}/top.json", json={"data": {"children": []}}, delay=0.03)
    replies = service.together(20, lambda _: client.get(IDEAS, timeout=PATIENCE))
    assert [reply.status_code for reply in replies] == [200] * 20
    assert all(reply.json() == {key: [] for key in expected} for reply in replies)
    assert len(upstream.requests) == 60
    assert upstream.max_in_flight <= 5, f"{upstream.max_in_flight} questions were under way at once"


def test_as_many_as_there_are_turns(service, client, upstream, reddit):
    """When there is enough to ask, five questions are under way, not fewer."""
    upstream.barrier(5, timeout=2)
    replies = service.together(4, lambda _: client.get(IDEAS, timeout=PATIENCE))
    assert upstream.barrier_met, f"only {upstream.max_in_flight} questions were under way at once"
    assert upstream.max_in_flight == 5
    assert [reply.json() for reply in replies] == [reddit()] * 4


def test_bound_is_a_setting(launch, upstream, reddit, rng):
    """The bound is the setting REDDIT_MOST_AT_ONCE."""
    expected, most = reddit(), rng.choice([11, 12, 13])
    upstream.barrier(most, timeout=2)
    with launch(env={"REDDIT_MOST_AT_ONCE": str(most)}) as service:
        replies = service.together(6, lambda _: service.client.get(IDEAS, timeout=PATIENCE))
    assert upstream.barrier_met, f"only {upstream.max_in_flight} questions were under way at once"
    assert upstream.max_in_flight == most
    assert [reply.json() for reply in replies] == [expected] * 6
    upstream.reset()
    for name in SUBREDDITS:
        upstream.answer(f"/r/{name}/top.json", json={"data": {"children": []}}, delay=0.05)
    with launch(env={"REDDIT_MOST_AT_ONCE": "2"}) as service:
        service.together(6, lambda _: service.client.get(IDEAS, timeout=PATIENCE))
    assert upstream.max_in_flight == 2


def test_one_at_a_time(launch, upstream, reddit):
    """With one turn for everybody, every request is answered, one question after the other.

    Passes on the starter: where one request blocks the loop, its questions come one after the other.
    """
    with launch(env={"REDDIT_MOST_AT_ONCE": "1"}) as service:
        replies = service.together(3, lambda _: service.client.get(IDEAS, timeout=PATIENCE))
    assert [reply.json() for reply in replies] == [reddit()] * 3
    assert upstream.max_in_flight == 1


def test_turns_are_given_back(launch, upstream, reddit):
    """Questions that fail or hang give their turns back."""
    expected = reddit()
    with launch(env={"REDDIT_MOST_AT_ONCE": "3", "REDDIT_TIMEOUT": "0.3"}) as service:
        for how in ("hang", "drop"):
            for name in SUBREDDITS:
                upstream.fail(f"/r/{name}/top.json", how, times=2)
            for _ in range(2):
                reply = service.client.get(IDEAS, timeout=PATIENCE)
                assert reply.json() == dict.fromkeys(SUBREDDITS)
        for answer in ({"status": 403}, {"text": "nonsense"}, {"json": {"data": 7}}):
            upstream.reset()
            for name in SUBREDDITS:
                upstream.answer(f"/r/{name}/top.json", **answer)
            for _ in range(2):
                reply = service.client.get(IDEAS, timeout=PATIENCE)
                assert reply.json() == dict.fromkeys(SUBREDDITS)
        upstream.reset()
        for name in SUBREDDITS:
            upstream.answer(f"/r/{name}/top.json", json={"data": {"children": []}})
        reply = service.client.get(IDEAS, timeout=PATIENCE)
        assert reply.json() == {key: [] for key in expected}, "a turn was not given back"
        for name in SUBREDDITS:
            upstream.answer(f"/r/{name}/top.json", json={"data": {"children": []}}, delay=0.05)
        service.together(4, lambda _: service.client.get(IDEAS, timeout=PATIENCE))
    assert upstream.max_in_flight <= 3, "after failures more questions are under way than there are turns"


def test_waiting_for_a_turn_does_not_count(launch, upstream, reddit):
    """Whoever waits longer than REDDIT_TIMEOUT for a turn is still asked, and answered.

    Passes on the starter: nothing has a limit in time yet.
    """
    expected = reddit()
    for name in SUBREDDITS:
        upstream.answer(f"/r/{name}/top.json", json={"data": {"children": []}}, delay=0.15)
    with launch(env={"REDDIT_MOST_AT_ONCE": "1", "REDDIT_TIMEOUT": "0.6"}) as service:
        replies = service.together(5, lambda _: service.client.get(IDEAS, timeout=PATIENCE))
    assert [reply.json() for reply in replies] == [{key: [] for key in expected}] * 5
