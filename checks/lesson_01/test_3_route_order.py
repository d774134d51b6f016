"""1.3  Make every recipe address answer."""


def test_list_answers_at_once(client):
    """GET /recipes gives the list of all recipes, without a redirect."""
    reply = client.get("/recipes")
    assert reply.status_code == 200
    assert {recipe["id"] for recipe in reply.json()} >= {1, 2, 3}


def test_every_recipe_is_found_by_its_id(client, recipes):
    """GET /recipes/{recipe_id} gives that recipe."""
    for recipe in recipes:
        reply = client.get(f"/recipes/{recipe['id']}")
        assert reply.status_code == 200
        assert reply.json() == recipe


def test_unknown_id_is_not_found(client, unknown_id, rng):
    """GET /recipes/{recipe_id} finds no unknown recipe, and refuses a word."""
    reply = client.get(f"/recipes/{unknown_id}")
    assert reply.status_code == 404
    word = "".join(rng.choices("bcdfgklmnp", k=7))
    reply = client.get(f"/recipes/{word}")
    assert reply.status_code in (404, 422)


def test_documentation_lists_the_addresses(service):
    """The documentation lists the three addresses, and says that recipe_id is a whole number."""
    paths = service.openapi()["paths"]
    assert "/recipes" in paths, "the documentation has no address /recipes"
    assert "/recipes/search" in paths, "the documentation has no address /recipes/search"
    single = [entry["get"] for path, entry in paths.items() if path.startswith("/recipes/{") and "get" in entry]
    assert single, "the documentation has no address /recipes/{recipe_id}"
    types = [found["schema"].get("type") for found in single[0]["parameters"] if found["in"] == "path"]
    assert types == ["integer"], "recipe_id is text: give the parameter the type int"


def test_search_finds_the_keyword_in_labels(client, recipes, rng):
    """GET /recipes/search gives the recipes whose label holds the keyword."""
    for text in (rng.choice(recipes)["label"], rng.choice(recipes)["source"]):
        start = rng.randrange(len(text) - 3)
        keyword = text[start : start + rng.randint(3, 6)].strip()
        reply = client.get("/recipes/search", params={"keyword": keyword})
        assert reply.status_code == 200
        found = sorted(reply.json()["results"], key=lambda one: one["id"])
        assert found == [one for one in recipes if keyword.lower() in one["label"].lower()]


def test_search_does_not_mind_the_letter_case(client, recipes, rng):
    """GET /recipes/search finds a label in any letter case."""
    recipe = rng.choice(recipes)
    for keyword in (recipe["label"].upper(), recipe["label"].lower(), recipe["label"].swapcase()):
        reply = client.get("/recipes/search", params={"keyword": keyword})
        assert reply.status_code == 200
        assert recipe in reply.json()["results"]


def test_search_keeps_to_max_results(client, recipes):
    """GET /recipes/search gives at most max_results recipes."""
    for most in (1, 2, len(recipes) + 1):
        reply = client.get("/recipes/search", params={"max_results": most})
        assert reply.status_code == 200
        assert len(reply.json()["results"]) == min(most, len(recipes))


def test_search_needs_no_keyword(client, recipes):
    """GET /recipes/search finds every recipe when keyword and max_results are left out."""
    reply = client.get("/recipes/search")
    assert reply.status_code == 200
    assert len(reply.json()["results"]) == len(recipes)
