"""Which changes of an API break its clients? Asked of two OpenAPI documents, before anything is shipped."""

from typing import Any


def breaking_changes(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """Find what a client of the old document can no longer do with the new one.

    Args:
        old: the OpenAPI document that clients know.
        new: the one that is about to be shipped.

    Returns:
        A sentence for each change that breaks a client; none where all of them are harmless.
    """
    # Exercise 5.6: Walk through both documents side by side
    raise NotImplementedError("exercise 5.6: the two documents are not compared yet")


# Exercise 5.6: What breaks in an operation, in what is sent, and in what is answered
