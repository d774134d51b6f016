"""Words for exceptions of FastAPI and its kin whose own text leads away from the cause, or says it at great length."""

from __future__ import annotations

import re

_NO_TYPE = re.compile(
    r"Invalid args for response field! Hint: check that (.{1,300}?) is a valid Pydantic field type", re.DOTALL
)
_MARKERS = r"(?:\w+\.)*(Path|Query|Body|Header|Cookie|Form|File|Depends|FieldInfo)\("
_LIFESPAN = re.compile(r"object (is not an async iterator|does not support the asynchronous context manager protocol)")


def explain_exception(text: str, source: str = "") -> tuple[str, str]:
    """What an exception says, as far as it helps, and what to make of it; "" for what is not known here.

    FastAPI says "response field" of every type hint that it cannot use, a parameter's too.

    Args:
        text: the exception's own text.
        source: the learner's line that raised it.
    """
    no_type = _NO_TYPE.search(text)
    if no_type:
        named = no_type[1]
        return f"{named} is not a valid Pydantic field type", _no_type(named)
    if re.search(r"'Depends' object has no attribute '__\w+__'", text):
        return "", "Depends(…) stands where a type belongs: Annotated[type, Depends(…)]"
    called = "positional argument" in text and re.search(r"\bDepends\(\s*[\w.]+\(", source)
    if called or re.match(r"<(async_)?(generator|coroutine) object .+> is not a callable object", text):
        return "", "Depends takes the function itself: name it without parentheses"
    if _LIFESPAN.search(text) or text == "generator didn't yield":
        return (
            "",
            "a lifespan is an `async def` with one `yield`, decorated with @asynccontextmanager, and is not called",
        )
    end = re.match(r"(Mapper '?Mapper\[(\w+)\(\w+\)\]'? has no property '(\w+)')", text)
    if end:
        return end[1], f"a back_populates names `{end[3]}`, and {end[2]} has no relationship of that name"
    unknown = re.match(r"When initializing mapper Mapper\[(\w+)\(\w+\)\], expression ['\"](\w+)['\"] failed", text)
    if unknown:
        return (
            f"expression '{unknown[2]}' failed to locate a name",
            f"{unknown[1]} has a relationship to `{unknown[2]}`, and no model is called so",
        )
    no_table = re.search(r"could not find table '(\w+)' with which to generate a foreign key", text)
    if no_table:
        return "", f"no table is called `{no_table[1]}`: ForeignKey names a __tablename__ and a column"
    unmapped = re.match(r'(Type annotation for "\w+\.(\w+)" can\'t be correctly interpreted)', text)
    if unmapped:
        return unmapped[1], f"the type of `{unmapped[2]}` has no Mapped[…] around it"
    field = re.match(r"A non-annotated attribute was detected: `(\w+) = ", text)
    if field:
        return f"A non-annotated attribute was detected: `{field[1]}`", f"a field has a type hint: {field[1]}: …"
    bare = re.match(r"(\w+_(?:validator|serializer))\(\) takes 0 positional arguments but 1 was given", text)
    if bare:
        return "", f"the decorator lacks its parentheses: @{bare[1]}(mode=…)"
    if re.match(r"Status code \d+ must not have a response body", text):
        return "", "the function promises a body: its return annotation has to be None"
    return "", ""


def _no_type(named: str) -> str:
    if re.match(rf"(typing\.)?Annotated\[{_MARKERS}", named):
        return "in Annotated the type stands first: Annotated[int, Query(…)]"
    if named.startswith("annotation="):
        return "a Query(…), Path(…) or Field(…) stands where a type belongs: Annotated[int, Query(…)]"
    known = re.search(r"([A-Za-z_]\w*)(?:'>)?\]*$", named)
    what = f"`{known[1]}`" if known else "it"
    return f"{what} is neither a plain type nor a Pydantic model; what is no data needs Depends(…)"
