"""Marked solution files: what becomes of them, and what an author is told when a marker is wrong."""

from __future__ import annotations

import textwrap

import pytest

from workbook.authoring.errors import AuthoringError
from workbook.authoring.regions import MarkedFile, read_marked
from workbook.course.starter import Block

EXERCISES = ("2.1", "2.2", "2.3")


def read(text: str, name: str = "app/main.py") -> MarkedFile:
    return read_marked(textwrap.dedent(text).lstrip("\n"), name, EXERCISES)


def written(text: str) -> str:
    return textwrap.dedent(text).lstrip("\n")


def test_a_region_becomes_a_comment_and_its_starter_lines() -> None:
    marked = read("""
        def label(text: str) -> str | None:
            # region 2.3 Reject a blank label
            if not text.strip():
                raise ValueError("blank")
            return text
            # starter: # Say what is wrong with a blank label.
            # starter:
            # starter: if text:
            # starter:     return None
            # endregion


        after = 1
    """)

    assert marked.solution == written("""
        def label(text: str) -> str | None:
            if not text.strip():
                raise ValueError("blank")
            return text


        after = 1
    """)
    assert marked.starter == written("""
        def label(text: str) -> str | None:
            # Exercise 2.3: Reject a blank label
            # Say what is wrong with a blank label.

            if text:
                return None


        after = 1
    """)
    [region] = marked.regions
    assert (region.exercise, region.line) == ("2.3", 2)
    assert region.solution.startswith("    if not text.strip():")
    assert region.block == Block(
        file="app/main.py",
        text=(
            "    # Exercise 2.3: Reject a blank label\n    # Say what is wrong with a blank label.\n\n"
            "    if text:\n        return None"
        ),
        after="after = 1",
    )


def test_a_region_without_starter_lines_leaves_its_comment() -> None:
    marked = read("""
        first = 1
        # region 2.1 Add the second
        second = 2
        # endregion
    """)
    assert marked.starter == "first = 1\n# Exercise 2.1: Add the second\n"
    assert marked.regions[0].block == Block("app/main.py", "# Exercise 2.1: Add the second", after=None)


def test_a_region_without_a_title_leaves_only_its_starter_lines() -> None:
    marked = read("""
        # region 2.1
        from fastapi import APIRouter, HTTPException
        # starter: from fastapi import APIRouter
        # endregion
        # region 2.1
        import secrets
        # endregion
        router = APIRouter()
    """)
    assert marked.starter == "from fastapi import APIRouter\nrouter = APIRouter()\n"
    first, second = marked.regions
    assert first.block == Block("app/main.py", "from fastapi import APIRouter", after="router = APIRouter()")
    assert second.block is None


def test_a_region_that_leaves_nothing_leaves_no_extra_blank_lines() -> None:
    marked = read("""
        import os


        # region 2.1
        def helper() -> None: ...
        # endregion


        def kept() -> None: ...


        # region 2.2
        def last() -> None: ...
        # endregion
    """)
    assert marked.starter == "import os\n\n\ndef kept() -> None: ...\n"


def test_several_regions_may_carry_one_exercise() -> None:
    marked = read("""
        # region 2.2 First half
        a = 1
        # endregion
        # region 2.2 Second half
        b = 2
        # endregion
    """)
    assert [region.exercise for region in marked.regions] == ["2.2", "2.2"]
    assert [region.block.after for region in marked.regions if region.block] == ["# Exercise 2.2: Second half", None]


@pytest.mark.parametrize("ending", ["", "\n\n# endregion\n"])
def test_a_file_that_the_learner_makes_is_absent_from_the_starter(ending: str) -> None:
    marked = read(f"# region 2.3 file\nlabel = 1\n{ending}")
    assert marked.starter is None
    assert marked.solution == "label = 1\n"
    assert [(region.exercise, region.block) for region in marked.regions] == [("2.3", None)]


@pytest.mark.parametrize(
    ("name", "opening", "closing"),
    [
        ("app/page.html", "<!--", " -->"),
        ("app/page.html", "{#", " #}"),
        ("app/page.jinja", "{#", " #}"),
        ("README.md", "<!--", " -->"),
        ("settings.toml", "#", ""),
        ("words.txt", "#", ""),
        ("app/style.css", "/*", " */"),
    ],
)
def test_markers_are_written_as_the_comments_of_their_file(name: str, opening: str, closing: str) -> None:
    lines = [
        f"{opening} region 2.1 Greet{closing}",
        "hello",
        f"{opening} starter: bye{closing}",
        f"{opening} endregion{closing}",
    ]
    marked = read_marked("".join(f"  {line}\n" for line in lines), name, EXERCISES)
    assert marked.solution == "  hello\n"
    assert marked.starter == f"  {opening} Exercise 2.1: Greet{closing}\n  bye\n"


def test_a_heading_in_markdown_is_no_marker() -> None:
    text = "# region of interest\n\n# starter: words\n"
    assert read(text, "README.md").starter == text


def test_words_that_only_begin_like_a_marker_are_text() -> None:
    text = "# regional settings\n# endregions\nx = '# region'\n"
    assert read(text).starter == text


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("a = 1\n# region 2.1 One\n", "app/main.py:2: region 2.1 is not closed: add an endregion line."),
        (
            "# region 2.1 One\n# region 2.2 Two\n# endregion\n",
            "app/main.py:2: regions do not nest: region 2.1 of line 1 is open.",
        ),
        ("# region 2.9 None\n# endregion\n", "app/main.py:1: lesson.toml has no exercise 2.9; it has 2.1, 2.2, 2.3."),
        (
            "# region\n# endregion\n",
            "app/main.py:1: a region names its exercise, like: region 2.3 Reject a blank label.",
        ),
        (
            "# region Helpers\n# endregion\n",
            "app/main.py:1: a region names its exercise, like: region 2.3 Reject a blank label.",
        ),
        ("# endregion\n", "app/main.py:1: an endregion without a region."),
        ("# starter: x = 1\n", "app/main.py:1: a starter line stands outside of a region."),
        (
            "a = 1\n# region 2.1 file\n",
            "app/main.py:2: 'region 2.1 file' stands in the first line of a file or nowhere.",
        ),
        (
            "# region 2.1 file\n# region 2.2 Two\nx = 1\n# endregion\n",
            "app/main.py:2: the whole file belongs to exercise 2.1: it holds no other marker.",
        ),
    ],
)
def test_a_malformed_marker_is_named_with_its_line(text: str, fault: str) -> None:
    with pytest.raises(AuthoringError) as error:
        read(text)
    assert error.value.faults == (fault,)


def test_a_block_stands_until_it_or_the_line_below_it_changes() -> None:
    block = Block("app/main.py", "# Exercise 2.1: Add a route\n", after="last = 1")
    assert block.stands_in("# Exercise 2.1: Add a route\n\n\nlast = 1\n")
    assert block.stands_in("import os\n# Exercise 2.1: Add a route  \r\nlast = 1\r\n")
    assert not block.stands_in("# Exercise 2.1: Add a route\n@router.get('/')\nlast = 1\n")
    assert not block.stands_in("last = 1\n")
    assert not block.stands_in("# Exercise 2.1: Add a route\n")
    assert Block("app/main.py", "# Exercise 2.1: Add a route").stands_in("# Exercise 2.1: Add a route\n\n")


def test_every_malformed_marker_of_a_file_is_named() -> None:
    with pytest.raises(AuthoringError) as error:
        read("""
            # region 2.9 No such
            x = 1
            # starter: x = 2
            # endregion
            # starter: y = 1
            # region 2.1 One
            # region 2.2 Two
            # endregion
            # endregion
            # region 2.3 Three
        """)
    assert error.value.faults == (
        "app/main.py:1: lesson.toml has no exercise 2.9; it has 2.1, 2.2, 2.3.",
        "app/main.py:5: a starter line stands outside of a region.",
        "app/main.py:7: regions do not nest: region 2.1 of line 6 is open.",
        "app/main.py:9: an endregion without a region.",
        "app/main.py:10: region 2.3 is not closed: add an endregion line.",
    )
