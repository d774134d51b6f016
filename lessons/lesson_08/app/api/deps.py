"""What endpoints depend on."""

from collections.abc import Callable, Iterator
from tempfile import TemporaryDirectory
from typing import Annotated, Any

from fastapi import Depends, HTTPException, Path, Query, Request, status
from fastapi.security import OAuth2PasswordBearer
from sqlalchemy.orm import Session

from app.api.lending import lend
from app.clients.market import Market
from app.clients.reddit import RedditClient
from app.core.security import InvalidToken, read_access_token
from app.crud import recipes, users
from app.db.session import POOL_SIZE
from app.db.types import LARGEST_ID
from app.models import Recipe, Role, User
from app.services.journal import Journal
from app.services.permissions import require_change


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


def get_market(request: Request) -> Market:
    """Give a request the market that the whole service shares."""
    # Exercise 8.1: It is open already
    raise NotImplementedError


MarketDep = Annotated[Market, Depends(get_market)]
"""What an endpoint writes as a parameter's type to ask the market."""

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
    user = users.get(session, user_id)
    if user is None:
        raise unauthenticated()
    if not user.is_active:
        raise HTTPException(status.HTTP_403_FORBIDDEN, "You are locked out.")
    return user


CurrentUser = Annotated[User, Depends(get_current_user)]
"""What an endpoint writes as a parameter's type to be for those who are logged in, and to know who it is."""


def require_role(*roles: Role) -> Callable[[User], User]:
    """Make a dependency that lets only some roles pass.

    Args:
        roles: those that pass. No role includes another one: what is not named here does not pass.

    Returns:
        A dependency that gives the current user, and answers 403 to all others.
    """

    def check(user: CurrentUser) -> User:
        if user.role not in roles:
            raise HTTPException(status.HTTP_403_FORBIDDEN, f"This is for the role {' or '.join(roles)}.")
        return user

    return check


# Exercise 8.2: In the session of the request, so that both are stored or none
def get_journal(request: Request, user: CurrentUser) -> Iterator[Journal]:
    """Give a request the journal of whoever is logged in."""
    with request.app.state.sessions() as session:
        yield Journal(session, user.id)
        session.commit()


JournalDep = Annotated[Journal, Depends(get_journal)]
"""What an endpoint writes as a parameter's type to write down what is done."""

NOT_FOUND: dict[int | str, dict[str, Any]] = {404: {"description": "There is no such recipe."}}
RecipeId = Annotated[
    int, Path(ge=1, le=LARGEST_ID, title="Recipe number", description="The number that the service gave the recipe.")
]


# Exercise 8.5: A validator that needs the database
def valid_recipe(session: SessionDep, recipe_id: RecipeId) -> Recipe:
    """Find the recipe whose number stands in the address.

    Raises:
        HTTPException: 404 when there is no such recipe.
    """
    raise NotImplementedError


ValidRecipe = Annotated[Recipe, Depends(valid_recipe)]
"""What an endpoint writes as a parameter's type to get the recipe of the address."""


# Exercise 8.5: Who, then what, then whether
def own_recipe() -> Recipe:
    """Find the recipe whose number stands in the address, for somebody who wants to change or remove it.

    Raises:
        HTTPException: 404 when there is no such recipe.
        NotAllowed: it is not for them to change.
    """
    raise NotImplementedError


OwnRecipe = Annotated[Recipe, Depends(own_recipe)]
"""What an endpoint writes as a parameter's type to get the recipe of the address, if the user may change it."""


Workspace = Annotated[str, Depends(lend(TemporaryDirectory))]
"""What an endpoint writes as a parameter's type to get a folder of its own, which is gone after the answer."""


class Paging:
    """A piece of a list. FastAPI calls the class like a function, and its parameters are those of the request."""

    def __init__(
        self,
        skip: Annotated[int, Query(ge=0, le=LARGEST_ID, description="How many to leave out at the front.")] = 0,
        limit: Annotated[int, Query(ge=1, le=100, description="How many to answer at most.")] = 20,
    ) -> None:
        """Remember what was asked for."""
        self.skip = skip
        self.limit = limit


Page = Annotated[Paging, Depends()]
"""What an endpoint writes as a parameter's type to hand out a list in pieces."""
