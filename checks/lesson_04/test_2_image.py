"""4.2  Store an address that is no text."""

import pytest
from pydantic import HttpUrl


@pytest.fixture
def make_image(rng):
    """A maker of addresses of pictures, written as Pydantic's HttpUrl writes them."""

    def make():
        picture = f"{rng.randrange(10**9)}.jpg?size={rng.randrange(100)}"
        return f"https://cook:salt@images.example:{rng.randint(1024, 9999)}/{picture}#top"

    return make


def test_image_comes_back(client, add_user, make_recipe, make_image):
    """POST /recipes answers 201 and the image, and GET answers the same."""
    recipe = make_recipe(submitter_id=add_user()["id"], image=make_image())
    reply = client.post("/recipes", json=recipe)
    assert reply.status_code == 201
    assert reply.json()["image"] == recipe["image"]
    assert client.get(f"/recipes/{reply.json()['id']}").json() == reply.json()


def test_image_is_stored_as_text(client, database, add_user, make_recipe, make_image):
    """The column image of recipes holds the address as text."""
    image = make_image()
    client.post("/recipes", json=make_recipe(submitter_id=add_user()["id"], image=image))
    assert [row["image"] for row in database.execute("SELECT image FROM recipes")] == [image]


@pytest.mark.parametrize(
    "sent", ["HTTPS://IMAGES{}.EXAMPLE", "https://küche{}.example/a b", "https://a{}.example:443/x/../y"]
)
def test_image_is_written_as_http_url_writes_it(client, database, add_user, make_recipe, rng, sent):
    """An address is answered and stored as HttpUrl writes it: with a slash at the end of a bare host."""
    sent = sent.format(rng.randrange(10**6))
    written = str(HttpUrl(sent))
    reply = client.post("/recipes", json=make_recipe(submitter_id=add_user()["id"], image=sent))
    assert reply.status_code == 201
    assert reply.json()["image"] == written
    assert database.rows("recipes")[0]["image"] == written
    [listed] = client.get("/recipes").json()
    assert listed["image"] == written


def test_image_may_be_without_tls(client, add_user, make_recipe, rng):
    """An http address is as good as an https address, and letters of the path keep their case."""
    image = f"http://images.example/Photo{rng.randrange(1000)}/A.JPG"
    reply = client.post("/recipes", json=make_recipe(submitter_id=add_user()["id"], image=image))
    assert reply.status_code == 201
    assert reply.json()["image"] == image


def test_image_may_be_left_out(client, database, add_user, make_recipe):
    """Without an image, and with null, the recipe has null, and the column NULL."""
    somebody = add_user()["id"]
    for changes in ({}, {"image": None}):
        reply = client.post("/recipes", json=make_recipe(submitter_id=somebody, **changes))
        assert reply.status_code == 201
        assert reply.json()["image"] is None
    assert [row["image"] for row in database.execute("SELECT image FROM recipes")] == [None, None]


def test_every_answer_about_a_recipe_has_its_image(client, add_user, make_recipe, make_image):
    """Every answer about a recipe has the field image, also where it is null."""
    somebody = add_user()["id"]
    recipes = [make_recipe(submitter_id=somebody, image=image) for image in (None, make_image())]
    images = [recipe["image"] for recipe in recipes]
    added = [client.post("/recipes", json=recipe).json() for recipe in recipes]
    one = [client.get(f"/recipes/{recipe['id']}").json() for recipe in added]
    listed = client.get("/recipes").json()
    theirs = client.get(f"/users/{somebody}/recipes").json()
    for answer in (added, one, listed, theirs):
        assert [recipe["image"] for recipe in answer] == images
    [found] = client.get("/recipes/search", params={"keyword": recipes[0]["label"]}).json()["results"]
    assert found["image"] is None


def test_image_survives_a_restart(service, add_user, make_recipe, make_image):
    """After a restart the image is still the same."""
    recipe = make_recipe(submitter_id=add_user()["id"], image=make_image())
    reply = service.client.post("/recipes", json=recipe)
    assert reply.status_code == 201
    service.restart()
    assert service.client.get(f"/recipes/{reply.json()['id']}").json()["image"] == recipe["image"]


def test_image_is_an_address(client, labels, add_user, make_recipe):
    """An image that is no http or https address is answered with 422, and nothing is stored.

    Passes on the starter: the type in the schema says so already, and the answer must stay what it is.
    """
    somebody = add_user()["id"]
    for wrong in ("picture.jpg", "ftp://images.example/1.jpg", "", 7):
        reply = client.post("/recipes", json=make_recipe(submitter_id=somebody, image=wrong))
        assert reply.status_code == 422
    assert labels() == []


def test_imported_images_come_back(client, add_user, make_recipe, make_image):
    """POST /recipes/import stores the image of each recipe, in the order sent."""
    somebody = add_user()["id"]
    images = [make_image(), None, make_image()]
    reply = client.post("/recipes/import", json=[make_recipe(submitter_id=somebody, image=image) for image in images])
    assert reply.status_code == 201
    assert [one["image"] for one in reply.json()] == images
    assert [one["image"] for one in client.get("/recipes").json()] == images
