"""2.1  Bound what the addresses take."""

FIELDS = ("label", "source", "url")


def test_recipe_numbers_start_at_one(client, rng):
    """recipe_id is a whole number from 1; one that no recipe has is not found."""
    assert client.get("/recipes/1").status_code == 200
    assert client.get(f"/recipes/{rng.randint(10**6, 10**8)}").status_code == 404
    for wrong in (0, -rng.randint(1, 1000), "one", "1.5"):
        assert client.get(f"/recipes/{wrong}").status_code == 422


def test_one_field_of_a_recipe(client, service, make_recipe, rng):
    """GET /recipes/{recipe_id}/{field} answers label, source or url, and only these."""
    recipe = make_recipe()
    (number,) = service.inside("put_recipes", recipes=[recipe])
    for field in FIELDS:
        reply = client.get(f"/recipes/{number}/{field}")
        assert reply.status_code == 200
        assert reply.json() == {field: recipe[field]}
    for field in ("id", "__class__", "Label"):
        assert client.get(f"/recipes/{number}/{field}").status_code == 422
    assert client.get(f"/recipes/{rng.randint(10**6, 10**8)}/label").status_code == 404
    assert client.get("/recipes/0/label").status_code == 422


def test_pages_have_bounds(client, rng):
    """A page has skip from 0, and limit from 1 to 1000."""
    for skip, limit in ((0, 1), (rng.randint(10**6, 10**8), 1000)):
        assert client.get("/recipes", params={"skip": skip, "limit": limit}).status_code == 200
    for wrong in ({"skip": -1}, {"skip": "some"}, {"limit": 0}, {"limit": 1001}, {"skip": "1.5"}, {"limit": "1.5"}):
        assert client.get("/recipes", params=wrong).status_code == 422


def test_sources_may_be_repeated(client, service, make_recipe, rng):
    """GET /recipes?source=…&source=… answers the recipes of exactly these sources; without a source all of them."""
    recipes = [make_recipe() for _ in range(3)]
    recipes.append(make_recipe(source=f"{recipes[0]['source']} and others"))
    recipes.append(make_recipe(source=recipes[0]["source"].upper()))
    recipes.append(make_recipe(source=f"é{rng.randint(0, 9)}"))
    numbers = service.inside("put_recipes", recipes=recipes)
    takes_a_body = "requestBody" in service.openapi()["paths"]["/recipes"]["get"]
    assert not takes_a_body, "source is expected in the body: a list in the query must say Query()"
    for wanted in ([0], [2, 0], [5, 1]):
        reply = client.get("/recipes", params={"source": [recipes[position]["source"] for position in wanted]})
        assert reply.status_code == 200
        assert reply.json() == [{"id": numbers[position], **recipes[position]} for position in sorted(wanted)]
    everything = client.get("/recipes", params={"limit": 1000})
    assert everything.status_code == 200
    shown = [recipe["id"] for recipe in everything.json()]
    assert shown == sorted(shown)
    assert set(numbers) <= set(shown), "without a source, every recipe is answered"


def test_page_is_cut_from_what_fits(client, service, make_recipe, rng):
    """Of the recipes that fit, skip are left out and at most limit are answered."""
    sources = [make_recipe()["source"] for _ in range(2)]
    numbers = service.inside("put_recipes", recipes=[make_recipe(source=sources[n % 2]) for n in range(9)])
    for skip, limit in ((rng.randint(2, 4), rng.randint(2, 4)), (8, rng.randint(2, 10))):
        reply = client.get("/recipes", params={"source": sources, "skip": skip, "limit": limit})
        assert reply.status_code == 200
        assert [recipe["id"] for recipe in reply.json()] == numbers[skip : skip + limit]


def test_page_has_defaults(client, service, make_recipe, rng):
    """Without skip and limit the first 100 recipes that fit are answered."""
    sources = [make_recipe()["source"] for _ in range(2)]
    count = rng.randint(101, 120)
    numbers = service.inside("put_recipes", recipes=[make_recipe(source=sources[n % 2]) for n in range(count)])
    reply = client.get("/recipes", params={"source": sources})
    assert reply.status_code == 200
    assert [recipe["id"] for recipe in reply.json()] == numbers[:100]


def test_keyword_has_bounds(client, make_word):
    """A keyword has 3 to 50 characters, or is left out."""
    assert client.get("/recipes/search").status_code == 200
    for length, status in ((0, 422), (2, 422), (3, 200), (50, 200), (51, 422)):
        assert client.get("/recipes/search", params={"keyword": make_word(length)}).status_code == status


def test_blanks_do_not_count_for_the_keyword(client, make_word):
    """Blanks around the keyword do not count: three blanks are no keyword."""
    for keyword, status in (("   ", 422), (f"  {make_word(2)}  ", 422), (f"  {make_word(50)} ", 200)):
        assert client.get("/recipes/search", params={"keyword": keyword}).status_code == status


def test_search_ignores_blanks_around_the_keyword(client, service, make_recipe, make_word):
    """The search looks for the keyword without the blanks around it."""
    word = make_word(12)
    recipe = make_recipe(label=word)
    (number,) = service.inside("put_recipes", recipes=[recipe])
    reply = client.get("/recipes/search", params={"keyword": f"  {word} "})
    assert reply.status_code == 200
    assert reply.json() == {"results": [{"id": number, **recipe}]}


def test_max_results_has_bounds(client, service, make_recipe, make_word):
    """max_results is a whole number from 1 to 100; left out, it is 10."""
    word = make_word(12)
    service.inside("put_recipes", recipes=[make_recipe(label=f"{word} {number}") for number in range(12)])
    for asked, count in (({"max_results": 1}, 1), ({"max_results": 100}, 12), ({}, 10)):
        reply = client.get("/recipes/search", params={"keyword": word, **asked})
        assert reply.status_code == 200
        assert len(reply.json()["results"]) == count
    for wrong in (0, 101, "many", "1.5"):
        assert client.get("/recipes/search", params={"keyword": word, "max_results": wrong}).status_code == 422


def test_recipe_number_is_described(documented):
    """The documentation says in a description what recipe_id is."""
    (parameter,) = [entry for entry in documented("get", "/recipes/{recipe_id}")["parameters"] if entry["in"] == "path"]
    assert parameter.get("description") or parameter["schema"].get("description"), "recipe_id has no description"
