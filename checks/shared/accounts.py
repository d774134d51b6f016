"""Users who can log in, and their tokens, from lesson 7 on."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import jwt
import pytest

from shared.addresses import V1
from workbook.service.protocol.problem import RequestFailed

LOGIN = f"{V1}/auth/login"
SIGN_UP = f"{V1}/auth/signup"
ME = f"{V1}/auth/me"

_models: list[dict[str, Any]] = []
"""What stands in a token of this service. It is looked up once in a run."""


@pytest.fixture(autouse=True)
def hash_cheaply(service: Any) -> None:
    """Let passwords be hashed at the smallest cost: safe ones would make a check a hundred times slower."""
    service.inside("hash_cheaply")


@pytest.fixture
def full_cost(service: Any, hash_cheaply: None) -> None:
    """Let hashing cost what the service wants it to cost, for the checks that look at that."""
    service.inside("hash_at_full_cost")


@pytest.fixture
def sign_up(client: Any, make_user: Any) -> Any:
    """Sign somebody up over HTTP. It returns what was sent, and the number."""

    def send(**changes: Any) -> dict[str, Any]:
        user = make_user(**changes)
        reply = client.post(SIGN_UP, json=user)
        assert reply.status_code == 201
        return {**user, "id": reply.json()["id"]}

    return send


@pytest.fixture
def log_in(client: Any) -> Any:
    """Log somebody in, and return the answer."""

    def send(user: dict[str, Any], **changes: Any) -> Any:
        return client.post(LOGIN, data={"username": user["email"], "password": user["password"], **changes})

    return send


@pytest.fixture
def add_user(database: Any, make_user: Any) -> Any:
    """A maker of a stored user. It returns the user as the service should show it.

    A role and whether they are active may be chosen. Nobody knows a password for it.
    """

    def add(*, role: str = "user", is_active: bool = True, **changes: Any) -> dict[str, Any]:
        user = make_user(**changes)
        del user["password"]
        number = database.insert("users", **user, role=role, is_active=is_active, hashed_password="not-a-hash")
        return {"id": number, **user, "is_superuser": role == "admin", "role": role}

    return add


@pytest.fixture
def claims_of(database: Any, sign_up: Any, log_in: Any) -> Any:
    """What the service writes into the token of a user, read without a look at the signature."""

    def read(user_id: int) -> dict[str, Any]:
        if not _models:
            somebody = sign_up()
            reply = log_in(somebody)
            assert reply.status_code == 200
            _models.append(payload_of(reply.json()["access_token"]))
            database.execute("DELETE FROM users WHERE id = :id", id=somebody["id"])
        return {**_models[0], "sub": str(user_id), "exp": int(time.time()) + 900}

    return read


def payload_of(token: object) -> dict[str, Any]:
    """What stands in a token; it has to be a JSON Web Token, and its signature is not looked at."""
    assert isinstance(token, str)
    try:
        return jwt.decode(token, options={"verify_signature": False})  # pyright: ignore[reportUnknownMemberType]
    except jwt.InvalidTokenError as error:
        problem = str(error)
    raise AssertionError(f"the access token is no JSON Web Token: {problem}")


@pytest.fixture
def token_of(claims_of: Any, lesson: Any) -> Any:
    """A maker of good tokens for a user, as the service itself makes them; claims may be changed, or left out."""

    def make(user_id: int, **changes: Any) -> str:
        claims = {name: value for name, value in {**claims_of(user_id), **changes}.items() if value is not None}
        key: str = lesson.env["SECRET_KEY"]
        return jwt.encode(claims, key, algorithm="HS256")  # pyright: ignore[reportUnknownMemberType]

    return make


@pytest.fixture
def as_user(token_of: Any) -> Any:
    """A maker of the headers of a request by a user, from what ``add_user`` or ``sign_up`` returned."""

    def headers(user: dict[str, Any]) -> dict[str, Any]:
        return bearer(token_of(user["id"]))

    return headers


@pytest.fixture
def while_hashing(service: Any, client: Any) -> Any:
    """Send a request that hashes a password, hold the hash, and return what ``/health`` answers meanwhile."""

    def hold(send: Callable[[], Any]) -> int:
        status: list[int] = []

        def go(number: int) -> None:
            if number == 0:
                with suppress(RequestFailed):  # when the other one gets no answer, this one is ended too
                    send()
                return
            deadline = time.monotonic() + 2
            while not service.inside("hashing_held") and time.monotonic() < deadline:
                time.sleep(0.005)
            try:
                status.append(client.get("/health", timeout=2).status_code)
            finally:
                service.inside("release_hashing")

        service.inside("hold_hashing")
        service.together(2, go)
        return status[0]

    return hold


def bearer(token: str) -> dict[str, Any]:
    """The headers that carry a token, whatever stands in it."""
    return {"Authorization": f"Bearer {token}".encode("latin-1")}


def refused(reply: Any) -> bool:
    """Whether an answer is the refusal of somebody of whom nobody knows who they are."""
    assert reply.status_code == 401
    challenge = reply.headers.get("www-authenticate", "")
    assert re.match(r"bearer(?![\w-])", challenge, re.IGNORECASE), "a 401 has the header WWW-Authenticate: Bearer"
    return True
