"""2.4  Let no secret out."""

import json

import pytest


@pytest.fixture
def assert_silent():
    """A search through an answer, its headers included, for a text that must not be there."""

    def search(reply, secret, cause):
        assert secret not in reply.text, cause
        assert secret not in str(reply.headers), cause

    return search


def test_list_shows_five_fields_of_each_user(client, put_user):
    """GET /users answers all users in the order of their numbers, five fields each."""
    users = [put_user(is_superuser=position == 1)[0] for position in range(3)]
    reply = client.get("/users")
    assert reply.status_code == 200
    numbers = {user["id"] for user in users}
    assert [user for user in reply.json() if user["id"] in numbers] == users
    assert [user["id"] for user in reply.json()] == sorted(user["id"] for user in reply.json())
    fields = {tuple(sorted(user)) for user in reply.json()}
    assert fields == {("email", "first_name", "id", "is_superuser", "surname")}, "the list shows other fields"


def test_lookup_finds_the_user(client, put_user, make_user):
    """GET /users/lookup?email=… answers the user, five fields; 404 if there is none."""
    assert client.get("/users/lookup", params={"email": make_user()["email"]}).status_code == 404
    user, _ = put_user()
    put_user()
    reply = client.get("/users/lookup", params={"email": user["email"]})
    assert reply.status_code == 200
    assert reply.json() == user


def test_no_route_answers_a_hash(client, put_user, make_user, assert_silent):
    """No route answers a hash that is stored."""
    user, hashed = put_user()
    address = f"/users/{user['id']}"
    replies = {
        "GET /users": client.get("/users"),
        "GET /users/{user_id}": client.get(address),
        "GET /users/lookup": client.get("/users/lookup", params={"email": user["email"]}),
        "PATCH /users/{user_id}": client.patch(address, json={"surname": make_user()["surname"]}),
        "a refused PATCH": client.patch(address, json={"surname": None, "email": "nobody"}),
    }
    for name, reply in replies.items():
        assert_silent(reply, hashed, f"{name} answers the stored hash")


def test_signing_up_does_not_answer_the_password(client, make_user, assert_silent, service):
    """POST /users answers neither the password nor its hash."""
    user = make_user()
    reply = client.post("/users", json=user)
    assert reply.is_success
    assert_silent(reply, user["password"], "POST /users answers the password")
    hashed = service.inside("stored_user", user_id=reply.json()["id"])["hashed_password"]
    assert_silent(reply, hashed, "POST /users answers the stored hash")


def test_missing_field_does_not_echo_the_rest(client, make_user, assert_silent):
    """A sign-up that lacks a field is refused without repeating its password."""
    for field in ("first_name", "surname", "email"):
        body = make_user()
        del body[field]
        reply = client.post("/users", json=body)
        assert reply.status_code == 422
        assert_silent(reply, body["password"], "the answer repeats what was sent")


def test_refused_passwords_are_not_echoed(client, make_user, make_password, assert_silent):
    """A password that is refused is not repeated in the answer."""
    for wrong in (make_password(length=7), make_password(digits="-"), make_password(capitals="x")):
        reply = client.post("/users", json=make_user(password=wrong))
        assert reply.status_code == 422
        assert_silent(reply, wrong, "the answer repeats the password that it refuses")


def test_misplaced_passwords_are_not_echoed(client, make_user, put_user, make_password, assert_silent):
    """A password in the wrong place, or in a broken body, is not repeated in the answer."""
    stored, _ = put_user()
    secret = make_password()
    text = json.dumps(make_user(password=secret))
    as_json = {"Content-Type": "application/json"}
    replies = [
        client.post("/users", json=make_user(password=[secret])),
        client.post("/users", json=make_user(password={"new": secret})),
        client.post("/users", json=make_user(pasword=secret, password="x")),
        client.post("/users", json=[secret]),
        client.post("/users", json=secret),
        client.patch(f"/users/{stored['id']}", json={"password": secret, "email": None}),
        client.post("/users", content=text[:-1], headers=as_json),
        client.post("/users", content=text.replace(":", "=", 1), headers=as_json),
    ]
    for reply in replies:
        assert reply.status_code == 422
        assert_silent(reply, secret, "the answer repeats what was sent")


def test_problems_have_type_place_and_words(client, make_user):
    """Each entry of detail has type, loc and msg; loc leads to the field."""
    body = make_user(email="nobody")
    del body["surname"]
    reply = client.post("/users", json=body)
    assert reply.status_code == 422
    detail = reply.json()["detail"]
    assert sorted(problem["loc"] for problem in detail) == [["body", "email"], ["body", "surname"]]
    for problem in detail:
        assert isinstance(problem["type"], str)
        assert isinstance(problem["msg"], str)
    (missing,) = [problem for problem in detail if problem["loc"] == ["body", "surname"]]
    assert (missing["type"], missing["msg"]) == ("missing", "Field required")


def test_numbers_beyond_all_bounds_are_refused(client, make_evening):
    """1e400 where a whole number belongs is answered with 422, not 500."""
    for field in ("attendees", "price_cents"):
        body = json.dumps(make_evening(**{field: "HUGE"}))
        for number in ("1e400", "-1e400"):
            content = body.replace('"HUGE"', number)
            reply = client.post("/tastings/quote", content=content, headers={"Content-Type": "application/json"})
            assert reply.status_code == 422
