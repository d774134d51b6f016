"""What endpoints depend on."""

from collections.abc import Callable, Iterator
from typing import Annotated, Any

from fastapi import Depends, HTTPException, Request, status
from fastapi.security import OAuth2PasswordBearer
from sqlalchemy.orm import Session

from app.clients.reddit import RedditClient
from app.core.security import InvalidToken, read_access_token
from app.crud import users
from app.db.session import POOL_SIZE
from app.models import Role, User


def get_session(request: Request) -> Iterator[Session]:
    """Lend a session to one request, and take it back when the request is over, however it ended."""
    with request.app.state.sessions() as session:
        yield session


# max_concurrency: the requests beyond wait at the door, and a request that waits there keeps no thread busy.
# No scope="function": the endpoints commit, so all that is left for after the answer is to close the session.
SessionDep = Annotated[Session, Depends(get_session, max_concurrency=POOL_SIZE)]
"""What an endpoint writes as a parameter's type to get the session of its request."""


def get_reddit_client(request: Request) -> RedditClient:
    """Give a request the client that the whole service shares."""
    return request.app.state.reddit


RedditDep = Annotated[RedditClient, Depends(get_reddit_client)]
"""What an endpoint writes as a parameter's type to ask Reddit."""

oauth2_scheme = OAuth2PasswordBearer(tokenUrl="auth/login")
"""Takes the token out of a request. Where one logs in, nobody knows here: ``Service.openapi`` puts it right."""

UNAUTHENTICATED: dict[int | str, dict[str, Any]] = {
    401: {"description": "There is no token, or it opens nothing. Log in."},
    403: {"description": "We know who you are, and you may not."},
}


def unauthenticated() -> HTTPException:
    """Make the answer for somebody of whom we do not know who they are."""
    return HTTPException(
        status.HTTP_401_UNAUTHORIZED, "This token opens nothing. Log in.", headers={"WWW-Authenticate": "Bearer"}
    )


def get_current_user(request: Request, session: SessionDep, token: Annotated[str, Depends(oauth2_scheme)]) -> User:
    """Find out who sends a request.

    Raises:
        HTTPException: 401 when nobody knows, 403 when it is somebody who is locked out.
    """
    try:
        user_id = read_access_token(token, request.app.state.settings.secret_key.get_secret_value())
    except InvalidToken:
        raise unauthenticated() from None
    # region 7.4 The token says who; whether they are still welcome, only the database knows
    user = users.get(session, user_id)
    if user is None:
        raise unauthenticated()
    if not user.is_active:
        raise HTTPException(status.HTTP_403_FORBIDDEN, "You are locked out.")
    return user
    # starter: return session.get_one(User, user_id)
    # endregion


CurrentUser = Annotated[User, Depends(get_current_user)]
"""What an endpoint writes as a parameter's type to be for those who are logged in, and to know who it is."""


def require_role(*roles: Role) -> Callable[[User], User]:
    """Make a dependency that lets only some roles pass.

    Args:
        roles: those that pass. No role includes another one: what is not named here does not pass.

    Returns:
        A dependency that gives the current user, and answers 403 to all others.
    """
    # region 7.6 Compare when a request comes, not when the routes are made

    def check(user: CurrentUser) -> User:
        if user.role not in roles:
            raise HTTPException(status.HTTP_403_FORBIDDEN, f"This is for the role {' or '.join(roles)}.")
        return user

    # starter:
    # starter: def check(user: CurrentUser) -> User:
    # starter:     return user
    # starter:
    # endregion
    return check
