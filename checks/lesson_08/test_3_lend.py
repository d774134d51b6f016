"""8.3  Lend something, and get it back."""

import json

import pytest

from shared.addresses import V2

EXPORT = f"{V2}/recipes/export/"


def flow(log):
    """What happened, as one text."""
    return " · ".join(log)


def test_things_are_entered_and_left_in_order(service):
    """What was entered later is left earlier, after the endpoint, and the endpoint gets what entering returned."""
    found = service.inside("lend_in_order")
    assert found["statuses"] == [200, 200]
    expected = ["enter bowl", "enter whisk", "serve with the bowl and the whisk", "leave whisk", "leave bowl"]
    for log in found["logs"]:
        assert log == expected, f"it went so: {flow(log)}"


def test_each_request_has_its_own(service):
    """For each request make is called once, and not before the first one.

    Passes on the starter: it makes one for each, and forgets it.
    """
    assert service.inside("lend_in_order")["made"] == ["bowl", "whisk", "bowl", "whisk"]


@pytest.mark.parametrize(("fails", "status"), [("HTTPException", 409), ("ValueError", 500)])
def test_things_are_left_after_an_error(service, fails, status):
    """After an error in the endpoint everything is left, each thing sees the error, and the client gets its status."""
    found = service.inside("lend_in_order", fails=fails)
    assert found["statuses"] == [status, status], "the error is not handed on"
    expected = [
        "enter bowl",
        "enter whisk",
        "serve with the bowl and the whisk",
        f"leave whisk after {fails}",
        f"leave bowl after {fails}",
    ]
    for log in found["logs"]:
        assert log == expected, f"it went so: {flow(log)}"


def test_thing_is_there_until_all_is_sent(service):
    """A thing is left after the answer has been sent, also one that is sent in pieces."""
    found = service.inside("lend_until_sent")
    assert found["length"] == 30
    went = flow(found["log"])
    assert went == "enter bowl · piece 0 · piece 1 · piece 2 · leave bowl", f"it went so: {went}"


def test_thing_is_left_when_the_client_goes(service):
    """When the client goes away in the middle of an answer, the thing is left."""
    log = service.inside("lend_until_gone")
    assert flow(line.partition(" after ")[0] for line in log) == "enter bowl · leave bowl"


def test_thing_is_left_when_the_request_is_cancelled(service):
    """When the request is cancelled while the endpoint works, the thing is left."""
    log = service.inside("lend_until_cancelled")
    went = flow(line.partition(" after ")[0] for line in log)
    assert went == "enter bowl · serve with the bowl · leave bowl", f"it went so: {went}"


def test_requests_at_once_have_their_own(service, rng):
    """Requests at the same time each have a thing of their own.

    Passes on the starter: each of them gets its own, and never gives it back.
    """
    number = rng.randint(2, 4)
    found = service.inside("lend_at_once", number=number)
    assert found["met"], f"{number} requests at the same time wait for each other: one of them has to be over first"
    names = [f"bowl {turn}" for turn in range(number)]
    assert found["made"] == names, f"{number} requests at the same time, and {len(found['made'])} things were made"
    assert found["given"] == [f"the {name}" for name in names], "two requests were given the same thing"


def test_thing_may_be_nothing(service):
    """The endpoint gets what entering returned, also where that is nothing.

    Passes on the starter: it gives what entering returned.
    """
    assert service.inside("lend_nothing") == ["NoneType"]


def test_export_has_all_recipes(client, add_recipes):
    """GET /recipes/export/ of version 2 answers all recipes, one JSON object a line, in the order of their ids.

    Passes on the starter: the folder is there, and never goes away.
    """
    recipes = add_recipes([{}] * 7)
    reply = client.get(EXPORT)
    assert reply.status_code == 200
    lines = [json.loads(line) for line in reply.text.splitlines()]
    assert [(one["id"], one["title"]) for one in lines] == [(one["id"], one["label"]) for one in recipes]


def test_folder_of_an_export_is_gone(client, service, add_recipes):
    """After an export its folder is gone, and the connection to the database is back."""
    add_recipes([{}] * 3)
    before = service.inside("workspaces")
    with service.probe() as seen:
        for _ in range(3):
            assert client.get(EXPORT).status_code == 200
    left = sorted(set(service.inside("workspaces")) - set(before))
    assert left == [], f"{len(left)} folders are left behind after three exports"
    assert seen.checked_out == 0


def test_folder_of_a_crash_is_gone(client, service, inject, add_recipes):
    """After an export that crashes its folder is gone too, and the answer is 500."""
    add_recipes([{}] * 3)
    before = service.inside("workspaces")
    inject("crash_at_statement", beginning="SELECT RECIPES")
    assert client.get(EXPORT).status_code == 500
    assert sorted(set(service.inside("workspaces")) - set(before)) == []
    assert client.get(EXPORT).status_code == 200


def test_exports_at_once(client, service, add_recipes):
    """Exports at the same time each have a folder of their own."""
    recipes = add_recipes([{}] * 20)
    replies = service.together(4, lambda _: client.get(EXPORT))
    assert [len(reply.text.splitlines()) for reply in replies] == [len(recipes)] * 4
