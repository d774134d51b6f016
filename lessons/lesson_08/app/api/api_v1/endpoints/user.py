"""Users, as version 1 shows them."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Path, Query, status
from sqlalchemy.orm import Session

from app.api.deps import UNAUTHENTICATED, CurrentUser, SessionDep, require_role
from app.crud import users
from app.db.types import LARGEST_ID
from app.models import Role, User
from app.schemas.recipe import RecipeOut
from app.schemas.user import AccessChange, UserCreate, UserOut, UserUpdate
from app.services.permissions import require_self

router = APIRouter()

NOT_FOUND: dict[int | str, dict[str, Any]] = {404: {"description": "There is no such user."}}
CONFLICT: dict[int | str, dict[str, Any]] = {409: {"description": "There is a user with that e-mail address already."}}
HAS_RECIPES: dict[int | str, dict[str, Any]] = {
    409: {"description": "The user has submitted another recipe meanwhile."}
}
UserId = Annotated[int, Path(ge=1, le=LARGEST_ID, description="The number that the service gave the user.")]
SearchedEmail = Annotated[str, Query(max_length=254, description="The whole address; no address is longer than that.")]
Skip = Annotated[int, Query(ge=0, le=LARGEST_ID, description="How many users to leave out at the front.")]
Limit = Annotated[int, Query(ge=1, le=1000, description="How many users to answer at most.")]


def find_user(session: Session, user_id: int) -> User:
    """Find the user with that number.

    Raises:
        HTTPException: 404 when there is no such user.
    """
    user = users.get(session, user_id)
    if user is None:
        raise HTTPException(status.HTTP_404_NOT_FOUND, f"There is no user {user_id}.")
    return user


def find_account(session: Session, current: User, user_id: int) -> User:
    """Find the user with that number for somebody who wants to see or change what is known of them.

    Raises:
        HTTPException: 404 when there is no such user, which only an admin is told.
        NotAllowed: it is somebody else.
    """
    require_self(current, user_id)
    return find_user(session, user_id)


@router.post("/", status_code=status.HTTP_201_CREATED, responses=CONFLICT)
def create_user(session: SessionDep, new: UserCreate) -> UserOut:
    """Sign up. The password is hashed at once and kept nowhere; nobody signs up as a superuser."""
    user = users.create(session, new)
    session.commit()
    return UserOut.model_validate(user)


@router.get("/{user_id}/recipes", responses=NOT_FOUND)
def list_recipes_of_user(session: SessionDep, user_id: UserId) -> list[RecipeOut]:
    """List the recipes that a user submitted, in the order of their numbers."""
    return [RecipeOut.model_validate(recipe) for recipe in find_user(session, user_id).recipes]


@router.get("/", responses=UNAUTHENTICATED, dependencies=[Depends(require_role(Role.ADMIN))])
def list_users(session: SessionDep, skip: Skip = 0, limit: Limit = 100) -> list[UserOut]:
    """List the users in the order in which they signed up, page by page."""
    return [UserOut.model_validate(user) for user in users.get_multi(session, skip=skip, limit=limit)]


@router.get("/lookup/", responses=UNAUTHENTICATED | NOT_FOUND, dependencies=[Depends(require_role(Role.ADMIN))])
def look_up_user(session: SessionDep, email: SearchedEmail) -> UserOut:
    """Find the user with exactly that e-mail address."""
    user = users.get_by_email(session, email)
    if user is None:
        raise HTTPException(status.HTTP_404_NOT_FOUND, "There is no user with that address.")
    return UserOut.model_validate(user)


@router.get("/{user_id}", responses=UNAUTHENTICATED | NOT_FOUND)
def read_user(session: SessionDep, current: CurrentUser, user_id: UserId) -> UserOut:
    """Find one user by their number."""
    return UserOut.model_validate(find_account(session, current, user_id))


@router.patch("/{user_id}", responses=UNAUTHENTICATED | NOT_FOUND | CONFLICT)
def update_user(session: SessionDep, current: CurrentUser, user_id: UserId, changes: UserUpdate) -> UserOut:
    """Change a part of a user; what is not sent stays as it is."""
    user = users.update(session, find_account(session, current, user_id), changes)
    session.commit()
    return UserOut.model_validate(user)


@router.delete(
    "/{user_id}", status_code=status.HTTP_204_NO_CONTENT, responses=UNAUTHENTICATED | NOT_FOUND | HAS_RECIPES
)
def delete_user(session: SessionDep, current: CurrentUser, user_id: UserId) -> None:
    """Remove a user, and with them the recipes they submitted."""
    users.remove(session, find_account(session, current, user_id))
    session.commit()


@router.patch(
    "/{user_id}/access", responses=UNAUTHENTICATED | NOT_FOUND, dependencies=[Depends(require_role(Role.ADMIN))]
)
def change_access(session: SessionDep, user_id: UserId, changes: AccessChange) -> UserOut:
    """Give a user another role, lock them out, or let them in again."""
    user = users.update(session, find_user(session, user_id), changes)
    session.commit()
    return UserOut.model_validate(user)
