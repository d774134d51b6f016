"""7.4  Ask the database, not the token."""

import pytest

from shared.accounts import ME, refused
from shared.addresses import V1


@pytest.fixture
def somebody(add_user, as_user):
    """A stored user, and the headers of their requests."""
    user = add_user()
    return user, as_user(user)


def test_me_shows_the_user(client, somebody, add_user):
    """GET /auth/me answers 200 with the user whose token it is, as UserOut shows them."""
    user, headers = somebody
    add_user()
    reply = client.get(ME, headers=headers)
    assert reply.status_code == 200
    assert reply.json() == user


def test_me_shows_what_is_so_now(client, database, somebody):
    """After a change, GET /auth/me shows the user as they are now, also with an old token."""
    user, headers = somebody
    assert client.get(ME, headers=headers).json() == user
    for name, value in (("surname", "Changed"), ("email", "changed@example.com"), ("role", "editor")):
        database.execute(f"UPDATE users SET {name} = :value WHERE id = :id", value=value, id=user["id"])
        user[name] = value
        assert client.get(ME, headers=headers).json() == user
    database.execute("UPDATE users SET role = 'admin' WHERE id = :id", id=user["id"])
    assert client.get(ME, headers=headers).json() == {**user, "role": "admin", "is_superuser": True}


def test_removed_user_is_nobody(client, database, somebody):
    """A good token of a user who has been removed is answered with 401."""
    user, headers = somebody
    assert client.get(ME, headers=headers).status_code == 200
    database.execute("DELETE FROM users WHERE id = :id", id=user["id"])
    for _ in range(2):
        assert refused(client.get(ME, headers=headers))


def test_nobody_by_a_high_number(client, somebody, token_of):
    """A good token with a number that nobody has yet is answered with 401."""
    user, headers = somebody
    assert client.get(ME, headers=headers).status_code == 200
    for number in (user["id"] + 1, user["id"] + 999):
        assert refused(client.get(ME, headers={"Authorization": f"Bearer {token_of(number)}"}))


def test_locked_out(client, database, somebody):
    """A good token of a user who is not active is answered with 403, and with 200 when they are active again."""
    user, headers = somebody
    for active, status in ((True, 200), (False, 403), (True, 200), (False, 403)):
        database.execute("UPDATE users SET is_active = :active WHERE id = :id", active=active, id=user["id"])
        reply = client.get(ME, headers=headers)
        assert reply.status_code == status
    assert isinstance(reply.json()["detail"], str)
    assert user["email"] not in reply.text


def test_locked_from_the_start(client, add_user, as_user):
    """The user of another token is not locked out with them."""
    locked, other = add_user(is_active=False), add_user()
    assert client.get(ME, headers=as_user(locked)).status_code == 403
    assert client.get(ME, headers=as_user(other)).json() == other


def test_lock_holds_for_every_role(client, add_user, as_user):
    """Editors and admins who are not active are answered with 403, too."""
    for role in ("user", "editor", "admin"):
        assert client.get(ME, headers=as_user(add_user(role=role))).status_code == 200
        assert client.get(ME, headers=as_user(add_user(role=role, is_active=False))).status_code == 403


def test_one_look_is_enough(client, service, somebody):
    """The user is looked up once in a request, and no connection is kept."""
    _, headers = somebody
    with service.probe() as seen:
        assert client.get(ME, headers=headers).status_code == 200
        assert client.get(ME, headers={"Authorization": "Bearer abc"}).status_code == 401
    selects = [statement for statement in seen.statements if "users" in statement]
    assert len(selects) == 1, "the user is looked up more than once, or without need"
    assert seen.checked_out == 0


def test_me_is_documented(service):
    """The OpenAPI document says that GET /auth/me needs a token, and that it answers 401 and 403.

    Passes on the starter: it is given, and has to stay what it is.
    """
    document = service.openapi()
    operation = document["paths"][ME]["get"]
    assert operation.get("security"), "the document does not say that one has to be logged in"
    assert {"200", "401", "403"} <= set(operation["responses"])
    assert document["components"]["securitySchemes"]
    assert not document["paths"][f"{V1}/auth/login"]["post"].get("security"), "the login cannot need a token"
