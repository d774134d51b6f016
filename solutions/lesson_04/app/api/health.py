"""Is the service alive, and may it be sent requests?"""

from fastapi import APIRouter, HTTPException, Request, status

router = APIRouter(tags=["health"])


@router.get("/health")
def read_health() -> dict[str, str]:
    """Tell that this process is alive. It asks nobody else, so nothing but its own death makes it fail."""
    return {"status": "ok"}


@router.get("/ready", responses={503: {"description": "No requests at the moment."}})
def read_ready(request: Request) -> dict[str, str]:
    """Tell whether this service wants requests at the moment.

    Raises:
        HTTPException: 503 while it does not.
    """
    if not request.app.state.ready:
        raise HTTPException(status.HTTP_503_SERVICE_UNAVAILABLE, "This service takes no requests at the moment.")
    return {"status": "ready"}
