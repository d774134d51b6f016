"""What learners wrote, made safe for names of files, cells, Markdown and logs."""

from __future__ import annotations

import re

import pytest

from tests.grading.readers import (
    is_formula,
    read_markdown,
    without_apostrophe,
)
from tests.grading.sample import HOSTILE_TEXTS
from workbook.grading.exports import (
    file_name,
    text,
)


@pytest.mark.parametrize("ident", ["ada", "s001", "ada.lovelace@example.org", "a_b-c.9"])
def test_a_plain_id_is_its_own_file_name(ident: str) -> None:
    assert file_name(ident) == ident


def test_file_names_are_safe_and_never_shared() -> None:
    hostile = [
        *HOSTILE_TEXTS,
        "",
        ".",
        "..",
        "/",
        "a/b",
        "a\\b",
        "a:b",
        "A",
        "a",
        "Ä",
        "ä",
        "a.",
        "a ",
        " a",
        "-rf",
        "~",
    ]
    hostile += ["con", "CON", "con.txt", "nul", "com1", "lpt9.md", "x" * 255, "x" * 256, "\udcff", "\ufffd", "a..b"]
    hostile += [file_name(ident) for ident in hostile]
    ids = list(dict.fromkeys(hostile))
    names = [file_name(ident) for ident in ids]
    assert len({name.casefold() for name in names}) == len(ids)
    for name in names:
        assert re.fullmatch(r"[a-z0-9](?:[a-z0-9._@-]{0,70}[a-z0-9])?", name), name
        assert name.split(".")[0] not in {"con", "nul", "com1", "lpt9"}
        assert ".." not in name
    assert file_name("Søren Kierkegaard").startswith("sren-kierkegaard-")


@pytest.mark.parametrize("hostile", [*HOSTILE_TEXTS, "＝1+1", "'=1", "''=1", "\u200b=1", "\u00a0=1", "a=1", "'tis", ""])
def test_a_cell_is_no_formula_and_reads_the_same(hostile: str) -> None:
    cell = text.cell(hostile)
    assert not is_formula(cell)
    assert not re.match(r"[\s\u200b\ufeff]*[=+\-@]", cell)
    assert without_apostrophe(cell) == text.line(hostile)


def test_names_of_every_script_survive() -> None:
    for name in ("Zoë", "🍲 👩🏽‍🍳 👨‍👩‍👧", "שלום עליכם", "محمد بن موسى", "漢字", 'O\'Brien, "Bob"; Jr.', "می‌خواهم"):
        assert text.line(name) == name


@pytest.mark.parametrize("hostile", HOSTILE_TEXTS)
def test_a_line_controls_nothing(hostile: str) -> None:
    shown_text = text.line(hostile)
    assert not re.search("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]", shown_text)
    shown_text.encode("utf-8")


@pytest.mark.parametrize(
    "hostile",
    [
        *HOSTILE_TEXTS,
        "a\\",
        "a\\|b",
        "`a|b`",
        "1. a",
        "12) b",
        ":100:",
        "at 22:59",
        "www.evil.example",
        "<a@b.example>",
    ],
)
def test_markdown_shows_the_text_and_nothing_else(hostile: str) -> None:
    words = text.markdown(hostile)
    page = read_markdown(f"# {words}\n\n- {words}\n\n| a | b |\n| --- | --- |\n| {words} | end |\n")
    assert page.kinds <= {
        *("heading_open", "heading_close", "inline", "text", "text_special", "paragraph_open", "paragraph_close"),
        *("bullet_list_open", "bullet_list_close", "list_item_open", "list_item_close"),
        *("table_open", "table_close", "thead_open", "thead_close", "tbody_open", "tbody_close"),
        *("tr_open", "tr_close", "th_open", "th_close", "td_open", "td_close"),
    }
    expected = text.line(hostile).strip()
    assert page.headings == (expected,)
    assert page.rows[1:] == ((expected, "end"),)


@pytest.mark.parametrize("hostile", [*HOSTILE_TEXTS, "```", "``````\n~~~", "\n```text\n"])
def test_nothing_closes_a_fence(hostile: str) -> None:
    page = read_markdown(f"before\n\n{text.fenced(hostile)}\n\nafter\n")
    assert page.kinds == {"fence", "inline", "text", "paragraph_open", "paragraph_close"}
    assert page.text == "before\nafter"
    assert page.fences == (text.block(hostile) + "\n",)
