"""7.3  Make a token that nobody can forge."""

import base64
import hashlib
import hmac
import json
import time

import jwt
import pytest

from shared.accounts import LOGIN, ME, SIGN_UP, bearer, payload_of, refused
from workbook.service.parent.client import all_text


def signed(header, payload, key):
    """A token made by hand, so that it may hold what no library would write."""
    parts = [part if isinstance(part, bytes) else json.dumps(part).encode() for part in (header, payload)]
    text = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)
    signature = hmac.new(key.encode(), text, hashlib.sha256).digest()
    return f"{text.decode()}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"


HEADER = {"alg": "HS256", "typ": "JWT"}


@pytest.fixture
def shut_out(client, sign_up, log_in, claims_of, lesson):
    """Try forged tokens: each has to be refused, and a good one before and after has to be let in."""

    def attempt(forge):
        user = sign_up()
        key, claims = lesson.env["SECRET_KEY"], claims_of(user["id"])
        good = log_in(user).json()["access_token"]
        assert client.get(ME, headers=bearer(good)).status_code == 200
        for what, token in forge(good, claims, key).items():
            reply = client.get(ME, headers=bearer(token))
            assert reply.status_code == 401, f"{what}: {reply.status_code} in the place of 401"
            assert refused(reply)
        assert client.get(ME, headers=bearer(good)).status_code == 200

    return attempt


def test_login_gives_a_signed_token(sign_up, log_in, lesson):
    """The access token is a JSON Web Token with sub, type and exp, signed with HS256 and SECRET_KEY."""
    user = sign_up()
    token = log_in(user).json()["access_token"]
    claims = payload_of(token)
    assert claims["sub"] == str(user["id"])
    assert claims["type"] == "access"
    assert jwt.get_unverified_header(token)["alg"] == "HS256"
    head, body, _ = token.split(".")
    expected = hmac.new(lesson.env["SECRET_KEY"].encode(), f"{head}.{body}".encode(), hashlib.sha256).digest()
    assert token.split(".")[2] == base64.urlsafe_b64encode(expected).decode().rstrip("="), "the signature is not right"


def test_token_has_an_end(client, inject, sign_up, log_in):
    """A token ends half an hour after the login, wherever the clock on the wall hangs."""
    user = sign_up()
    for zone in ("UTC0", "WEST5", "EAST-9"):
        inject("move_to", zone=zone)
        before = int(time.time())
        token = log_in(user).json()["access_token"]
        after = time.time()
        end = payload_of(token)["exp"] - 1800
        assert before - 1 <= end <= after + 1, f"the token ends {end - before:.0f} seconds from when it should"
        assert client.get(ME, headers=bearer(token)).status_code == 200


def test_minutes_and_key_are_settings(launch, client, sign_up, log_in, make_user, rng):
    """A token ends ACCESS_TOKEN_MINUTES after the login; SECRET_KEY may have 32 characters, and opens its own."""
    here = log_in(sign_up()).json()["access_token"]
    user, minutes = make_user(), rng.randint(2, 9)
    with launch(env={"ACCESS_TOKEN_MINUTES": str(minutes), "SECRET_KEY": "k" * 32}) as other:
        other.client.post(SIGN_UP, json=user)
        before = int(time.time())
        form = {"username": user["email"], "password": user["password"]}
        there = other.client.post(LOGIN, data=form).json()["access_token"]
        after = time.time()
        assert other.client.get(ME, headers=bearer(there)).status_code == 200
        assert refused(other.client.get(ME, headers=bearer(here)))
    assert before - 1 <= payload_of(there)["exp"] - 60 * minutes <= after + 1
    assert client.get(ME, headers=bearer(here)).status_code == 200
    assert refused(client.get(ME, headers=bearer(there)))


def test_token_holds_nothing_secret(sign_up, log_in, database, lesson):
    """Anybody can read a token, so neither the name nor the address, the password, the hash or the key is in it."""
    user = sign_up(first_name="Ottokar-Emanuel")
    reply = log_in(user)
    text = json.dumps(payload_of(reply.json()["access_token"]), ensure_ascii=False)
    hashed = database.rows("users")[0]["hashed_password"]
    names = ("first_name", "surname", "email", "password")
    for secret in (*(user[name] for name in names), hashed, lesson.env["SECRET_KEY"]):
        assert secret not in text, "the token holds what nobody may read"


def test_changed_tokens(shut_out):
    """A token of which anything was changed is answered with 401."""

    def forge(good, claims, key):
        head, body, signature = good.split(".")
        other = signed(HEADER, {**claims, "sub": str(int(claims["sub"]) + 1)}, key).split(".")[1]
        later = signed(HEADER, {**claims, "exp": claims["exp"] + 10**6}, key).split(".")[1]
        return {
            "another sub under the old signature": f"{head}.{other}.{signature}",
            "another exp under the old signature": f"{head}.{later}.{signature}",
            "without the signature": f"{head}.{body}.",
            "without the last part": f"{head}.{body}",
            "with half of the signature": f"{head}.{body}.{signature[: len(signature) // 2]}",
            "with a part more": f"{good}.{signature}",
            "the user's number": claims["sub"],
            "the payload alone": body,
            "no token at all": "abc",
            "three dots": "...",
            "two dots": "..",
            "text that is not ASCII": "ÿ.ÿ.ÿ",
            "the letters of a null": "null",
        }

    shut_out(forge)


def test_tokens_of_another_signature(shut_out):
    """A token that is signed with another key or another algorithm, or not at all, is answered with 401."""

    def forge(_good, claims, key):
        unsigned = jwt.encode(claims, "", algorithm="none")
        return {
            "not signed (alg none)": unsigned,
            "not signed (alg None)": signed({"alg": "None"}, claims, key).rsplit(".", 1)[0] + ".",
            "not signed, with a signature": f"{unsigned}{'A' * 43}",
            "signed with another key": jwt.encode(
                claims, "another key, of forty characters, or so!", algorithm="HS256"
            ),
            "signed with the key and a blank": jwt.encode(claims, f"{key} ", algorithm="HS256"),
            "signed with HS512": jwt.encode(claims, key, algorithm="HS512"),
            "signed with HS384": jwt.encode(claims, key, algorithm="HS384"),
            "signed, and said to be RS256": signed({"alg": "RS256"}, claims, key),
            "signed, and said to be of no algorithm": signed({"typ": "JWT"}, claims, key),
            "signed, with an algorithm that is a number": signed({"alg": 256}, claims, key),
            "signed, with a header that is a list": signed(["HS256"], claims, key),
        }

    shut_out(forge)


def test_tokens_that_have_expired(shut_out):
    """A token whose time is over is answered with 401, also if it has just ended, and one without a time."""

    def forge(_good, claims, key):
        def with_end(value):
            return signed(HEADER, {**claims, "exp": value}, key)

        now = int(time.time())
        return {
            "ended two seconds ago": with_end(now - 2),
            "ended an hour ago": with_end(now - 3600),
            "ended in 1970": with_end(1),
            "without exp": signed(HEADER, {name: claims[name] for name in claims if name != "exp"}, key),
            "exp is null": with_end(None),
            "exp is a word": with_end("tomorrow"),
            "exp is a list": with_end([now + 900]),
            "exp is no number that there is": with_end(float("nan")),
        }

    shut_out(forge)


def test_tokens_for_another_purpose(shut_out):
    """A token that we signed for something else, or that does not say what for, is answered with 401."""

    def forge(_good, claims, key):
        kinds = {
            str(kind): signed(HEADER, {**claims, "type": kind}, key)
            for kind in ("reset", "", None, 1, ["access"], "a", "accesses", "Access")
        }
        return {
            **{f"type is {kind}": token for kind, token in kinds.items()},
            "without type": signed(HEADER, {name: claims[name] for name in claims if name != "type"}, key),
        }

    shut_out(forge)


def test_tokens_of_nobody(shut_out):
    """A token whose sub cannot be a user's number, or without one, is answered with 401 and never with 500."""

    def forge(_good, claims, key):
        values = ("abc", "", "0", "-1", "1.5", "null", str(2**31), str(2**63), str(10**40), "9" * 5000)
        odd = (int(claims["sub"]), None, [claims["sub"]], {}, True, 1.0)
        return {
            **{
                f"sub is {json.dumps(value)[:30]}": signed(HEADER, {**claims, "sub": value}, key)
                for value in values + odd
            },
            "without sub": signed(HEADER, {name: claims[name] for name in claims if name != "sub"}, key),
        }

    shut_out(forge)


def test_tokens_of_another_shape(shut_out):
    """A token whose payload is no JSON object is answered with 401 and never with 500."""

    def forge(_good, claims, key):
        payloads = ([claims], "access", 7, None, b"{", b"", b"\xff\xfe", b"[" * 20_000)
        return {f"payload {str(payload)[:20]}": signed(HEADER, payload, key) for payload in payloads}

    shut_out(forge)


def test_request_without_a_token(client, sign_up, token_of):
    """A request without a token, with another scheme, or with the token in another place is answered with 401."""
    good = token_of(sign_up()["id"])
    assert client.get(ME, headers=bearer(good)).status_code == 200
    basic = base64.b64encode(f":{good}".encode()).decode()
    for headers in (
        {},
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": good},
        {"Authorization": f"Basic {basic}"},
        {"Authorization": f"Token {good}"},
        {"X-Token": good},
        {"Cookie": f"access_token={good}; Authorization=Bearer {good}"},
    ):
        assert refused(client.get(ME, headers=headers))
    for name in ("token", "access_token"):
        assert refused(client.get(ME, params={name: good}))


def test_every_good_token_is_let_in(client, sign_up, token_of):
    """A token of this service opens the door for its own user, to the last minute, also beside a second one."""
    users = [sign_up() for _ in range(2)]
    for user in users:
        for end in (int(time.time()) + 20, int(time.time()) + 1700):
            reply = client.get(ME, headers=bearer(token_of(user["id"], exp=end)))
            assert reply.status_code == 200
            assert reply.json()["email"] == user["email"]
    lower = {"Authorization": f"bearer {token_of(users[0]['id'])}"}
    assert client.get(ME, headers=lower).status_code == 200


@pytest.mark.parametrize("key", [None, "thirty-one characters, one less"])
def test_no_service_without_a_key(launch, key):
    """Without SECRET_KEY, or with fewer than 32 characters, the service does not start."""
    with launch.fails(env={"SECRET_KEY": key}):
        pass


def test_key_is_shown_nowhere(client, service, printed, sign_up, log_in, lesson):
    """The key stands in no answer and in nothing that the service prints."""
    key = lesson.env["SECRET_KEY"]
    replies = [log_in(sign_up()), client.get(ME), client.get(f"{ME}?x=1", headers=bearer("abc")), client.get("/")]
    assert replies[0].status_code == 200
    assert all(key not in all_text(reply) for reply in replies)
    assert key not in json.dumps(service.openapi())
    assert key not in printed()
    reported = service.call("app.core.config:Settings")
    assert key not in str(reported), "the settings show the key to whoever prints them: SecretStr hides it"
