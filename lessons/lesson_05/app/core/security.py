"""A stand-in for real password hashing.

Given, so that no password is ever stored as it was typed. It is salted and cannot be read backwards, but it is far too
cheap to stop a thief with a graphics card: do not copy it. Lesson 7 puts Argon2 in its place.
"""

import hashlib
import secrets


def hash_password(password: str) -> str:
    """Turn a password into a text from which it cannot be read back.

    Args:
        password: what the user chose.

    Returns:
        ``"stand-in$<salt>$<digest>"``, another one at every call.
    """
    salt = secrets.token_bytes(16)
    digest = hashlib.scrypt(password.encode(), salt=salt, n=2**10, r=8, p=1)
    return f"stand-in${salt.hex()}${digest.hex()}"
