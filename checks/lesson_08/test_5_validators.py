"""8.5  Validate with a dependency."""

import pytest

from shared.accounts import refused
from shared.addresses import V1, V2
from shared.doors import VERSIONS


@pytest.fixture
def readings():
    """All addresses that read the recipe with a number."""
    return lambda number: [f"{V1}/recipes/{number}", f"{V1}/recipes/{number}/label", f"{V2}/recipes/{number}"]


def test_valid_recipe_counts_for_all(service, rng):
    """An override of valid_recipe counts for all eight operations on one recipe."""
    found = service.inside("overridden", dependency="valid_recipe", number=rng.randint(1, 999))
    left = sorted(operation for operation, status in found.items() if status != 418)
    assert left == [], f"valid_recipe is not asked by {', '.join(left)}"


def test_own_recipe_counts_for_all_that_change(service, rng):
    """An override of own_recipe counts for the five operations that replace, change or remove a recipe."""
    found = service.inside("overridden", dependency="own_recipe", number=rng.randint(1, 999))
    left = sorted(name for name, status in found.items() if status != 418 and not name.startswith("GET"))
    assert left == [], f"own_recipe is not asked by {', '.join(left)}"
    asked = sorted(name for name, status in found.items() if status == 418 and name.startswith("GET"))
    assert asked == [], f"own_recipe is asked by {', '.join(asked)}, which only reads"


def test_recipes_are_read(client, readings, add_recipes):
    """Reading answers the recipe of the address, in both versions, without a token.

    Passes on the starter: what it answers is right, and has to stay so.
    """
    add_recipes([{}] * 2)
    recipe = add_recipes([{}])[0]
    first, field, second = (client.get(address).json() for address in readings(recipe["id"]))
    assert {name: first[name] for name in recipe} == recipe
    assert field == {"label": recipe["label"]}
    assert (second["id"], second["title"]) == (recipe["id"], recipe["label"])


def test_missing_recipe(client, readings, doors, add_recipe, add_user, as_user):
    """A recipe that does not exist is answered with 404 by all eight; a number that cannot be with 422 or 404.

    Passes on the starter: what it answers is right, and has to stay so.
    """
    missing = add_recipe()["id"] + 1000
    headers = as_user(add_user(role="admin"))
    for address in readings(missing):
        reply = client.get(address)
        assert reply.status_code == 404
        assert isinstance(reply.json()["detail"], str)
    for method, address, body in doors(missing).values():
        assert client.request(method, address, json=body, headers=headers).status_code == 404
    for wrong in ("0", "-1", "abc", str(2**31), str(2**63)):
        for address in readings(wrong):
            assert client.get(address).status_code in (404, 422)


def test_order_of_refusals(client, doors, add_recipe, add_user, as_user):
    """Without a token 401, also for a recipe that does not exist; then 404; then 403 for somebody else's.

    Passes on the starter: what it answers is right, and has to stay so.
    """
    recipe, stranger = add_recipe(), add_user()
    for number, status in ((recipe["id"], 403), (recipe["id"] + 1000, 404)):
        for method, address, body in doors(number).values():
            assert refused(client.request(method, address, json=body))
            assert client.request(method, address, json=body, headers=as_user(stranger)).status_code == status


def test_owner_and_staff_change(client, database, doors, add_recipes, add_user, as_user):
    """Owners, editors and admins replace, change and remove; strangers have changed nothing.

    Passes on the starter: what it answers is right, and has to stay so.
    """
    add_user()
    owner = add_user()
    for who in (owner, add_user(role="editor"), add_user(role="admin")):
        for recipe, door in zip(add_recipes([{"submitter_id": owner["id"]}] * 5), doors(0), strict=True):
            method, address, body = doors(recipe["id"])[door]
            reply = client.request(method, address, json=body, headers=as_user(who))
            assert reply.status_code == (204 if method == "DELETE" else 200)
            rows = database.rows("recipes", id=recipe["id"])
            if method == "DELETE":
                assert rows == []
            else:
                assert rows[0]["label"] == (body.get("label") or body.get("title"))
                assert rows[0]["submitter_id"] == owner["id"]


def test_recipe_is_looked_up_once(client, service, readings, doors, add_recipes, add_user, as_user):
    """The recipe is looked up once in a request, by all eight operations.

    Passes on the starter: it looks it up once, and has to go on doing so.
    """
    owner = add_user()
    recipes = add_recipes([{"submitter_id": owner["id"]}] * 6)
    headers = as_user(owner)
    requests = [("GET", address, None) for address in readings(recipes[0]["id"])]
    requests += [doors(recipe["id"])[door] for recipe, door in zip(recipes[1:], doors(0), strict=True)]
    for method, address, body in requests:
        with service.probe() as seen:
            reply = client.request(method, address, json=body, headers=headers)
        assert reply.status_code in (200, 204)
        writes = [
            at for at, sql in enumerate(seen.statements) if sql.split()[0].upper() in {"UPDATE", "DELETE", "INSERT"}
        ]
        before = seen.statements[: writes[0]] if writes else seen.statements
        looked = [
            sql for sql in before if sql.upper().startswith("SELECT") and "FROM recipes" in sql.replace("\n", " ")
        ]
        assert len(looked) == 1, f"{method} {address} looks the recipe up {len(looked)} times"


@pytest.mark.parametrize("version", VERSIONS)
def test_document_still_names_the_number(service, version):
    """The OpenAPI document still names recipe_id, its bounds, and 404, of all operations on one recipe.

    Passes on the starter: what it says is right, and has to stay so.
    """
    path = f"{version}/recipes/{{recipe_id}}"
    for method, operation in service.openapi()["paths"][path].items():
        [number] = [one for one in operation["parameters"] if one["in"] == "path"]
        assert number["name"] == "recipe_id"
        assert number["schema"]["type"] == "integer"
        assert "404" in operation["responses"], f"{method} does not name 404"
        assert bool(operation.get("security")) == (method != "get")
