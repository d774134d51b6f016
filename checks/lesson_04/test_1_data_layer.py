"""4.1  Write one data layer for every table."""

import hashlib
from itertools import product

import pytest


@pytest.fixture
def make_spice(rng):
    """A maker of rows for a table that the learner has not seen; the key is a text, and says nothing of the order."""
    codes = iter(rng.sample(["".join(letters) for letters in product("bdfgklmnprst", repeat=4)], 400))

    def make(**changes):
        day = f"20{rng.randint(10, 25)}-0{rng.randint(1, 9)}-1{rng.randint(0, 9)}"
        name = f"Pepper {rng.randrange(10**6)}"
        return {"code": next(codes), "name": name, "opened": day, "hot": rng.random() < 0.5, **changes}

    return make


def shown(spice):
    """The spice as it is stored: the database fills in the grams, and the model the shelf."""
    return {"shelf": "bottom", **spice, "grams": 7}


def test_new_row_is_sent_and_not_committed(service, make_spice):
    """When create returns, the row is in the database; a rollback by the caller takes it back."""
    spice = make_spice()
    found = service.inside("create", table="Spice", values=spice)
    assert found["sent"] == [spice["code"]], "create has not sent its SQL: flush"
    assert found["after_rollback"] == [], "create commits: whoever called it has to decide that"


def test_new_row_holds_what_was_sent(service, make_spice, rng):
    """The method create stores the fields of the model, and returns the row with what the database filled in."""
    spice = make_spice(hot=False)
    others = [make_spice(code=f"{letter}000") for letter in "az"]
    found = service.inside("create", table="Spice", values=spice, others=others)
    assert found["row"] == shown(spice)
    assert shown(spice) in found["stored"]
    assert len(found["stored"]) == 3
    spice = make_spice(shelf=None, opened=None)
    assert service.inside("create", table="Spice", values=spice)["stored"] == [shown(spice)]
    jar = service.inside("create", table="Jar", values={"name": f"Jar {rng.randrange(1000)}"})
    assert jar["row"] is not None, "create does not return the new row"
    assert jar["row"]["shelf_mark"] is not None, "the row has no key yet: its SQL was not sent"


def test_row_is_found_by_its_key(service, make_spice, rng):
    """The method get returns the row with that primary key, whatever the key is called, or None."""
    spices = [make_spice() for _ in range(4)]
    wanted, nameless = rng.choice(spices), make_spice(code="")
    keys = [wanted["code"], make_spice()["code"], ""]
    assert service.inside("get", table="Spice", new=spices, keys=keys) == [shown(wanted), None, None]
    assert service.inside("get", table="Spice", new=[*spices, nameless], keys=[""]) == [shown(nameless)]


def test_key_of_any_type(service, rng):
    """The method get finds a row by a key that is neither a number nor a text: a day."""
    days = [f"20{year}-0{rng.randint(1, 9)}-1{rng.randint(0, 9)}" for year in rng.sample(range(10, 30), 3)]
    rows = [{"day": day, "place": f"Place {rng.randrange(1000)}"} for day in days[:2]]
    assert service.inside("get", table="MarketDay", new=rows, keys=[days[1], days[2]]) == [rows[1], None]


def test_reading_leaves_the_commit_to_the_caller(service, rng):
    """The methods get and get_multi commit nothing: a rollback by the caller undoes what was done before them."""
    stored, pending = (f"Jar {number}" for number in rng.sample(range(1000), 2))
    found = service.inside("read_and_roll_back", stored=stored, pending=pending)
    assert found == [stored], "get or get_multi commits: whoever called it has to decide that"


def test_rows_come_in_the_order_of_their_keys(service, make_spice, rng):
    """The method get_multi returns at most limit rows in the order of the primary key, after leaving out skip."""
    spices = [make_spice() for _ in range(rng.randint(7, 9))]
    skip, limit = rng.randint(1, 3), rng.randint(2, 3)
    pages = [{"skip": skip, "limit": limit}, {"limit": limit}, {"skip": skip}, {"skip": 0, "limit": 0}, {"skip": 50}]
    found = service.inside("get_multi", table="Spice", new=spices, pages=pages)
    ordered = sorted((shown(one) for one in spices), key=lambda one: one["code"])
    assert found[0] == ordered[skip : skip + limit]
    assert found[1:3] == [ordered[:limit], ordered[skip:]]
    assert found[3:] == [[], []]


def test_a_hundred_rows_unless_told(service, make_spice, rng):
    """The method get_multi without skip and limit returns the first 100 rows."""
    spices = [make_spice() for _ in range(rng.randint(101, 110))]
    [found] = service.inside("get_multi", table="Spice", new=spices, pages=[{}])
    assert [one["code"] for one in found] == sorted(one["code"] for one in spices)[:100]


def test_many_rows_of_a_table_with_numbers(service, rng):
    """The method get_multi takes any limit, and numbers as keys are in the order of numbers."""
    jars = [{"name": f"Jar {number} of {rng.randrange(1000)}"} for number in range(rng.randint(111, 120))]
    found, page = service.inside("get_multi", table="Jar", new=jars, pages=[{"limit": 1000}, {"skip": 95, "limit": 9}])
    assert [one["name"] for one in found] == [jar["name"] for jar in jars]
    assert page == found[95:104]


def test_row_is_removed_alone(service, make_spice, rng):
    """The method remove removes that row and no other; a rollback by the caller brings it back."""
    spices = [make_spice() for _ in range(4)]
    codes = sorted(one["code"] for one in spices)
    removed = rng.choice(codes)
    found = service.inside("remove", table="Spice", new=spices, key=removed)
    assert found["sent"] != codes, "remove has not sent its SQL: flush"
    assert found["sent"] == [code for code in codes if code != removed], "remove removes other rows than the one given"
    assert found["after_rollback"] == codes, "remove commits: whoever called it has to decide that"


def test_two_tables_know_nothing_of_each_other(service, make_spice, rng):
    """Two data layers in one process each work on their own table."""
    spice, jar = make_spice(), {"name": f"Jar {rng.randrange(10**6)}"}
    assert service.inside("create", table="Jar", values=jar)["row"]["name"] == jar["name"]
    assert service.inside("create", table="Spice", values=spice)["row"] == shown(spice)
    [[found]] = service.inside("get_multi", table="Jar", new=[jar], pages=[{}])
    assert found["name"] == jar["name"]


def test_password_is_hashed_by_the_data_layer(service, make_user):
    """app.crud.users.create takes a UserCreate, and leaves the commit to the caller."""
    user = make_user()
    found = service.inside("create_user", url=service.database_url, user=user)
    assert found["row"]["email"] == user["email"]
    assert found["row"]["hashed_password"].startswith("stand-in$"), "hashed_password is not what hash_password makes"
    assert found["sent"] == 1, "app.crud.users.create has not sent its SQL: flush"
    assert found["after_rollback"] == 0, "create commits: whoever called it has to decide that"


def test_user_is_stored_with_a_hash(client, database, make_user):
    """POST /users stores what hash_password makes of the password, and never the password."""
    users = [make_user(), make_user()]
    for user in users:
        reply = client.post("/users", json=user)
        assert reply.status_code == 201
        assert reply.json() == {
            "id": reply.json()["id"],
            **{name: user[name] for name in ("first_name", "surname", "email")},
            "is_superuser": False,
        }
        assert client.get(f"/users/{reply.json()['id']}").json() == reply.json()
    stored = database.rows("users")
    assert [row["email"] for row in stored] == [user["email"] for user in users]
    for row, user in zip(stored, users, strict=True):
        assert user["password"] not in str(row), "the password is stored as it was typed"
        _, salt, digest = row["hashed_password"].split("$")
        made = hashlib.scrypt(user["password"].encode(), salt=bytes.fromhex(salt), n=2**10, r=8, p=1)
        assert made.hex() == digest, "the hash is not that of the password"


def test_recipes_are_added_and_read(client, labels, add_user, make_recipe):
    """POST /recipes answers 201, and the recipe can be read back with all its fields."""
    recipe = make_recipe(submitter_id=add_user()["id"])
    reply = client.post("/recipes", json=recipe)
    assert reply.status_code == 201
    assert {name: reply.json()[name] for name in recipe} == recipe
    assert labels() == [recipe["label"]], "201 was answered, and nothing is stored"
    assert client.get(f"/recipes/{reply.json()['id']}").json() == reply.json()
    assert client.get(f"/recipes/{reply.json()['id']}/source").json() == {"source": recipe["source"]}


def test_recipes_are_listed_in_order(client, add_recipes, rng):
    """GET /recipes answers the recipes in the order of their ids, and skip, limit and source do what they did."""
    recipes = add_recipes([{}] * 7)
    numbers = [one["id"] for one in recipes]
    skip, limit = rng.randint(1, 3), rng.randint(2, 3)
    wanted = rng.sample(recipes, 3)
    for params, expected in (
        ({}, numbers),
        ({"skip": skip, "limit": limit}, numbers[skip : skip + limit]),
        ({"source": [one["source"] for one in wanted]}, sorted(one["id"] for one in wanted)),
        (
            {"source": [one["source"] for one in wanted], "skip": 1, "limit": 1},
            sorted(one["id"] for one in wanted)[1:2],
        ),
    ):
        reply = client.get("/recipes", params=params)
        assert reply.status_code == 200
        assert [one["id"] for one in reply.json()] == expected


def test_recipes_are_searched(client, add_recipes, rng):
    """GET /recipes/search finds the recipes whose label holds the keyword.

    Passes on the starter: the search is given, and what an exercise changes must not break it.
    """
    word = f"q{rng.randrange(1000, 9999)}z"
    recipes = add_recipes([{"label": f"Soup {word} {n}"} if n % 2 else {} for n in range(6)])
    reply = client.get("/recipes/search", params={"keyword": word.upper(), "max_results": 2})
    assert reply.status_code == 200
    assert [one["id"] for one in reply.json()["results"]] == [recipes[1]["id"], recipes[3]["id"]]
    percent, _ = add_recipes([{"label": f"Bread {word}% rye"}, {"label": f"Bread {word} rye"}])
    reply = client.get("/recipes/search", params={"keyword": f"{word}% r"})
    assert [one["id"] for one in reply.json()["results"]] == [percent["id"]]


def test_recipe_is_removed_alone(client, labels, add_recipes, rng):
    """DELETE /recipes/{recipe_id} answers 204 without a body and removes that recipe, and no other."""
    recipes = add_recipes([{}] * 3)
    removed = rng.choice(recipes)
    reply = client.delete(f"/recipes/{removed['id']}")
    assert reply.status_code == 204
    assert reply.content == b""
    assert labels() == [one["label"] for one in recipes if one is not removed]


def test_user_goes_with_all_recipes(client, database, add_user, add_recipes):
    """DELETE /users/{user_id} answers 204 and removes the user's recipes, and nobody else's."""
    gone, other = add_user(), add_user()
    recipes = add_recipes([{"submitter_id": one["id"]} for one in (gone, other, gone, other)])
    reply = client.get(f"/users/{other['id']}/recipes")
    assert reply.status_code == 200
    assert [one["id"] for one in reply.json()] == [recipes[1]["id"], recipes[3]["id"]]
    assert client.delete(f"/users/{gone['id']}").status_code == 204
    assert [row["id"] for row in database.rows("users")] == [other["id"]]
    assert [row["id"] for row in database.rows("recipes")] == [recipes[1]["id"], recipes[3]["id"]]


def test_users_are_listed_and_looked_up(client, add_user):
    """GET /users answers the users in the order of their ids, and GET /users/lookup finds one by the address."""
    users = [add_user() for _ in range(3)]
    assert client.get("/users").json() == users
    reply = client.get("/users/lookup", params={"email": users[1]["email"]})
    assert reply.status_code == 200
    assert reply.json() == users[1]
    assert client.get("/users/lookup", params={"email": "nobody@example.com"}).status_code == 404


def test_failed_commit_is_no_success(client, add_recipe, make_user, make_recipe, inject):
    """When the commit fails, the answer is a server error.

    Passes on the starter: what is not written yet answers with a server error, too.
    """
    stored = add_recipe()
    new = make_recipe(submitter_id=stored["submitter_id"])
    inject("refuse_commits")
    for method, address, body in (
        ("POST", "/users", make_user()),
        ("POST", "/recipes", new),
        ("POST", "/recipes/import", [new]),
        ("DELETE", f"/recipes/{stored['id']}", None),
        ("DELETE", f"/users/{stored['submitter_id']}", None),
    ):
        reply = client.request(method, address, json=body)
        assert reply.status_code >= 500, "the client was told of a success, and nothing is stored"
