"""4.6  Keep a rule that knows no HTTP."""

import pytest

TOO_MANY = "app.services.recipes.TooManyRecipes"


@pytest.fixture
def fill(database, add_recipe, make_recipe):
    """Store so many recipes of one user, and return the user's id."""

    def stored(count):
        first = add_recipe()
        [row] = database.rows("recipes", id=first["id"])
        stamps = {name: row[name] for name in ("created_at", "updated_at")}
        somebody = first["submitter_id"]
        if count > 1:
            more = [make_recipe(submitter_id=somebody, **stamps) for _ in range(count - 1)]
            database.insert_many("recipes", more)
        return somebody

    return stored


def test_recipe_is_added_once(service, make_recipe, rng):
    """While the store counts fewer than most, the recipe is added once, and what the store returned is returned.

    Passes on the starter: it adds every recipe, and the rule must leave these alone.
    """
    user, most = rng.randint(2, 10**6), rng.randint(3, 9)
    for count in (0, most - 1):
        [found] = service.inside(
            "submit", counts={str(user): count}, recipes=[make_recipe(submitter_id=user)], most=most
        )
        assert "raised" not in found, f"{count} recipes of {most} are there, and submit_recipe raises {found['raised']}"
        assert found == {"returned": True, "added": 1, "is_the_new_one": True}


def test_one_too_many_is_refused(service, make_recipe, rng):
    """When the store counts most recipes of the submitter or more, TooManyRecipes is raised and nothing is added."""
    user, most = rng.randint(2, 10**6), rng.randint(3, 9)
    for count in (most, most + rng.randint(1, 5)):
        [found] = service.inside(
            "submit", counts={str(user): count}, recipes=[make_recipe(submitter_id=user)], most=most
        )
        assert found["raised"] == TOO_MANY
        assert found["added"] == 0, "the recipe that is too many was added"
        assert not found["of_fastapi"], "TooManyRecipes is an exception of FastAPI's: the rule knows no HTTP"


def test_one_may_be_all(service, make_recipe, rng):
    """Where a user may have one recipe, the second one is refused, and somebody else's first one is not."""
    user = rng.randint(2, 1000)
    recipes = [make_recipe(submitter_id=user), make_recipe(submitter_id=user + 1)]
    [full, other] = service.inside("submit", counts={str(user): 1}, recipes=recipes, most=1)
    assert full.get("raised") == TOO_MANY, "a user may have one recipe, has one, and is given another"
    assert other["added"] == 1


def test_store_is_asked_each_time(service, make_recipe, rng):
    """The store is asked for the submitter of each recipe: nothing is remembered from one recipe to the next."""
    user, most = rng.randint(2, 1000), rng.randint(2, 3)
    recipes = [make_recipe(submitter_id=user) for _ in range(most + 1)]
    found = service.inside("submit", counts={}, recipes=[*recipes, make_recipe(submitter_id=user + 1)], most=most)
    assert [one.get("raised") for one in found] == [None] * most + [TOO_MANY, None]


def test_service_keeps_to_the_rule(launch, fill, database, make_recipe, add_user, rng):
    """POST /recipes answers 201 up to RECIPES_PER_USER, then 409; other users are not concerned."""
    most = rng.randint(2, 4)
    user, other = fill(1), add_user()["id"]
    with launch(env={"RECIPES_PER_USER": str(most)}, fresh_database=False) as service:
        answers = [service.client.post("/recipes", json=make_recipe(submitter_id=user)) for _ in range(most + 1)]
        assert [reply.status_code for reply in answers] == [201] * (most - 1) + [409] * 2
        assert isinstance(answers[-1].json()["detail"], str)
        assert service.client.post("/recipes", json=make_recipe(submitter_id=other)).status_code == 201
        kept = database.rows("recipes", submitter_id=user)[0]["id"]
        assert service.client.put(f"/recipes/{kept}", json=make_recipe()).status_code == 200, "PUT adds no recipe"
        assert service.client.patch(f"/recipes/{kept}", json={"label": "Changed"}).status_code == 200
        gone = database.rows("recipes", submitter_id=user)[0]["id"]
        assert service.client.delete(f"/recipes/{gone}").status_code == 204
        assert service.client.post("/recipes", json=make_recipe(submitter_id=user)).status_code == 201
    assert database.count("recipes", submitter_id=user) == most


def test_import_keeps_to_the_rule(launch, fill, labels, make_recipe, add_user, rng):
    """Of an import in which one recipe is too many, nothing is stored, and the answer is 409."""
    most = rng.randint(3, 5)
    user, other = fill(1), add_user()["id"]
    before = labels()
    with launch(env={"RECIPES_PER_USER": str(most)}, fresh_database=False) as service:
        many = [make_recipe(submitter_id=user) for _ in range(most)]
        reply = service.client.post("/recipes/import", json=[make_recipe(submitter_id=other), *many])
        assert reply.status_code == 409
        assert isinstance(reply.json()["detail"], str)
        assert labels() == before, "409 was answered, and a part is stored"
        reply = service.client.post("/recipes/import", json=[*many, make_recipe(submitter_id=other)])
        assert reply.status_code == 409
        both = [*many[1:], *(make_recipe(submitter_id=other) for _ in range(most))]
        assert service.client.post("/recipes/import", json=both).status_code == 201, "no user has too many recipes"
    assert labels() == [*before, *(one["label"] for one in both)]


def test_a_hundred_unless_set(client, fill, make_recipe):
    """Without RECIPES_PER_USER a user may have 100 recipes."""
    user = fill(99)
    assert client.post("/recipes", json=make_recipe(submitter_id=user)).status_code == 201
    assert client.post("/recipes", json=make_recipe(submitter_id=user)).status_code == 409
