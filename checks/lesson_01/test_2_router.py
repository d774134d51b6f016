"""1.2  Move the recipe routes into a router."""

import ast
import json
import re


def test_router_holds_the_three_recipe_routes(router_routes):
    """The router in app/api/recipes.py holds the list, one recipe, and the search."""
    assert "" in router_routes, "router has no route for the list of all recipes"
    assert "/{}" in router_routes, "router has no route for one recipe by its id"
    assert "/search" in router_routes, "router has no route for the search"


def test_recipe_routes_are_served_under_recipes_only(service, router_routes):
    """The service serves the routes of the router under /recipes, and nowhere else."""
    wanted = {"/recipes" + address for address in router_routes}
    served = [address for address, is_moved in service.inside("addresses") if is_moved]
    for address in served:
        is_wanted = address.rstrip("/") in wanted
        assert is_wanted, f"a route of the router is served at {address}: its prefix is doubled or missing"
        assert served.count(address) == 1, f"the service serves {address} twice: include the router once"
    for address in wanted:
        is_served = address in served or f"{address}/" in served
        assert is_served, f"the service does not serve {address}: include the router in app/main.py"


def test_no_other_address_answers_recipes(service, client, router_routes, rng):
    """No address outside of /recipes answers a recipe."""
    assert router_routes, "router has no routes yet"
    recipe = client.get(f"/recipes/{rng.choice([1, 2, 3])}").json()
    for address, _ in service.inside("addresses"):
        if address.startswith("/recipes"):
            continue
        reply = client.get(address.replace("{}", str(recipe["id"])))
        has_recipe = json.dumps(recipe["label"]) in reply.text
        assert not has_recipe, f"GET {address} answers a recipe too"


def test_recipe_routes_carry_one_tag(service):
    """In the documentation each recipe route carries exactly one tag: recipes."""
    paths = service.openapi()["paths"]
    routes = {path: entry["get"] for path, entry in paths.items() if path.startswith("/recipes") and "get" in entry}
    assert routes, "the documentation has no address under /recipes"
    for path, route in routes.items():
        tags = route.get("tags", [])
        assert tags == ["recipes"], f"GET {path} carries {' and '.join(tags) or 'no tag'}"


def test_routes_have_left_the_main_module(service, client, router_routes, target):
    """The recipe routes are moved, not copied: app/main.py has none of its own."""
    assert router_routes, "router has no routes yet"
    for path in ("/recipes", "/recipes/", "/recipes/1", "/recipes/search"):
        with service.probe() as seen:
            client.get(path)
        own = [request for request in seen.requests if request.endpoint and request.endpoint.file == "app/main.py"]
        assert not own, f"app/main.py still answers GET {path} itself"
    program = ast.parse((target / "app/main.py").read_text("utf-8"))
    constants = [str(node.value) for node in ast.walk(program) if isinstance(node, ast.Constant)]
    is_moved = not any(re.fullmatch(r"/recipes/\S+", text) for text in constants)
    assert is_moved, "app/main.py still holds a recipe's address"


def test_moved_routes_still_answer(client, router_routes, rng):
    """GET /recipes/{recipe_id} answers as it did before the move."""
    assert router_routes, "router has no routes yet"
    number = rng.choice([1, 2, 3])
    reply = client.get(f"/recipes/{number}")
    assert reply.status_code == 200
    assert reply.json()["id"] == number
