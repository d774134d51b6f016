"""3.5  Tie recipes to the user who sent them."""

import pytest


@pytest.fixture
def cooks(add_user, add_recipes, rng):
    """Two users with a few recipes each, stored in turn: pairs of the user and the list of recipes."""
    users = [add_user(), add_user()]
    recipes = add_recipes([{"submitter_id": users[number % 2]["id"]} for number in range(rng.randint(5, 7))])
    pairs = [(user, [one for one in recipes if one["submitter_id"] == user["id"]]) for user in users]
    rng.shuffle(pairs)
    return pairs


def test_both_ends_are_one_thing(service, make_user, make_recipe):
    """User.recipes and Recipe.submitter show the same tie, from whichever end it is made."""
    user = make_user(is_superuser=False)
    user["hashed_password"] = user.pop("password")
    found = service.inside("both_ends", user=user, recipe=make_recipe(submitter_id=1))
    assert found["submitter_after_append"], "user.recipes.append(recipe) does not set recipe.submitter: back_populates"
    assert found["recipes_after_assignment"], "recipe.submitter = user does not show in user.recipes: back_populates"


def test_a_tie_is_stored_from_either_end(service, client, database, make_user, make_recipe):
    """A recipe that was tied to a user from either end is stored with that user, and listed as theirs."""
    users = []
    for _ in range(2):
        user = make_user(is_superuser=False)
        user["hashed_password"] = user.pop("password")
        users.append(user)
    recipe = make_recipe(submitter_id=1)  # a class may want the number, too; the tie replaces it
    service.inside("store_tied", user=users[0], other=users[1], recipe=recipe)
    submitters = [row["submitter_id"] for row in database.execute("SELECT submitter_id FROM recipes")]
    assert len(submitters) == 2, "a recipe that was given a submitter is not in that user's recipes: back_populates"
    assert sorted(submitters) == sorted(row["id"] for row in database.rows("users"))
    for number in submitters:
        assert [one["label"] for one in client.get(f"/users/{number}/recipes").json()] == [recipe["label"]]


def test_stored_rows_can_be_followed_both_ways(service, cooks, rng):
    """Stored rows can be followed from the user to the recipes and back."""
    user, recipes = cooks[0]
    found = service.inside("labels_through_relationship", user_id=user["id"], recipe_id=rng.choice(recipes)["id"])
    assert found == {"labels": sorted(one["label"] for one in recipes), "submitter": user["id"]}


def test_recipes_of_a_user_are_listed(client, cooks):
    """GET /users/{user_id}/recipes answers that user's recipes in the order of their ids."""
    for user, recipes in cooks:
        reply = client.get(f"/users/{user['id']}/recipes")
        assert reply.status_code == 200
        assert [(one["id"], one["label"], one["submitter_id"]) for one in reply.json()] == [
            (one["id"], one["label"], user["id"]) for one in recipes
        ]


def test_user_without_recipes_has_an_empty_list(client, add_user):
    """GET /users/{user_id}/recipes answers 200 and [] for a user without recipes."""
    reply = client.get(f"/users/{add_user()['id']}/recipes")
    assert reply.status_code == 200
    assert reply.json() == []


def test_recipes_of_nobody_are_not_found(client, add_user):
    """GET /users/{user_id}/recipes answers 404 if there is no such user, or 422 if nobody can have that id."""
    known = add_user()["id"]
    assert client.get(f"/users/{known}/recipes").status_code == 200
    assert client.get(f"/users/{known + 1000}/recipes").status_code == 404
    assert client.get(f"/users/{2**63}/recipes").status_code in (404, 422)
    assert client.delete(f"/users/{2**63}").status_code in (404, 422)


def test_user_goes_with_all_recipes(client, database, cooks):
    """DELETE /users/{user_id} answers 204 and removes the user's recipes, and nobody else's."""
    (user, _), (other, others) = cooks
    reply = client.delete(f"/users/{user['id']}")
    assert reply.status_code == 204
    assert reply.content == b""
    assert [row["id"] for row in database.rows("users")] == [other["id"]]
    left = database.execute("SELECT id, submitter_id FROM recipes ORDER BY id")
    assert [row["id"] for row in left] == [one["id"] for one in others]
    assert client.get(f"/users/{user['id']}").status_code == 404


def test_recipe_goes_alone(client, database, cooks, rng):
    """DELETE /recipes/{recipe_id} removes that recipe, and neither its user nor another recipe."""
    (user, recipes), (other, others) = cooks
    removed = rng.choice(recipes)
    client.delete(f"/recipes/{removed['id']}")
    users = database.execute("SELECT id FROM users ORDER BY id")
    assert [row["id"] for row in users] == sorted([user["id"], other["id"]]), (
        "the user went with the recipe: cascade belongs on the side of the user alone"
    )
    left = {row["id"] for row in database.execute("SELECT id FROM recipes")}
    assert left >= {one["id"] for one in [*recipes, *others] if one is not removed}


def test_removal_that_breaks_halfway_removes_nothing(client, database, cooks, inject):
    """When DELETE /users/{user_id} crashes before the user is removed, the recipes are still there."""
    (user, recipes), _ = cooks
    inject("crash_at_statement", beginning="DELETE FROM USERS")
    assert client.delete(f"/users/{user['id']}").status_code >= 500
    left = {row["id"] for row in database.execute("SELECT id FROM recipes")}
    assert left >= {one["id"] for one in recipes}, "the recipes are gone, and the user is not: one commit is enough"


def test_failed_commit_removes_nobody(client, add_user, inject):
    """When the commit of DELETE /users/{user_id} fails, the answer is a server error."""
    user = add_user()
    inject("refuse_commits")
    assert client.delete(f"/users/{user['id']}").status_code >= 500, "the client was told of a success"


def test_user_without_recipes_goes_too(client, database, add_user):
    """DELETE /users/{user_id} answers 204 for a user without recipes, and 404 the second time."""
    user, other = add_user(), add_user()
    statuses = [client.delete(f"/users/{user['id']}").status_code for _ in range(2)]
    assert statuses == [204, 404]
    assert [row["id"] for row in database.rows("users")] == [other["id"]]


def test_no_way_of_removing_a_user_leaves_recipes_behind(service, refuses, database, cooks):
    """session.delete(user) takes the recipes along; a plain SQL DELETE does too, or is refused."""
    (user, _), (other, others) = cooks
    service.inside("delete_through_session", user_id=user["id"])
    left = [row["id"] for row in database.execute("SELECT id FROM recipes ORDER BY id")]
    assert left == [one["id"] for one in others]
    refused = refuses("DELETE FROM users WHERE id = :id", id=other["id"])
    left = [row["id"] for row in database.execute("SELECT id FROM recipes ORDER BY id")]
    assert left == ([one["id"] for one in others] if refused else [])
