"""The rows of ``users``."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.security import hash_password
from app.crud.base import CRUDBase
from app.models import User
from app.schemas.user import UserCreate, UserUpdate


class CRUDUser(CRUDBase[User, UserCreate, UserUpdate]):
    """What can be done with users."""

    conflict = "Another user has that e-mail address, or this one has submitted a recipe meanwhile."

    # region 4.1 A user's row holds the hash, and no password
    def create(self, session: Session, new: UserCreate) -> User:
        """Add a user. The password is hashed at once and kept nowhere.

        Raises:
            Conflict: there is a user with that e-mail address.
        """
        row = User(**new.model_dump(exclude={"password"}), hashed_password=hash_password(new.password))
        session.add(row)
        self.flush(session)
        return row

    # endregion
    def get_by_email(self, session: Session, email: str) -> User | None:
        """Get the user with exactly that e-mail address, or None."""
        return session.scalars(select(User).where(User.email == email)).one_or_none()


users = CRUDUser(User)
