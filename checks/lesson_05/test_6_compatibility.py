"""5.6  Find the changes that break a client."""

from copy import deepcopy

import pytest


@pytest.fixture
def document(rng):
    """An OpenAPI document of a service that nobody knows: paths, bodies, answers, and schemas that use one another."""
    word = f"w{rng.randrange(10**6)}"
    things, thing, maker, part = f"/{word}s", f"/{word}s/{{{word}_id}}", f"Maker{word}", f"Part{word}"

    def ref(name):
        return {"$ref": f"#/components/schemas/{name}"}

    def body(schema):
        return {"content": {"application/json": {"schema": schema}}}

    number = {"name": f"{word}_id", "in": "path", "required": True, "schema": {"type": "integer"}}
    made = {
        "get": {
            "summary": "List",
            "operationId": f"list_{word}",
            "parameters": [
                {"name": "limit", "in": "query", "required": False, "schema": {"type": "integer", "default": 10}},
                {"name": "kind", "in": "query", "required": True, "schema": {"type": "string"}},
            ],
            "responses": {"200": {"description": "All", **body({"type": "array", "items": ref(f"Out{word}")})}},
        },
        "post": {
            "summary": "Add",
            "operationId": f"add_{word}",
            "requestBody": {"required": True, **body(ref(f"In{word}"))},
            "responses": {
                "201": {"description": "The new one", **body(ref(f"Out{word}"))},
                "409": {"description": "It is there already"},
            },
        },
    }
    one = {
        "description": "What is said of the path is no operation",
        "get": {
            "summary": "Read",
            "operationId": f"read_{word}",
            "parameters": [number],
            "responses": {
                "200": {
                    "description": "One",
                    **body({"type": "object", "required": ["found"], "properties": {"found": ref(f"Out{word}")}}),
                }
            },
        },
        **{method: {"responses": {"200": {"description": "Done"}}} for method in ("put", "patch", "delete")},
    }
    schemas = {
        f"Out{word}": {
            "type": "object",
            "title": "Out",
            "required": ["id", "name", "maker", "parts"],
            "properties": {
                "id": {"type": "integer"},
                "name": {"type": "string"},
                "maker": ref(maker),
                "parts": {"type": "array", "items": ref(part)},
            },
        },
        f"In{word}": {
            "type": "object",
            "required": ["name"],
            "properties": {
                "name": {"type": "string", "description": "How it is called"},
                "size": {"type": "string", "enum": ["small", "large"]},
                "weight": {"type": "number"},
                "parts": {"type": "array", "items": ref(f"In{part}")},
            },
        },
        maker: {"type": "object", "required": ["town"], "properties": {"town": {"type": "string"}}},
        part: {
            "type": "object",
            "required": ["code"],
            "properties": {"code": {"type": "integer"}, "inner": {"type": "array", "items": ref(part)}},
        },
        f"In{part}": {
            "type": "object",
            "required": ["code"],
            "properties": {"code": {"type": "integer"}, "note": {"type": "string"}},
        },
    }
    paths = {things: made, thing: one, f"/{word}/health": {"get": {"responses": {"200": {"description": "Alive"}}}}}
    return {
        "document": {"openapi": "3.1.0", "info": {"title": word}, "paths": paths, "components": {"schemas": schemas}},
        "things": things,
        "thing": thing,
        "out": f"Out{word}",
        "in": f"In{word}",
        "maker": maker,
        "part": part,
    }


@pytest.fixture
def judge(service, document):
    """Change the document, and ask the learner's function what it thinks of the change."""

    def judged(change, *, swapped=False):
        old, new = document["document"], deepcopy(document["document"])
        change(new)
        if swapped:
            old, new = new, old
        found = service.inside("compare", old=old, new=new)
        assert found["same"], "breaking_changes has changed one of the documents"
        assert found["texts"], "breaking_changes returns a list of texts"
        return found["found"]

    return judged


@pytest.fixture
def fields(document):
    """The fields of one of the document's schemas."""
    return lambda new, which: new["components"]["schemas"][document.get(which, which)]["properties"]


@pytest.fixture
def needed(document):
    """The needed fields of one of the document's schemas."""
    return lambda new, which: new["components"]["schemas"][document.get(which, which)]["required"]


def test_nothing_has_changed(judge):
    """Two documents that are the same break nobody."""
    assert judge(lambda _: None) == []


def test_words_for_humans_may_change(judge, document, fields):
    """A new description, summary, title, tag, example or operationId breaks nobody."""

    def change(new):
        post = new["paths"][document["things"]]["post"]
        post |= {"summary": "Another", "description": "More", "operationId": "other", "tags": ["new"]}
        post["responses"]["201"]["description"] = "Another text"
        new["info"] = {"title": "Another", "description": "More"}
        fields(new, "in")["name"] |= {"description": "Another", "title": "Another", "examples": ["x"]}
        new["components"]["schemas"][document["out"]]["title"] = "Another"

    assert judge(change) == []


def test_what_is_gone_breaks(judge, document):
    """A path, an operation or a status that is gone breaks a client."""
    things, thing = document["things"], document["thing"]
    assert judge(lambda new: new["paths"].pop(thing)), "a path is gone"
    assert judge(lambda new: new["paths"][things].pop("get")), "an operation is gone"
    assert judge(lambda new: new["paths"][things].pop("post")), "an operation is gone"
    for method in ("put", "patch", "delete"):
        assert judge(lambda new, method=method: new["paths"][thing].pop(method)), f"{method.upper()} is gone"

    def answer_200(new):
        answers = new["paths"][things]["post"]["responses"]
        answers["200"] = answers.pop("201")

    assert judge(answer_200), "POST answers 200 in the place of 201"
    assert judge(lambda new: new["paths"][things]["post"]["responses"].pop("409")), "the status 409 is gone"


def test_what_is_new_may_come(judge, document):
    """A new path, a new operation and a new query parameter that may be left out break nobody."""
    things = document["things"]

    def change(new):
        new["paths"] |= {"/new": {"get": {"responses": {"200": {"description": "New"}}}}}
        new["paths"][things]["delete"] = {"responses": {"204": {"description": "Gone"}}}
        new["paths"][things]["get"]["parameters"].append(
            {"name": "skip", "in": "query", "required": False, "schema": {"type": "integer"}}
        )
        new["paths"][things]["get"]["parameters"].append(
            {"name": "sort", "in": "query", "schema": {"type": "string"}}  # it may be left out, as nothing is said
        )

    assert judge(change) == []


def test_new_parameter_that_is_needed_breaks(judge, document):
    """A new query parameter that is needed breaks a client."""
    new_one = {"name": "token", "in": "query", "required": True, "schema": {"type": "string"}}
    assert judge(lambda new: new["paths"][document["things"]]["get"]["parameters"].append(new_one))


def test_field_of_an_answer(judge, fields, needed, document):
    """A field of an answer that is gone breaks a client, however deep it is; a new one breaks nobody."""

    def remove(which, name):
        def change(new):
            fields(new, which).pop(name)
            if name in needed(new, which):
                needed(new, which).remove(name)

        return change

    for which, name in (("out", "name"), ("maker", "town"), ("part", "code"), ("out", "parts"), ("part", "inner")):
        assert judge(remove(which, name)), f"an answer has no {name} any more"

    assert judge(lambda new: new["components"]["schemas"][document["maker"]].clear()), "nothing is said of a maker"
    assert judge(lambda new: fields(new, "out")["parts"].pop("items")), "nothing is said of the things in a list"
    assert judge(lambda new: new["components"]["schemas"][document["maker"]].pop("properties")), "a maker is empty"

    def in_place(new):
        answer = new["paths"][document["thing"]]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        answer["properties"] = {"other": answer["properties"]["found"]}
        answer["required"] = ["other"]

    assert judge(in_place), "an answer whose schema stands in place has lost a field"

    def add(new):
        for which in ("out", "maker", "part"):
            fields(new, which)["new"] = {"type": "string"}
            needed(new, which).append("new")

    assert judge(add) == []


def test_types(judge, fields):
    """Another type of a field breaks a client, in an answer and in what is sent, however deep it is."""
    for which, name, kind in (
        ("out", "id", "string"),
        ("out", "name", "integer"),
        ("maker", "town", "array"),
        ("part", "code", "string"),
        ("in", "name", "integer"),
        ("in", "weight", "string"),
    ):
        assert judge(lambda new, w=which, n=name, k=kind: fields(new, w)[n].update(type=k)), f"{name} has another type"


def test_types_in_lists_that_are_sent(judge, fields, needed, document):
    """What is sent in a list is looked at, too: its types and its needed fields."""
    part = f"In{document['part']}"
    assert judge(lambda new: fields(new, part)["code"].update(type="string")), "a field in a list has another type"
    assert judge(lambda new: needed(new, part).append("note")), "a field in a list has become needed"


def test_needed_fields(judge, fields, needed):
    """A field of what is sent that has become needed breaks a client, also a new one; the reverse breaks nobody."""

    def new_and_needed(new):
        fields(new, "in")["colour"] = {"type": "string"}
        needed(new, "in").append("colour")

    assert judge(lambda new: needed(new, "in").append("weight")), "weight has become needed"
    assert judge(new_and_needed), "a new field is needed"
    assert judge(lambda new: needed(new, "in").clear()) == []
    assert judge(lambda new: fields(new, "in").update(colour={"type": "string"})) == []


def test_values_that_are_sent(judge, fields):
    """A value that is gone from an enum of what is sent breaks a client; a new value breaks nobody."""
    assert judge(lambda new: fields(new, "in")["size"]["enum"].remove("large")), "a value is no longer taken"
    assert judge(lambda new: fields(new, "in")["size"]["enum"].append("huge")) == []
    assert judge(lambda new: fields(new, "in")["size"]["enum"].reverse()) == []


def test_two_changes_are_two_texts(judge, document, fields, needed):
    """Each change that breaks a client has a text of its own."""

    def change(new):
        new["paths"][document["thing"]].pop("put")
        fields(new, "in")["name"]["type"] = "integer"
        needed(new, "in").append("weight")

    assert len(judge(change)) == 3


def test_renamed_schema_breaks_nobody(judge, document):
    """Another name of a schema, with the same fields, breaks nobody: a client sees the JSON, not the name."""

    def change(new):
        schemas = new["components"]["schemas"]
        schemas["Renamed"] = schemas.pop(document["maker"])
        schemas[document["out"]]["properties"]["maker"] = {"$ref": "#/components/schemas/Renamed"}

    assert judge(change) == []


def test_one_place_of_a_schema(judge, document):
    """An answer that gets another schema than before is looked at, also where others keep the one they had."""

    def change(new):
        schemas = new["components"]["schemas"]
        schemas["Thin"] = deepcopy(schemas[document["out"]])
        del schemas["Thin"]["properties"]["name"]
        answer = new["paths"][document["thing"]]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        answer["properties"]["found"] = {"$ref": "#/components/schemas/Thin"}

    assert judge(change), "one of two answers has lost a field"


def test_both_directions(judge, document):
    """What breaks a client in one direction is harmless in the other: the old document comes first."""
    assert judge(lambda new: new["paths"].pop(document["thing"]), swapped=True) == []
    assert judge(lambda new: new["paths"][document["things"]]["post"]["responses"].pop("409"), swapped=True) == []
