"""3.6  Stamp recipes in UTC."""

from datetime import UTC, datetime, timedelta

import pytest

STAMPS = ["created_at", "updated_at"]


@pytest.fixture
def post(client, add_user, make_recipe):
    """Add a recipe through the service, and return the answer's body."""

    def added():
        reply = client.post("/recipes", json=make_recipe(submitter_id=add_user()["id"]))
        assert reply.status_code == 201
        return reply.json()

    return added


@pytest.fixture
def age(database):
    """Let a stored recipe be years old, from outside the service; returns the moment it was made and last changed."""

    def back(recipe, rng):
        day = {"year": rng.randint(2001, 2019), "month": rng.randint(1, 12), "day": rng.randint(1, 28)}
        moment = datetime(**day, hour=rng.randint(0, 23), minute=30, second=5, microsecond=250, tzinfo=UTC)
        # In SQLite the text has no offset; PostgreSQL would read it in the time zone of the connection.
        written = moment.strftime("%Y-%m-%d %H:%M:%S.%f") + ("" if database.engine.dialect.name == "sqlite" else "+00")
        database.execute(
            f"UPDATE recipes SET created_at = '{written}', updated_at = '{written}' WHERE id = :id", id=recipe["id"]
        )
        return moment

    return back


def moment_of(recipe, name):
    """The moment that an answer shows."""
    assert isinstance(recipe.get(name), str), f"{name} is no text in ISO 8601"
    moment = datetime.fromisoformat(recipe[name])
    assert moment.tzinfo is not None, f"{name} has no offset: nobody can say which moment {recipe[name]} is"
    assert moment.utcoffset() == timedelta(0), f"{name} is not in UTC"
    return moment


def is_present(moment, start):
    """Whether a moment lies between the start of a check and now."""
    if moment.microsecond == 0:  # a database clock that counts whole seconds
        start = start.replace(microsecond=0)
    return start <= moment <= datetime.now(UTC)


def test_columns_are_of_a_date_and_time_type(database):
    """Recipes has the columns created_at and updated_at, of a date-and-time type."""
    columns = database.columns("recipes")
    for name in STAMPS:
        assert name in columns, f"recipes has no column {name}"
        kind = columns[name].type.upper()
        assert "DATETIME" in kind or "TIMESTAMP" in kind, f"recipes.{name} is of the type {kind}"


def test_columns_take_no_null(refuses, add_recipe):
    """The database refuses NULL in both columns."""
    recipe = add_recipe()
    for name in STAMPS:
        assert refuses(f"UPDATE recipes SET {name} = NULL WHERE id = :id", id=recipe["id"]), (
            f"recipes.{name} takes NULL"
        )


def test_new_recipe_carries_the_present_moment(post):
    """POST /recipes answers created_at and updated_at: the present moment in UTC."""
    for _ in range(2):
        start = datetime.now(UTC)
        recipe = post()
        for name in STAMPS:
            assert is_present(moment_of(recipe, name), start), f"{name} is not the moment when the recipe was made"


def test_imported_recipes_carry_it_too(client, add_user, make_recipe):
    """POST /recipes/import stamps every recipe."""
    submitter, start = add_user()["id"], datetime.now(UTC)
    reply = client.post("/recipes/import", json=[make_recipe(submitter_id=submitter) for _ in range(3)])
    assert reply.status_code == 201
    for recipe in reply.json():
        for name in STAMPS:
            assert is_present(moment_of(recipe, name), start), f"{name} is not the moment when the recipe was made"


def test_stamps_read_the_same_later(client, post):
    """A later GET shows the same moments, in UTC, as the answer to the POST."""
    recipe = post()
    for shown in client.get("/recipes").json():  # nothing, as long as exercise 3.3 does not store it
        assert [moment_of(shown, name) for name in STAMPS] == [moment_of(recipe, name) for name in STAMPS]


def test_every_answer_about_a_recipe_shows_both(client, add_recipe, age, rng):
    """Wherever the service answers a recipe, its created_at and updated_at are there."""
    recipe = add_recipe()
    moment = age(recipe, rng)
    answers = {
        "GET /recipes": client.get("/recipes").json()[:1],
        "GET /recipes/search": client.get("/recipes/search", params={"keyword": recipe["label"]}).json()["results"],
        "GET /users/{user_id}/recipes": client.get(f"/users/{recipe['submitter_id']}/recipes").json(),
    }
    for address, shown in answers.items():
        if not isinstance(shown, list) or not shown or "label" not in shown[0]:
            continue  # it answers no recipe yet, which is another exercise
        has_both = [shown[0].get(name) for name in STAMPS].count(None) == 0
        assert has_both, f"{address} answers a recipe without its stamps"
        assert [moment_of(shown[0], name) for name in STAMPS] == [moment, moment]


def test_stored_moment_is_read_as_utc(client, add_recipe, age, rng):
    """A moment from years ago, stored in UTC, is answered as that moment."""
    recipe = add_recipe()
    moment = age(recipe, rng)
    shown = client.get(f"/recipes/{recipe['id']}").json()
    assert [moment_of(shown, name) for name in STAMPS] == [moment, moment]


def test_change_stamps_updated_at_alone(client, add_recipe, age, rng):
    """A PATCH sets updated_at to the present moment and leaves created_at alone."""
    recipe = add_recipe()
    moment, start = age(recipe, rng), datetime.now(UTC)
    reply = client.patch(f"/recipes/{recipe['id']}", json={"label": f"Changed {rng.randrange(1000)}"})
    assert reply.status_code == 200
    stored = client.get(f"/recipes/{recipe['id']}").json()
    if stored["label"] == recipe["label"]:
        return  # the change itself is not stored, which is exercise 3.3
    for shown in (reply.json(), stored):
        assert moment_of(shown, "created_at") == moment, "created_at has changed"
        assert is_present(moment_of(shown, "updated_at"), start), "updated_at is not the moment of the change"


def test_nobody_sets_a_stamp_from_outside(client, add_user, make_recipe, post):
    """A client that sends created_at or updated_at is refused, or not listened to."""
    submitter, start, old = add_user()["id"], datetime.now(UTC), "2001-02-03T04:05:06Z"
    recipe = post()
    for name in STAMPS:
        reply = client.post("/recipes", json=make_recipe(submitter_id=submitter) | {name: old})
        if reply.status_code != 422:
            assert is_present(moment_of(reply.json(), name), start), f"a client has set {name}"
        client.patch(f"/recipes/{recipe['id']}", json={name: old})
    for shown in client.get("/recipes").json():
        for name in STAMPS:
            assert is_present(moment_of(shown, name), start), f"a client has set {name}"


def test_time_zone_of_the_computer_does_not_matter(post, client, inject, rng):
    """On a computer in any time zone, the moments are the same, in UTC."""
    inject("move_to", zone=rng.choice(["Asia/Kathmandu", "America/St_Johns", "Pacific/Auckland"]))
    start = datetime.now(UTC)
    recipe = post()
    for shown in (recipe, *client.get("/recipes").json()):
        for name in STAMPS:
            assert is_present(moment_of(shown, name), start), f"{name} depends on the time zone of the computer"
