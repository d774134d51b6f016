"""Ideas for tonight, from several places at once."""

import asyncio

from app.clients.reddit import SUBREDDITS, RedditClient, RedditError


async def find_ideas(reddit: RedditClient) -> dict[str, list[str] | None]:
    """Ask all subreddits, and wait as long as the slowest one takes.

    Returns:
        What is liked in each subreddit, in the order of ``SUBREDDITS``; None where no answer can be used.
    """
    async with asyncio.TaskGroup() as group:
        tasks = {name: group.create_task(ideas_or_none(reddit, name)) for name in SUBREDDITS}
    return {name: task.result() for name, task in tasks.items()}


async def ideas_or_none(reddit: RedditClient, subreddit: str) -> list[str] | None:
    """Ask one subreddit; None when it has no answer that can be used."""
    try:
        return await reddit.get_top(subreddit)
    except RedditError:
        return None
