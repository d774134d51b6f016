"""2.4  Let no secret out."""

import json

import pytest

AS_JSON = {"Content-Type": "application/json"}


@pytest.fixture
def assert_silent():
    """A search through an answer, its headers included, for a text that must not be there."""

    def search(reply, secret, cause):
        assert reply.status_code != 500
        kind = reply.headers.get("content-type", "").lower().replace(" ", "")
        is_json = kind in ("application/json", "application/json;charset=utf-8")
        assert is_json, f"the answer is not JSON in UTF-8: its type is {kind or 'not said'}"
        # What a client can read: the headers, the bytes in any width of character, and what \u0041 in them stands for.
        shown = [str(reply.headers.raw), reply.content.replace(b"\0", b"").decode("latin-1"), str(reply.json())]
        is_silent = not any(secret in text for text in shown)
        assert is_silent, cause

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


def test_lookup_finds_the_user(client, put_user):
    """GET /users/lookup?email=… answers the user with exactly that address, five fields; 404 if there is none."""
    user, _ = put_user()
    put_user()
    reply = client.get("/users/lookup", params={"email": user["email"]})
    assert reply.status_code == 200
    assert reply.json() == user
    for other in (user["email"][1:], user["email"][:-1], user["email"].upper()):
        assert client.get("/users/lookup", params={"email": other}).status_code == 404


def test_no_route_answers_a_hash(client, put_user, make_user, assert_silent):
    """No route answers a hash that is stored."""
    user, hashed = put_user()
    address = f"/users/{user['id']}"
    assert_silent(client.get("/users"), hashed, "GET /users answers the stored hash")
    assert_silent(client.get(address), hashed, "GET /users/{user_id} answers the stored hash")
    found = client.get("/users/lookup", params={"email": user["email"]})
    assert_silent(found, hashed, "GET /users/lookup answers the stored hash")
    for change in ({"surname": make_user()["surname"]}, {"surname": None, "email": "nobody"}):
        assert_silent(client.patch(address, json=change), hashed, "PATCH /users/{user_id} answers the stored hash")


def test_signing_up_does_not_answer_the_password(client, make_user, assert_silent, service):
    """POST /users answers neither the password nor its hash."""
    user = make_user()
    reply = client.post("/users", json=user)
    assert reply.is_success
    assert_silent(reply, user["password"], "POST /users answers the password")
    hashed = service.inside("stored_user", user_id=reply.json()["id"])["hashed_password"]
    assert_silent(reply, hashed, "POST /users answers the stored hash")


def test_refused_sign_ups_do_not_repeat_the_password(client, make_user, make_password, assert_silent):
    """A sign-up that lacks a field, or has a password that breaks a rule, is refused without repeating the password."""
    for field in ("first_name", "email"):
        body = make_user()
        del body[field]
        assert_silent(client.post("/users", json=body), body["password"], "the answer repeats what was sent")
    for wrong in (make_password(length=7), make_password(digits="-"), make_password(capitals="x")):
        reply = client.post("/users", json=make_user(password=wrong))
        assert_silent(reply, wrong, "the answer repeats the password that it refuses")


def test_misplaced_passwords_are_not_echoed(client, make_user, put_user, make_password, assert_silent):
    """A password in the wrong place, or in a broken body, is not repeated in the answer."""
    stored, _ = put_user()
    secret = make_password()
    text = json.dumps(make_user(password=secret))
    for wrong in ({"password": [secret]}, {"password": {"new": secret}}, {"pasword": secret, "password": "x"}):
        body = make_user(**wrong)
        assert_silent(client.post("/users", json=body), secret, "the answer repeats what was sent")
    change = {"password": secret, "email": None}
    assert_silent(client.patch(f"/users/{stored['id']}", json=change), secret, "the answer repeats what was sent")
    for broken in (json.dumps([secret]), json.dumps(secret), text[:-1], text.replace(":", "=", 1)):
        reply = client.post("/users", content=broken, headers=AS_JSON)
        assert reply.status_code == 422
        assert_silent(reply, secret, "the answer repeats what was sent")
    for address in (f"/users/{secret}", f"/users/lookup?email={secret}"):
        assert_silent(client.get(address), secret, "the answer repeats what was sent in the address")


def test_no_password_is_printed(client, make_user, make_password, put_user, printed):
    """No password stands in what the service prints or logs.

    Passes on the starter: it prints nothing, and a search for a mistake often adds a print.
    """
    stored, _ = put_user()
    secret = make_password()
    for method, path, body in (
        ("POST", "/users", make_user(password=secret)),
        ("POST", "/users", make_user(password=secret, email="nobody")),
        ("PATCH", f"/users/{stored['id']}", {"password": secret}),
    ):
        client.request(method, path, json=body)
        is_silent = secret not in printed()
        assert is_silent, "the service printed the password"


def test_no_password_is_logged(launch, make_user, make_password):
    """No password is told to a logger, at any level.

    Passes on the starter: it logs nothing.
    """
    with launch() as service:
        service.inside("listen_to_logs")
        secret = make_password()
        for body in (make_user(password=secret), make_user(password=secret, email="nobody")):
            service.client.post("/users", json=body)
        is_silent = secret not in service.inside("logged")
        assert is_silent, "the service logged the password"


def read_problems(reply):
    """The problems in an answer 422, after a look at their form."""
    assert reply.status_code == 422
    shown = reply.json()
    problems = shown.get("detail") if isinstance(shown, dict) else None
    assert isinstance(problems, list), "the answer has no list of problems under detail"
    for problem in problems:
        assert {"type", "loc", "msg"} <= set(problem), f"an entry has no more than {', '.join(problem)}"
        assert isinstance(problem["type"], str), "type is not a text"
        assert isinstance(problem["loc"], list), "loc is not a list"
        assert isinstance(problem["msg"], str), "msg is not a text"
        assert problem["msg"], "msg says nothing"
    return problems


def test_problems_have_type_place_and_words(client, make_evening):
    """The list under detail has one entry for each problem, each with type, loc and msg; loc leads to the field.

    Passes on the starter: FastAPI's own list has all of this, and one that is written anew can lose it.
    """
    problems = read_problems(client.get("/recipes", params={"skip": "some", "limit": "many"}))
    assert sorted(problem["loc"] for problem in problems) == [["query", "limit"], ["query", "skip"]]
    (problem,) = read_problems(client.post("/tastings/quote", json=make_evening(attendees="many")))
    assert problem["loc"] == ["body", "attendees"]
    (problem,) = read_problems(client.get("/users/lookup"))
    assert (problem["type"], problem["loc"]) == ("missing", ["query", "email"])
    (problem,) = read_problems(client.post("/tastings/quote", content='{"title": ', headers=AS_JSON))
    position = [type(station) for station in problem["loc"]]
    assert position == [str, int], "loc of a body that is no JSON is not what Pydantic says: body and a position"


def test_numbers_beyond_all_bounds_are_refused(client, make_evening):
    """1e400 where a whole number belongs is answered with 422, not 500."""
    for field in ("attendees", "price_cents"):
        for number in ("1e400", "-1e400"):
            content = json.dumps(make_evening(**{field: "HUGE"})).replace('"HUGE"', number)
            reply = client.post("/tastings/quote", content=content, headers=AS_JSON)
            assert reply.status_code == 422
