"""3.3  Store all or nothing, before the answer."""

import time


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


def test_answer_waits_for_the_commit(client, labels, add_user, make_recipe, trouble):
    """When the answer is here, the commit is done, however long it takes."""
    recipe = make_recipe(submitter_id=add_user()["id"])
    trouble("slow_commits", seconds=0.05)
    assert client.post("/recipes", json=recipe).status_code == 201
    assert labels() == [recipe["label"]], "the answer was sent before the commit"


def test_failed_commit_is_no_success(client, database, add_user, make_user, make_recipe, trouble):
    """When the commit fails, the answer is a server error."""
    recipe = make_recipe(submitter_id=add_user()["id"])
    trouble("refuse_commits")
    replies = [
        client.post("/users", json=make_user()),
        client.post("/recipes", json=recipe),
        client.post("/recipes/import", json=[recipe]),
    ]
    for reply in replies:
        assert reply.status_code >= 500, "the client was told of a success, and nothing is stored"
    assert [len(database.rows("users")), len(database.rows("recipes"))] == [1, 0]
    trouble("end_trouble")
    assert client.post("/recipes", json=recipe).status_code == 201


def test_taken_email_answers_409(client, database, add_user, make_user):
    """POST /users answers 409 when the e-mail address is taken, and stores nothing."""
    user = add_user()
    assert client.post("/users", json=make_user(email=user["email"])).status_code == 409
    assert [row["id"] for row in database.rows("users")] == [user["id"]]
    assert client.post("/users", json=make_user()).status_code == 201


def test_taken_email_answers_409_on_a_change_too(client, add_user):
    """PATCH /users/{user_id} answers 409 when the new address is taken, and changes nothing."""
    one, other = add_user(), add_user()
    reply = client.patch(f"/users/{one['id']}", json={"email": other["email"], "surname": "Changed"})
    assert reply.status_code == 409
    assert client.get(f"/users/{one['id']}").json() == one


def test_one_of_many_at_once_gets_the_address(service, database, make_user, trouble):
    """When ten clients ask for the same address at once, one gets 201 and nine get 409."""
    users = [make_user(email="everybody@example.org") for _ in range(10)]
    trouble("hold_answers_to_select")
    answered = []

    def ask(number):
        if number < 10:
            reply = service.client.post("/users", json=users[number])
            answered.append(number)
            return reply.status_code
        # Whoever looks whether the address is free goes on only when five have looked, or nobody else is coming.
        deadline = time.monotonic() + 2
        while time.monotonic() < deadline:
            held = service.inside("statements_held")
            if held >= 5 or held + len(answered) >= 10:
                break
            time.sleep(0.01)
        return service.inside("release_statements")

    statuses = service.together(11, ask)[:10]
    assert sorted(statuses) == [201] + [409] * 9
    assert len(database.rows("users")) == 1


def test_recipe_of_nobody_answers_409(client, labels, add_user, make_recipe):
    """POST /recipes answers 409 when there is no such submitter, and stores nothing."""
    user = add_user()
    assert client.post("/recipes", json=make_recipe(submitter_id=user["id"] + 1000)).status_code == 409
    assert labels() == []
    assert client.post("/recipes", json=make_recipe(submitter_id=user["id"])).status_code == 201


def test_import_stores_all_in_order(client, labels, add_user, make_recipe, rng):
    """POST /recipes/import answers 201 with all recipes in the order sent, and stores them."""
    submitters = [add_user()["id"] for _ in range(2)]
    recipes = [make_recipe(submitter_id=rng.choice(submitters)) for _ in range(5)]
    reply = client.post("/recipes/import", json=recipes)
    assert reply.status_code == 201
    assert [one["label"] for one in reply.json()] == [one["label"] for one in recipes]
    assert sorted(labels()) == sorted(one["label"] for one in recipes)
    for one in reply.json():
        assert client.get(f"/recipes/{one['id']}").json() == one


def test_import_stores_nothing_when_one_is_refused(client, labels, add_user, add_recipe, make_recipe, rng):
    """POST /recipes/import with one recipe of nobody answers 409 and stores none."""
    user = add_user()
    before = add_recipe(submitter_id=user["id"])
    for place in rng.sample(range(5), 3):
        recipes = [make_recipe(submitter_id=user["id"]) for _ in range(5)]
        recipes[place]["submitter_id"] = user["id"] + 1000
        assert client.post("/recipes/import", json=recipes).status_code == 409
        assert labels() == [before["label"]], "a part of the list is stored: is there a commit for each recipe?"


def test_import_stores_nothing_when_it_breaks_halfway(client, labels, add_user, make_recipe, trouble):
    """A crash between the writes of an import leaves nothing behind."""
    recipes = [make_recipe(submitter_id=add_user()["id"]) for _ in range(4)]
    trouble("crash_at_statement", beginning="INSERT INTO RECIPES", number=2)
    reply = client.post("/recipes/import", json=recipes)
    # Who writes all rows with one statement has no second one that could crash.
    stored = sorted(one["label"] for one in recipes) if reply.status_code == 201 else []
    assert sorted(labels()) == stored, "a part of the list is stored: is there a commit for each recipe?"
    trouble("end_trouble")
    assert client.post("/recipes/import", json=recipes).status_code == 201
