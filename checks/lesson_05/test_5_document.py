"""5.5  Write a document that others can build on."""

import pytest

from shared.addresses import V1, V2


@pytest.fixture
def operations():
    """List the operations of a document: triples of path, method and operation."""

    def listed(document):
        return [
            (path, method, operation)
            for path, operations in document["paths"].items()
            for method, operation in operations.items()
        ]

    return listed


def name_of(operation):
    """The name of the function that answers, as FastAPI makes the summary of it."""
    return operation["summary"].lower().replace(" ", "_")


def test_tags_are_described(service, operations):
    """Each tag that an operation has is described once, with a text; so is the whole document."""
    document = service.openapi()
    described = [tag["name"] for tag in document.get("tags", []) if tag.get("description", "").strip()]
    used = {tag for _, _, operation in operations(document) for tag in operation.get("tags", [])}
    assert {"recipes", "users", "health"} <= used
    for tag in sorted(used):
        assert described.count(tag) == 1, f"the tag {tag} is described {described.count(tag)} times"
    assert document["info"]["description"].strip()


def test_operations_are_named(service, operations):
    """The id of an operation is v1_ or v2_ and the name of its function; outside the versions the name alone."""
    for path, method, operation in operations(service.openapi()):
        version = "v1_" if path.startswith(f"{V1}/") else "v2_" if path.startswith(f"{V2}/") else ""
        found = operation["operationId"]
        assert found == f"{version}{name_of(operation)}", f"{method.upper()} {path} has the id {found}"


def test_no_two_ids_are_the_same(service, operations):
    """No two operations of the document have the same id, and both versions have some."""
    ids = [operation["operationId"] for _, _, operation in operations(service.openapi())]
    assert {"v1_read_recipe", "v1_list_users", "read_health"} <= set(ids)
    assert any(one.startswith("v2_") for one in ids)
    twice = sorted({one for one in ids if ids.count(one) > 1})
    assert not twice, f"two operations have the id {twice[0]}"


def test_ids_stay_when_a_version_moves(service, launch, operations, rng):
    """The ids of operations do not depend on where a version begins."""
    prefix = f"/moved{rng.randrange(100)}"
    ids = {operation["operationId"] for _, _, operation in operations(service.openapi())}
    with launch(env={"API_V1_STR": f"{prefix}/one", "API_V2_STR": f"{prefix}/two"}) as moved:
        assert {operation["operationId"] for _, _, operation in operations(moved.openapi())} == ids
    assert all(one.startswith(("v1_", "v2_", "read_")) for one in ids)


@pytest.fixture
def examples():
    """The examples of the schema of an operation's body."""

    def found(document, path, method):
        schema = document["paths"][path][method]["requestBody"]["content"]["application/json"]["schema"]
        if "$ref" in schema:
            schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        return schema.get("examples", [])

    return found


def test_new_recipes_have_examples(service, client, database, examples, add_user):
    """The body of version 2's POST has examples, and the service takes each of them."""
    found = examples(service.openapi(), f"{V2}/recipes/", "post")
    assert found, "the schema of version 2's POST has no examples"
    user = add_user()["id"]
    for example in found:
        assert "title" in example
        reply = client.post(f"{V2}/recipes/", json={**example, "submitter_id": user})
        assert reply.status_code == 201
        database.execute("DELETE FROM recipes")
        assert isinstance(example["submitter_id"], int)


def test_changes_have_examples(service, client, examples, add_recipe):
    """The body of version 2's PATCH has examples, and the service takes each of them."""
    found = examples(service.openapi(), f"{V2}/recipes/{{recipe_id}}", "patch")
    assert found, "the schema of version 2's PATCH has no examples"
    for example in found:
        assert client.patch(f"{V2}/recipes/{add_recipe()['id']}", json=example).status_code == 200
