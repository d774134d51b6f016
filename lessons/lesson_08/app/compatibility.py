"""Which changes of an API break its clients? Asked of two OpenAPI documents, before anything is shipped."""

from collections.abc import Iterator
from typing import Any

METHODS = ("get", "put", "post", "delete", "patch")


def breaking_changes(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """Find what a client of the old document can no longer do with the new one.

    Args:
        old: the OpenAPI document that clients know.
        new: the one that is about to be shipped.

    Returns:
        A sentence for each change that breaks a client; none where all of them are harmless.
    """
    return list(_Comparison(old, new).paths())


class _Comparison:
    """Two documents side by side. What is sent may ask for less, what is answered may hold more."""

    def __init__(self, old: dict[str, Any], new: dict[str, Any]) -> None:
        self.old = old
        self.new = new
        self.seen: set[tuple[int, int, bool]] = set()

    def paths(self) -> Iterator[str]:
        for path, operations in self.old["paths"].items():
            for method in operations.keys() & METHODS:
                where, there = f"{method.upper()} {path}", self.new["paths"].get(path, {}).get(method)
                if there is None:
                    yield f"{where} is gone."
                else:
                    yield from self.operation(where, operations[method], there)

    def operation(self, where: str, old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
        needed = {one["name"] for one in old.get("parameters", []) if one.get("required")}
        for one in new.get("parameters", []):
            if one.get("required") and one["name"] not in needed:
                yield f"{where} needs {one['name']}."
        yield from self.schemas(where, schema_of(old.get("requestBody")), schema_of(new.get("requestBody")), sent=True)
        for status, answer in old["responses"].items():
            if status not in new["responses"]:
                yield f"{where} answers {status} no more."
            else:
                there = new["responses"][status]
                yield from self.schemas(where, schema_of(answer), schema_of(there), sent=False)

    def schemas(self, where: str, old: dict[str, Any], new: dict[str, Any], *, sent: bool) -> Iterator[str]:
        old, new = resolve(self.old, old), resolve(self.new, new)
        if (id(old), id(new), sent) in self.seen:  # a schema may hold itself
            return
        self.seen.add((id(old), id(new), sent))
        if old.get("type") != new.get("type"):
            yield f"{where} has another type."
        fields = new.get("properties", {})
        for name, field in old.get("properties", {}).items():
            if name in fields:
                yield from self.schemas(f"{where} {name}", field, fields[name], sent=sent)
            elif not sent:
                yield f"{where} has no {name}."
        if "items" in old:
            yield from self.schemas(where, old["items"], new.get("items", {}), sent=sent)
        if sent:
            needed = set(new.get("required", ())) - set(old.get("required", ()))
            yield from (f"{where} needs {name}." for name in needed)
            values = old.get("enum", ())
            yield from (f"{where} takes no {value}." for value in set(values) - set(new.get("enum", values)))


def schema_of(part: dict[str, Any] | None) -> dict[str, Any]:
    """What a body or an answer says of its JSON; nothing where it has none."""
    return (part or {}).get("content", {}).get("application/json", {}).get("schema", {})


def resolve(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """Put a schema in the place of its name."""
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema
