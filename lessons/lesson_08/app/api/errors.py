"""How the service says that a request was not valid, or does not fit what is stored."""

from fastapi import Request, status
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse


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


def answer_forbidden(request: Request, error: Exception) -> JSONResponse:
    """Answer 403: we know who asks, and they may not.

    Args:
        request: what came in.
        error: who refused it; its text is for the client.
    """
    return JSONResponse({"detail": str(error)}, status_code=status.HTTP_403_FORBIDDEN)


def answer_refusal(request: Request, error: Exception) -> JSONResponse:
    """Answer 409: the request was read and understood, and does not fit what is stored.

    Args:
        request: what came in.
        error: who refused it; its text is for the client.
    """
    return JSONResponse({"detail": str(error)}, status_code=status.HTTP_409_CONFLICT)
