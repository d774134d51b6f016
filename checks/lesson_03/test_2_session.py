"""3.2  Lend each request a session of its own."""

import time

ENOUGH = 5
"""Connections that may be in use at a time."""
ROUNDS = 3
"""How often fifty requests come at once: now and then they fall into an order that hides a fault."""


def test_recipes_come_in_the_order_of_their_ids(client, add_recipes, rng, stamped):
    """GET /recipes answers the stored recipes in the order of their ids, and an empty list while there are none."""
    reply = client.get("/recipes")
    assert reply.status_code == 200
    assert reply.json() == []
    recipes = add_recipes([{"id": number} for number in rng.sample(range(100, 999), 6)])
    shown = client.get("/recipes").json()
    expected = sorted(recipes, key=lambda recipe: recipe["id"])
    assert shown == [stamped(*pair) for pair in zip(expected, shown, strict=False)]


def test_pages_and_sources_are_cut_as_before(client, add_recipes, rng):
    """skip, limit and source choose from all recipes, as in lesson 2."""
    sources = ["Grandmother", "The cook's tin", 'A neighbour\'s "secret"']
    wanted = rng.sample(sources, 2)
    recipes = add_recipes([{"source": source} for source in rng.sample(sources * 4, 12)])
    skip, limit = rng.randint(1, 5), rng.randint(2, 4)
    page = client.get("/recipes", params={"skip": skip, "limit": limit})
    assert [one["id"] for one in page.json()] == [one["id"] for one in recipes[skip : skip + limit]]
    for chosen in (wanted, sources[1:2], sources[2:]):
        found = client.get("/recipes", params={"source": chosen, "limit": 3, "skip": 1})
        assert [one["id"] for one in found.json()] == [one["id"] for one in recipes if one["source"] in chosen][1:4]


def test_pages_have_bounds_as_before(client, add_recipe):
    """As in lesson 2, skip is at least 0 and limit from 1 to 1000: anything else is refused with 422."""
    recipe = add_recipe()
    for allowed in ({"skip": 0, "limit": 1}, {"limit": 1000}):
        assert [one["id"] for one in client.get("/recipes", params=allowed).json()] == [recipe["id"]]
    for refused in ({"skip": -1}, {"limit": 0}, {"limit": 1001}):
        assert client.get("/recipes", params=refused).status_code == 422


def test_one_recipe_is_found_by_its_id(client, add_recipes, rng, stamped):
    """GET /recipes/{recipe_id} answers 200 with that recipe."""
    recipe = rng.choice(add_recipes([{}] * 4))
    reply = client.get(f"/recipes/{recipe['id']}")
    assert reply.status_code == 200
    assert reply.json() == stamped(recipe, reply.json())


def test_unknown_id_is_not_found(client, add_recipe):
    """GET /recipes/{recipe_id} answers 404 if there is no such recipe, or 422 if no row can have that id."""
    assert client.get(f"/recipes/{add_recipe()['id'] + 1000}").status_code == 404
    for number in (2**31, 2**63, 10**30):
        assert client.get(f"/recipes/{number}").status_code in (404, 422)


def test_each_request_sees_what_is_stored_now(client, database, add_recipe):
    """A request sees the change that another program made since the last request."""
    recipe = add_recipe()
    address = f"/recipes/{recipe['id']}"
    assert client.get(address).json()["label"] == recipe["label"]
    database.execute("UPDATE recipes SET label = 'Changed meanwhile' WHERE id = :id", id=recipe["id"])
    shown = [client.get(address).json()["label"], client.get("/recipes").json()[0]["label"]]
    assert shown == ["Changed meanwhile"] * 2, "the session remembers rows from an earlier request: each needs its own"


def test_connection_comes_back_after_success(service, client, add_user, add_recipe):
    """After an answer with 200, every connection is back in the pool."""
    user = add_user()
    recipe = add_recipe(submitter_id=user["id"])
    assert client.get("/recipes").status_code == 200
    for address in (
        "/recipes",
        f"/recipes/{recipe['id']}",
        f"/recipes/{recipe['id']}/label",
        f"/recipes/search?keyword={recipe['label'][:3]}",
        "/users",
        f"/users/{user['id']}",
        f"/users/lookup?email={user['email']}",
    ):
        with service.probe() as seen:
            client.get(address)
        assert seen.connections_lost == 0, "the session is not closed after the answer"


def test_connection_comes_back_after_a_refusal(service, client, add_user, make_user):
    """After an answer with 404, and after any other refusal, every connection is back in the pool."""
    user = add_user()
    nobody = user["id"] + 1000
    assert client.get(f"/recipes/{nobody}").status_code == 404
    for method, address, body in (
        ("GET", f"/recipes/{nobody}", None),
        ("GET", f"/recipes/{nobody}/label", None),
        ("PATCH", f"/recipes/{nobody}", {"label": "Soup"}),
        ("DELETE", f"/recipes/{nobody}", None),
        ("GET", f"/users/{nobody}", None),
        ("GET", "/users/lookup?email=nobody@example.org", None),
        ("PATCH", f"/users/{nobody}", {"surname": "Nobody"}),
        ("POST", "/users", make_user(email=user["email"])),
    ):
        with service.probe() as seen:
            client.request(method, address, json=body)
        assert seen.connections_lost == 0, "the session is closed only when the endpoint ends well, not when it raises"


def test_connection_comes_back_after_a_crash(service, client, add_recipe, inject):
    """After a crash in the endpoint, every connection is back in the pool, and the next request works."""
    add_recipe()
    inject("crash_at_statement", beginning="SELECT")
    with service.probe() as seen:
        assert client.get("/recipes").status_code == 500
    assert seen.connections_lost == 0, "the session is closed only when the endpoint ends well, not when it crashes"
    assert client.get("/recipes").status_code == 200


def test_connections_are_used_again(service, client, add_recipe):
    """Twenty requests one after another open at most five connections."""
    recipe = add_recipe()
    with service.probe() as seen:
        for address in ["/recipes", "/users", f"/recipes/{recipe['id']}", f"/users/{recipe['submitter_id']}"] * 5:
            assert client.get(address).status_code == 200
    opened = seen.connections_opened
    assert opened <= ENOUGH, f"20 requests opened {opened} connections: is an engine made in every request?"


def test_fifty_requests_at_once_share_five_connections(service, add_recipe, inject):
    """Fifty requests at once are all answered, with at most five connections."""
    recipe = add_recipe()
    for _ in range(ROUNDS):
        _rush(service, inject, ["/recipes", f"/recipes/{recipe['id']}"])


def test_fifty_visitors_of_users_share_them_too(service, add_user, inject):
    """Fifty requests at once to /users are all answered, with at most five connections."""
    user = add_user()
    for _ in range(ROUNDS):
        _rush(service, inject, ["/users", f"/users/{user['id']}"])


def _rush(service, inject, addresses):
    """Let fifty requests come at once; the first statement runs when all are there."""
    inject("hold_statements")

    def visit(number):
        if number < 50:
            return service.client.get(addresses[number % 2]).status_code
        deadline = time.monotonic() + 2
        while len(service.look().requests) < 50 and time.monotonic() < deadline:
            time.sleep(0.01)
        return inject("release_statements")

    with service.probe() as seen:
        statuses = service.together(51, visit)[:50]
    failed = sum(status != 200 for status in statuses)
    assert failed == 0, (
        f"{failed} of 50 were not served: requests with a connection and requests with a thread wait for each other"
    )
    used = seen.max_checked_out
    assert used <= ENOUGH, (
        f"{used} connections were in use at once: let the requests wait at the door, see max_concurrency"
    )
