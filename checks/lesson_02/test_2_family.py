"""2.2  Write the family of a user."""

import hashlib


def test_signing_up_answers_the_user(client, make_user):
    """POST /users answers 201 and the user: five fields, no more."""
    user = make_user()
    reply = client.post("/users", json=user)
    assert reply.status_code == 201
    number = reply.json().get("id")
    del user["password"]
    assert reply.json() == {"id": number, **user, "is_superuser": False}
    assert type(number) is int
    again = client.get(f"/users/{number}")
    assert again.status_code == 200
    assert again.json() == reply.json()


def test_every_user_gets_an_own_number(client, make_user):
    """Each user who signs up gets a number of their own."""
    replies = [client.post("/users", json=make_user()) for _ in range(3)]
    assert [reply.status_code for reply in replies] == [201, 201, 201]
    assert len({reply.json()["id"] for reply in replies}) == 3


def test_stored_user_is_answered(client, put_user, rng):
    """GET /users/{user_id} answers the user as stored, five fields; 404 if there is none."""
    assert client.get(f"/users/{rng.randint(10**6, 10**8)}").status_code == 404
    for is_superuser in (True, False):
        user, _ = put_user(is_superuser=is_superuser)
        reply = client.get(f"/users/{user['id']}")
        assert reply.status_code == 200
        assert reply.json() == user


def test_signing_up_needs_four_fields(client, make_user, problems):
    """POST /users refuses a body in which a field is missing with 422."""
    for field in ("first_name", "surname", "email", "password"):
        body = make_user()
        del body[field]
        reply = client.post("/users", json=body)
        assert reply.status_code == 422
        assert ["body", field] in problems(reply)
    assert client.post("/users", json={}).status_code == 422
    assert client.post("/users", json=[make_user()]).status_code == 422


def test_fields_have_their_types(client, make_user, put_user, rng):
    """In POST and PATCH /users each field is a text, and email an address."""
    user, _ = put_user()
    wrong = [(field, rng.choice([rng.randint(1, 9), ["x"], {"a": 1}])) for field in ("first_name", "surname", "email")]
    wrong += [("email", text) for text in ("cook", "cook@", "@example.com", "a b@example.com")]
    for field, value in wrong:
        assert client.post("/users", json=make_user(**{field: value})).status_code == 422
        assert client.patch(f"/users/{user['id']}", json={field: value}).status_code == 422
    assert client.post("/users", json=make_user(password=[make_user()["password"]])).status_code == 422
    assert client.get(f"/users/{user['id']}").json() == user


def test_server_fields_are_not_settable_at_sign_up(client, service, make_user, rng):
    """POST /users: id, is_superuser and hashed_password never take effect."""
    for field, value in (
        ("is_superuser", True),
        ("id", rng.randint(10**6, 10**8)),
        ("hashed_password", f"chosen-{rng.getrandbits(40)}"),
    ):
        reply = client.post("/users", json=make_user(**{field: value}))
        assert reply.status_code in (201, 422)
        if reply.status_code == 201:
            stored = service.inside("stored_user", user_id=reply.json()["id"])
            assert stored[field] != value, f"{field} was taken from the body"


def test_server_fields_are_not_settable_by_a_change(client, service, put_user, make_password, rng):
    """PATCH: id, is_superuser, hashed_password and password never take effect."""
    user, hashed = put_user()
    for field, value in (
        ("is_superuser", True),
        ("id", rng.randint(10**6, 10**8)),
        ("hashed_password", f"chosen-{rng.getrandbits(40)}"),
        ("password", make_password()),
    ):
        assert client.patch(f"/users/{user['id']}", json={field: value}).status_code in (200, 422)
        stored = service.inside("stored_user", user_id=user["id"])
        assert stored == {**user, "hashed_password": hashed}, f"{field} was taken from the body"


def test_change_leaves_the_rest_alone(client, service, put_user, make_user, rng):
    """PATCH /users/{user_id} changes what was sent and nothing else; 404 if there is none."""
    assert client.patch(f"/users/{rng.randint(10**6, 10**8)}", json={"surname": "Nobody"}).status_code == 404
    for field in ("first_name", "surname", "email"):
        user, hashed = put_user(is_superuser=True)
        change = {field: f"new.{make_user()['email']}"}
        reply = client.patch(f"/users/{user['id']}", json=change)
        assert reply.status_code == 200
        assert reply.json() == {**user, **change}
        stored = service.inside("stored_user", user_id=user["id"])
        assert stored == {**user, **change, "hashed_password": hashed}


def test_null_is_refused(client, put_user):
    """PATCH /users/{user_id} refuses null with 422 and changes nothing."""
    user, _ = put_user()
    for field in ("first_name", "surname", "email"):
        assert client.patch(f"/users/{user['id']}", json={field: None}).status_code == 422
        assert client.get(f"/users/{user['id']}").json() == user


def test_password_is_stored_as_a_hash_only(client, service, make_user):
    """A password goes through hash_password; only the result is stored."""
    user = make_user()
    reply = client.post("/users", json=user)
    assert reply.status_code == 201
    stored = service.inside("stored_user", user_id=reply.json()["id"])
    assert user["password"] not in str(stored), "the store holds the password itself"
    kind, salt, digest = stored["hashed_password"].split("$")
    right = hashlib.scrypt(user["password"].encode(), salt=bytes.fromhex(salt), n=2**10, r=8, p=1).hex()
    assert (kind, digest) == ("stand-in", right), "the stored hash does not belong to the password that was sent"
