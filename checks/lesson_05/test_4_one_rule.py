"""5.4  Keep one rule behind both versions."""

import pytest

from shared.addresses import V1, V2


@pytest.fixture
def make_titled(make_recipe, titled):
    """A maker of bodies for version 2's POST."""
    return lambda **changes: titled(make_recipe(**changes))


def test_new_recipe_is_seen_through_both(client, database, add_user, make_titled, titled):
    """POST /recipes/ of version 2 answers 201 with a title, and version 1 shows it as label."""
    new = make_titled(submitter_id=add_user()["id"], image="https://images.example/2.jpg")
    reply = client.post(f"{V2}/recipes/", json=new)
    assert reply.status_code == 201
    assert {name: reply.json()[name] for name in new} == new
    assert "label" not in reply.json()
    [row] = database.rows("recipes")
    assert row["label"] == new["title"]
    old = client.get(f"{V1}/recipes/{reply.json()['id']}")
    assert old.json()["label"] == new["title"]
    assert titled(old.json()) == reply.json()
    assert client.get(f"{V2}/recipes/{reply.json()['id']}").json() == reply.json()


def test_rules_for_a_title(client, labels, add_user, make_titled, make_recipe):
    """A title has the rules of a label, and a label or an unknown field is refused with 422."""
    somebody = add_user()["id"]
    for changes in (
        {"title": "ab"},
        {"title": "x" * 101},
        {"title": "   a "},
        {"title": None},
        {"source": ""},
        {"url": "none"},
        {"image": "none"},
        {"label": "Another one"},
        {"id": 7},
        {"submitter_id": 0},
    ):
        assert client.post(f"{V2}/recipes/", json={**make_titled(submitter_id=somebody), **changes}).status_code == 422
    assert client.post(f"{V2}/recipes/", json=make_recipe(submitter_id=somebody)).status_code == 422
    assert labels() == []


def test_title_is_trimmed(client, add_user, make_titled):
    """Blanks around a title are dropped, as they are around a label."""
    new = make_titled(submitter_id=add_user()["id"]) | {"title": "  Plum pie  "}
    reply = client.post(f"{V2}/recipes/", json=new)
    assert reply.status_code == 201
    assert reply.json()["title"] == "Plum pie"
    for title in ("abc", "x" * 100):
        assert client.post(f"{V2}/recipes/", json={**new, "url": f"https://{title}.example", "title": title}).is_success


def test_changes_are_seen_through_both(client, add_recipes, titled, rng):
    """PATCH of version 2 changes what was sent and nothing else, and version 1 shows it."""
    first, other = add_recipes([{"image": "https://images.example/3.jpg"}] * 2)
    for change in (
        {"title": f"Changed {rng.randrange(1000)}"},
        {"source": "Another source"},
        {"url": f"https://changed.example/{rng.randrange(1000)}"},
        {"title": f"Again {rng.randrange(1000)}", "image": None},
        {"image": "https://images.example/4.jpg"},
    ):
        before = client.get(f"{V1}/recipes/{first['id']}").json()
        reply = client.patch(f"{V2}/recipes/{first['id']}", json=change)
        assert reply.status_code == 200
        assert reply.json() == {**titled(before), **change, "updated_at": reply.json()["updated_at"]}
        assert titled(client.get(f"{V1}/recipes/{first['id']}").json()) == reply.json()
    kept = client.get(f"{V1}/recipes/{other['id']}").json()
    assert {name: kept[name] for name in other} == other


def test_changes_of_version_1_are_seen_in_version_2(client, add_recipes, make_recipe, titled):
    """What version 1 changes, adds and removes is seen in version 2 at once, also on a page and in a search."""
    first, second, third = add_recipes([{"image": "https://images.example/6.jpg"}] * 3)

    def seen():
        alone = client.get(f"{V2}/recipes/{first['id']}").json()
        page = {one["id"]: one for one in client.get(f"{V2}/recipes/").json()["results"]}
        params = {"keyword": alone["title"]}
        found = {one["id"]: one for one in client.get(f"{V2}/recipes/search/", params=params).json()["results"]}
        assert page[first["id"]] == found[first["id"]] == alone
        return alone, sorted(page)

    assert seen()[1] == [first["id"], second["id"], third["id"]]
    client.delete(f"{V1}/recipes/{third['id']}")
    for change in ({"label": "Changed through version 1"}, {"image": None}, {"source": "Ada"}):
        reply = client.patch(f"{V1}/recipes/{first['id']}", json=change)
        assert seen() == (titled(reply.json()), [first["id"], second["id"]])
    replaced = client.put(f"{V1}/recipes/{first['id']}", json=make_recipe())
    assert seen()[0] == titled(replaced.json())
    new = client.post(f"{V1}/recipes/", json=make_recipe(submitter_id=first["submitter_id"])).json()["id"]
    assert seen()[1] == [first["id"], second["id"], new]


def test_nothing_sent_changes_nothing(client, add_recipe):
    """PATCH of version 2 with {} answers 200 and changes nothing, updated_at included."""
    recipe = add_recipe(image="https://images.example/5.jpg")
    before = client.get(f"{V2}/recipes/{recipe['id']}").json()
    reply = client.patch(f"{V2}/recipes/{recipe['id']}", json={})
    assert reply.status_code == 200
    assert reply.json() == before


def test_refused_changes(client, add_recipe):
    """PATCH of version 2 refuses null where it means nothing, unknown fields and a label with 422; nobody is 404."""
    recipe = add_recipe()
    before = client.get(f"{V1}/recipes/{recipe['id']}").json()
    for change in (
        *({"title": "Changed", name: None} for name in ("source", "url")),
        {"title": None},
        {"label": "Changed"},
        {"title": "ab"},
        {"submitter_id": 1},
        {"image": "none"},
    ):
        assert client.patch(f"{V2}/recipes/{recipe['id']}", json=change).status_code == 422
    assert client.get(f"{V1}/recipes/{recipe['id']}").json() == before
    assert client.patch(f"{V2}/recipes/{recipe['id'] + 1000}", json={"title": "Changed"}).status_code == 404


def test_limit_counts_both_versions(launch, add_user, make_recipe, make_titled, database, rng):
    """RECIPES_PER_USER counts what came through either version; both answer one too many with 409."""
    user, other = add_user()["id"], add_user()["id"]
    most = rng.randint(3, 5)
    with launch(env={"RECIPES_PER_USER": str(most)}, fresh_database=False) as service:
        send = {
            V1: lambda somebody: service.client.post(f"{V1}/recipes/", json=make_recipe(submitter_id=somebody)),
            V2: lambda somebody: service.client.post(f"{V2}/recipes/", json=make_titled(submitter_id=somebody)),
        }
        order = [V1, V2, *(rng.choice([V1, V2]) for _ in range(most - 2))]
        replies = [send[version](user) for version in order]
        assert [reply.status_code for reply in replies] == [201] * most
        for version in (V2, V1):
            refused = send[version](user)
            assert refused.status_code == 409
            assert isinstance(refused.json()["detail"], str)
            assert send[version](other).status_code == 201
        assert service.client.delete(f"{V2}/recipes/{replies[0].json()['id']}").status_code == 204
        assert send[V2](user).status_code == 201
        assert send[V1](user).status_code == 409
    assert database.count("recipes", submitter_id=user) == most


def test_conflicts_across_versions(client, database, add_user, make_recipe, make_titled):
    """The same url twice from one user is answered with 409, whichever versions; so is an unknown submitter."""
    user, other = add_user()["id"], add_user()["id"]
    first = make_recipe(submitter_id=user)
    assert client.post(f"{V1}/recipes/", json=first).status_code == 201
    assert client.post(f"{V2}/recipes/", json=make_titled(submitter_id=user, url=first["url"])).status_code == 409
    second = make_titled(submitter_id=user)
    reply = client.post(f"{V2}/recipes/", json=second)
    assert reply.status_code == 201
    assert client.post(f"{V1}/recipes/", json=make_recipe(submitter_id=user, url=second["url"])).status_code == 409
    assert client.patch(f"{V2}/recipes/{reply.json()['id']}", json={"url": first["url"]}).status_code == 409
    assert client.post(f"{V2}/recipes/", json=make_titled(submitter_id=other + 1000)).status_code == 409
    assert client.post(f"{V2}/recipes/", json=make_titled(submitter_id=other, url=first["url"])).status_code == 201
    assert database.count("recipes") == 3
    assert client.post(f"{V2}/recipes/", json=make_titled(submitter_id=2**63)).status_code in (409, 422)


def test_failed_commit_is_no_success(client, add_recipe, make_titled, inject):
    """When the commit of version 2 fails, the answer is a server error."""
    stored = add_recipe()
    assert client.get(f"{V2}/recipes/{stored['id']}").status_code == 200
    inject("refuse_commits")
    for method, path, body in (
        ("POST", "/recipes/", make_titled(submitter_id=stored["submitter_id"])),
        ("PATCH", f"/recipes/{stored['id']}", {"title": "Changed"}),
        ("DELETE", f"/recipes/{stored['id']}", None),
    ):
        reply = client.request(method, f"{V2}{path}", json=body)
        assert reply.status_code >= 500, "the client was told of a success, and nothing is stored"
