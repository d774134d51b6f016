"""Reddit, as the checks play it, from lesson 6 on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest

from workbook.service.upstream.messages import Answer

SUBREDDITS = ("recipes", "easyrecipes", "TopSecretRecipes")
PATIENCE = 6.0
"""Seconds that a check waits for something that comes at once: enough for a machine that is busy."""


@pytest.fixture
def make_posts(rng: Any) -> Any:
    """A maker of what Reddit answers, and of the lines that the service should make of it.

    Titles are kept as they are, with blanks around them too; a score may be 0 or less; and a post may come twice.
    """

    def make(count: int = 5) -> tuple[dict[str, Any], list[str]]:
        posts = [
            {
                "score": rng.randrange(-99, 9999),
                "title": f" Dish {rng.randrange(10**6)} (my mother's) &amp; sauce ",
                "url": f"https://recipes.example/{rng.randrange(10**6)}",
                "author": "somebody",
            }
            for _ in range(count)
        ]
        if count > 2:
            posts[1]["score"], posts[2]["score"] = 0, -rng.randrange(1, 99)
            posts.append(posts[0])
        answer = {"kind": "Listing", "data": {"children": [{"kind": "t3", "data": post} for post in posts]}}
        return answer, [f"{post['score']}: {post['title']} ({post['url']})" for post in posts]

    return make


@pytest.fixture
def reddit(upstream: Any, make_posts: Any) -> Any:
    """The upstream, which answers for all three subreddits; called, it tells what the service should answer."""
    expected: dict[str, list[str]] = {}
    for name in SUBREDDITS:
        answer, expected[name] = make_posts()
        upstream.answer(f"/r/{name}/top.json", json=answer)
    return lambda: dict(expected)


@pytest.fixture
def while_held(upstream: Any) -> Any:
    """Send something in the background; the upstream keeps its answer to some paths as long as the block lasts."""

    @contextmanager
    def held(send: Callable[[], Any], *paths: str, json: Any) -> Generator[Future[Any]]:
        let_go = threading.Event()

        def answer(_request: Any) -> Answer:
            let_go.wait(PATIENCE)
            return Answer(200, json=json)

        for path in paths:
            upstream.answer(path, answer)
        with ThreadPoolExecutor(max_workers=1) as pool:
            sent = pool.submit(send)
            try:
                yield sent
            finally:
                let_go.set()

    return held
