"""7.1  Sign up, and keep no password."""

import base64
import re

import pytest

from shared.accounts import SIGN_UP
from shared.addresses import V1
from workbook.service.parent.client import all_text

ARGON2 = re.compile(r"\$argon2(?:id|i|d)\$v=\d+\$m=(\d+),t=(\d+),p=\d+\$[^$]{11,}\$[^$]{16,}")
BCRYPT = re.compile(r"\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}")


def strength(hashed):
    """Say what is wrong with a stored hash; nothing, if it is a good one."""
    argon2, bcrypt = ARGON2.fullmatch(hashed), BCRYPT.fullmatch(hashed)
    if argon2:
        memory, rounds = int(argon2[1]), int(argon2[2])
        return "" if memory >= 19 * 1024 and rounds >= 2 else f"Argon2 with {memory} KiB and {rounds} round(s)"
    if bcrypt:
        return "" if int(bcrypt[1]) >= 10 else f"bcrypt with cost {bcrypt[1]}"
    return "something that neither Argon2 nor bcrypt has made"


@pytest.fixture
def stored_hash(database):
    """What is stored of somebody's password."""
    return lambda user_id: database.rows("users", id=user_id)[0]["hashed_password"]


@pytest.fixture
def verify(service):
    """Ask verify_password of the learner's, inside the service."""
    return lambda password, hashed: service.call("app.core.security:verify_password", password, hashed)


def test_sign_up_is_answered(client, database, make_user):
    """POST /auth/signup answers 201 with the user as UserOut shows them, and stores an active user with role user."""
    user = make_user()
    reply = client.post(SIGN_UP, json=user)
    assert reply.status_code == 201
    [row] = database.rows("users")
    shown = {name: user[name] for name in ("first_name", "surname", "email")}
    assert reply.json() == {"id": row["id"], **shown, "is_superuser": False, "role": "user"}
    assert {name: row[name] for name in shown} == shown
    assert (row["role"], bool(row["is_active"])) == ("user", True)


@pytest.mark.parametrize("address", [SIGN_UP, f"{V1}/users/"])
def test_stored_hash_is_expensive(full_cost, client, stored_hash, make_user, address):
    """What is stored of a password is an Argon2 or bcrypt hash with the cost of the contract, on both routes."""
    reply = client.post(address, json=make_user())
    assert reply.status_code == 201
    problem = strength(stored_hash(reply.json()["id"]))
    assert not problem, f"the column hashed_password holds {problem}"


def test_same_password_twice(sign_up, stored_hash, make_password):
    """Two users with the same password have different hashes."""
    password = make_password()
    first, second = (stored_hash(sign_up(password=password)["id"]) for _ in range(2))
    assert first != second


def test_hash_is_that_of_the_password(sign_up, stored_hash, verify):
    """The function verify_password is true for the password that was chosen, and false for every other one."""
    user = sign_up()
    password, hashed = user["password"], stored_hash(user["id"])
    assert verify(password, hashed) is True
    for other in (password[:-1], password + " ", password.swapcase(), "", hashed):
        assert verify(other, hashed) is False


def test_every_character_counts(service, verify, make_password):
    """Long passwords that differ in the last character only are different ones."""
    password = make_password(length=120)
    hashed = service.call("app.core.security:hash_password", password)
    assert verify(password, hashed) is True
    assert verify(password[:-1] + ("1" if password[-1] != "1" else "2"), hashed) is False
    longer = make_password(length=1000)
    hashed = service.call("app.core.security:hash_password", longer)
    assert verify(longer, hashed) is True
    assert verify(longer[:-1] + ("1" if longer[-1] != "1" else "2"), hashed) is False
    cooks = make_password(length=20) + "ÿ餃子" * 20
    hashed = service.call("app.core.security:hash_password", cooks)
    assert verify(cooks, hashed) is True
    assert verify(cooks[:-1] + "女", hashed) is False


def test_no_hash_fits_no_password(full_cost, service, verify, make_password):
    """A text that is no hash of such a function, empty, cut or of another kind, makes verify_password false."""
    password = make_password()
    hashed = service.call("app.core.security:hash_password", password)
    assert not strength(hashed), f"hash_password gives {strength(hashed)}"
    for text in ("", password, "not-a-hash", f"stand-in${'0' * 32}${'0' * 128}", hashed[: len(hashed) // 2], "$"):
        assert verify(password, text) is False


def test_nobody_signs_up_with_a_role(client, sign_up, database, make_user):
    """A body with is_superuser, role, is_active or hashed_password is answered with 422, and nothing is stored."""
    sign_up()
    for name, value in (
        ("is_superuser", True),
        ("role", "admin"),
        ("is_active", False),
        ("hashed_password", "x"),
        ("id", 7),
    ):
        assert client.post(SIGN_UP, json={**make_user(), name: value}).status_code == 422
    assert database.count("users") == 1


def test_rules_for_what_is_sent(client, sign_up, database, make_user):
    """What POST /users/ refuses is refused here, with 422: a short password, no e-mail address, a missing name."""
    sign_up()
    for wrong in ({"password": "Short-1"}, {"password": "no-capital-1"}, {"email": "nobody"}, {"surname": " "}):
        assert client.post(SIGN_UP, json=make_user(**wrong)).status_code == 422
    body = make_user()
    del body["password"]
    assert client.post(SIGN_UP, json=body).status_code == 422
    assert database.count("users") == 1


def test_taken_address(client, sign_up, database, make_user):
    """An e-mail address that is taken is answered with 409, without the password, and nothing is stored."""
    user = sign_up()
    again = make_user(email=user["email"])
    reply = client.post(SIGN_UP, json=again)
    assert reply.status_code == 409
    assert again["password"] not in all_text(reply)
    assert database.count("users") == 1


def test_same_moment(service, client, database, make_user, add_user, overtake):
    """When several sign up with one address at the same moment, one gets 201 and the others 409."""
    user = make_user()
    replies = service.together(3, lambda _: client.post(SIGN_UP, json=user))
    assert sorted(reply.status_code for reply in replies) == [201, 409, 409]
    assert database.count("users") == 1
    other = make_user()
    reply = overtake(
        "INSERT INTO USERS", lambda: client.post(SIGN_UP, json=other), lambda: add_user(email=other["email"])
    )
    [row] = database.rows("users", email=other["email"])
    assert reply.status_code == (409 if row["hashed_password"] == "not-a-hash" else 201)


def test_password_is_nowhere(client, service, printed, database, make_user, make_password):
    """The password stands in no table, in no answer, and in nothing that the service prints or logs."""
    service.inside("log_from_info")
    user, short = make_user(), f"Pq7{make_password(length=4)}"[:7]
    replies = [
        client.post(SIGN_UP, json=user),
        client.post(SIGN_UP, json=user),
        client.post(SIGN_UP, json={**user, "role": "admin"}),
        client.post(SIGN_UP, json=make_user(password=short)),
    ]
    assert [reply.status_code for reply in replies] == [201, 409, 422, 422]
    output = printed()
    tables = str([database.rows(table) for table in database.tables()])
    for password in (user["password"], short):
        for form in forms(password):
            assert form not in tables, "a table holds the password, or a text from which anybody can read it back"
        assert not any(password in all_text(reply) for reply in replies), "an answer holds the password"
        assert password not in output, "the service prints or logs the password"


def forms(password):
    """A password, and what it looks like after a change that anybody can undo."""
    raw = password.encode()
    return (password, password[::-1], raw.hex(), base64.b64encode(raw).decode().rstrip("="), repr(raw)[2:-1])


def test_others_are_answered_meanwhile(client, while_hashing, make_user):
    """While one person's password is hashed, others are answered."""
    user = make_user()
    assert client.post(SIGN_UP, json=make_user()).status_code == 201
    assert while_hashing(lambda: client.post(SIGN_UP, json=user, timeout=6)) == 200, "/health got no answer meanwhile"
