"""How the service says that a request was not valid, or does not fit what is stored."""

from fastapi import HTTPException, Request, status
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session


def answer_invalid_request(request: Request, error: Exception) -> JSONResponse:
    """Answer 422 and say what was wrong with the request.

    Args:
        request: what came in.
        error: the RequestValidationError that FastAPI raised for it.

    Returns:
        The answer: a list under "detail", one entry for each problem.
    """
    assert isinstance(error, RequestValidationError)
    detail = [{"type": problem["type"], "loc": problem["loc"], "msg": problem["msg"]} for problem in error.errors()]
    return JSONResponse({"detail": detail}, status_code=status.HTTP_422_UNPROCESSABLE_CONTENT)


def answer_unstorable_value(request: Request, error: Exception) -> JSONResponse:
    """Answer 422 where the database cannot hold what was sent: PostgreSQL takes no text with a NUL character in it."""
    problem = {"type": "unstorable_value", "loc": (), "msg": "A value cannot be stored, or be looked for."}
    return JSONResponse({"detail": [problem]}, status_code=status.HTTP_422_UNPROCESSABLE_CONTENT)


def commit_or_refuse(session: Session, reason: str) -> None:
    """Store for good what the session holds, or answer 409 where the database does not take it.

    Args:
        session: the session of the request.
        reason: what the client reads when a constraint of the database says no.

    Raises:
        HTTPException: 409, and nothing of what the session held is stored.
    """
    # Exercise 3.3: Commit; where a constraint says no, undo it all and answer 409
    session.flush()
