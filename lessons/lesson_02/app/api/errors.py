"""How the service says that a request was not valid."""

from fastapi import Request, status
from fastapi.encoders import jsonable_encoder
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
    # Exercise 2.4: Name each problem without repeating what was sent
    detail = jsonable_encoder(error.errors())
    return JSONResponse({"detail": detail}, status_code=status.HTTP_422_UNPROCESSABLE_CONTENT)
