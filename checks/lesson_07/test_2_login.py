"""7.2  Log in, and give nothing away."""

from urllib.parse import urljoin, urlsplit

import pytest

from shared.accounts import LOGIN, refused
from shared.addresses import V1
from workbook.service.parent.client import all_text


@pytest.fixture
def nobody_gets_in(database, sign_up, add_user, log_in, make_password):
    """Somebody who may log in, and three logins that must not succeed, each under its name."""
    user = sign_up()
    locked = add_user(is_active=False)
    [row] = database.rows("users", id=user["id"])
    database.execute(
        "UPDATE users SET hashed_password = :it WHERE id = :id", it=row["hashed_password"], id=locked["id"]
    )
    locked["password"] = user["password"]
    tries = {
        "a wrong password": lambda: log_in(user, password=make_password()),
        "an address that nobody has": lambda: log_in({**user, "email": f"x{user['email']}"}),
        "a user who is not active": lambda: log_in(locked),
    }
    return user, tries


def test_login_is_answered_with_a_token(sign_up, log_in):
    """POST /auth/login answers 200 with access_token and token_type to an active user with their password."""
    reply = log_in(sign_up())
    assert reply.status_code == 200
    assert isinstance(reply.json()["access_token"], str)
    assert reply.json()["access_token"]
    assert reply.json()["token_type"].lower() == "bearer"


def test_who_signed_up_elsewhere_logs_in(client, log_in, make_user):
    """Who signed up with POST /users/ logs in like everybody else."""
    user = make_user()
    client.post(f"{V1}/users/", json=user)
    assert log_in(user).status_code == 200


def test_address_and_password_are_taken_as_they_are(client, sign_up, log_in, make_user, make_password):
    """The address keeps its capitals, and the password its spaces: with others nobody logs in."""
    spaced = f" {make_password()} "
    user = sign_up(email=make_user()["email"].title().replace("@Example.Com", "@example.com"), password=spaced)
    assert log_in(user).status_code == 200
    assert refused(log_in(user, password=spaced.strip()))
    other = sign_up()
    assert log_in(other).status_code == 200
    for changed in (f" {other['password']}", f"{other['password']} "):
        assert refused(log_in(other, password=changed))


def test_login_is_refused(nobody_gets_in, log_in, add_user, make_password):
    """A wrong password, an unknown address and a user who is not active are answered with 401 and the header."""
    user, tries = nobody_gets_in
    for who, attempt in tries.items():
        reply = attempt()
        assert reply.status_code == 401, f"{who} is answered with {reply.status_code}"
        assert refused(reply)
    stored_before = {**add_user(), "password": make_password()}
    for name, password in (
        (user, make_password()),
        (user, user["password"].lower()),
        (user, user["password"] + "x"),
        (stored_before, "not-a-hash"),
        (stored_before, stored_before["password"]),
    ):
        assert refused(log_in(name, password=password))
    assert log_in(user).status_code == 200


def test_refusals_look_the_same(nobody_gets_in):
    """The three refusals have the same words and the same headers."""
    _, tries = nobody_gets_in
    replies = {who: attempt() for who, attempt in tries.items()}
    wrong = replies["a wrong password"]
    assert wrong.status_code == 401
    for who, reply in replies.items():
        assert reply.text == wrong.text, f"{who} is answered in other words than a wrong password"
        assert sorted(reply.headers) == sorted(wrong.headers), f"{who} is answered with other headers"


def test_refusals_cost_the_same(full_cost, service, nobody_gets_in):
    """A password is hashed in each of the three cases: the service uses about the same processor time."""
    _, tries = nobody_gets_in
    spent = {}
    for who, attempt in tries.items():
        before = service.inside("processor_seconds")
        assert attempt().status_code == 401
        spent[who] = service.inside("processor_seconds") - before
    least = spent["a wrong password"] * 0.4
    for who, seconds in spent.items():
        assert seconds >= least, f"{who} is refused without the work that a wrong password costs: the time tells"


def test_login_takes_a_form(client, sign_up, log_in):
    """JSON in the place of the form, the query, and a form without name or password are answered with 422."""
    user = sign_up()
    both = {"username": user["email"], "password": user["password"]}
    assert log_in(user).status_code == 200
    assert client.post(LOGIN, json=both).status_code == 422
    assert client.post(LOGIN, params=both).status_code == 422
    for name in both:
        assert client.post(LOGIN, data={name: both[name]}).status_code == 422


def test_login_says_nothing_else(client, service, printed, sign_up, log_in, make_password):
    """Neither the password nor the hash stands in an answer, nor the password in what the service prints."""
    service.inside("log_from_info")
    user = sign_up()
    wrong = make_password()
    replies = [log_in(user), log_in(user, password=wrong), client.post(LOGIN, data={"password": wrong})]
    assert [reply.status_code for reply in replies] == [200, 401, 422]
    for reply in replies:
        for secret in (user["password"], wrong, "$argon2", "$2b$"):
            assert secret not in all_text(reply)
    output = printed()
    assert user["password"] not in output, "the service prints or logs the password"
    assert wrong not in output, "the service prints or logs the password that somebody tried"


def test_others_are_answered_meanwhile(sign_up, log_in, while_hashing):
    """While one login is under way, other requests are answered; also one with an address that nobody has."""
    user = sign_up()
    for email in (user["email"], "nobody@example.com"):
        answered = while_hashing(lambda email=email: log_in({**user, "email": email}))
        assert answered == 200, "/health got no answer while a password was hashed"


def test_login_stores_nothing_and_loses_nothing(service, sign_up, log_in, database):
    """A login keeps no connection to the database, and takes nothing from the user."""
    user = sign_up()
    before = {name: value for name, value in database.rows("users")[0].items() if name != "hashed_password"}
    with service.probe() as seen:
        assert [log_in(user).status_code, log_in(user, password="Wrong-1234").status_code] == [200, 401]
    assert seen.checked_out == 0
    after = database.rows("users")[0]
    assert {name: after[name] for name in before} == before


def test_authorize_button_finds_the_login(launch, service):
    """The tokenUrl of the OpenAPI document, taken as a link on /docs, is the login, whatever the prefix."""

    def token_url(document):
        flows = [
            flow
            for scheme in document["components"]["securitySchemes"].values()
            for name, flow in scheme.get("flows", {}).items()
            if name == "password"
        ]
        assert len(flows) == 1
        return urlsplit(urljoin("http://kitchen.example/docs", flows[0]["tokenUrl"]))

    for _ in range(2):
        url = token_url(service.openapi())
        assert (url.netloc, url.path) == ("kitchen.example", LOGIN)
    with launch(env={"API_V1_STR": "/kitchen/v9"}) as other:
        document = other.client.get("/kitchen/v9/openapi.json").json()
        assert token_url(document).path == "/kitchen/v9/auth/login"


def test_address_is_no_pattern(log_in, sign_up):
    """Nobody logs in with a part of an address, a pattern, or another column."""
    user = sign_up()
    assert log_in(user).status_code == 200
    for email in ("%", user["email"][:-1], f"{user['email']}' OR '1'='1", str(user["id"]), user["first_name"]):
        assert refused(log_in({**user, "email": email}))
