"""Passwords, kept so that nobody can read them back, and tokens, made so that nobody else can make them."""

from datetime import UTC, datetime, timedelta

# Exercise 7.1: What a password is hashed with
import hashlib
import secrets

import jwt

from app.db.types import LARGEST_ID

ALGORITHM = "HS256"
"""How tokens are signed: with one key, which whoever reads them needs too."""

# Exercise 7.1: One hasher for the whole service

def hash_password(password: str) -> str:
    """Turn a password into a text from which it cannot be read back.

    Args:
        password: what the user chose.

    Returns:
        The hash, with its salt and its cost; another one at every call.
    """
    # Exercise 7.1: Make it expensive for a thief
    # A stand-in. It is salted and cannot be read backwards, but a thief with a graphics card tries millions
    # of passwords a second.
    salt = secrets.token_bytes(16)
    digest = hashlib.scrypt(password.encode(), salt=salt, n=2**10, r=8, p=1)
    return f"stand-in${salt.hex()}${digest.hex()}"


def verify_password(password: str, hashed: str) -> bool:
    """Tell whether this is the password that was hashed.

    Args:
        password: what somebody typed.
        hashed: what is stored. A text that is no hash at all fits no password.
    """
    # Exercise 7.1: Hash once more, and compare
    raise NotImplementedError


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
    # Exercise 7.3: Say who, what for and until when, and sign it
    return str(user_id)


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
    # Exercise 7.3: Believe nothing that is not signed
    return int(token)
