"""The market, as this service sees it, through a library from before ``async``: a call blocks until it is answered."""

import httpx


class MarketError(Exception):
    """The market gave no price."""


def ask_price(url: str, label: str) -> float:
    """Ask what the ingredients of a dish cost today.

    Args:
        url: where the market is.
        label: the dish.

    Returns:
        The price, in euros.

    Raises:
        MarketError: there is no answer, or none that can be used.
    """
    try:
        reply = httpx.get(f"{url}/prices", params={"label": label}, timeout=10)
        reply.raise_for_status()
        return float(reply.json()["price"])
    except (httpx.HTTPError, LookupError, TypeError, ValueError) as error:
        raise MarketError(f"The market has no price for {label}.") from error
