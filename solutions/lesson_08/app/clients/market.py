"""The market, as this service sees it, through a library from before ``async``: a call blocks until it is answered."""

from typing import Self

import httpx


class MarketError(Exception):
    """The market gave no price."""


class Market:
    """Asks the market. There is one for the whole service, so that its connections are used again."""

    def __init__(self, url: str) -> None:
        """Get ready; nothing is sent yet.

        Args:
            url: where the market is.
        """
        self._client = httpx.Client(base_url=url, timeout=10)

    async def __aenter__(self) -> Self:
        """Begin to work."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close what is open."""
        self._client.close()

    def price_of(self, label: str) -> float:
        """Ask what the ingredients of a dish cost today.

        Args:
            label: the dish.

        Returns:
            The price, in euros.

        Raises:
            MarketError: there is no answer, or none that can be used.
        """
        try:
            reply = self._client.get("/prices", params={"label": label})
            reply.raise_for_status()
            return float(reply.json()["price"])
        except (httpx.HTTPError, LookupError, TypeError, ValueError) as error:
            raise MarketError(f"The market has no price for {label}.") from error
