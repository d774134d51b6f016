"""2.2  Write the family of a user."""

import hashlib
import re

TEXTS = ("first_name", "surname", "email")


def test_signing_up_answers_the_user(client, make_user):
    """POST /users answers 201 and the user: five fields, no more."""
    for _ in range(2):
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


def test_stored_user_is_answered(client, put_user, rng):
    """GET /users/{user_id} answers the user as stored, five fields; 404 if there is none."""
    assert client.get(f"/users/{rng.randint(10**6, 10**8)}").status_code == 404
    for is_superuser in (True, False):
        user, _ = put_user(is_superuser=is_superuser)
        reply = client.get(f"/users/{user['id']}")
        assert reply.status_code == 200
        assert reply.json() == user


def test_signing_up_needs_four_fields(client, make_user):
    """POST /users refuses a body in which a field is missing with 422."""
    for field in (*TEXTS, "password"):
        body = make_user()
        del body[field]
        assert client.post("/users", json=body).status_code == 422
    for body in ([make_user()], "a user", None):
        assert client.post("/users", json=body).status_code == 422


def test_fields_are_texts(client, make_user, put_user, rng):
    """In POST and PATCH /users a field is a text: no number, no list, no object."""
    user, _ = put_user()
    for field in TEXTS:
        number, other = rng.randint(1, 9), rng.choice([True, 1.5, [user["surname"]], {"text": user["surname"]}])
        assert client.post("/users", json=make_user(**{field: number})).status_code == 422
        assert client.post("/users", json=make_user(**{field: other})).status_code == 422
        assert client.patch(f"/users/{user['id']}", json={field: number}).status_code == 422
    for value in (rng.randint(10**9, 10**10), [make_user()["password"]]):
        assert client.post("/users", json=make_user(password=value)).status_code == 422
    assert client.get(f"/users/{user['id']}").json() == user


def test_null_is_refused(client, make_user, put_user):
    """POST and PATCH /users refuse null with 422, and PATCH changes nothing."""
    user, _ = put_user()
    for field in (*TEXTS, "password"):
        assert client.post("/users", json=make_user(**{field: None})).status_code == 422
    for field in TEXTS:
        assert client.patch(f"/users/{user['id']}", json={field: None}).status_code == 422
    assert client.get(f"/users/{user['id']}").json() == user


def test_emails_are_addresses(client, make_user, put_user):
    """In POST and PATCH /users email is a valid address."""
    user, _ = put_user()
    for text in ("", "cook", "cook@", "@example.com", "a b@example.com"):
        assert client.post("/users", json=make_user(email=text)).status_code == 422
    for text in ("cook", "@example.com"):
        assert client.patch(f"/users/{user['id']}", json={"email": text}).status_code == 422


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
            shown = client.get(f"/users/{reply.json()['id']}")
            assert shown.status_code == 200, f"{field} was taken from the body"
            assert shown.json().get(field) != value, f"{field} was taken from the body"


def test_change_leaves_the_rest_alone(client, service, put_user, make_user, rng):
    """PATCH /users/{user_id} changes what was sent and nothing else; 404 if there is none."""
    assert client.patch(f"/users/{rng.randint(10**6, 10**8)}", json={"surname": "Nobody"}).status_code == 404
    for fields in (("first_name",), ("surname",), ("email",), TEXTS, ()):
        user, hashed = put_user(is_superuser=True)
        change = {field: f"new.{make_user()['email']}" for field in fields}
        reply = client.patch(f"/users/{user['id']}", json=change)
        assert reply.status_code == 200
        assert reply.json() == {**user, **change}
        assert client.get(f"/users/{user['id']}").json() == {**user, **change}
        stored = service.inside("stored_user", user_id=user["id"])
        assert stored == {**user, **change, "hashed_password": hashed}


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
        assert client.get(f"/users/{user['id']}").json() == user, f"{field} was taken from the body"


def test_password_is_stored_as_a_hash_only(client, service, make_user):
    """A password goes through hash_password; only the result is stored."""
    user = make_user()
    reply = client.post("/users", json=user)
    assert reply.status_code == 201
    stored = service.inside("stored_user", user_id=reply.json()["id"])
    assert user["password"] not in str(stored), "the store holds the password itself"
    parts = re.fullmatch(r"stand-in\$([0-9a-f]{32})\$([0-9a-f]+)", str(stored["hashed_password"]))
    assert parts, "what is stored did not come from hash_password"
    right = hashlib.scrypt(user["password"].encode(), salt=bytes.fromhex(parts[1]), n=2**10, r=8, p=1).hex()
    assert parts[2] == right, "the stored hash does not belong to the password that was sent"
