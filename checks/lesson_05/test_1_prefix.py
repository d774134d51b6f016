"""5.1  Put version 1 under its prefix."""

import html
import re

import pytest

from shared.addresses import V1

GIVEN = {"/recipes/", "/recipes/search/", "/recipes/page/", "/users/", "/users/lookup/"}


@pytest.fixture
def links():
    """Read the links of a page: pairs of address and text."""

    def read(reply):
        found = re.findall(
            r"""<a\b[^>]*\bhref\s*=\s*["']([^"']*)["'][^>]*>(.*?)</a>""", reply.text, re.DOTALL | re.IGNORECASE
        )
        return [(html.unescape(address), html.unescape(text.strip())) for address, text in found]

    return read


def test_recipes_answer_below_the_prefix(client, add_user, make_recipe):
    """The routes of recipes answer below /api/v1 what they answered before."""
    recipe = make_recipe(submitter_id=add_user()["id"])
    reply = client.post(f"{V1}/recipes/", json=recipe)
    assert reply.status_code == 201
    number = reply.json()["id"]
    assert client.get(f"{V1}/recipes/{number}").json() == reply.json()
    assert client.get(f"{V1}/recipes/{number}/label").json() == {"label": recipe["label"]}
    assert client.get(f"{V1}/recipes/").json() == [reply.json()]
    assert client.get(f"{V1}/recipes/page/").json()["results"] == [reply.json()]
    assert client.get(f"{V1}/recipes/search/", params={"keyword": recipe["label"]}).json()["results"] == [reply.json()]
    assert client.post(f"{V1}/recipes/import/", json=[]).status_code == 201
    assert client.patch(f"{V1}/recipes/{number}", json={"label": "Changed"}).json()["label"] == "Changed"
    assert client.put(f"{V1}/recipes/{number}", json=make_recipe()).status_code == 200
    assert client.delete(f"{V1}/recipes/{number}").status_code == 204


def test_users_answer_below_the_prefix(client, make_user):
    """The routes of users answer below /api/v1 what they answered before."""
    reply = client.post(f"{V1}/users/", json=make_user())
    assert reply.status_code == 201
    user = reply.json()
    assert client.get(f"{V1}/users/").json() == [user]
    assert client.get(f"{V1}/users/lookup/", params={"email": user["email"]}).json() == user
    assert client.get(f"{V1}/users/{user['id']}").json() == user
    assert client.get(f"{V1}/users/{user['id']}/recipes").json() == []
    assert client.patch(f"{V1}/users/{user['id']}", json={"surname": "Changed"}).status_code == 200
    assert client.delete(f"{V1}/users/{user['id']}").status_code == 204


def test_nothing_of_the_api_is_outside(client, service):
    """Without the prefix, the routes of version 1 answer 404; /health and /ready stay where they are."""
    paths = service.openapi()["paths"]
    assert {f"{V1}{path}" for path in GIVEN} <= set(paths), "the document has no routes below /api/v1"
    for path in ("/recipes/", "/users/", "/recipes/search/", "/api/recipes/", "/v1/recipes/"):
        assert client.get(path).status_code == 404
    assert client.get("/health").status_code == 200
    assert client.get("/ready").status_code == 200
    assert client.get(f"{V1}/health").status_code == 404


def test_prefix_follows_the_setting(launch, rng):
    """The prefix is read from API_V1_STR, not written into the routes."""
    prefix = f"/kitchen{rng.randrange(100)}/v{rng.randrange(2, 9)}"
    with launch(env={"API_V1_STR": prefix}) as service:
        assert service.client.get(f"{prefix}/recipes/").status_code == 200
        assert service.client.get(f"{prefix}/users/").status_code == 200
        assert service.client.get(f"{V1}/recipes/").status_code == 404
        assert service.client.get(f"{prefix}/openapi.json").status_code == 200
        assert service.client.get(f"{V1}/openapi.json").status_code == 404
        assert f"{prefix}/openapi.json" in service.client.get("/docs").text


def test_document_is_below_the_prefix(client, service):
    """The OpenAPI document is answered at /api/v1/openapi.json, and nowhere else; /docs shows it from there."""
    reply = client.get(f"{V1}/openapi.json")
    assert reply.status_code == 200
    assert reply.json() == service.openapi()
    assert client.get("/openapi.json").status_code == 404
    assert f"{V1}/openapi.json" in client.get("/docs").text


def test_root_is_a_page(client, service):
    """GET / answers 200 with an HTML page that shows the service's title."""
    reply = client.get("/")
    assert reply.status_code == 200
    assert reply.headers["content-type"].startswith("text/html")
    assert service.openapi()["info"]["title"] in reply.text


def test_page_shows_the_title_of_the_settings(launch, rng):
    """The title on the page is that of the service, from the setting PROJECT_NAME.

    Passes on the starter: it is given, and has to stay what it is.
    """
    title = f"Kitchen number {rng.randrange(10**6)}"
    with launch(env={"PROJECT_NAME": title}) as service:
        assert title in service.client.get("/").text


def test_root_is_no_part_of_the_api(client, service):
    """The page is no part of the OpenAPI document, and it is not below the prefix."""
    assert client.get("/").headers["content-type"].startswith("text/html")
    assert "/" not in service.openapi()["paths"], "the page is in the document: include_in_schema"
    assert client.get(f"{V1}/").status_code == 404


def test_page_shows_the_newest(client, add_user, make_recipe, links, rng):
    """The page shows the ten newest recipes, the newest first, each label as a link to the recipe's url."""
    somebody = add_user()["id"]
    recipes = [make_recipe(submitter_id=somebody) for _ in range(rng.randint(11, 14))]
    numbers = [client.post(f"{V1}/recipes/", json=recipe).json()["id"] for recipe in recipes]
    for _ in range(2):
        shown = [pair for pair in links(client.get("/")) if pair[0].startswith("https://recipes.example/")]
        assert shown == [(one["url"], one["label"]) for one in reversed(recipes)][:10]
        client.patch(f"{V1}/recipes/{numbers[3]}", json={"source": "Another one"})  # which makes it no newer


def test_page_follows_what_is_stored(client, add_recipes, links):
    """What is added, changed and removed is seen on the page at once."""
    first, second = add_recipes([{}] * 2)
    client.patch(f"{V1}/recipes/{first['id']}", json={"label": "Changed a moment ago"})
    client.delete(f"{V1}/recipes/{second['id']}")
    shown = [pair for pair in links(client.get("/")) if pair[0].startswith("https://recipes.example/")]
    assert shown == [(first["url"], "Changed a moment ago")]


def test_label_is_text(client, add_recipe, rng):
    """Whatever is in a label is shown as text, and never read as HTML."""
    word = f"x{rng.randrange(10**6)}"
    add_recipe(label=f"<script>{word}()</script> & Co", url=f'https://recipes.example/?a="><script>{word}</script>')
    page = client.get("/").text
    assert word in page, "the recipe is not on the page"
    assert f"<script>{word}" not in page, "a label was written into the page as HTML: let the template write it"
    assert f"&lt;script&gt;{word}()&lt;/script&gt; &amp; Co" in page


def test_page_is_made_from_the_template(client, target):
    """The page is made from app/templates/index.html.

    Only the file's own first lines are compared: what it shows is up to it.
    """
    template = (target / "app" / "templates" / "index.html").read_text(encoding="utf-8")
    assert "{{" in template, "app/templates/index.html has no place for the title"
    before = re.split(r"\{[{%#]", template, maxsplit=1)[0].strip()
    assert before
    assert client.get("/").text.startswith(before), "the page is not made from app/templates/index.html"


def test_page_without_recipes(client):
    """Without recipes the page is there, too."""
    reply = client.get("/")
    assert reply.status_code == 200
    assert reply.headers["content-type"].startswith("text/html")
    assert "</html>" in reply.text
