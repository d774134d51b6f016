"""2.5  Turn the dicts into models."""

import pytest

FIELDS = ("label", "source", "url")


@pytest.fixture
def put_recipe(service, make_recipe):
    """A maker of stored recipes, as answers show them."""

    def put():
        recipe = make_recipe()
        (number,) = service.inside("put_recipes", recipes=[recipe])
        return {"id": number, **recipe}

    return put


@pytest.fixture
def make_address(make_word):
    """A maker of addresses with so many characters."""

    def make(length):
        start = "https://recipes.example/"
        return start + make_word(length - len(start))

    return make


def test_new_recipe_is_created(client, make_recipe):
    """POST /recipes answers 201 and the recipe: four fields, no more."""
    recipe = make_recipe()
    reply = client.post("/recipes", json=recipe)
    assert reply.status_code == 201
    number = reply.json().get("id")
    assert reply.json() == {"id": number, **recipe}
    again = client.get(f"/recipes/{number}")
    assert again.status_code == 200
    assert again.json() == reply.json()


def test_valid_recipes_are_accepted(client, make_recipe, make_word):
    """POST /recipes takes everything within the bounds, and drops blanks around texts."""
    long, address = make_word(100), f"http://{make_word()}.example/a?b=1#c"
    for sent, stored in (
        ({"label": make_word(3), "source": "x", "url": address}, {}),
        ({"label": long, "source": long}, {}),
        ({"label": f"  {long} \t"}, {"label": long}),
        ({"source": f" {long}\n"}, {"source": long}),
        ({"url": f"  {address} "}, {"url": address}),
    ):
        body = make_recipe(**sent)
        reply = client.post("/recipes", json=body)
        assert reply.status_code == 201
        assert reply.json() == {"id": reply.json().get("id"), **body, **stored}


def test_addresses_have_at_most_2000_characters(client, make_recipe, put_recipe, make_address):
    """A url of 2000 characters is accepted, one of 2001 is refused with 422."""
    recipe = put_recipe()
    for length, right in ((2000, True), (2001, False)):
        url = make_address(length)
        assert client.post("/recipes", json=make_recipe(url=url)).status_code == (201 if right else 422)
        assert client.patch(f"/recipes/{recipe['id']}", json={"url": url}).status_code == (200 if right else 422)


def test_invalid_recipes_are_refused(client, make_recipe, make_word, rng):
    """POST /recipes refuses what breaks a rule with 422."""
    word = make_word()
    for field, value in (
        *[("label", text) for text in ("", make_word(2), f"  {make_word(2)}  ", "     ", make_word(101))],
        *[("source", text) for text in ("", " " * rng.randint(1, 9), make_word(101))],
        *[("url", text) for text in ("", word, f"www.{word}.example/page", f"ftp://{word}.example/", "http://")],
        *[("url", text) for text in (f"javascript:alert('{word}')", f"httpx://{word}.example/page")],
        *[(field, value) for field in FIELDS for value in (rng.randint(1, 999), None)],
    ):
        assert client.post("/recipes", json=make_recipe(**{field: value})).status_code == 422


def test_creating_needs_three_fields(client, make_recipe):
    """POST /recipes refuses a body in which a field is missing with 422."""
    for field in FIELDS:
        body = make_recipe()
        del body[field]
        assert client.post("/recipes", json=body).status_code == 422
    for body in ([make_recipe()], "recipe", None):
        assert client.post("/recipes", json=body).status_code == 422


def test_change_leaves_the_rest_alone(client, put_recipe, make_recipe):
    """PATCH /recipes/{recipe_id} changes what was sent and nothing else, and drops blanks around texts."""
    for fields in ((), ("label",), ("source",), ("url",), FIELDS):
        recipe, new = put_recipe(), make_recipe()
        reply = client.patch(f"/recipes/{recipe['id']}", json={field: f"  {new[field]} " for field in fields})
        assert reply.status_code == 200
        assert reply.json() == {**recipe, **{field: new[field] for field in fields}}
    changed, again = reply.json(), client.get(f"/recipes/{recipe['id']}")
    assert again.json() == changed


def test_invalid_changes_are_refused(client, put_recipe, make_word, rng):
    """PATCH refuses with 422 what POST would refuse, and null; nothing changes."""
    recipe, word = put_recipe(), make_word()
    for field, value in (
        *[("label", text) for text in (f"  {make_word(2)}  ", make_word(101))],
        *[("source", text) for text in ("   ", make_word(101))],
        *[("url", text) for text in (word, f"ftp://{word}.example/")],
        *[(field, value) for field in FIELDS for value in (rng.randint(1, 999), None)],
    ):
        assert client.patch(f"/recipes/{recipe['id']}", json={field: value}).status_code == 422
    assert client.get(f"/recipes/{recipe['id']}").json() == recipe


def test_deleted_recipe_is_gone(client, service, put_recipe):
    """DELETE /recipes/{recipe_id} answers 204 without a body; then it is gone."""
    recipe, other = put_recipe(), put_recipe()
    with service.probe() as probe:
        assert client.delete(f"/recipes/{recipe['id']}").status_code == 204
        assert client.get(f"/recipes/{recipe['id']}").status_code == 404
    # A client never sees a body after 204: the server breaks off when it is given one.
    assert not probe.exceptions, "an answer 204 has no body: let the function return nothing"
    assert client.get("/recipes", params={"source": recipe["source"]}).json() == []
    assert client.get(f"/recipes/{other['id']}").json() == other


def test_unknown_recipes_are_not_found(client, put_recipe, make_recipe, rng):
    """PATCH and DELETE /recipes/{recipe_id} answer 404 if there is none."""
    unknown = rng.randint(10**6, 10**8)
    assert client.patch(f"/recipes/{unknown}", json={"label": make_recipe()["label"]}).status_code == 404
    assert client.delete(f"/recipes/{unknown}").status_code == 404
    recipe = put_recipe()
    assert client.delete(f"/recipes/{recipe['id']}").status_code == 204
    assert client.delete(f"/recipes/{recipe['id']}").status_code == 404


def test_number_is_not_settable(client, put_recipe, make_recipe, rng):
    """An id in a body of POST or PATCH /recipes never takes effect."""
    chosen = rng.randint(10**6, 10**8)
    reply = client.post("/recipes", json=make_recipe(id=chosen))
    assert reply.status_code in (201, 422)
    assert reply.json().get("id") != chosen
    recipe = put_recipe()
    assert client.patch(f"/recipes/{recipe['id']}", json={"id": chosen}).status_code in (200, 422)
    again = client.get(f"/recipes/{recipe['id']}")
    assert again.status_code == 200
    assert again.json() == recipe


def test_documentation_says_what_comes_back(documented):
    """The documentation has descriptions, the fields of the answers, and the 404."""
    for method, path, status in (
        ("post", "/recipes", "201"),
        ("patch", "/recipes/{recipe_id}", "200"),
        ("delete", "/recipes/{recipe_id}", "204"),
    ):
        entry = documented(method, path)
        name = f"{method.upper()} {path}"
        assert entry.get("description"), f"{name} has no description: its function needs a docstring"
        assert status in entry["responses"], f"the documentation of {name} does not know the status {status}"
        if method != "delete":
            schema = entry["responses"][status].get("content", {}).get("application/json", {}).get("schema", {})
            tells_fields = "properties" in schema or "$ref" in str(schema)
            assert tells_fields, f"{name} does not say which fields its answer has"
        if method != "post":
            assert "404" in entry["responses"], f"{name} does not say that it may answer 404"


def test_documented_example_is_accepted(client, documented_examples):
    """POST /recipes documents an example of its body, which the service accepts."""
    examples = documented_examples("post", "/recipes")
    assert examples, "the documentation of POST /recipes has no example"
    replies = [client.post("/recipes", json=example) for example in examples]
    assert 201 in [reply.status_code for reply in replies], "the service refuses its own example"
