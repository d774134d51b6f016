"""Passwords, kept so that nobody can read them back, and tokens, made so that nobody else can make them."""

from datetime import UTC, datetime, timedelta

import jwt
from pwdlib import PasswordHash
from pwdlib.exceptions import UnknownHashError

from app.db.types import LARGEST_ID

ALGORITHM = "HS256"
"""How tokens are signed: with one key, which whoever reads them needs too."""

hasher = PasswordHash.recommended()


def hash_password(password: str) -> str:
    """Turn a password into a text from which it cannot be read back.

    Args:
        password: what the user chose.

    Returns:
        The hash, with its salt and its cost; another one at every call.
    """
    return hasher.hash(password)


def verify_password(password: str, hashed: str) -> bool:
    """Tell whether this is the password that was hashed.

    Args:
        password: what somebody typed.
        hashed: what is stored. A text that is no hash at all fits no password.
    """
    try:
        return hasher.verify(password, hashed)
    except UnknownHashError:
        return False


class InvalidToken(Exception):
    """A token that opens nothing: forged, expired, or made for something else."""


def create_access_token(user_id: int, key: str, lifetime: timedelta) -> str:
    """Make a token that says who its bearer is.

    Args:
        user_id: who has just logged in.
        key: the service's secret key.
        lifetime: how long it is good for.

    Returns:
        The token. Anybody can read it, so there is nothing secret in it.
    """
    claims = {"sub": str(user_id), "type": "access", "exp": datetime.now(UTC) + lifetime}
    return jwt.encode(claims, key, algorithm=ALGORITHM)  # pyright: ignore[reportUnknownMemberType]


def read_access_token(token: str, key: str) -> int:
    """Find out who the bearer of a token is.

    Args:
        token: what came with the request: anything at all.
        key: the service's secret key.

    Returns:
        The number of the user.

    Raises:
        InvalidToken: it is not a token that this service made for this purpose, or its time is over.
    """
    try:
        claims = jwt.decode(  # pyright: ignore[reportUnknownMemberType]
            token, key, algorithms=[ALGORITHM], options={"require": ["sub", "type", "exp"]}
        )
        user_id = int(claims["sub"])
    except (jwt.InvalidTokenError, ValueError):
        raise InvalidToken from None
    if claims["type"] != "access" or not 1 <= user_id <= LARGEST_ID:
        raise InvalidToken
    return user_id
