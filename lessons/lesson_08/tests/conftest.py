"""What the tests of this service have in common. Run them in the folder above: ``python -m pytest tests``."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FastAPI:
    """A service of its own for each test, with an empty database of its own."""
    monkeypatch.setenv("CONTACT_EMAIL", "tests@recipes.example")
    monkeypatch.setenv("SECRET_KEY", "for these tests alone, and for nobody else")
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{(tmp_path / 'test.db').as_posix()}")
    from app.main import create_app  # it reads the environment when it is imported

    return create_app()


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    """A client of the service. Inside ``with``, the lifespan runs; the network is never used."""
    with TestClient(app) as client:
        yield client
