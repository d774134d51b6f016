"""Tests of ideas, prices and the door, without the internet."""

# Exercise 8.6: Fakes, an override for each, and tests that fail when the service is wrong
from fastapi.testclient import TestClient


def test_the_service_is_there(client: TestClient) -> None:
    assert client.get("/health").json() == {"status": "ok"}
