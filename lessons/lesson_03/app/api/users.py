"""The users of the service."""

from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path, Query, status
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.api.errors import commit_or_refuse
from app.core.security import hash_password
from app.db.session import SessionDep
from app.db.types import LARGEST_ID
from app.models import User
from app.schemas.recipe import RecipeOut
from app.schemas.user import UserCreate, UserOut, UserUpdate

router = APIRouter(prefix="/users", tags=["users"])

NOT_FOUND: dict[int | str, dict[str, Any]] = {404: {"description": "There is no such user."}}
EMAIL_TAKEN = "There is a user with that e-mail address already."
CONFLICT: dict[int | str, dict[str, Any]] = {409: {"description": EMAIL_TAKEN}}
NEW_RECIPE = "The user has submitted another recipe meanwhile."
HAS_RECIPES: dict[int | str, dict[str, Any]] = {409: {"description": NEW_RECIPE}}
UserId = Annotated[int, Path(ge=1, le=LARGEST_ID, description="The number that the service gave the user.")]
SearchedEmail = Annotated[str, Query(max_length=254, description="The whole address; no address is longer than that.")]


def find_user(session: Session, user_id: int) -> User:
    """Find the user with that number.

    Raises:
        HTTPException: 404 when there is no such user.
    """
    user = session.get(User, user_id)
    if user is None:
        raise HTTPException(status.HTTP_404_NOT_FOUND, f"There is no user {user_id}.")
    return user


@router.post("", status_code=status.HTTP_201_CREATED, responses=CONFLICT)
def create_user(session: SessionDep, new: UserCreate) -> UserOut:
    """Sign up. The password is hashed at once and kept nowhere; nobody signs up as a superuser."""
    user = User(**new.model_dump(exclude={"password"}), hashed_password=hash_password(new.password))
    session.add(user)
    commit_or_refuse(session, EMAIL_TAKEN)
    return UserOut.model_validate(user)


@router.get("")
def list_users(session: SessionDep) -> list[UserOut]:
    """List all users, in the order in which they signed up."""
    return [UserOut.model_validate(user) for user in session.scalars(select(User).order_by(User.id))]


@router.get("/lookup", responses=NOT_FOUND)
def look_up_user(session: SessionDep, email: SearchedEmail) -> UserOut:
    """Find the user with exactly that e-mail address."""
    user = session.scalars(select(User).where(User.email == email)).one_or_none()
    if user is None:
        raise HTTPException(status.HTTP_404_NOT_FOUND, "There is no user with that address.")
    return UserOut.model_validate(user)


@router.get("/{user_id}", responses=NOT_FOUND)
def read_user(session: SessionDep, user_id: UserId) -> UserOut:
    """Find one user by their number."""
    return UserOut.model_validate(find_user(session, user_id))


@router.patch("/{user_id}", responses=NOT_FOUND | CONFLICT)
def update_user(session: SessionDep, user_id: UserId, changes: UserUpdate) -> UserOut:
    """Change a part of a user; what is not sent stays as it is."""
    user = find_user(session, user_id)
    for field, value in changes.model_dump(exclude_unset=True).items():
        setattr(user, field, value)
    commit_or_refuse(session, EMAIL_TAKEN)
    return UserOut.model_validate(user)


# Exercise 3.5: Answer the recipes of a user, and remove a user with all of them
