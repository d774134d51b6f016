"""The users of the service."""

# region 2.4
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path, Query, Request, status

# starter: from dataclasses import asdict
# starter: from typing import Annotated, Any
# starter:
# starter: from fastapi import APIRouter, HTTPException, Path, Query, Request, status
# starter: from fastapi.responses import JSONResponse
# starter:
# endregion
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


# region 2.2 Take a UserCreate, store what it says, answer a UserOut
@router.post("", status_code=status.HTTP_201_CREATED)
def create_user(request: Request, new: UserCreate) -> UserOut:
    """Sign up. The password is hashed at once and kept nowhere; nobody signs up as a superuser."""
    user = store_of(request).add_user(
        **new.model_dump(exclude={"password"}), hashed_password=hash_password(new.password)
    )
    return UserOut.model_validate(user)


# starter: @router.post("")
# starter: def create_user(request: Request, new: dict[str, Any]) -> Any:
# starter:     """Sign up."""
# starter:     hashed = hash_password(new.pop("password"))
# starter:     return store_of(request).add_user(**new, hashed_password=hashed)
# starter:
# starter:
# endregion
# region 2.4 Make the list show no more than one user does
@router.get("")
def list_users(request: Request) -> list[UserOut]:
    """List all users, in the order in which they signed up."""
    return [UserOut.model_validate(user) for user in list(store_of(request).users.values())]


# starter: @router.get("")
# starter: def list_users(request: Request) -> Any:
# starter:     """List all users, in the order in which they signed up."""
# starter:     return list(store_of(request).users.values())
# starter:
# starter:
# endregion
# region 2.4 Make the model filter this answer too
@router.get("/lookup", responses=NOT_FOUND)
def look_up_user(request: Request, email: SearchedEmail) -> UserOut:
    """Find the user with exactly that e-mail address."""
    for user in list(store_of(request).users.values()):
        if user.email == email:
            return UserOut.model_validate(user)
    raise HTTPException(status.HTTP_404_NOT_FOUND, "There is no user with that address.")


# starter: @router.get("/lookup", response_model=UserOut, responses=NOT_FOUND)
# starter: def look_up_user(request: Request, email: SearchedEmail) -> Any:
# starter:     """Find the user with exactly that e-mail address."""
# starter:     for user in list(store_of(request).users.values()):
# starter:         if user.email == email:
# starter:             return JSONResponse(asdict(user))
# starter:     raise HTTPException(status.HTTP_404_NOT_FOUND, "There is no user with that address.")
# starter:
# starter:
# endregion
# region 2.2 Answer a UserOut
@router.get("/{user_id}", responses=NOT_FOUND)
def read_user(request: Request, user_id: UserId) -> UserOut:
    """Find one user by their number."""
    return UserOut.model_validate(find_user(request, user_id))


# starter: @router.get("/{user_id}", responses=NOT_FOUND)
# starter: def read_user(request: Request, user_id: UserId) -> Any:
# starter:     """Find one user by their number."""
# starter:     return find_user(request, user_id)
# starter:
# starter:
# endregion
# region 2.2 Take a UserUpdate, change only what was sent, answer a UserOut
@router.patch("/{user_id}", responses=NOT_FOUND)
def update_user(request: Request, user_id: UserId, changes: UserUpdate) -> UserOut:
    """Change a part of a user; what is not sent stays as it is."""
    user = find_user(request, user_id)
    for field, value in changes.model_dump(exclude_unset=True).items():
        setattr(user, field, value)
    return UserOut.model_validate(user)


# starter: @router.patch("/{user_id}", responses=NOT_FOUND)
# starter: def update_user(request: Request, user_id: UserId, changes: dict[str, Any]) -> Any:
# starter:     """Change a part of a user; what is not sent stays as it is."""
# starter:     user = find_user(request, user_id)
# starter:     for field, value in changes.items():
# starter:         setattr(user, field, value)
# starter:     return user
# endregion
