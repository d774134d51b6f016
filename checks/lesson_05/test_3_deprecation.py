"""5.3  Announce the end of version 1."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from shared.addresses import V1, V2


@pytest.fixture
def dates(rng):
    """Two moments, with the settings that say them, in some offset, and the headers that they make."""
    deprecated = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=rng.randrange(10**7))
    sunset = deprecated + timedelta(seconds=rng.randrange(10**7))
    hours = rng.choice([-7, 5])
    shifted = (sunset + timedelta(hours=hours)).replace(
        tzinfo=None
    ).isoformat() + f"{'-' if hours < 0 else '+'}0{abs(hours)}:00"
    settings = {"V1_DEPRECATED_AT": deprecated.isoformat(), "V1_SUNSET_AT": shifted}
    headers = {"deprecation": f"@{int(deprecated.timestamp())}", "sunset": format_datetime(sunset, usegmt=True)}
    return settings, headers


def announced(reply):
    """The headers of an answer that announce an end."""
    return {name: reply.headers[name] for name in ("deprecation", "sunset") if name in reply.headers}


def test_answers_of_version_1_announce_its_end(client, add_recipe):
    """A success of version 1 has the headers Deprecation, Sunset and Link, with the defaults of the settings."""
    recipe = add_recipe()
    for path in (f"/recipes/{recipe['id']}", "/recipes/", "/users/"):
        reply = client.get(f"{V1}{path}")
        assert reply.status_code == 200
        assert announced(reply) == {"deprecation": "@1788220800", "sunset": "Wed, 01 Sep 2027 00:00:00 GMT"}
        assert reply.headers.get("link") == f'<{V2}>; rel="successor-version"'


def test_writes_announce_it_too(client, add_user, make_recipe, make_user):
    """POST, PUT, PATCH and DELETE of version 1 have the headers."""
    recipe = client.post(f"{V1}/recipes/", json=make_recipe(submitter_id=add_user()["id"]))
    assert recipe.status_code == 201
    address = f"{V1}/recipes/{recipe.json()['id']}"
    for reply in (
        recipe,
        client.post(f"{V1}/users/", json=make_user()),
        client.put(address, json=make_recipe()),
        client.patch(address, json={"label": "Changed"}),
        client.delete(address),
    ):
        assert reply.is_success
        assert len(announced(reply)) == 2, "an answer of version 1 does not announce its end"


def test_errors_announce_it_too(client, add_user, make_user):
    """Refusals of version 1 have the headers: 404, 405, 409 and 422, also where no route is."""
    taken = make_user(email=add_user()["email"])
    for status, send in (
        (404, lambda: client.get(f"{V1}/recipes/{10**7}")),
        (404, lambda: client.get(f"{V1}/no/such/address")),
        (405, lambda: client.delete(f"{V1}/recipes/")),
        (409, lambda: client.post(f"{V1}/users/", json=taken)),
        (422, lambda: client.get(f"{V1}/recipes/zero")),
        (422, lambda: client.post(f"{V1}/users/", json={})),
        (307, lambda: client.get(f"{V1}/recipes")),
    ):
        reply = send()
        assert reply.status_code == status
        assert len(announced(reply)) == 2, f"an answer {status} of version 1 does not announce its end"
        assert reply.headers.get("link") == f'<{V2}>; rel="successor-version"'


def test_document_and_bare_address_announce_it(client):
    """The document below the prefix has the headers, and so has the address of the prefix itself."""
    for path in (V1, f"{V1}/", f"{V1}/openapi.json"):
        assert len(announced(client.get(path))) == 2


def test_nothing_else_announces_an_end(client, add_recipe):
    """Version 2, the page, /health, /ready and /docs have neither Deprecation nor Sunset."""
    recipe = add_recipe()
    assert len(announced(client.get(f"{V1}/recipes/{recipe['id']}"))) == 2
    for path in (
        f"{V2}/recipes/{recipe['id']}",
        f"{V2}/recipes/",
        f"{V2}/none",
        "/",
        "/health",
        "/ready",
        "/docs",
        "/no",
    ):
        assert announced(client.get(path)) == {}, f"{path} announces an end"
    assert announced(client.get(f"{V1}0/recipes/")) == {}, "/api/v10 is not below /api/v1"
    assert announced(client.get(f"{V1}beta")) == {}, "/api/v1beta is not below /api/v1"


def test_longer_address_of_version_2(launch, add_recipe):
    """A version 2 whose address begins with that of version 1 is not announced."""
    with launch(env={"API_V1_STR": "/api", "API_V2_STR": "/api2"}) as service:
        assert len(announced(service.client.get("/api/recipes/"))) == 2
        reply = service.client.get("/api2/recipes/")
        assert announced(reply) == {}
        assert service.client.get("/api/none").headers.get("link") == '</api2>; rel="successor-version"'


def test_preflight_announces_it_too(launch):
    """The answer to a browser's preflight for an address of version 1 has the headers; for version 2 it has none."""
    origin = "https://kitchen.example"
    asks = {"origin": origin, "access-control-request-method": "GET"}
    with launch(env={"CORS_ORIGINS": f'["{origin}"]'}) as service:
        reply = service.client.options(f"{V1}/recipes/", headers=asks)
        assert reply.status_code == 200
        assert len(announced(reply)) == 2, "a preflight of version 1 does not announce its end"
        assert announced(service.client.options(f"{V2}/recipes/", headers=asks)) == {}


def test_dates_follow_the_settings(launch, dates):
    """The headers say the moments of the settings, in UTC, whatever offset they were given in."""
    settings, headers = dates
    with launch(env=settings) as service:
        for path in ("/recipes/", "/none"):
            assert announced(service.client.get(f"{V1}{path}")) == headers
        assert announced(service.client.get("/health")) == {}


def test_each_header_comes_once(client):
    """No answer has one of the headers twice."""
    reply = client.get(f"{V1}/recipes/")
    for name in ("deprecation", "sunset", "link"):
        assert len(reply.headers.get_list(name)) == 1


def test_operations_are_flagged(service):
    """In the document every operation of version 1 is deprecated, and no other one is."""
    flagged = {
        (path, method): bool(operation.get("deprecated"))
        for path, operations in service.openapi()["paths"].items()
        for method, operation in operations.items()
    }
    assert any(flagged.values()), "no operation of the document is marked deprecated"
    for (path, method), is_flagged in flagged.items():
        assert is_flagged == path.startswith(f"{V1}/"), f"{method.upper()} {path}: deprecated is {is_flagged}"
