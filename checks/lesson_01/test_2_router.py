"""1.2  Move the recipe routes into a router."""


def test_router_holds_the_three_recipe_routes(service):
    """The router in app/api/recipes.py holds the list, one recipe, and the search."""
    addresses = service.inside("router_addresses")
    assert "" in addresses, "router has no route for the list of all recipes"
    assert "/{}" in addresses, "router has no route for one recipe by its id"
    assert "/search" in addresses, "router has no route for the search"


def test_recipe_routes_are_served_under_recipes_only(service):
    """The documentation lists /recipes, /recipes/{recipe_id}, /recipes/search.

    Passes on the starter: a move keeps the addresses that are there already.
    """
    paths = [path.rstrip("/") for path in service.openapi()["paths"]]
    for path in paths:
        assert "/recipes/recipes" not in path, "the prefix is there twice"
    names = [path.partition("{")[0].strip("/") for path in paths]
    assert "search" not in names, "the routes are served without their prefix: /search instead of /recipes/search"
    assert not any(path.startswith("/{") for path in paths), "one recipe is served without the prefix: /{recipe_id}"
    for name in ("recipes", "recipes/search"):
        assert name in names, f"the service does not serve /{name}: include the router in app/main.py"
    assert any(path.startswith("/recipes/{") for path in paths), "the service does not serve /recipes/{recipe_id}"


def test_recipe_routes_carry_one_tag(service):
    """In the documentation each recipe route carries exactly one tag: recipes."""
    paths = service.openapi()["paths"]
    routes = {path: entry["get"] for path, entry in paths.items() if path.startswith("/recipes") and "get" in entry}
    tags = {path: route.get("tags", []) for path, route in routes.items()}
    assert len(tags) >= 3
    for path, found in tags.items():
        assert found == ["recipes"], f"GET {path} carries the tags {found}"


def test_moved_routes_still_answer(client, recipes, rng):
    """GET /recipes/{recipe_id} answers as it did before the move.

    Passes on the starter: a move changes nothing for those who call.
    """
    recipe = rng.choice(recipes)
    reply = client.get(f"/recipes/{recipe['id']}")
    assert reply.status_code == 200
    assert reply.json() == recipe
