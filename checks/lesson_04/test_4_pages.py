"""4.4  Hand out pages that neither repeat nor skip."""

import pytest


@pytest.fixture
def read(client):
    """Read one page; it has to be one."""

    def page(**params):
        reply = client.get("/recipes/page", params=params)
        assert reply.status_code == 200
        assert sorted(reply.json()) == ["next", "results", "total"]
        return reply.json()

    return page


def ids(page):
    """The ids on a page."""
    return [one["id"] for one in page["results"]]


def test_page_holds_what_follows(read, client, add_recipes, rng):
    """A page holds the first recipes with an id larger than after, as GET /recipes shows them, up to limit."""
    numbers = [one["id"] for one in add_recipes([{}] * 8)]
    for position, limit in ((rng.randint(1, 3), rng.randint(2, 3)), (0, 1), (6, 50)):
        page = read(after=numbers[position], limit=limit)
        assert ids(page) == numbers[position + 1 :][:limit]
    everything = client.get("/recipes").json()
    assert read(limit=8)["results"] == everything


def test_next_says_where_to_go_on(read, database, add_recipes, rng):
    """The field next is the id of the last recipe shown if more follow, else null; total counts all recipes."""
    numbers = [one["id"] for one in add_recipes([{}] * 14)]
    for gone in numbers[::2]:  # every second id is missing, so that nobody can work it out
        database.execute("DELETE FROM recipes WHERE id = :gone", gone=gone)
    numbers = numbers[1::2]
    limit = rng.randint(2, 5)
    assert read(limit=limit)["next"] == numbers[limit - 1]
    assert read(limit=7)["next"] is None, "next leads to an empty page: all recipes have been shown"
    assert read(limit=6)["next"] == numbers[5]
    assert read(after=numbers[4], limit=2)["next"] is None, "next leads to an empty page: all recipes have been shown"
    assert read(after=numbers[-1])["next"] is None
    assert ids(read(after=numbers[-1])) == []
    for page in (read(limit=1), read(after=numbers[3], limit=2), read(after=numbers[-1])):
        assert page["total"] == 7


def test_more_than_a_hundred_are_counted(read, database, add_user, add_recipe, make_recipe, rng):
    """The field total counts all recipes, also when there are more than a hundred."""
    count = rng.randint(101, 130)
    first = add_recipe()
    stamps = {name: database.rows("recipes", id=first["id"])[0][name] for name in ("created_at", "updated_at")}
    more = [make_recipe(submitter_id=first["submitter_id"], **stamps) for _ in range(count - 1)]
    database.insert_many("recipes", more)
    page = read(after=first["id"], limit=100)
    assert page["total"] == count
    assert len(page["results"]) == 100


def test_walk_sees_every_recipe_once(read, add_recipes, rng):
    """From page to page, every recipe is seen once, in the order of the ids; ids that are missing do not matter."""
    everyone = add_recipes([{}] * rng.randint(9, 12))
    seen, after = [], 0
    for _ in range(20):
        page = read(after=after, limit=3)
        assert page["results"], "a page is empty"
        seen += ids(page)
        after = page["next"]
        if after is None:
            break
    assert seen == [one["id"] for one in everyone]


def test_walk_skips_nothing_when_rows_go(read, client, add_recipes, rng):
    """Recipes that are removed from pages already seen make nobody skip or see twice one of the others."""
    numbers = [one["id"] for one in add_recipes([{}] * 12)]
    for gone in rng.sample(numbers[1:5], 2):  # the ids have holes from the start
        client.delete(f"/recipes/{gone}")
        numbers.remove(gone)
    seen, after, total = [], 0, len(numbers)
    while after is not None and len(seen) <= 20:
        page = read(after=after, limit=3)
        assert page["total"] == total
        seen += ids(page)
        after = page["next"]
        for gone in rng.sample(ids(page), min(2, len(ids(page)))):
            assert client.delete(f"/recipes/{gone}").status_code == 204
            total -= 1
    assert seen == numbers, "a recipe was skipped or shown twice while others were removed: count ids, not rows"


def test_page_after_a_removed_recipe(read, client, add_recipes):
    """The page after a recipe that is gone begins with the one that followed it."""
    numbers = [one["id"] for one in add_recipes([{}] * 5)]
    client.delete(f"/recipes/{numbers[2]}")
    assert ids(read(after=numbers[2], limit=2)) == numbers[3:5]


def test_page_has_defaults(read, add_recipes, rng):
    """Without after the page begins at the first recipe, and without limit it holds 20."""
    numbers = [one["id"] for one in add_recipes([{}] * rng.randint(21, 25))]
    assert ids(read()) == numbers[:20]
    assert read()["next"] == numbers[19]
    assert ids(read(after=numbers[0])) == numbers[1:21]


def test_page_has_bounds(client, rng):
    """The bounds: after from 0, limit from 1 to 100; anything else is answered with 422."""
    for params in ({"after": 0}, {"limit": 1}, {"limit": 100}, {"after": rng.randint(10**6, 10**8)}):
        assert client.get("/recipes/page", params=params).status_code == 200
    for wrong in ({"after": -1}, {"after": "x"}, {"limit": 0}, {"limit": 101}, {"limit": "1.5"}, {"after": ""}):
        assert client.get("/recipes/page", params=wrong).status_code == 422
    assert client.get("/recipes/page", params={"after": 2**63}).status_code in (200, 422)


def test_no_recipes_at_all(read):
    """Where there are no recipes, the page is empty and the last one."""
    assert read() == {"results": [], "next": None, "total": 0}


def test_database_cuts_and_counts(service, add_recipes):
    """The database cuts and counts: for a page of two recipes it hands over a few rows, however many there are."""
    add_recipes([{"source": "Ada"}] * 60)
    service.inside("count_rows")
    for path, params in (
        ("/recipes/page", {"limit": 2}),
        ("/recipes", {"limit": 2}),
        ("/recipes", {"limit": 2, "source": "Ada"}),
    ):
        service.inside("rows_counted")
        assert service.client.get(path, params=params).status_code == 200
        rows = service.inside("rows_counted")
        assert rows <= 20, f"the database handed over {rows} rows, for two recipes of sixty"


def test_users_come_in_pages(client, add_user, rng):
    """GET /users takes skip and limit as GET /recipes does, and answers in the order of the ids."""
    users = [add_user() for _ in range(6)]
    skip, limit = rng.randint(1, 3), rng.randint(1, 2)
    for params, expected in (
        ({"skip": skip, "limit": limit}, users[skip : skip + limit]),
        ({"skip": skip}, users[skip:]),
        ({"limit": limit}, users[:limit]),
        ({"skip": 50}, []),
    ):
        reply = client.get("/users", params=params)
        assert reply.status_code == 200
        assert reply.json() == expected


def test_users_have_bounds(client):
    """The bounds of GET /users: skip from 0, limit from 1 to 1000; anything else is answered with 422."""
    for params in ({"skip": 0, "limit": 1}, {"limit": 1000}):
        assert client.get("/users", params=params).status_code == 200
    for wrong in ({"skip": -1}, {"skip": "some"}, {"limit": 0}, {"limit": 1001}, {"limit": "1.5"}):
        assert client.get("/users", params=wrong).status_code == 422
    assert client.get("/users", params={"skip": 2**63}).status_code in (200, 422)


def test_a_hundred_users_unless_told(client, database, make_user, rng):
    """Without skip and limit, GET /users answers the first 100."""
    users = [make_user(is_superuser=False) for _ in range(rng.randint(101, 110))]
    for user in users:
        user["hashed_password"] = f"not-a-hash-{user.pop('password')}"
    database.insert_many("users", users)
    assert [one["email"] for one in client.get("/users").json()] == [one["email"] for one in users[:100]]
