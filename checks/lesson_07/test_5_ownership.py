"""7.5  Let everybody change what is theirs."""

import pytest

from shared.accounts import refused
from shared.addresses import V1, V2
from shared.doors import VERSIONS


@pytest.mark.parametrize("version", VERSIONS)
def test_new_recipe_belongs_to_who_sends_it(client, database, add_user, as_user, make_body, version):
    """A new recipe belongs to whoever is logged in; submitter_id may be left out, be null, or be their own number."""
    add_user()
    user = add_user()
    for sent in ({}, {"submitter_id": user["id"]}):
        reply = client.post(f"{version}/recipes/", json={**make_body(version), **sent}, headers=as_user(user))
        assert reply.status_code == 201
        assert reply.json()["submitter_id"] == user["id"]
        assert database.rows("recipes", id=reply.json()["id"])[0]["submitter_id"] == user["id"]


@pytest.mark.parametrize("version", VERSIONS)
def test_nobody_submits_for_others(client, database, add_user, as_user, make_body, version):
    """Another number than their own as submitter_id is answered with 403, whosever it is, and nothing is stored."""
    user, other, editor, admin = add_user(), add_user(), add_user(role="editor"), add_user(role="admin")
    address = f"{version}/recipes/"
    assert client.post(address, json=make_body(version), headers=as_user(user)).status_code == 201
    for who, number in (
        (user, other["id"]),
        (user, admin["id"] + 999),
        (editor, user["id"]),
        (admin, user["id"]),
    ):
        body = {**make_body(version), "submitter_id": number}
        assert client.post(address, json=body, headers=as_user(who)).status_code == 403
    assert database.count("recipes") == 1


@pytest.mark.parametrize("version", VERSIONS)
def test_recipe_is_not_taken_without_a_token(client, database, add_user, make_body, version):
    """Adding a recipe without a token is answered with 401, and nothing is stored."""
    user = add_user()
    for sent in ({}, {"submitter_id": user["id"]}):
        assert refused(client.post(f"{version}/recipes/", json={**make_body(version), **sent}))
    assert database.count("recipes") == 0


def test_import_needs_a_token(client, database, add_user, as_user, make_body):
    """An import belongs to whoever is logged in; without a token it is answered with 401."""
    user = add_user()
    assert refused(client.post(f"{V1}/recipes/import/", json=[make_body(V1)]))
    bodies = [make_body(V1), make_body(V1, submitter_id=user["id"])]
    reply = client.post(f"{V1}/recipes/import/", json=bodies, headers=as_user(user))
    assert reply.status_code == 201
    assert [one["submitter_id"] for one in reply.json()] == [user["id"]] * 2
    assert [row["submitter_id"] for row in database.rows("recipes")] == [user["id"]] * 2


def test_import_is_stored_whole_or_not(client, database, add_user, as_user, make_body):
    """An import with one recipe in the name of somebody else is answered with 403, and none of it is stored."""
    user, other = add_user(), add_user()
    bodies = [make_body(V1), make_body(V1, submitter_id=other["id"]), make_body(V1)]
    assert client.post(f"{V1}/recipes/import/", json=bodies, headers=as_user(user)).status_code == 403
    assert database.count("recipes") == 0
    assert client.post(f"{V1}/recipes/import/", json=bodies[:1], headers=as_user(user)).status_code == 201


def test_change_needs_a_token(client, database, doors, add_recipe):
    """Replacing, changing and removing a recipe without a token is answered with 401, and nothing has changed."""
    recipe = add_recipe()
    before = database.rows("recipes")
    for door, (method, address, body) in doors(recipe["id"]).items():
        reply = client.request(method, address, json=body)
        assert reply.status_code == 401, f"{door} without a token: {reply.status_code}"
        assert refused(reply)
        assert refused(client.request(method, address, json=body, headers={"Authorization": "Bearer abc"}))
    assert database.rows("recipes") == before


def test_change_by_somebody_else(client, database, doors, add_recipe, add_user, as_user):
    """Replacing, changing and removing the recipe of another user is answered with 403, and nothing has changed."""
    recipe, stranger = add_recipe(), add_user()
    before = database.rows("recipes")
    for door, (method, address, body) in doors(recipe["id"]).items():
        reply = client.request(method, address, json=body, headers=as_user(stranger))
        assert reply.status_code == 403, f"{door} by a stranger: {reply.status_code}"
        assert isinstance(reply.json()["detail"], str)
        assert database.rows("recipes") == before, f"{door} answers 403, and has changed the recipe"


def test_change_by_the_owner(client, database, doors, add_recipes, add_user, as_user):
    """Whoever submitted a recipe replaces, changes and removes it, in both versions; all others stay as they are."""
    other, owner = add_user(), add_user()
    mine = add_recipes([{"submitter_id": owner["id"]}] * 5)
    [theirs] = add_recipes([{"submitter_id": other["id"]}])
    before = database.rows("recipes", id=theirs["id"])
    for recipe, door in zip(mine, doors(0), strict=True):
        method, address, body = doors(recipe["id"])[door]
        reply = client.request(method, address, json=body, headers=as_user(owner))
        assert reply.status_code == (204 if method == "DELETE" else 200)
        rows = database.rows("recipes", id=recipe["id"])
        if method == "DELETE":
            assert rows == []
        else:
            assert rows[0]["submitter_id"] == owner["id"]
            assert rows[0]["label"] == (body.get("label") or body.get("title"))
    assert database.rows("recipes", id=theirs["id"]) == before


def test_order_of_refusals(client, doors, add_recipe, add_user, as_user):
    """A recipe that does not exist is answered with 404 to those who are logged in, and with 401 to all others."""
    user, missing = add_user(), add_recipe()["id"] + 1000
    for door, (method, address, body) in doors(missing).items():
        assert refused(client.request(method, address, json=body))
        reply = client.request(method, address, json=body, headers=as_user(user))
        assert reply.status_code == 404, f"{door}: {reply.status_code}"


def test_locked_out_change_nothing(client, database, doors, add_recipe, add_user, as_user, make_body):
    """A user who is not active adds and changes nothing, not even what is theirs: 403."""
    owner = add_user(is_active=False)
    recipe = add_recipe(submitter_id=owner["id"])
    before = database.rows("recipes")
    for version in VERSIONS:
        reply = client.post(f"{version}/recipes/", json=make_body(version), headers=as_user(owner))
        assert reply.status_code == 403
    assert client.post(f"{V1}/recipes/import/", json=[make_body(V1)], headers=as_user(owner)).status_code == 403
    for method, address, body in doors(recipe["id"]).values():
        assert client.request(method, address, json=body, headers=as_user(owner)).status_code == 403
    assert database.rows("recipes") == before


def test_recipe_is_not_given_away(client, database, add_recipe, add_user, as_user):
    """The owner of a recipe cannot be changed: submitter_id in a change is answered with 422."""
    owner, other = add_user(), add_user()
    recipe = add_recipe(submitter_id=owner["id"])
    for version in VERSIONS:
        address = f"{version}/recipes/{recipe['id']}"
        reply = client.patch(address, json={"submitter_id": other["id"]}, headers=as_user(owner))
        assert reply.status_code == 422
        assert client.patch(address, json={"source": "Aunt Ines"}, headers=as_user(owner)).status_code == 200
        assert refused(client.patch(address, json={"source": "Uncle Bob"}))
    assert database.rows("recipes")[0]["submitter_id"] == owner["id"]


def test_url_of_another_user_is_no_conflict(client, add_recipe, add_user, as_user, make_body):
    """A url that the user has sent already is answered with 409, the url of another user is not."""
    user, url = add_user(), add_recipe()["url"]
    statuses = [
        client.post(f"{V1}/recipes/", json=make_body(V1, url=url), headers=as_user(user)).status_code for _ in range(2)
    ]
    assert statuses == [201, 409]


def test_limit_counts_for_who_is_logged_in(launch, as_user, make_body, make_user):
    """The limit of recipes per user counts those of whoever is logged in: 409 for one more."""
    with launch(env={"RECIPES_PER_USER": "2"}) as service:
        user, other = (service.client.post(f"{V1}/users/", json=make_user()).json() for _ in range(2))

        def send(who):
            return service.client.post(f"{V2}/recipes/", json=make_body(V2), headers=as_user(who)).status_code

        assert [send(user), send(user), send(user), send(other)] == [201, 201, 409, 201]


def test_reading_needs_no_token(client, add_recipe):
    """Recipes are read by everybody, in both versions.

    Passes on the starter: it is given, and has to stay what it is.
    """
    recipe = add_recipe()
    number, word = recipe["id"], recipe["label"].split()[0]
    for address in (
        f"{V1}/recipes/",
        f"{V1}/recipes/search/?keyword={word}",
        f"{V1}/recipes/page/",
        f"{V1}/recipes/{number}",
        f"{V1}/recipes/{number}/label",
        f"{V1}/users/{recipe['submitter_id']}/recipes",
        f"{V2}/recipes/",
        f"{V2}/recipes/search/?keyword={word}",
        f"{V2}/recipes/{number}",
        "/",
    ):
        reply = client.get(address)
        assert reply.status_code == 200
        assert recipe["label"] in reply.text


def test_document_says_what_needs_a_token(service):
    """The OpenAPI document says of the operations that change recipes that they need a token, and of no other one."""
    operations = {
        f"{method.upper()} {path}": bool(operation.get("security"))
        for path, methods in service.openapi()["paths"].items()
        if "/recipes" in path and "/users" not in path
        for method, operation in methods.items()
    }
    changing = {name for name in operations if not name.startswith("GET ")}
    assert len(changing) == 8
    assert {name for name, secured in operations.items() if secured} == changing
