"""Sign up, log in, and see who you are."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request, status
from fastapi.security import OAuth2PasswordRequestForm

from app.api.api_v1.endpoints.user import CONFLICT
from app.api.deps import UNAUTHENTICATED, CurrentUser, SessionDep
from app.core.config import Settings
from app.core.security import create_access_token
from app.crud import users
from app.schemas.user import Token, UserCreate, UserOut
from app.services.accounts import authenticate

router = APIRouter()


# region 7.1 Store the user, and answer what may be shown
@router.post("/signup", status_code=status.HTTP_201_CREATED, responses=CONFLICT)
def sign_up(session: SessionDep, new: UserCreate) -> UserOut:
    """Sign up. The password is hashed at once and kept nowhere; everybody begins as an ordinary user."""
    user = users.create(session, new)
    session.commit()
    return UserOut.model_validate(user)


# starter: @router.post("/signup", status_code=status.HTTP_201_CREATED, responses=CONFLICT)
# starter: def sign_up(session: SessionDep, new: UserCreate) -> UserOut:
# starter:     """Sign up. The password is hashed at once and kept nowhere; everybody begins as an ordinary user."""
# starter:     raise HTTPException(status.HTTP_501_NOT_IMPLEMENTED)
# starter:
# starter:
# endregion
@router.post("/login", responses={401: {"description": "No active user has this name and this password."}})
def log_in(request: Request, session: SessionDep, form: Annotated[OAuth2PasswordRequestForm, Depends()]) -> Token:
    """Log in with an e-mail address as the name, and a password."""
    # region 7.2 A token, or one refusal for all
    user = authenticate(session, form.username, form.password)
    if user is None:
        raise HTTPException(
            status.HTTP_401_UNAUTHORIZED, "Wrong name or password.", headers={"WWW-Authenticate": "Bearer"}
        )
    settings: Settings = request.app.state.settings
    lifetime = timedelta(minutes=settings.access_token_minutes)
    return Token(access_token=create_access_token(user.id, settings.secret_key.get_secret_value(), lifetime))
    # starter: raise HTTPException(status.HTTP_501_NOT_IMPLEMENTED)
    # endregion


@router.get("/me", responses=UNAUTHENTICATED)
def read_me(user: CurrentUser) -> UserOut:
    """See who you are."""
    return UserOut.model_validate(user)
