"""Reddit, as this service sees it: what is liked in a subreddit today."""

import asyncio
from typing import Any, Self

import httpx

SUBREDDITS = ("recipes", "easyrecipes", "TopSecretRecipes")
HEADERS = {"User-Agent": "recipe-api"}
"""Reddit turns away clients that do not say who they are."""


class RedditError(Exception):
    """Reddit gave no answer that can be used."""


class RedditClient:
    """Asks Reddit. There is one for the whole service, so that its connections are used again."""

    def __init__(self, url: str, *, timeout: float, most_at_once: int) -> None:
        """Get ready; nothing is sent yet.

        Args:
            url: where Reddit is.
            timeout: seconds that one question may take.
            most_at_once: how many questions may be under way at any moment.
        """
        self._url = url
        self._timeout = timeout
        self._client = httpx.AsyncClient(base_url=url, timeout=None, headers=HEADERS)
        self._turns = asyncio.Semaphore(most_at_once)

    async def __aenter__(self) -> Self:
        """Begin to work."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close what is open."""
        await self._client.aclose()

    async def get_top(self, subreddit: str, limit: int = 5) -> list[str]:
        """Get what is liked most today: a line such as ``"12: Leek soup (https://recipes.example/1)"`` for each post.

        Raises:
            RedditError: there is no answer in time, or none that can be used.
        """
        try:
            return describe(await self._ask_in_turn(subreddit, limit))
        except (TimeoutError, httpx.HTTPError, LookupError, TypeError, ValueError) as error:
            raise RedditError(f"r/{subreddit}: {type(error).__name__}") from error

    async def _ask_in_turn(self, subreddit: str, limit: int) -> Any:
        async with self._turns:
            return await self._ask_in_time(subreddit, limit)

    async def _ask_in_time(self, subreddit: str, limit: int) -> Any:
        async with asyncio.timeout(self._timeout):
            return await self._ask(subreddit, limit)

    async def _ask(self, subreddit: str, limit: int) -> Any:
        path, params = f"/r/{subreddit}/top.json", {"sort": "top", "t": "day", "limit": limit}
        reply = await self._client.get(path, params=params)
        reply.raise_for_status()
        return reply.json()


def describe(found: Any) -> list[str]:
    """Make a line of each post in an answer of Reddit's.

    Raises:
        LookupError, TypeError, ValueError: it is not what Reddit answers.
    """
    posts = [child["data"] for child in found["data"]["children"]]
    lines = [f"{post['score']}: {post['title']} ({post['url']})" for post in posts]
    "".join(lines).encode()  # JSON can hold half a character ("\ud83c"), which no answer of ours can
    return lines
