"""1.3  Make every recipe address answer."""


def test_list_answers_at_once(client):
    """GET /recipes gives the list of all recipes, without a redirect."""
    reply = client.get("/recipes")
    assert reply.status_code == 200
    assert {recipe["id"] for recipe in reply.json()} >= {1, 2, 3}
    for recipe in reply.json():
        assert {"id", "label", "source", "url"} <= set(recipe), "a recipe of the list lacks a part"


def test_every_recipe_is_found_by_its_id(client, recipes):
    """GET /recipes/{recipe_id} gives that recipe."""
    for recipe in recipes:
        reply = client.get(f"/recipes/{recipe['id']}")
        assert reply.status_code == 200
        assert reply.json() == recipe


def test_unknown_id_is_not_found(client, recipes, rng):
    """GET /recipes/{recipe_id} answers 404 where there is no such recipe."""
    last = max(recipe["id"] for recipe in recipes)
    for number in (last + 1, last + rng.randint(2, 5000), 10**12):
        reply = client.get(f"/recipes/{number}")
        assert reply.status_code == 404


def test_what_is_no_id_is_refused(client, rng):
    """GET /recipes/{recipe_id} refuses 0, a negative number, a fraction and a word, with 404 or 422."""
    word = "".join(rng.choices("bcdfgklmnp", k=7))
    for text in ("0", "-1", f"-{rng.randint(2, 3)}", "1.5", word):
        reply = client.get(f"/recipes/{text}")
        assert reply.status_code in (404, 422)


def test_documentation_lists_the_addresses(service):
    """The documentation lists the three addresses, and says that recipe_id is a whole number."""
    paths = service.openapi()["paths"]
    assert "/recipes" in paths, "the documentation has no address /recipes"
    assert "/recipes/search" in paths, "the documentation has no address /recipes/search"
    single = [entry["get"] for path, entry in paths.items() if path.startswith("/recipes/{") and "get" in entry]
    assert single, "the documentation has no address /recipes/{recipe_id}"
    types = [found["schema"].get("type", "anything") for found in single[0]["parameters"] if found["in"] == "path"]
    assert types == ["integer"], f"recipe_id is documented as {types[0]}: give the parameter the type int"


def test_search_finds_the_keyword_in_labels(client, recipes, rng):
    """GET /recipes/search gives the recipes whose label holds the keyword."""
    label, source = rng.choice(recipes)["label"], rng.choice(recipes)["source"]
    first, _, second = label.partition(" ")
    across = f"{first[-1:]} {second[:1]}"
    for keyword in (label[:3], label[2:6], across, f" {label[:3]}", source, ".", "(", "c.i", "no such dish"):
        reply = client.get("/recipes/search", params={"keyword": keyword, "max_results": len(recipes)})
        assert reply.status_code == 200
        assert set(reply.json()) == {"results"}, "the answer holds something else than results"
        found = sorted(reply.json()["results"], key=lambda recipe: recipe["id"])
        assert found == [recipe for recipe in recipes if keyword.lower() in recipe["label"].lower()]


def test_search_does_not_mind_the_letter_case(client, recipes, rng):
    """GET /recipes/search finds a label in any letter case."""
    recipe = rng.choice(recipes)
    for keyword in (recipe["label"].upper(), recipe["label"].lower(), recipe["label"].swapcase()):
        reply = client.get("/recipes/search", params={"keyword": keyword, "max_results": len(recipes)})
        assert reply.status_code == 200
        assert recipe in reply.json()["results"]


def test_search_keeps_to_max_results(client, recipes):
    """GET /recipes/search gives at most max_results recipes."""
    for most in (0, 1, 2, len(recipes) + 1):
        reply = client.get("/recipes/search", params={"max_results": most})
        assert reply.status_code == 200
        assert len(reply.json()["results"]) == min(most, len(recipes))


def test_max_results_counts_what_was_found(client, recipes):
    """GET /recipes/search with max_results=1 finds any recipe, also the last one."""
    for recipe in recipes:
        reply = client.get("/recipes/search", params={"keyword": recipe["label"], "max_results": 1})
        assert reply.status_code == 200
        assert len(reply.json()["results"]) == 1, "max_results limits where it looks, not what it found"


def test_reading_changes_nothing(launch, rng):
    """The recipes stay as they stand in app/data.py, whatever is asked for."""
    with launch() as service:
        before = service.client.get("/recipes").json()
        label = rng.choice(before)["label"]
        for keyword in (label.upper(), label.lower(), ""):
            service.client.get("/recipes/search", params={"keyword": keyword, "max_results": 1})
        for recipe in before:
            service.client.get(f"/recipes/{recipe['id']}")
        assert service.client.get("/recipes").json() == before, "a request has changed the recipes"


def test_keyword_and_max_results_may_be_left_out(service, client, recipes):
    """GET /recipes/search finds every recipe, but at most 10, when keyword and max_results are left out."""
    for params in ({}, {"keyword": ""}):
        reply = client.get("/recipes/search", params=params)
        assert reply.status_code == 200
        assert len(reply.json()["results"]) == min(len(recipes), 10)
    parameters = service.openapi()["paths"]["/recipes/search"]["get"].get("parameters", [])
    defaults = {found["name"]: found["schema"].get("default") for found in parameters}
    assert defaults.get("max_results") in (None, 10), "the documentation says another default for max_results than 10"
