"""3.2  Lend each request a session of its own."""

import time

ENOUGH = 5
"""Connections that may be in use at a time."""


def test_recipes_come_in_the_order_of_their_ids(client, add_recipes, rng, stamped):
    """GET /recipes answers the stored recipes in the order of their ids."""
    recipes = add_recipes([{"id": number} for number in rng.sample(range(100, 999), 6)])
    reply = client.get("/recipes")
    assert reply.status_code == 200
    expected = sorted(recipes, key=lambda recipe: recipe["id"])
    assert reply.json() == [stamped(*pair) for pair in zip(expected, reply.json(), strict=False)]


def test_empty_kitchen_lists_nothing(client):
    """GET /recipes answers an empty list when nothing is stored."""
    reply = client.get("/recipes")
    assert reply.status_code == 200
    assert reply.json() == []


def test_pages_and_sources_are_cut_as_before(client, add_recipes, rng):
    """skip, limit and source choose from all recipes, as in lesson 2."""
    sources = rng.sample(["Grandmother", "The back of a tin", "A neighbour", "The radio"], 3)
    recipes = add_recipes([{"source": rng.choice(sources)} for _ in range(12)])
    skip, limit = rng.randint(1, 5), rng.randint(2, 4)
    page = client.get("/recipes", params={"skip": skip, "limit": limit})
    assert [one["id"] for one in page.json()] == [one["id"] for one in recipes[skip : skip + limit]]
    wanted = sources[:2]
    chosen = client.get("/recipes", params={"source": wanted, "limit": 3, "skip": 1})
    assert [one["id"] for one in chosen.json()] == [one["id"] for one in recipes if one["source"] in wanted][1:4]


def test_one_recipe_is_found_by_its_id(client, add_recipes, rng, stamped):
    """GET /recipes/{recipe_id} answers 200 with that recipe."""
    recipe = rng.choice(add_recipes([{}] * 4))
    reply = client.get(f"/recipes/{recipe['id']}")
    assert reply.status_code == 200
    assert reply.json() == stamped(recipe, reply.json())


def test_unknown_id_is_not_found(client, add_recipe):
    """GET /recipes/{recipe_id} answers 404 if there is no such recipe."""
    assert client.get(f"/recipes/{add_recipe()['id'] + 1000}").status_code == 404


def test_each_request_sees_what_is_stored_now(client, database, add_recipe):
    """A request sees the change that another program made since the last request."""
    recipe = add_recipe()
    address = f"/recipes/{recipe['id']}"
    assert client.get(address).json()["label"] == recipe["label"]
    database.execute("UPDATE recipes SET label = 'Changed meanwhile' WHERE id = :id", id=recipe["id"])
    shown = [client.get(address).json()["label"], client.get("/recipes").json()[0]["label"]]
    assert shown == ["Changed meanwhile"] * 2, "the session remembers rows from an earlier request: each needs its own"


def test_connection_comes_back_after_success(client, add_recipe, trouble, still_borrowed):
    """After an answer with 200, every connection is back in the pool."""
    recipe = add_recipe()
    trouble("watch_connections")
    assert client.get("/recipes").status_code == 200
    assert client.get(f"/recipes/{recipe['id']}").status_code == 200
    assert still_borrowed() == 0, "the session is not closed after the answer"


def test_connection_comes_back_after_a_404(client, add_recipe, trouble, still_borrowed):
    """After an answer with 404, every connection is back in the pool."""
    nobody = add_recipe()["id"] + 1000
    trouble("watch_connections")
    assert [client.get(f"/recipes/{nobody + number}").status_code for number in range(3)] == [404] * 3
    assert client.get("/recipes").status_code == 200
    assert still_borrowed() == 0, "the session is closed only when the endpoint ends well, not when it raises"


def test_connection_comes_back_after_a_crash(client, add_recipe, trouble, still_borrowed):
    """After a crash in the endpoint, every connection is back in the pool, and the next request works."""
    add_recipe()
    trouble("watch_connections")
    trouble("crash_at_statement", beginning="SELECT")
    assert client.get("/recipes").status_code == 500
    assert client.get("/recipes").status_code == 200
    assert still_borrowed() == 0, "the session is closed only when the endpoint ends well, not when it crashes"


def test_connections_are_used_again(client, add_recipe, trouble, service):
    """Twenty requests one after another open at most five connections."""
    add_recipe()
    trouble("watch_connections")
    assert {client.get("/recipes").status_code for _ in range(20)} == {200}
    opened = service.inside("connections")["opened"]
    assert opened <= ENOUGH, f"20 requests opened {opened} connections: is an engine made in every request?"


def test_fifty_requests_at_once_share_five_connections(service, add_recipe, trouble, still_borrowed):
    """Fifty requests at once are all answered, with at most five connections."""
    recipe = add_recipe()
    addresses = ["/recipes", f"/recipes/{recipe['id']}"]
    trouble("watch_connections")
    trouble("hold_statements")

    def visit(number):
        if number < 50:
            return service.client.get(addresses[number % 2]).status_code
        # The first statement runs when all fifty have arrived, so that they really are there at once.
        deadline = time.monotonic() + 2
        while len(service.look().requests) < 50 and time.monotonic() < deadline:
            time.sleep(0.01)
        return service.inside("release_statements")

    with service.probe() as probe:
        statuses = service.together(51, visit)[:50]
    failed = sum(status != 200 for status in statuses)
    assert failed == 0, (
        f"{failed} of 50 were not served: requests with a connection and requests with a thread wait for each other"
    )
    used = probe.max_checked_out
    assert used <= ENOUGH, (
        f"{used} connections were in use at once: let the requests wait at the door, see max_concurrency"
    )
    assert still_borrowed() == 0
