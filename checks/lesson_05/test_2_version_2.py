"""5.2  Show a title in version 2 alone."""

import json
import re
from pathlib import Path

import pytest

from shared.addresses import V1, V2

RECORDING = json.loads(Path(__file__).with_name("recording.json").read_text(encoding="utf-8"))
"""What a client of version 1 sent yesterday, and what it got."""


@pytest.fixture
def known():
    """The numbers that today's service gave to what yesterday's client made."""
    return {}


@pytest.fixture
def fill(known):
    """Put today's numbers into what was recorded."""

    def filled(part):
        match part:
            case str() if part.removeprefix("$") in known:
                return known[part.removeprefix("$")]
            case str():
                return re.sub(r"\$(\w+)", lambda found: str(known.get(found[1], found[0])), part)
            case dict():
                return {name: filled(value) for name, value in part.items()}
            case list():
                return [filled(one) for one in part]
            case _:
                return part

    return filled


def alike(recorded, got):
    """Compare a body with the recorded one; a moment only has to be one."""
    if recorded == "$moment":
        return isinstance(got, str) and re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", got) is not None
    if isinstance(recorded, dict):
        same_names = isinstance(got, dict) and list(recorded) == list(got)
        return same_names and all(alike(value, got[name]) for name, value in recorded.items())
    if isinstance(recorded, list):
        same_length = isinstance(got, list) and len(recorded) == len(got)
        return same_length and all(alike(*pair) for pair in zip(recorded, got, strict=True))
    return recorded == got and type(recorded) is type(got)


def refusal(body):
    """What a program reads of a refusal: where it was wrong, or that there is a text."""
    detail = body["detail"]
    return [problem["loc"] for problem in detail] if isinstance(detail, list) else type(detail).__name__


def test_yesterdays_client_is_served(client, known, fill):
    """Requests of yesterday get the answers of yesterday: status, body and content type."""
    for step in RECORDING:
        method, path, body = step["send"]
        reply = client.request(method, f"{V1}{fill(path)}", json=fill(body))
        assert reply.status_code == step["status"], "yesterday's client got another status"
        if step["status"] == 204:
            assert reply.content == b""
            continue
        assert reply.headers["content-type"] == step["type"]
        if step["status"] >= 400:
            assert refusal(reply.json()) == refusal(step["body"])
            continue
        if "names" in step:
            rows = reply.json() if isinstance(reply.json(), list) else [reply.json()]
            known.update(zip(step["names"], (row["id"] for row in rows), strict=True))
        assert alike(fill(step["body"]), reply.json()), "yesterday's client gets another answer today"


def test_document_of_version_1_is_the_same(service, version_1, known_version_1):
    """What the document says of version 1's paths, and of the schemas that they use, is what it was."""
    now = version_1(service.openapi())
    assert sorted(now["paths"]) == sorted(known_version_1["paths"])
    assert sorted(now["schemas"]) == sorted(known_version_1["schemas"]), (
        "version 1 uses schemas of other names than before: two classes of one name are renamed, both"
    )
    for kind in ("paths", "schemas"):
        for name, part in known_version_1[kind].items():
            assert now[kind][name] == part, f"the document says something else of version 1: {name}"


def test_recipe_has_a_title(client, add_recipe, titled):
    """GET /recipes/{recipe_id} of version 2 answers the recipe with a title in the place of the label."""
    recipe = add_recipe(image="https://images.example/1.jpg")
    reply = client.get(f"{V2}/recipes/{recipe['id']}")
    assert reply.status_code == 200
    old = client.get(f"{V1}/recipes/{recipe['id']}")
    assert old.status_code == 200
    assert reply.json() == titled(old.json())
    assert reply.json()["title"] == recipe["label"]


def test_pages_have_titles(client, database, add_recipes, titled, rng):
    """GET /recipes/ of version 2 answers pages as version 1's /recipes/page/ does, with titles."""
    recipes = add_recipes([{}] * rng.randint(23, 26))
    for gone in (recipes.pop(1), recipes.pop(3)):  # so that an id is no number of rows
        database.execute("DELETE FROM recipes WHERE id = :id", id=gone["id"])
    after, limit = recipes[2]["id"], rng.randint(2, 5)
    for params in (
        {},
        {"limit": limit},
        {"after": after},
        {"after": after, "limit": limit},
        {"after": recipes[-1]["id"]},
    ):
        old = client.get(f"{V1}/recipes/page/", params=params).json()
        reply = client.get(f"{V2}/recipes/", params=params)
        assert reply.status_code == 200
        assert reply.json() == {**old, "results": [titled(one) for one in old["results"]]}


def test_search_has_titles(client, add_recipes, titled, rng):
    """GET /recipes/search/ of version 2 finds what version 1 finds, with titles."""
    word = f"q{rng.randrange(1000, 9999)}z"
    add_recipes([{"label": f"Soup {word} {n}"} if n % 2 else {} for n in range(8)] + [{}] * 6)
    for params in ({"keyword": word.upper()}, {"keyword": word, "max_results": 2}, {}):
        old = client.get(f"{V1}/recipes/search/", params=params).json()
        reply = client.get(f"{V2}/recipes/search/", params=params)
        assert reply.status_code == 200
        assert reply.json() == {"results": [titled(one) for one in old["results"]]}


def test_bounds_are_those_of_version_1(client, rng):
    """The bounds and statuses of version 2 are those of version 1."""
    nobody = rng.randint(10**6, 10**8)
    for old, new in (
        ("/recipes/page/", "/recipes/"),
        ("/recipes/search/", "/recipes/search/"),
    ):
        for query in ("limit=0", "limit=101", "limit=100", "after=-1", "keyword=ab", "keyword=abc", "max_results=0"):
            expected = client.get(f"{V1}{old}?{query}").status_code
            assert client.get(f"{V2}{new}?{query}").status_code == expected
    for path, expected in ((f"/recipes/{nobody}", 404), ("/recipes/0", 422), ("/recipes/one", 422)):
        assert client.get(f"{V2}{path}").status_code == expected
        assert client.delete(f"{V2}{path}").status_code == expected


def test_recipe_is_removed_alone(client, labels, add_recipes, rng):
    """DELETE /recipes/{recipe_id} of version 2 answers 204 and removes that recipe, and no other."""
    recipes = add_recipes([{}] * 3)
    removed = rng.choice(recipes)
    address = f"{V2}/recipes/{removed['id']}"
    reply = client.delete(address)
    assert reply.status_code == 204
    assert reply.content == b""
    assert labels() == [one["label"] for one in recipes if one is not removed]
    assert client.get(address).status_code == 404
    assert client.delete(address).status_code == 404
    assert client.get(f"{V1}/recipes/{removed['id']}").status_code == 404


def test_version_2_follows_its_setting(launch, rng):
    """Version 2 is served below API_V2_STR, and not at /api/v2 when that says otherwise."""
    prefix = f"/next{rng.randrange(100)}"
    with launch(env={"API_V2_STR": prefix}) as service:
        assert service.client.get(f"{prefix}/recipes/").status_code == 200
        assert service.client.get(f"{V2}/recipes/").status_code == 404
        assert service.client.get(f"{V1}/recipes/").status_code == 200


def test_versions_are_apart(client, service, add_recipe):
    """Version 1 knows no title, and the document's schemas of version 2 know no label."""
    recipe = add_recipe()
    assert "title" not in client.get(f"{V1}/recipes/{recipe['id']}").json()
    document = service.openapi()
    shown = document["paths"][f"{V2}/recipes/{{recipe_id}}"]["get"]["responses"]["200"]["content"]["application/json"]
    fields = document["components"]["schemas"][shown["schema"]["$ref"].rpartition("/")[2]]["properties"]
    assert "title" in fields
    assert "label" not in fields
