"""Ideas for tonight, from several places at once."""

import asyncio

from app.clients.reddit import SUBREDDITS, RedditClient, RedditError


async def find_ideas(reddit: RedditClient) -> dict[str, list[str] | None]:
    """Ask all subreddits, and wait as long as the slowest one takes.

    Returns:
        What is liked in each subreddit, in the order of ``SUBREDDITS``; None where no answer can be used.
    """
    # Exercise 6.1: Ask all of them at the same time
    return {name: await ideas_or_none(reddit, name) for name in SUBREDDITS}


async def ideas_or_none(reddit: RedditClient, subreddit: str) -> list[str] | None:
    """Ask one subreddit; None when it has no answer that can be used."""
    # Exercise 6.2: One that fails must not spoil the others
    return await reddit.get_top(subreddit)
