"""How the service says that a request was not valid."""

# region 2.4
from fastapi import Request, status
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse


# starter: from fastapi import Request, status
# starter: from fastapi.encoders import jsonable_encoder
# starter: from fastapi.exceptions import RequestValidationError
# starter: from fastapi.responses import JSONResponse
# starter:
# starter:
# endregion
def answer_invalid_request(request: Request, error: Exception) -> JSONResponse:
    """Answer 422 and say what was wrong with the request.

    Args:
        request: what came in.
        error: the RequestValidationError that FastAPI raised for it.

    Returns:
        The answer: a list under "detail", one entry for each problem.
    """
    assert isinstance(error, RequestValidationError)
    # region 2.4 Name each problem without repeating what was sent
    detail = [{"type": problem["type"], "loc": problem["loc"], "msg": problem["msg"]} for problem in error.errors()]
    # starter: detail = jsonable_encoder(error.errors())
    # endregion
    return JSONResponse({"detail": detail}, status_code=status.HTTP_422_UNPROCESSABLE_CONTENT)
