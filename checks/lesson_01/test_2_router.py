"""1.2  Move the recipe routes into a router."""


def test_router_holds_the_three_recipe_routes(router_addresses):
    """The router in app/api/recipes.py holds the list, one recipe, and the search."""
    assert "" in router_addresses, "router has no route for the list of all recipes"
    assert "/{}" in router_addresses, "router has no route for one recipe by its id"
    assert "/search" in router_addresses, "router has no route for the search"


def test_recipe_routes_are_served_under_recipes_only(service, router_addresses):
    """The service serves the routes of the router under /recipes, and nowhere else."""
    served = [path.partition("{")[0].rstrip("/") for path in service.openapi()["paths"]]
    assert not any("/recipes/recipes" in path for path in served), "the prefix is there twice"
    assert "/search" not in served, "the routes are served without their prefix: /search instead of /recipes/search"
    for address in router_addresses:
        path = "/recipes" + address.partition("{")[0].rstrip("/")
        assert path in served, f"the service does not serve {path}: include the router in app/main.py"


def test_recipe_routes_carry_one_tag(service):
    """In the documentation each recipe route carries exactly one tag: recipes."""
    paths = service.openapi()["paths"]
    routes = {path: entry["get"] for path, entry in paths.items() if path.startswith("/recipes") and "get" in entry}
    assert routes, "the documentation has no address under /recipes"
    for path, route in routes.items():
        tags = route.get("tags", [])
        assert tags == ["recipes"], f"GET {path} carries {' and '.join(tags) or 'no tag'}"


def test_moved_routes_still_answer(client, router_addresses, rng):
    """GET /recipes/{recipe_id} answers as it did before the move."""
    assert router_addresses, "router has no routes yet"
    number = rng.choice([1, 2, 3])
    reply = client.get(f"/recipes/{number}")
    assert reply.status_code == 200
    assert reply.json()["id"] == number
