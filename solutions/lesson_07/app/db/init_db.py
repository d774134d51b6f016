"""What a new database needs before the service can be used."""

from sqlalchemy.orm import Session

from app.core.config import Settings
from app.core.security import hash_password
from app.crud import users
from app.crud.errors import Conflict
from app.models import Role, User


def add_first_admin(session: Session, settings: Settings) -> None:
    """Make the admin that the settings name, unless there is a user with that address.

    Args:
        session: a session of its own.
        settings: where the address and the password stand.
    """
    email, password = settings.first_admin_email, settings.first_admin_password
    if email is None or password is None or users.get_by_email(session, email) is not None:
        return
    hashed = hash_password(password.get_secret_value())
    session.add(User(first_name="First", surname="Admin", email=email, role=Role.ADMIN, hashed_password=hashed))
    try:
        users.flush(session)
    except Conflict:
        return  # another process of this service was quicker
    session.commit()
