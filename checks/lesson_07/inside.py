"""What the checks of lesson 7 do to hashing. It runs in the service's process, and reports facts only."""

import importlib
import logging
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

_HASHING = (
    ("argon2", "PasswordHasher", "hash"),
    ("argon2", "PasswordHasher", "verify"),
    ("argon2.low_level", "", "hash_secret"),
    ("argon2.low_level", "", "verify_secret"),
    ("bcrypt", "", "hashpw"),
    ("bcrypt", "", "checkpw"),
)
"""Where password libraries do their work: module, class and function."""

_HASH_SECRET = ("argon2._password_hasher", "argon2.low_level")
"""Where Argon2's work is done: the first is what ``argon2.PasswordHasher`` calls, and with it ``pwdlib``."""

_full_cost: list[tuple[Any, str, Any]] = []
_released = threading.Event()
_held: list[int] = []
_originals: list[tuple[Any, str, Any]] = []


def log_from_info() -> None:
    """Print what is logged from the level INFO on, as many services do."""
    logging.basicConfig(level=logging.INFO, stream=sys.stdout)


def hash_cheaply() -> None:
    """Let Argon2 and bcrypt work with their smallest cost, whatever they are told: a check needs no safe passwords.

    The checks that look at the cost call ``hash_at_full_cost`` first.
    """
    if _full_cost:
        return
    for module in _HASH_SECRET:
        place: Any = importlib.import_module(module)
        _full_cost.append((place, "hash_secret", place.hash_secret))
        place.hash_secret = _cheap(place.hash_secret)
    try:
        bcrypt: Any = importlib.import_module("bcrypt")
    except ImportError:
        return
    original = bcrypt.gensalt

    def gensalt(*_: Any, **__: Any) -> Any:
        return original(4)

    _full_cost.append((bcrypt, "gensalt", original))
    bcrypt.gensalt = gensalt


def _cheap(function: Callable[..., bytes]) -> Callable[..., bytes]:
    def hash_secret(secret: bytes, salt: bytes, *costs: Any, **options: Any) -> bytes:
        named = dict(zip(("time_cost", "memory_cost", "parallelism", "hash_len", "type"), costs, strict=False))
        return function(secret, salt, **{**named, **options, "time_cost": 1, "memory_cost": 8, "parallelism": 1})

    return hash_secret


def hash_at_full_cost() -> None:
    """Let hashing cost what the service wants it to cost."""
    while _full_cost:
        place, name, original = _full_cost.pop()
        setattr(place, name, original)


def hold_hashing() -> None:
    """Let everything that hashes a password wait until ``release_hashing``, or for four seconds."""
    _released.clear()
    _held.clear()
    for module, owner, name in _HASHING:
        try:
            place: Any = importlib.import_module(module)
        except ImportError:
            continue
        place = getattr(place, owner) if owner else place
        _originals.append((place, name, getattr(place, name)))
        setattr(place, name, _waiting(getattr(place, name)))


def _waiting(function: Callable[..., Any]) -> Callable[..., Any]:
    def wait(*args: Any, **kwargs: Any) -> Any:
        _held.append(threading.get_ident())
        _released.wait(4)
        return function(*args, **kwargs)

    return wait


def hashing_held() -> int:
    """How often hashing has begun since it is held."""
    return len(_held)


def release_hashing() -> None:
    """Let hashing go on, and everything be as it was."""
    _released.set()
    while _originals:
        place, name, original = _originals.pop()
        setattr(place, name, original)


def print_line(text: str) -> None:
    """Print a line, and with it all that the service has printed before."""
    print(text, flush=True)


def processor_seconds() -> float:
    """How much processor time the service has used, in seconds."""
    return time.process_time()


def roles_that_pass(wanted: list[list[str]]) -> list[list[str]]:
    """For each choice of roles, report which roles a route behind ``require_role`` lets pass."""
    doors = [_guarded(names) for names in wanted]  # all of them are made before the first one is tried
    return [[role for role in ("user", "editor", "admin") if ask(role)[0] == 200] for ask in doors]


def what_require_role_gives() -> list[Any]:
    """Report the status and the role that an endpoint behind ``require_role`` sees."""
    return list(_guarded(["editor"])("editor"))


def _guarded(names: list[str]) -> Callable[[str], tuple[int, Any]]:
    """An application with one route behind ``require_role``, and who is logged in said by the request."""
    from typing import Annotated

    from fastapi import Depends, FastAPI
    from fastapi.testclient import TestClient

    from app.api.deps import get_current_user, require_role
    from app.models import Role, User

    app = FastAPI()

    def current(role: str) -> User:
        return User(id=1, role=Role(role), is_active=True)

    def see(user: Annotated[User, Depends(require_role(*(Role(name) for name in names)))]) -> Any:
        return user.role

    app.get("/")(see)
    app.dependency_overrides[get_current_user] = current
    client = TestClient(app)

    def ask(role: str) -> tuple[int, Any]:
        reply = client.get("/", params={"role": role})
        return reply.status_code, reply.json() if reply.status_code == 200 else None

    return ask
