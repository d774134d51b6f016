"""4.5  Say what was not found, and what does not fit."""

import re

import pytest

OURS = re.compile(
    r"INSERT INTO|UPDATE \w+ SET|SELECT .* FROM|UNIQUE constraint|FOREIGN KEY|IntegrityError|sqlite|psycopg"
    r"|stand-in[$]|DETAIL:|violates|(users|recipes)\.\w",
    re.IGNORECASE,
)
"""What a 409 must not show."""


@pytest.fixture
def refused(labels, database):
    """Look at a refusal: its status, its text, and that nothing was stored."""

    def look(send, secret=""):
        before = labels(), database.rows("users"), database.rows("recipes")
        reply = send()
        assert reply.status_code == 409
        detail = reply.json()["detail"]
        assert isinstance(detail, str)
        assert detail, "a 409 has a text under detail"
        shows = OURS.search(detail)
        assert not shows, f"the 409 shows what is nobody's business: {shows and shows[0]}"
        assert not (secret and secret in reply.text), "the 409 shows the password"
        assert (labels(), database.rows("users"), database.rows("recipes")) == before, "409 was answered, and stored"

    return look


def test_database_keeps_a_users_urls_apart(refuses, add_user, add_recipes):
    """The table recipes has no two rows with the same submitter_id and url; two users may have the same url."""
    user, other = add_user(), add_user()
    first, second = add_recipes([{"submitter_id": user["id"]}] * 2)
    [third] = add_recipes([{"submitter_id": other["id"], "url": first["url"]}])
    move = "UPDATE recipes SET url = :url WHERE id = :id"
    assert refuses(move, url=first["url"], id=second["id"]), "a user has the same url twice: there is no constraint"
    assert not refuses(move, url=second["url"], id=third["id"])
    give = "UPDATE recipes SET submitter_id = :user WHERE id = :id"
    assert refuses(give, user=user["id"], id=third["id"]), "a user has the same url twice: there is no constraint"


def test_same_url_is_taken_from_two_users(client, labels, add_user, make_recipe):
    """POST /recipes answers 201 when another user submits a url that is there already."""
    recipe = make_recipe()
    for _ in range(2):
        assert client.post("/recipes", json={**recipe, "submitter_id": add_user()["id"]}).status_code == 201
    assert labels() == [recipe["label"]] * 2


def test_same_url_is_given_to_two_users(client, add_user, add_recipes, make_recipe):
    """PUT, PATCH and import take a url that another user has; and a url in other letters is another url."""
    ours, other = add_user()["id"], add_user()["id"]
    first, second = add_recipes([{"submitter_id": ours}] * 2)
    theirs, more = add_recipes([{"submitter_id": other}] * 2)
    assert client.put(f"/recipes/{theirs['id']}", json=make_recipe(url=first["url"])).status_code == 200
    assert client.patch(f"/recipes/{more['id']}", json={"url": second["url"]}).status_code == 200
    assert client.patch(f"/recipes/{second['id']}", json={"url": second["url"]}).status_code == 200
    new = make_recipe()
    both = [{**new, "submitter_id": one} for one in (ours, other)]
    assert client.post("/recipes/import", json=both).status_code == 201
    louder = make_recipe(submitter_id=ours, url=first["url"].replace("/recipes.example/", "/recipes.example/Hot/"))
    assert client.post("/recipes", json=louder).status_code == 201
    assert client.post("/recipes", json={**louder, "url": louder["url"].replace("/Hot/", "/hot/")}).status_code == 201


def test_same_url_is_refused_from_one_user(client, refused, add_recipes, make_recipe):
    """POST, PUT and PATCH that give a user the same url twice are answered with 409, and nothing is stored."""
    first, second = add_recipes([{}] * 2)
    again = make_recipe(submitter_id=first["submitter_id"], url=first["url"])
    refused(lambda: client.post("/recipes", json=again))
    refused(lambda: client.patch(f"/recipes/{second['id']}", json={"label": "Changed", "url": first["url"]}))
    refused(lambda: client.put(f"/recipes/{second['id']}", json=make_recipe(url=first["url"])))
    own = client.put(f"/recipes/{first['id']}", json=make_recipe(url=first["url"]))
    assert own.status_code == 200, "a recipe may keep the url that it has"


def test_import_is_refused_whole(client, refused, add_recipe, make_recipe):
    """An import with a url that is taken, or twice the same, or of nobody is answered with 409, and none is stored."""
    stored = add_recipe()
    somebody = stored["submitter_id"]
    new = [make_recipe(submitter_id=somebody) for _ in range(2)]
    for wrong in (
        make_recipe(submitter_id=somebody, url=stored["url"]),
        make_recipe(submitter_id=somebody, url=new[0]["url"]),
        make_recipe(submitter_id=somebody + 1000),
    ):
        refused(lambda wrong=wrong: client.post("/recipes/import", json=[*new, wrong]))
    reply = client.post("/recipes/import", json=new)
    assert reply.status_code == 201
    assert [one["label"] for one in reply.json()] == [one["label"] for one in new]


def test_submitter_who_does_not_exist(client, refused, add_user, make_recipe):
    """POST /recipes with a submitter who does not exist is answered with 409."""
    nobody = add_user()["id"] + 1000
    refused(lambda: client.post("/recipes", json=make_recipe(submitter_id=nobody)))
    for far in (2**40, 2**63):
        assert client.post("/recipes", json=make_recipe(submitter_id=far)).status_code in (409, 422)


def test_taken_address_is_refused(client, refused, add_user, make_user):
    """POST and PATCH of a user with an e-mail address that is taken are answered with 409, without the password."""
    first, second = add_user(), add_user()
    new = make_user(email=first["email"])
    refused(lambda: client.post("/users", json=new), secret=new["password"])
    refused(lambda: client.patch(f"/users/{second['id']}", json={"surname": "Changed", "email": first["email"]}))
    assert client.patch(f"/users/{first['id']}", json={"email": first["email"]}).status_code == 200


def test_service_goes_on_after_a_refusal(client, service, add_recipe, make_recipe):
    """After a 409 the next requests are answered as ever, and no connection is lost."""
    stored = add_recipe()
    again = make_recipe(submitter_id=stored["submitter_id"], url=stored["url"])
    with service.probe() as seen:
        for _ in range(8):
            assert client.post("/recipes", json=again).status_code == 409
    assert seen.checked_out == 0, "a connection is still out after a 409"
    assert client.post("/recipes", json={**again, "url": f"{stored['url']}?new"}).status_code == 201


def test_two_users_at_the_same_moment(service, client, database, make_user):
    """When clients sign up with one address at the same moment, one gets 201 and the others 409."""
    user = make_user()
    replies = service.together(4, lambda _: client.post("/users", json=user))
    assert sorted(reply.status_code for reply in replies) == [201, 409, 409, 409]
    assert database.count("users") == 1


def test_two_recipes_at_the_same_moment(service, client, database, add_user, make_recipe):
    """When clients submit one url at the same moment, one gets 201 and the others 409."""
    recipe = make_recipe(submitter_id=add_user()["id"])
    replies = service.together(4, lambda _: client.post("/recipes", json=recipe))
    assert sorted(reply.status_code for reply in replies) == [201, 409, 409, 409]
    assert database.count("recipes") == 1


def test_somebody_is_quicker_by_a_moment(client, database, add_user, add_recipe, make_user, make_recipe, overtake):
    """When somebody else takes the address or the url just before it is stored, the answer is 409."""
    stored, user = add_recipe(), make_user()
    reply = overtake(
        "INSERT INTO USERS",
        lambda: client.post("/users", json=user),
        lambda: database.execute("UPDATE users SET email = :email", email=user["email"]),
    )
    taken = [row["id"] for row in database.rows("users", email=user["email"])]
    assert reply.status_code == (409 if taken == [stored["submitter_id"]] else 201)
    recipe = make_recipe(submitter_id=stored["submitter_id"])
    reply = overtake(
        "INSERT INTO RECIPES",
        lambda: client.post("/recipes", json=recipe),
        lambda: database.execute("UPDATE recipes SET url = :url", url=recipe["url"]),
    )
    taken = [row["id"] for row in database.rows("recipes", url=recipe["url"])]
    assert reply.status_code == (409 if taken == [stored["id"]] else 201)


def test_somebody_is_quicker_with_a_change(client, database, add_recipes, add_user, make_recipe, overtake):
    """When somebody else takes the address or the url just before a change is stored, the answer is 409 as well."""
    first, second = add_recipes([{}] * 2)
    for method in ("PUT", "PATCH"):
        change = make_recipe()
        reply = overtake(
            "UPDATE RECIPES",
            lambda method=method, change=change: client.request(method, f"/recipes/{first['id']}", json=change),
            lambda change=change: database.execute(
                "UPDATE recipes SET url = :url WHERE id = :id", url=change["url"], id=second["id"]
            ),
        )
        taken = [row["id"] for row in database.rows("recipes", url=change["url"])]
        assert reply.status_code == (409 if taken == [second["id"]] else 200)
    one, other = add_user(), add_user()
    reply = overtake(
        "UPDATE USERS",
        lambda: client.patch(f"/users/{one['id']}", json={"email": "quick@example.com"}),
        lambda: database.execute("UPDATE users SET email = 'quick@example.com' WHERE id = :id", id=other["id"]),
    )
    taken = [row["id"] for row in database.rows("users", email="quick@example.com")]
    assert reply.status_code == (409 if taken == [other["id"]] else 200)


def test_nobody_is_not_found(client, add_recipe, make_recipe, rng):
    """Every route of a recipe and of a user answers 404 when nobody has that number."""
    stored = add_recipe()
    recipe, user = stored["id"] + rng.randint(1, 999), stored["submitter_id"] + rng.randint(1, 999)
    for method, address, body in (
        ("GET", f"/recipes/{recipe}", None),
        ("GET", f"/recipes/{recipe}/label", None),
        ("PUT", f"/recipes/{recipe}", make_recipe()),
        ("PATCH", f"/recipes/{recipe}", {"label": "Changed"}),
        ("DELETE", f"/recipes/{recipe}", None),
        ("GET", f"/users/{user}", None),
        ("GET", f"/users/{user}/recipes", None),
        ("PATCH", f"/users/{user}", {"surname": "Changed"}),
        ("DELETE", f"/users/{user}", None),
    ):
        assert client.request(method, address, json=body).status_code == 404
        far = address.replace(str(recipe if "recipes/" in address else user), str(2**63), 1)
        assert client.request(method, far, json=body).status_code in (404, 422)


def test_removed_is_gone(client, add_recipe):
    """DELETE answers 204 the first time and 404 the second time, for recipes and for users."""
    stored = add_recipe()
    for address in (f"/recipes/{stored['id']}", f"/users/{stored['submitter_id']}"):
        assert [client.delete(address).status_code for _ in range(2)] == [204, 404]
        assert client.get(address).status_code == 404


def test_conflict_is_raised_for_any_table(service, rng):
    """Create, update and remove of any table raise app.crud.errors.Conflict, and the session can be used again."""
    free, taken = (f"Jar {rng.randrange(10**6)} {letter}" for letter in "ab")
    found = service.inside("refusals", free=free, taken=taken)
    for what in ("create", "create what is too short", "update", "remove"):
        assert found[what] == "app.crud.errors.Conflict", (
            f"a constraint refused to {what}, and {found[what]} was raised"
        )
    assert found["afterwards"] == sorted([free, taken]), "the session cannot be used after a Conflict: roll back"


def test_conflict_is_about_constraints(service):
    """Where no constraint says no, but something else goes wrong, no Conflict is raised: a missing table is no 409.

    Passes on the starter: it raises no Conflict at all.
    """
    raised = service.inside("without_a_table")
    assert raised not in ("app.crud.errors.Conflict", "nothing"), f"a table is missing, and create raises {raised}"


def test_conflict_is_none_of_fastapis(service):
    """The class Conflict knows nothing of HTTP either: it is no exception of FastAPI's or Starlette's.

    Passes on the starter: it is written so, and has to stay so.
    """
    assert service.inside("made_from_fastapi") is False


def test_data_layer_knows_no_http(target):
    """No module of app.crud imports fastapi or starlette.

    Passes on the starter: it is written so, and has to stay so.
    """
    for file in sorted((target / "app" / "crud").rglob("*.py")):
        if not file.stem.isidentifier():
            continue  # a copy that an editor keeps
        knows = re.search(r"^\s*(from|import)\s+(fastapi|starlette)\b", file.read_text(encoding="utf-8"), re.MULTILINE)
        assert not knows, f"app/crud/{file.name} imports {knows and knows[2]}: the answer is made in app/api"
