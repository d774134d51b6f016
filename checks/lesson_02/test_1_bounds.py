"""2.1  Bound what the addresses take."""

FIELDS = ("label", "source", "url")


def test_recipe_numbers_start_at_one(client, rng):
    """recipe_id is a whole number from 1; one that no recipe has is not found."""
    assert client.get(f"/recipes/{rng.randint(1, 3)}").status_code == 200
    assert client.get(f"/recipes/{rng.randint(10**6, 10**8)}").status_code == 404
    for wrong in (0, -rng.randint(1, 1000), "one", "1.5"):
        assert client.get(f"/recipes/{wrong}").status_code == 422


def test_one_field_of_a_recipe(client, service, make_recipe, make_word, rng):
    """GET /recipes/{recipe_id}/{field} answers label, source or url, and only these."""
    recipe = make_recipe()
    (number,) = service.inside("put_recipes", recipes=[recipe])
    for field in FIELDS:
        reply = client.get(f"/recipes/{number}/{field}")
        assert reply.status_code == 200
        assert reply.json() == {field: recipe[field]}
        assert client.get(f"/recipes/{rng.randint(10**6, 10**8)}/{field}").status_code == 404
        assert client.get(f"/recipes/0/{field}").status_code == 422
    for field in (make_word(), "id", "__class__", "Label"):
        assert client.get(f"/recipes/{number}/{field}").status_code == 422


def test_pages_have_bounds(client, rng):
    """A page has skip from 0, and limit from 1 to 1000."""
    for right in ({"skip": 0}, {"limit": 1}, {"limit": 1000}, {"skip": rng.randint(1, 10**6)}):
        assert client.get("/recipes", params=right).status_code == 200
    for wrong in ({"skip": -1}, {"limit": 0}, {"limit": 1001}, {"limit": -rng.randint(1, 9)}, {"skip": "some"}):
        assert client.get("/recipes", params=wrong).status_code == 422


def test_sources_may_be_repeated(client, service, make_recipe):
    """GET /recipes?source=…&source=… answers the recipes of all these sources."""
    recipes = [make_recipe() for _ in range(4)]
    numbers = service.inside("put_recipes", recipes=recipes)
    takes_a_body = "requestBody" in service.openapi()["paths"]["/recipes"]["get"]
    assert not takes_a_body, "source is expected in the body: a list in the query must say Query()"
    for wanted in ([3], [0, 2], [1, 0, 3]):
        reply = client.get("/recipes", params={"source": [recipes[position]["source"] for position in wanted]})
        assert reply.status_code == 200
        assert reply.json() == [{"id": numbers[position], **recipes[position]} for position in sorted(wanted)]


def test_page_is_cut_from_what_fits(client, service, make_recipe, rng):
    """Of the recipes that fit, skip are left out and at most limit are answered."""
    sources = [make_recipe()["source"] for _ in range(2)]
    numbers = service.inside("put_recipes", recipes=[make_recipe(source=sources[n % 2]) for n in range(9)])
    for _ in range(4):
        skip, limit = rng.randint(0, 10), rng.randint(1, 10)
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


def test_keyword_has_bounds(client, make_word, rng):
    """A keyword has 3 to 50 characters, or is left out."""
    assert client.get("/recipes/search").status_code == 200
    for length in (3, rng.randint(4, 49), 50):
        assert client.get("/recipes/search", params={"keyword": make_word(length)}).status_code == 200
    for length in (1, 2, 51):
        assert client.get("/recipes/search", params={"keyword": make_word(length)}).status_code == 422


def test_blanks_do_not_count_for_the_keyword(client, make_word):
    """Blanks around the keyword do not count: three blanks are no keyword."""
    for keyword in ("   ", f"  {make_word(2)}  ", " " * 20):
        assert client.get("/recipes/search", params={"keyword": keyword}).status_code == 422
    assert client.get("/recipes/search", params={"keyword": f"  {make_word(50)} "}).status_code == 200


def test_search_ignores_blanks_around_the_keyword(client, service, make_recipe, make_word):
    """The search looks for the keyword without the blanks around it."""
    word = make_word(12)
    recipe = make_recipe(label=word)
    (number,) = service.inside("put_recipes", recipes=[recipe])
    reply = client.get("/recipes/search", params={"keyword": f"  {word} "})
    assert reply.status_code == 200
    assert reply.json() == {"results": [{"id": number, **recipe}]}


def test_max_results_has_bounds(client, service, make_recipe, make_word, rng):
    """max_results is a whole number from 1 to 100; left out, it is 10."""
    word = make_word(12)
    service.inside("put_recipes", recipes=[make_recipe(label=f"{word} {number}") for number in range(12)])
    for asked, most in ((1, 1), (100, 12), (rng.randint(2, 9), None), (None, 10)):
        params = {"keyword": word} | ({} if asked is None else {"max_results": asked})
        reply = client.get("/recipes/search", params=params)
        assert reply.status_code == 200
        assert len(reply.json()["results"]) == (most or asked)
    for wrong in (0, 101, -1):
        assert client.get("/recipes/search", params={"keyword": word, "max_results": wrong}).status_code == 422


def test_recipe_number_is_described(documented):
    """The documentation says in a description what recipe_id is."""
    (parameter,) = [entry for entry in documented("get", "/recipes/{recipe_id}")["parameters"] if entry["in"] == "path"]
    assert parameter.get("description") or parameter["schema"].get("description"), "recipe_id has no description"
