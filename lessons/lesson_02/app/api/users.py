"""The users of the service."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path, Query, Request, status
from fastapi.responses import JSONResponse

from app.core.security import hash_password
from app.schemas.user import UserCreate, UserOut, UserUpdate
from app.store import StoredUser, store_of

router = APIRouter(prefix="/users", tags=["users"])

NOT_FOUND: dict[int | str, dict[str, Any]] = {404: {"description": "There is no such user."}}
UserId = Annotated[int, Path(ge=1, description="The number that the service gave the user.")]
SearchedEmail = Annotated[str, Query(max_length=254, description="The whole address; no address is longer than that.")]


def find_user(request: Request, user_id: int) -> StoredUser:
    """Find the user with that number.

    Raises:
        HTTPException: 404 when there is no such user.
    """
    user = store_of(request).users.get(user_id)
    if user is None:
        raise HTTPException(status.HTTP_404_NOT_FOUND, f"There is no user {user_id}.")
    return user


# Exercise 2.2: Take a UserCreate, store what it says, answer a UserOut
@router.post("")
def create_user(request: Request, new: dict[str, Any]) -> Any:
    """Sign up."""
    hashed = hash_password(new.pop("password"))
    return store_of(request).add_user(**new, hashed_password=hashed)


# Exercise 2.4: Make the list show no more than one user does
@router.get("")
def list_users(request: Request) -> Any:
    """List all users, in the order in which they signed up."""
    return list(store_of(request).users.values())


# Exercise 2.4: Make the model filter this answer too
@router.get("/lookup", response_model=UserOut, responses=NOT_FOUND)
def look_up_user(request: Request, email: SearchedEmail) -> Any:
    """Find the user with exactly that e-mail address."""
    for user in list(store_of(request).users.values()):
        if user.email == email:
            return JSONResponse(asdict(user))
    raise HTTPException(status.HTTP_404_NOT_FOUND, "There is no user with that address.")


# Exercise 2.2: Answer a UserOut
@router.get("/{user_id}", responses=NOT_FOUND)
def read_user(request: Request, user_id: UserId) -> Any:
    """Find one user by their number."""
    return find_user(request, user_id)


# Exercise 2.2: Take a UserUpdate, change only what was sent, answer a UserOut
@router.patch("/{user_id}", responses=NOT_FOUND)
def update_user(request: Request, user_id: UserId, changes: dict[str, Any]) -> Any:
    """Change a part of a user; what is not sent stays as it is."""
    user = find_user(request, user_id)
    for field, value in changes.items():
        setattr(user, field, value)
    return user
