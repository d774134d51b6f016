"""8.4  Hold things as long as the service runs."""

import pytest

from shared.addresses import IDEAS, PRICE

NAMES = ("oven", "fridge", "mixer")


@pytest.fixture
def hold(service):
    """Hold three things inside the service; some may jam, or not close."""

    def use(*, jams=(), stuck=(), missing="", fails=False):
        opens, closes = ({name: name not in some for name in NAMES} for some in (jams, stuck))
        return service.inside("hold_in_order", opens=opens, closes=closes, missing=missing, fails=fails)

    return use


def flow(log):
    """What happened, as one text."""
    return " · ".join(log)


def opened(*names):
    """The log of things that are made and entered, one after the other."""
    return [line for name in names for line in (f"make {name}", f"enter {name}")]


def test_order_of_opening_and_closing(hold):
    """Things are made and entered in the order given, and left in the reverse order."""
    found = hold()
    assert found["error"] is None
    expected = [*opened(*NAMES), "serve", "leave mixer", "leave fridge", "leave oven"]
    assert found["log"] == expected, f"it went so: {flow(found['log'])}"


def test_things_stand_on_the_state(hold):
    """What entering returned stands on app.state under its name.

    Passes on the starter: this half of it is given.
    """
    assert hold()["state"] == {name: f"the {name}" for name in NAMES}


@pytest.mark.parametrize("jam", NAMES)
def test_one_cannot_be_entered(hold, jam):
    """When one cannot be entered, those before it are left, those after it are not made, and the error goes on.

    Passes on the starter: before the first one there is nothing to close.
    """
    found = hold(jams=[jam])
    before = NAMES[: NAMES.index(jam)]
    left = [line.partition(" after ")[0] for line in found["log"] if line.startswith("leave")]
    assert found["error"] == f"OSError: {jam} jams"
    assert [line for line in found["log"] if not line.startswith("leave")] == opened(*before, jam)
    went = flow(found["log"])
    assert left == [f"leave {name}" for name in reversed(before)], f"what was open was not closed; it went so: {went}"


@pytest.mark.parametrize("missing", NAMES)
def test_one_cannot_be_made(hold, missing):
    """When one cannot be made, those before it are left, those after it are not made, and the error goes on.

    Passes on the starter: before the first one there is nothing to close.
    """
    found = hold(missing=missing)
    before = NAMES[: NAMES.index(missing)]
    left = [line.partition(" after ")[0] for line in found["log"] if line.startswith("leave")]
    assert found["error"] == f"OSError: there is no {missing}"
    assert [line for line in found["log"] if not line.startswith("leave")] == [*opened(*before), f"make {missing}"]
    went = flow(found["log"])
    assert left == [f"leave {name}" for name in reversed(before)], f"what was open was not closed; it went so: {went}"


@pytest.mark.parametrize("stuck", NAMES)
def test_one_cannot_be_left(hold, stuck):
    """When leaving one raises an error, the others are left all the same, and the error goes on."""
    found = hold(stuck=[stuck])
    left = [line.partition(" after ")[0] for line in found["log"] if line.startswith("leave")]
    assert left == ["leave mixer", "leave fridge", "leave oven"], f"it went so: {flow(found['log'])}"
    assert found["error"] == f"OSError: {stuck} does not close"


def test_error_inside(hold):
    """An error inside of hold reaches all things, and goes on."""
    found = hold(fails=True)
    expected = [f"leave {name} after ValueError" for name in reversed(NAMES)]
    assert found["log"][-3:] == expected, f"it went so: {flow(found['log'])}"
    assert found["error"] == "ValueError: the dough"


def test_nothing_to_hold(service):
    """Without resources, hold does nothing.

    Passes on the starter: there is nothing to close.
    """
    found = service.inside("hold_in_order", opens={}, closes={})
    assert (found["log"], found["error"]) == (["serve"], None)


def test_services_share_nothing(service):
    """Two services at once have things of their own, and a service that starts again gets new ones."""
    found = service.inside("hold_twice")
    assert found["together"] == [0, 1]
    assert found["after"] == 0
    assert found["again"] == 2
    assert found["log"] == ["leave 1", "leave 0", "leave 2"]


def test_service_closes_its_clients(service):
    """The service holds Reddit and the market while it runs, and closes both when it ends."""
    found = service.inside("started_and_stopped")
    assert found["there"] == [True, True]
    assert found["early"] == []
    assert found["closed"] == ["Market", "RedditClient"], "a client is not closed when the service ends"


def test_one_client_for_all_requests(client, upstream, reddit):
    """Twenty requests for ideas open at most six connections to Reddit.

    Passes on the starter: the client is there, and never closed.
    """
    for _ in range(20):
        assert client.get(IDEAS).json() == reddit()
    assert upstream.connections <= 6, f"{upstream.connections} connections were opened for twenty requests"


def test_service_starts_anew(service, client, upstream, reddit):
    """After a restart everything is there again.

    Passes on the starter: a new process opens everything anew.
    """
    assert client.get(IDEAS).json() == reddit()
    service.restart()
    assert client.get(IDEAS).json() == reddit()
    assert client.get(PRICE, params={"label": "Pie"}).status_code == 502
