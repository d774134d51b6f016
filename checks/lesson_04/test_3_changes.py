"""4.3  Change a part, replace the whole."""

from datetime import UTC, datetime, timedelta

import pytest

_CHANGES = [("label", "Something else"), ("source", "Somebody else"), ("url", "https://else.example/1")]
"""A field, and another value for it."""


@pytest.fixture
def recipes(add_recipes, make_image):
    """Three stored recipes with an image each, as the service should show them, without the two moments."""
    return add_recipes([{"image": make_image()} for _ in range(3)])


@pytest.fixture
def make_image(rng):
    """A maker of addresses of pictures, written as Pydantic's HttpUrl writes them."""
    return lambda: f"https://images.example/{rng.randrange(10**9)}.jpg"


@pytest.fixture
def show(client):
    """What the service shows of all recipes, by their ids."""
    return lambda: {one["id"]: one for one in client.get("/recipes").json()}


def is_now(moment):
    """Tell whether a moment of an answer is the present, give or take a minute."""
    return abs(datetime.fromisoformat(moment) - datetime.now(UTC)) < timedelta(minutes=1)


def test_what_was_sent_is_changed(client, database, recipes, show, make_image, rng):
    """PATCH changes each field that was sent, answers the whole recipe, and leaves every other row alone."""
    for field, value in (
        ("label", f"Changed {rng.randrange(1000)}"),
        ("source", f"A book, {rng.randrange(1000)}"),
        ("url", f"https://changed.example/{rng.randrange(1000)}"),
        ("image", make_image()),
    ):
        before, chosen = show(), rng.choice(recipes)["id"]
        reply = client.patch(f"/recipes/{chosen}", json={field: value})
        assert reply.status_code == 200
        assert reply.json() == {**before[chosen], field: value, "updated_at": reply.json()["updated_at"]}
        assert is_now(reply.json()["updated_at"]), "updated_at is not the present moment"
        assert show() == {**before, chosen: reply.json()}, "200 was answered, and the change is not stored"
        assert database.rows("recipes", id=chosen)[0][field] == value


def test_null_empties_the_image(client, database, recipes, show, rng):
    """PATCH with null takes the image away, and leaves everything else."""
    before, chosen = show(), rng.choice(recipes)["id"]
    reply = client.patch(f"/recipes/{chosen}", json={"image": None})
    assert reply.status_code == 200
    assert reply.json()["image"] is None, "null was taken for a field that was left out"
    assert reply.json() == {**before[chosen], "image": None, "updated_at": reply.json()["updated_at"]}
    assert database.rows("recipes", id=chosen)[0]["image"] is None
    assert show() == {**before, chosen: reply.json()}


def test_two_fields_at_once(client, recipes, show, rng):
    """PATCH changes two fields at once, and leaves the others."""
    before, chosen = show(), rng.choice(recipes)["id"]
    change = {"label": f"Changed {rng.randrange(1000)}", "image": None}
    reply = client.patch(f"/recipes/{chosen}", json=change)
    assert reply.status_code == 200
    assert reply.json() == {**before[chosen], **change, "updated_at": reply.json()["updated_at"]}


def test_an_image_that_is_left_out_stays(client, recipes, rng):
    """PATCH without the image leaves the image alone."""
    chosen = rng.choice(recipes)
    reply = client.patch(f"/recipes/{chosen['id']}", json={"label": f"Changed {rng.randrange(1000)}"})
    assert reply.status_code == 200
    assert reply.json()["image"] == chosen["image"]


def test_null_is_refused_where_it_means_nothing(client, recipes, show, rng):
    """PATCH with null for label, source or url is answered with 422, and nothing is changed."""
    before, chosen = show(), rng.choice(recipes)["id"]
    for field in ("label", "source", "url"):
        reply = client.patch(f"/recipes/{chosen}", json={field: None, "image": None})
        assert reply.status_code == 422
    assert show() == before


def test_null_is_refused_for_users(client, database, add_user, rng):
    """PATCH of a user with null for any field is answered with 422; a valid value is stored, and the rest stays."""
    users = [add_user(), add_user()]
    for field in ("first_name", "surname", "email"):
        assert client.patch(f"/users/{users[0]['id']}", json={field: None}).status_code == 422
    assert client.get("/users").json() == users
    for field, value in (
        ("surname", f"Changed{rng.randrange(1000)}"),
        ("first_name", f"Other{rng.randrange(1000)}"),
        ("email", f"changed{rng.randrange(1000)}@example.com"),
    ):
        users[0][field] = value
        reply = client.patch(f"/users/{users[0]['id']}", json={field: value})
        assert reply.status_code == 200
        assert reply.json() == users[0]
    assert client.get("/users").json() == users
    assert [row["email"] for row in database.rows("users")] == [one["email"] for one in users]


def test_other_fields_of_users_are_refused(client, add_user):
    """PATCH of a user with a field that is none of the three, or is not valid, is answered with 422."""
    users = [add_user(), add_user()]
    for wrong in (
        {"id": 7},
        {"is_superuser": True},
        {"password": "Butter4Ever"},
        {"hashed_password": "stand-in$00$00"},
        {"email": "nobody"},
        {"surname": " "},
    ):
        assert client.patch(f"/users/{users[0]['id']}", json={"first_name": "Changed", **wrong}).status_code == 422
    assert client.patch(f"/users/{users[0]['id']}", json={}).json() == users[0]
    assert client.get("/users").json() == users


def test_unknown_and_fixed_fields_are_refused(client, recipes, show, rng):
    """PATCH and PUT with a field that cannot be changed are answered with 422, and nothing is changed."""
    before, chosen = show(), rng.choice(recipes)
    whole = {name: chosen[name] for name in ("source", "url", "image")} | {"label": "Something else"}
    fixed = {"id": 77, "submitter_id": chosen["submitter_id"], "created_at": "2020-01-01T00:00:00Z"}
    for field, value in {**fixed, "updated_at": "2020-01-01T00:00:00Z", f"field{rng.randrange(100)}": "x"}.items():
        assert client.patch(f"/recipes/{chosen['id']}", json={"label": "Else", field: value}).status_code == 422
        assert client.put(f"/recipes/{chosen['id']}", json={**whole, field: value}).status_code == 422
    assert show() == before


def test_rules_for_values_hold_in_changes(client, recipes, show, rng):
    """PATCH and PUT keep to the rules of POST: what is not valid is answered with 422, and nothing is changed."""
    before, chosen = show(), rng.choice(recipes)
    whole = {name: chosen[name] for name in ("label", "source", "url", "image")}
    for field, value in (
        ("label", "ab"),
        ("label", " ab "),
        ("label", "x" * 101),
        ("source", "  "),
        ("source", "x" * 101),
        ("url", "no address"),
        ("url", f"https://a.example/{'x' * 2000}"),
        ("image", "no address"),
        ("image", 5),
    ):
        assert client.patch(f"/recipes/{chosen['id']}", json={field: value}).status_code == 422
        assert client.put(f"/recipes/{chosen['id']}", json={**whole, field: value}).status_code == 422
    assert show() == before


def test_nothing_sent_changes_nothing(client, recipes, show, rng):
    """PATCH with {} answers 200 and the recipe as it was, updated_at included."""
    before, chosen = show(), rng.choice(recipes)["id"]
    reply = client.patch(f"/recipes/{chosen}", json={})
    assert reply.status_code == 200
    assert reply.json() == before[chosen]
    assert show() == before


def test_put_replaces_the_whole(client, database, recipes, show, make_recipe, make_image, rng):
    """PUT replaces label, source, url and image; the number, the submitter and created_at stay."""
    before, chosen = show(), rng.choice(recipes)["id"]
    other = {**make_recipe(), "image": make_image()}
    reply = client.put(f"/recipes/{chosen}", json=other)
    assert reply.status_code == 200
    assert reply.json() == {**before[chosen], **other, "updated_at": reply.json()["updated_at"]}
    assert is_now(reply.json()["updated_at"]), "updated_at is not the present moment"
    assert show() == {**before, chosen: reply.json()}, "200 was answered, and the change is not stored"
    stored = database.rows("recipes", id=chosen)[0]
    assert {name: stored[name] for name in other} == other


def test_put_stamps_each_change(client, add_recipes, make_image):
    """PUT that changes one field alone sets updated_at to the present moment."""
    changes = [*_CHANGES, ("image", make_image())]
    for stored, (field, value) in zip(add_recipes([{}] * len(changes)), changes, strict=True):
        whole = {name: stored[name] for name in ("label", "source", "url", "image")}
        reply = client.put(f"/recipes/{stored['id']}", json={**whole, field: value})
        assert reply.status_code == 200
        assert is_now(reply.json()["updated_at"]), f"{field} was changed, and updated_at is not the present moment"


def test_values_are_kept_as_post_keeps_them(client, recipes, make_recipe):
    """PUT and PATCH keep a value as POST does: without spaces around a label, and with the url as it was written."""
    written = {"label": "  Leek soup ", "source": " Ada ", "url": "HTTP://Recipes.example"}
    kept = {"label": "Leek soup", "source": "Ada", "url": "HTTP://Recipes.example"}
    first, second, third = recipes
    for method, number in (("PUT", first["id"]), ("PATCH", second["id"])):
        reply = client.request(method, f"/recipes/{number}", json={**written, "url": f"{written['url']}/{method}"})
        assert reply.status_code == 200
        assert {name: reply.json()[name] for name in kept} == {**kept, "url": f"{kept['url']}/{method}"}
    assert client.get(f"/recipes/{third['id']}").json()["label"] == third["label"]


def test_put_without_image_takes_it_away(client, recipes, show, make_recipe, rng):
    """PUT without an image leaves the recipe without one; so does null."""
    for changes in ({}, {"image": None}):
        before, chosen = show(), rng.choice(recipes)["id"]
        other = make_recipe()
        reply = client.put(f"/recipes/{chosen}", json={**other, **changes})
        assert reply.status_code == 200
        assert reply.json()["image"] is None, "what PUT does not send is gone: it replaces the whole"
        assert show() == {
            **before,
            chosen: {**before[chosen], **other, "image": None, "updated_at": reply.json()["updated_at"]},
        }


def test_put_needs_the_whole(client, recipes, show, make_recipe, rng):
    """PUT without label, source or url, or with null for one of them, is answered with 422, and nothing is changed."""
    before, chosen = show(), rng.choice(recipes)["id"]
    for field in ("label", "source", "url"):
        other = make_recipe()
        assert client.put(f"/recipes/{chosen}", json={**other, field: None}).status_code == 422
        del other[field]
        assert client.put(f"/recipes/{chosen}", json=other).status_code == 422
    assert show() == before


def test_changes_of_nobody_are_not_found(client, recipes, show, make_recipe, rng):
    """PUT and PATCH of a number that nobody has answer 404, and store nothing."""
    before, nobody = show(), recipes[-1]["id"] + rng.randint(1, 1000)
    assert client.put(f"/recipes/{recipes[0]['id']}", json=make_recipe()).status_code == 200
    before = show()
    assert client.put(f"/recipes/{nobody}", json=make_recipe()).status_code == 404
    assert client.patch(f"/recipes/{nobody}", json={"label": "Changed"}).status_code == 404
    assert show() == before


def test_failed_commit_changes_nothing(client, add_recipe, make_recipe, inject):
    """When the commit of PUT or PATCH fails, the answer is a server error."""
    stored = add_recipe()
    inject("refuse_commits")
    for method, address, body in (
        ("PUT", f"/recipes/{stored['id']}", make_recipe()),
        ("PATCH", f"/recipes/{stored['id']}", {"label": "Changed"}),
        ("PATCH", f"/users/{stored['submitter_id']}", {"surname": "Changed"}),
    ):
        reply = client.request(method, address, json=body)
        assert reply.status_code >= 500, "the client was told of a success, and nothing is stored"


def test_any_table_is_changed_in_part(service, rng):
    """The method update of any table sets what was sent, null included, and leaves the rest and the commit alone."""
    spices = [
        {"code": f"{letter}{rng.randrange(100)}", "name": f"Pepper {letter}", "opened": "2024-05-06", "hot": True}
        for letter in "abc"
    ]
    before = [{"shelf": "bottom", **one, "grams": 7} for one in spices]
    position = rng.randrange(3)
    for changes in ({"hot": None}, {"name": "Salt", "opened": None}, {"hot": False}, {}):
        found = service.inside("update", new=spices, key=spices[position]["code"], changes=changes)
        after = [{**one, **changes} if one is before[position] else one for one in before]
        assert found["row"] == after[position]
        assert found["held"] == after
        assert found["after_rollback"] == before, "update commits: whoever called it has to decide that"
