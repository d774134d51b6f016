"""8.2  Share one session in a request."""

from datetime import UTC, datetime

import pytest

from shared.accounts import refused
from shared.addresses import V1, V2
from shared.doors import VERSIONS

JOURNAL = f"{V2}/journal/"


@pytest.fixture
def cook(add_user, as_user):
    """A stored user, and the headers of their requests."""
    user = add_user()
    return user, as_user(user)


@pytest.fixture
def entries(database):
    """What the journal holds, oldest first: who, what, and which recipe."""
    return lambda: [(row["user_id"], row["action"], row["recipe_id"]) for row in database.rows("entries")]


@pytest.mark.parametrize("version", VERSIONS)
def test_added_recipe_is_noted(client, entries, cook, make_body, version):
    """A recipe that is added makes one entry.

    Passes on the starter: it makes the entry, if not together with the recipe.
    """
    user, headers = cook
    reply = client.post(f"{version}/recipes/", json=make_body(version), headers=headers)
    assert reply.status_code == 201
    assert entries() == [(user["id"], "add", reply.json()["id"])]


def test_changes_are_noted(client, entries, cook, doors, add_recipes):
    """Each recipe that is replaced, changed or removed makes one entry, in both versions.

    Passes on the starter: it makes the entry, if not together with the recipe.
    """
    user, headers = cook
    recipes = add_recipes([{"submitter_id": user["id"]}] * 5)
    expected = []
    for recipe, door in zip(recipes, doors(0), strict=True):
        method, address, body = doors(recipe["id"])[door]
        assert client.request(method, address, json=body, headers=headers).status_code in (200, 204)
        expected.append((user["id"], "remove" if method == "DELETE" else "change", recipe["id"]))
        assert entries() == expected, f"the journal is not right after {door}"


def test_import_is_noted(client, entries, cook, make_body):
    """An import makes one entry for each recipe.

    Passes on the starter: it makes the entry, if not together with the recipe.
    """
    user, headers = cook
    reply = client.post(f"{V1}/recipes/import/", json=[make_body(V1) for _ in range(3)], headers=headers)
    assert reply.status_code == 201
    assert entries() == [(user["id"], "add", one["id"]) for one in reply.json()]


def test_who_is_noted(client, entries, add_user, as_user, add_recipe):
    """The entry names whoever was logged in, not the owner of the recipe.

    Passes on the starter: it makes the entry, if not together with the recipe.
    """
    recipe, staff = add_recipe(), [add_user(role="editor"), add_user(role="admin")]
    for user in staff:
        reply = client.patch(f"{V1}/recipes/{recipe['id']}", json={"label": "Better"}, headers=as_user(user))
        assert reply.status_code == 200
    assert entries() == [(user["id"], "change", recipe["id"]) for user in staff]


def test_journal_is_shown_to_admins(client, cook, add_user, as_user, make_body):
    """When the answer is there, GET /journal/ of version 2 shows the entry to an admin; others get 403 or 401.

    Passes on the starter: it makes the entry, if not together with the recipe.
    """
    user, headers = cook
    admin = as_user(add_user(role="admin"))
    for _ in range(3):
        new = client.post(f"{V2}/recipes/", json=make_body(V2), headers=headers).json()["id"]
        newest = client.get(JOURNAL, params={"limit": 1}, headers=admin).json()
        assert [(one["user_id"], one["action"], one["recipe_id"]) for one in newest] == [(user["id"], "add", new)]
        at = datetime.fromisoformat(newest[0]["at"])
        assert at.tzinfo is not None
        assert abs((datetime.now(UTC) - at).total_seconds()) < 60, "the entry was not made just now"
    assert len(client.get(JOURNAL, headers=admin).json()) == 3
    assert client.get(JOURNAL, headers=headers).status_code == 403
    assert refused(client.get(JOURNAL))


def test_refused_is_not_noted(client, entries, cook, doors, add_recipe, make_body):
    """A request that is refused makes no entry: without a token, by a stranger, for no recipe, or with a conflict.

    Passes on the starter: a refusal ends the journal before it commits.
    """
    user, headers = cook
    theirs, mine = add_recipe(), add_recipe(submitter_id=user["id"])
    for method, address, body in doors(theirs["id"]).values():
        assert client.request(method, address, json=body).status_code == 401
        assert client.request(method, address, json=body, headers=headers).status_code == 403
    for method, address, body in doors(theirs["id"] + 1000).values():
        assert client.request(method, address, json=body, headers=headers).status_code == 404
    again = make_body(V1, url=mine["url"])
    assert client.post(f"{V1}/recipes/", json=again, headers=headers).status_code == 409
    assert client.post(f"{V1}/recipes/import/", json=[make_body(V1), again], headers=headers).status_code == 409
    assert entries() == []
    assert client.post(f"{V1}/recipes/", json=make_body(V1), headers=headers).status_code == 201
    assert len(entries()) == 1


@pytest.mark.parametrize("version", VERSIONS)
def test_recipe_is_not_stored_without_its_entry(client, inject, database, entries, cook, make_body, version):
    """When the entry cannot be stored, the recipe is not stored either."""
    _, headers = cook
    inject("crash_at_statement", beginning="INSERT INTO ENTRIES")
    assert client.post(f"{version}/recipes/", json=make_body(version), headers=headers).status_code == 500
    assert database.count("recipes") == 0, "the recipe was stored without its entry in the journal"
    assert entries() == []
    assert client.post(f"{version}/recipes/", json=make_body(version), headers=headers).status_code == 201
    assert (database.count("recipes"), len(entries())) == (1, 1)


def test_change_is_not_stored_without_its_entry(client, inject, database, entries, cook, doors, add_recipe):
    """When the entry cannot be stored, nothing is changed or removed either."""
    user, headers = cook
    recipe = add_recipe(submitter_id=user["id"])
    before = database.rows("recipes")
    for door, (method, address, body) in doors(recipe["id"]).items():
        inject("crash_at_statement", beginning="INSERT INTO ENTRIES")
        assert client.request(method, address, json=body, headers=headers).status_code == 500
        assert database.rows("recipes") == before, f"{door} has changed the recipe without an entry in the journal"
    assert entries() == []


def test_entry_is_not_stored_without_its_recipe(client, inject, database, entries, cook, make_body):
    """When the recipe cannot be stored, there is no entry either.

    Passes on the starter: its journal commits last, if at all.
    """
    _, headers = cook
    inject("refuse_commits")
    assert client.post(f"{V1}/recipes/", json=make_body(V1), headers=headers).status_code == 500
    assert database.count("recipes") == 0
    assert entries() == [], "the journal has an entry of a recipe that was not stored"


@pytest.mark.parametrize("version", VERSIONS)
def test_entry_is_not_stored_without_its_change(client, inject, database, entries, cook, add_recipe, version):
    """When the recipe cannot be changed or removed, there is no entry either.

    Passes on the starter: a crash ends the journal before it commits.
    """
    user, headers = cook
    address = f"{version}/recipes/{add_recipe(submitter_id=user['id'])['id']}"
    inject("crash_at_statement", beginning="DELETE FROM RECIPES")
    assert client.delete(address, headers=headers).status_code == 500
    inject("crash_at_statement", beginning="UPDATE RECIPES")
    assert client.patch(address, json={"source": "Changed"}, headers=headers).status_code == 500
    assert database.count("recipes") == 1
    assert entries() == [], "the journal has an entry of a change that was not stored"


def test_import_and_its_entries_are_one(client, inject, database, entries, cook, make_body):
    """When the second entry of an import cannot be stored, there is neither a recipe nor an entry."""
    _, headers = cook
    inject("crash_at_statement", beginning="INSERT INTO ENTRIES", number=2)
    bodies = [make_body(V1) for _ in range(3)]
    client.post(f"{V1}/recipes/import/", json=bodies, headers=headers)
    assert len(entries()) == database.count("recipes"), "some of an import was stored without its entries"


def test_request_uses_one_connection(client, service, cook, doors, add_recipe, make_body):
    """A request uses one connection to the database, and gives it back."""
    user, headers = cook
    recipe = add_recipe(submitter_id=user["id"])
    requests = [("POST", f"{V1}/recipes/", make_body(V1)), *doors(recipe["id"]).values()]
    for method, address, body in [one for one in requests if one[0] != "DELETE"]:
        with service.probe() as seen:
            assert client.request(method, address, json=body, headers=headers).status_code in (200, 201)
        assert seen.max_checked_out == 1, f"{method} {address} uses {seen.max_checked_out} connections"
        assert seen.checked_out == 0


def test_hundred_requests_at_once(service, client, entries, database, cook, make_body):
    """A hundred requests at once that add recipes all get 201, and each has its entry."""
    _, headers = cook
    bodies = [make_body(VERSIONS[number % 2]) for number in range(100)]
    replies = service.together(
        100,
        lambda n: client.post(f"{VERSIONS[n % 2]}/recipes/", json=bodies[n], headers=headers, timeout=30),
    )
    assert sorted({reply.status_code for reply in replies}) == [201]
    assert database.count("recipes") == 100
    assert sorted(one[2] for one in entries()) == sorted(reply.json()["id"] for reply in replies)
