"""What endpoints depend on."""

from collections.abc import Iterator
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy.orm import Session

from app.clients.reddit import RedditClient
from app.db.session import POOL_SIZE


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
