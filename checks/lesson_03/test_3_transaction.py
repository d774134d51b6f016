"""3.3  Store all or nothing, before the answer."""


def test_user_is_stored_when_answered(client, database, make_user):
    """POST /users answers 201, and the user is stored."""
    user = make_user()
    reply = client.post("/users", json=user)
    assert reply.status_code == 201
    del user["password"]
    assert reply.json() == {"id": reply.json()["id"], **user, "is_superuser": False}
    assert [row["email"] for row in database.rows("users")] == [user["email"]], (
        "201 was answered, and nothing is stored"
    )
    assert client.get(f"/users/{reply.json()['id']}").json() == reply.json()


def test_recipe_is_stored_when_answered(client, labels, add_user, make_recipe, stamped):
    """POST /recipes answers 201, and the recipe is stored with its submitter."""
    recipe = make_recipe(submitter_id=add_user()["id"])
    reply = client.post("/recipes", json=recipe)
    assert reply.status_code == 201
    assert reply.json() == stamped({"id": reply.json()["id"], **recipe}, reply.json())
    assert labels() == [recipe["label"]], "201 was answered, and nothing is stored"
    assert client.get(f"/recipes/{reply.json()['id']}").json() == reply.json()


def test_recipes_survive_a_restart(service, add_user, make_recipe):
    """What was answered with 201 is still there after a restart."""
    reply = service.client.post("/recipes", json=make_recipe(submitter_id=add_user()["id"]))
    assert reply.status_code == 201
    service.restart()
    assert service.client.get(f"/recipes/{reply.json()['id']}").json() == reply.json()


def test_changes_are_stored_when_answered(client, database, add_recipes, rng):
    """PATCH of a recipe and of a user changes every field that was sent, and stores it."""
    recipe, other = add_recipes([{}, {}])
    for table, row, change in (
        ("recipes", recipe, {"label": f"Changed {rng.randrange(1000)}", "url": "https://changed.example/1"}),
        ("users", {"id": recipe["submitter_id"]}, {"first_name": "Changed", "surname": f"Name{rng.randrange(1000)}"}),
    ):
        reply = client.patch(f"/{table}/{row['id']}", json=change)
        assert reply.status_code == 200
        assert {name: reply.json()[name] for name in change} == change
        stored = database.rows(table, id=row["id"])[0]
        assert {name: stored[name] for name in change} == change, "200 was answered, and the change is not stored"
    assert client.get(f"/recipes/{other['id']}").json()["label"] == other["label"]


def test_removed_recipe_is_gone_when_answered(client, labels, add_recipe):
    """DELETE of a recipe answers 204, and the recipe is gone, also for others."""
    removed, kept = add_recipe(), add_recipe()
    assert client.delete(f"/recipes/{removed['id']}").status_code == 204
    assert labels() == [kept["label"]], "204 was answered, and the change is not stored"


def test_answer_waits_for_the_commit(client, labels, add_user, make_recipe, inject):
    """When the answer is here, the commit is done, however long it takes."""
    recipe = make_recipe(submitter_id=add_user()["id"])
    inject("slow_commits", seconds=0.05)
    assert client.post("/recipes", json=recipe).status_code == 201
    assert labels() == [recipe["label"]], "the answer was sent before the commit"


def test_failed_commit_is_no_success(client, database, add_recipe, make_user, make_recipe, inject):
    """When the commit fails, the answer is a server error."""
    stored = add_recipe()
    user, recipe = f"/users/{stored['submitter_id']}", f"/recipes/{stored['id']}"
    new = make_recipe(submitter_id=stored["submitter_id"])
    inject("refuse_commits")
    for method, address, body in (
        ("POST", "/users", make_user()),
        ("POST", "/recipes", new),
        ("POST", "/recipes/import", [new]),
        ("PATCH", recipe, {"label": "Changed"}),
        ("PATCH", user, {"surname": "Changed"}),
        ("DELETE", recipe, None),
    ):
        reply = client.request(method, address, json=body)
        assert reply.status_code >= 500, "the client was told of a success, and nothing is stored"
    assert [row["label"] for row in database.rows("recipes")] == [stored["label"]]
    assert len(database.rows("users")) == 1


def test_taken_email_answers_409(client, database, add_user, make_user):
    """POST /users answers 409 when the e-mail address is taken, stores nothing, and tells no secret."""
    user, new = add_user(), make_user()
    reply = client.post("/users", json={**new, "email": user["email"]})
    assert reply.status_code == 409
    assert [row["id"] for row in database.rows("users")] == [user["id"]]
    assert new["password"].encode() not in reply.content, "the answer repeats the password"
    assert b"INSERT" not in reply.content.upper(), "the answer shows SQL, and with it the hash of the password"
    assert b"stand-in$" not in reply.content, "the answer shows the hash of the password"
    assert client.post("/users", json=new).status_code == 201


def test_taken_email_answers_409_on_a_change_too(client, add_user):
    """PATCH /users/{user_id} answers 409 when the new address is taken, and changes nothing."""
    one, other = add_user(), add_user()
    reply = client.patch(f"/users/{one['id']}", json={"email": other["email"], "surname": "Changed"})
    assert reply.status_code == 409
    assert b"UPDATE" not in reply.content.upper(), "the answer shows SQL"
    assert client.get(f"/users/{one['id']}").json() == one


def test_address_taken_a_moment_before_answers_409(client, database, add_user, make_user, overtake):
    """POST /users answers 409 also when somebody else takes the address while the request is under way."""
    other, new = add_user(), make_user()
    reply = overtake(
        "INSERT INTO USERS",
        lambda: client.post("/users", json=new),
        lambda: database.execute("UPDATE users SET email = :email", email=new["email"]),
    )
    taken = [row["id"] for row in database.rows("users", email=new["email"])]
    assert reply.status_code == (409 if taken == [other["id"]] else 201)
    assert len(taken) == 1


def test_address_taken_a_moment_before_a_change_answers_409(client, database, add_user, make_user, overtake):
    """PATCH /users/{user_id} answers 409 also when somebody else takes the address while it is under way."""
    one, other, wanted = add_user(), add_user(), make_user()["email"]
    reply = overtake(
        "UPDATE USERS",
        lambda: client.patch(f"/users/{one['id']}", json={"email": wanted}),
        lambda: database.execute("UPDATE users SET email = :email WHERE id = :id", email=wanted, id=other["id"]),
    )
    taken = [row["id"] for row in database.rows("users", email=wanted)]
    assert reply.status_code == (409 if taken == [other["id"]] else 200)


def test_recipe_of_nobody_answers_409(client, labels, add_user, make_recipe, inject):
    """POST /recipes answers 409 when there is no such submitter, and stores nothing."""
    inject("keep_foreign_keys")  # exercise 3.1 asks that the app does it
    user = add_user()
    assert client.post("/recipes", json=make_recipe(submitter_id=user["id"] + 1000)).status_code == 409
    for nobody in (2**31, 2**63):
        assert client.post("/recipes", json=make_recipe(submitter_id=nobody)).status_code in (409, 422)
    assert labels() == []
    assert client.post("/recipes", json=make_recipe(submitter_id=user["id"])).status_code == 201


def test_submitter_who_leaves_meanwhile_answers_409(client, database, add_user, make_recipe, overtake, inject):
    """POST /recipes answers 409 also when the submitter is removed while the request is under way."""
    inject("keep_foreign_keys")
    user = add_user()
    reply = overtake(
        "INSERT INTO RECIPES",
        lambda: client.post("/recipes", json=make_recipe(submitter_id=user["id"])),
        lambda: database.execute("DELETE FROM users"),
    )
    assert reply.status_code == (201 if database.rows("users") else 409)


def test_import_stores_all_in_order(client, labels, add_user, make_recipe, rng):
    """POST /recipes/import answers 201 with all recipes in the order sent, and stores them."""
    submitters = [add_user()["id"] for _ in range(2)]
    recipes = [make_recipe(submitter_id=rng.choice(submitters)) for _ in range(5)]
    recipes.append(rng.choice(recipes))  # nothing says that two recipes have to differ
    reply = client.post("/recipes/import", json=recipes)
    assert reply.status_code == 201
    assert [one["label"] for one in reply.json()] == [one["label"] for one in recipes]
    assert sorted(labels()) == sorted(one["label"] for one in recipes)
    assert client.get(f"/recipes/{reply.json()[1]['id']}").json() == reply.json()[1]


def test_import_stores_nothing_when_one_is_refused(client, labels, add_user, add_recipe, make_recipe, inject):
    """POST /recipes/import with one recipe of nobody answers 409 and stores none."""
    inject("keep_foreign_keys")
    user = add_user()
    before = add_recipe(submitter_id=user["id"])
    for place in (0, 2, 4):
        recipes = [make_recipe(submitter_id=user["id"]) for _ in range(5)]
        recipes[place]["submitter_id"] = user["id"] + 1000
        assert client.post("/recipes/import", json=recipes).status_code == 409
        assert labels() == [before["label"]], "a part of the list is stored: is there a commit for each recipe?"


def test_long_import_is_one_transaction_too(client, labels, add_user, make_recipe, inject, rng):
    """POST /recipes/import of many recipes, the last one of nobody, answers 409 and stores none."""
    inject("keep_foreign_keys")
    user = add_user()
    recipes = [make_recipe(submitter_id=user["id"]) for _ in range(rng.randint(250, 300))]
    recipes[-1]["submitter_id"] = user["id"] + 1000
    assert client.post("/recipes/import", json=recipes).status_code == 409
    assert labels() == [], "a part of the list is stored: is there a commit for every so many recipes?"


def test_import_stores_nothing_when_it_breaks_halfway(client, labels, add_user, make_recipe, inject):
    """A crash between the writes of an import leaves nothing behind."""
    recipes = [make_recipe(submitter_id=add_user()["id"]) for _ in range(4)]
    inject("crash_at_statement", beginning="INSERT INTO RECIPES", number=2)
    reply = client.post("/recipes/import", json=recipes)
    # Who writes all rows with one statement has no second one that could crash.
    stored = sorted(one["label"] for one in recipes) if reply.status_code == 201 else []
    assert sorted(labels()) == stored, "a part of the list is stored: is there a commit for each recipe?"
