"""How the service says that an old version goes, so that a program can read it."""

from collections.abc import Mapping
from datetime import UTC
from email.utils import format_datetime

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.config import Settings


def deprecation_headers(settings: Settings) -> dict[str, str]:
    """Make the headers that announce the end of version 1.

    Returns:
        ``Deprecation``, a Unix time (RFC 9745), ``Sunset``, an HTTP date (RFC 8594), and ``Link``, the next version.
    """
    return {
        "Deprecation": f"@{int(settings.v1_deprecated_at.timestamp())}",
        "Sunset": format_datetime(settings.v1_sunset_at.astimezone(UTC), usegmt=True),
        "Link": f'<{settings.API_V2_STR}>; rel="successor-version"',
    }


class HeadersBelow:
    """Adds headers to every answer below one address, whoever made it: an endpoint, a refusal, or nobody at all."""

    def __init__(self, app: ASGIApp, prefix: str, headers: Mapping[str, str]) -> None:
        """Stand in front of an app.

        Args:
            app: what answers.
            prefix: the address, without a slash at its end.
            headers: what each answer gets.
        """
        self.app = app
        self.prefix = prefix
        self.headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and the answer back."""
        if scope["type"] != "http" or not self._is_below(scope["path"]):
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(self.headers)
            await send(message)

        await self.app(scope, receive, send_with_headers)

    def _is_below(self, path: str) -> bool:
        return path == self.prefix or path.startswith(f"{self.prefix}/")
