"""Who somebody is."""

from sqlalchemy.orm import Session

from app.core.security import hash_password, verify_password
from app.crud import users
from app.models import User


def authenticate(session: Session, email: str, password: str) -> User | None:
    """Find the active user with that address, if this is their password.

    Args:
        session: the session of the request.
        email: what somebody typed as their name.
        password: what they typed as their password.

    Returns:
        The user. None for an address that nobody has, a wrong password and a user who is locked out alike, after the
        same work: whoever asks must not learn which of them it was, neither from the words nor from the time it took.
    """
    user = users.get_by_email(session, email)
    if user is None:
        hash_password(password)
        return None
    if not verify_password(password, user.hashed_password) or not user.is_active:
        return None
    return user
