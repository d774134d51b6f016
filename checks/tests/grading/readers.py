"""Readers of the formats that grades are exported in, each written from the format's description.

They stand in for the systems that take the files: what they refuse, the system would refuse, and what they give back is
what would be in a gradebook. They share no code with the exports.
"""

from __future__ import annotations

import base64
import csv
import html
import io
import json
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree as ET

from markdown_it import MarkdownIt
from markdown_it.token import Token


class RefusedError(Exception):
    """The system would not take the file."""


def need(holds: object, why: str) -> None:
    """Refuse the file unless the condition holds."""
    if not holds:
        raise RefusedError(why)


# --- CSV for people -------------------------------------------------------------------------------------------------


def rows_of(text: str, delimiter: str = ",") -> list[list[str]]:
    """Strict RFC 4180: rows of one length, quotes doubled."""
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    need(len({len(row) for row in rows}) == 1, "rows of different lengths")
    return rows


def is_formula(cell: str) -> bool:
    """Whether a spreadsheet takes a cell for a formula: so do Excel, LibreOffice and Google Sheets (OWASP)."""
    return cell[:1] in {"\t", "\r", "\n"} or cell.lstrip()[:1] in set("=+-@＝＋－＠") - {""}


def without_apostrophe(cell: str) -> str:
    """What a person reads in a cell whose formula was made text."""
    return cell[1:] if re.match(r"'+[\s\u200b]*[=+\-@＝＋－＠]", cell) else cell


def read_grades_csv(data: bytes) -> dict[str, dict[str, str]]:
    """``grades.csv`` by the learner's id, apostrophes taken away."""
    need(data.startswith(b"\xef\xbb\xbf"), "Excel reads UTF-8 only after a byte order mark")
    header, *rows = rows_of(data.decode("utf-8-sig"))
    need(not any(is_formula(cell) for row in rows for cell in row), "a formula")
    found = {row[0]: dict(zip(header, map(without_apostrophe, row), strict=True)) for row in rows}
    need(len(found) == len(rows), "two rows for one id")
    return {entry["id"]: entry for entry in found.values()}


# --- JUnit ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    """One test case: its outcome is ``passed``, ``failure``, ``error`` or ``skipped``."""

    classname: str
    name: str
    outcome: str
    text: str
    properties: dict[str, str]


@dataclass(frozen=True)
class Suite:
    """One test suite."""

    name: str
    cases: tuple[Case, ...]
    properties: dict[str, str]


def read_junit(data: bytes) -> list[Suite]:
    """JUnit XML as pytest and Jenkins understand it (xunit2): counts that are right, one outcome per case."""
    root = ET.fromstring(data)
    need(root.tag == "testsuites", "the root is no testsuites")
    suites: list[Suite] = []
    for suite in root:
        need(suite.tag == "testsuite", f"a {suite.tag} among the suites")
        cases = tuple(map(_case, suite.findall("testcase")))
        for attribute, outcome in (("errors", "error"), ("failures", "failure"), ("skipped", "skipped")):
            need(int(suite.attrib[attribute]) == sum(case.outcome == outcome for case in cases), attribute)
        need(int(suite.attrib["tests"]) == len(cases), "tests")
        need(float(suite.attrib["time"]) >= 0, "time")
        need(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d.*", suite.attrib["timestamp"]), "timestamp")
        suites.append(Suite(suite.attrib["name"], cases, _properties(suite)))
    return suites


def _case(case: ET.Element) -> Case:
    found = [child for child in case if child.tag in {"failure", "error", "skipped"}]
    need(len(found) <= 1, "a case with two outcomes")
    need({child.tag for child in case} <= {"failure", "error", "skipped", "properties"}, "an unknown element")
    need(all("message" in child.attrib for child in found), "an outcome without a message")
    outcome, text = (found[0].tag, found[0].text or "") if found else ("passed", "")
    return Case(case.attrib["classname"], case.attrib["name"], outcome, text, _properties(case))


def _properties(parent: ET.Element) -> dict[str, str]:
    return {entry.attrib["name"]: entry.attrib["value"] for entry in parent.findall("properties/property")}


# --- Gradescope -----------------------------------------------------------------------------------------------------

_FORMATS = {"text", "html", "simple_format", "md", "ansi"}
_VISIBILITIES = {"hidden", "after_due_date", "after_published", "visible"}


def read_gradescope(text: str) -> tuple[float, float, list[dict[str, Any]]]:
    """Score, the sum of what tests are worth, and the tests, with what Gradescope fills in."""
    data = json.loads(text)
    need(isinstance(data, dict), "no object")
    top: dict[str, Any] = {
        "score": (int, float),
        "execution_time": (int, float),
        "output": str,
        "output_format": str,
        "test_output_format": str,
        "test_name_format": str,
        "visibility": str,
        "stdout_visibility": str,
        "extra_data": dict,
        "tests": list,
        "leaderboard": list,
    }
    for name, value in data.items():
        need(name in top and isinstance(value, top[name]), f"{name}: {value!r}")
        need(not name.endswith("_format") or value in _FORMATS, name)
        need(not name.endswith("visibility") or value in _VISIBILITIES, name)
    tests: list[dict[str, Any]] = data.get("tests", [])
    need("score" in data or tests, "neither a score nor tests")
    for test in tests:
        known = {"score", "max_score", "status", "name", "number", "output", "tags", "visibility", "extra_data"}
        need(set(test) <= known | {"name_format", "output_format"}, f"unknown fields in {test}")
        for name in ("name", "number", "output"):
            need(isinstance(test.get(name, ""), str), name)
        need(test.get("status", "passed") in {"passed", "failed"}, "status")
        need(test.get("visibility", "visible") in _VISIBILITIES, "visibility")
        test.setdefault("status", "passed" if test["score"] == test["max_score"] else "failed")
    score = data["score"] if "score" in data else sum(test["score"] for test in tests)
    return score, sum(test["max_score"] for test in tests), tests


# --- GitHub ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Command:
    """A workflow command, as GitHub's runner reads a line."""

    name: str
    properties: dict[str, str]
    message: str


def read_workflow_commands(text: str) -> list[Command]:
    """The commands in a step's output: ``::name key=value,key=value::message`` with %25, %0D, %0A, %3A and %2C.

    Blanks before a command are skipped, and the older form ``##[name]message`` counts anywhere in a line
    (actions/runner, ``ActionCommand.cs``).
    """
    found: list[Command] = []
    for line in re.split(r"\r\n|\r|\n", text):
        match = re.fullmatch(r"\s*::(?P<name>[\w-]+)(?: (?P<properties>.*?))?::(?P<message>.*)", line)
        old = re.search(r"##\[(?P<name>[\w-]+)[^\]]*\](?P<message>.*)", line)
        if match is None:
            found += [Command(old["name"], {}, old["message"])] if old else []
            continue
        pairs = [pair.split("=", 1) for pair in (match["properties"] or "").split(",") if pair]
        values = {key: _unescape(value) for key, value in pairs}
        found.append(Command(match["name"], values, _unescape(match["message"])))
    return found


def _unescape(text: str) -> str:
    for code in ("%0D", "%0A", "%3A", "%2C"):
        text = text.replace(code, chr(int(code[1:], 16)))
    return text.replace("%25", "%")


def report_to_classroom(outputs: Mapping[str, str]) -> tuple[float, float, bool]:
    """What GitHub Classroom's reporter sends: points, the most, and whether the job fails.

    Args:
        outputs: the output ``result`` of each grader step.
    """
    results = [json.loads(base64.b64decode(text, validate=True)) for text in outputs.values()]
    points = most = 0
    for result in results:
        need(result["version"] in {1, 3}, "version")
        need(result["status"] in {"pass", "fail", "error"}, "status")
        need(isinstance(result["tests"], list), "no tests: the reporter stops and no grade is sent")
        for test in result["tests"]:
            need(test["status"] in {"pass", "fail", "error"}, "the status of a test")
            for name, kinds in (("name", str), ("test_code", str), ("filename", str), ("line_no", int)):
                need(isinstance(test[name], kinds), name)
            need(test["message"] is None or isinstance(test["message"], str), "message")
            need(isinstance(test["score"], (int, float)), "score")
        if result["max_score"]:
            points += sum(test["score"] for test in result["tests"])
            most += result["max_score"]
    return points, most, any(result["status"] != "pass" for result in results)


def read_classroom50(text: str) -> dict[str, Any]:
    """A result of Classroom 50, its fields checked as ``validate_result`` of its ``collect_scores.py`` does."""
    data = json.loads(text)
    need(data["schema"] == "classroom50/result/v1", "schema")
    need(data["assignment_type"] in {"individual", "group"}, "assignment_type")
    for name in ("classroom", "assignment", "owner", "submission", "commit", "release", "review", "datetime"):
        need(isinstance(data[name], str) and bool(data[name]), name)
    need(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", data["datetime"]), "datetime")
    for entry in (data, *data["tests"]):
        need(type(entry["score"]) is int and type(entry["max-score"]) is int, "points that are not whole")
        need(0 <= entry["score"] <= entry["max-score"], "points out of range")
    need(all(type(test["passed"]) is bool and isinstance(test["test-name"], str) for test in data["tests"]), "tests")
    return data


# --- Canvas ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class CanvasStudent:
    """Somebody in a Canvas course."""

    id: int
    name: str
    sis_user_id: str = ""
    login_id: str = ""


@dataclass
class CanvasImport:
    """What Canvas would do: grades by assignment and student, and what it would ask about."""

    grades: dict[str, dict[int, float | None]] = field(default_factory=dict[str, dict[int, float | None]])
    points_possible: dict[str, float] = field(default_factory=dict[str, float])
    new_assignments: list[str] = field(default_factory=list[str])
    unknown_students: list[str] = field(default_factory=list[str])


def read_canvas(text: str, students: list[CanvasStudent], assignments: Mapping[int, str]) -> CanvasImport:
    """Import a gradebook as ``lib/gradebook_importer.rb`` of Canvas does.

    Args:
        text: the file.
        students: the people in the course.
        assignments: the course's assignments, titles by id.
    """
    header, *rows = rows_of(text, _delimiter(text))
    need(len(header) > 3 and "Student" in header[0] and "ID" in header[1], "header")
    first, places = 3, {"ID": 1}
    if re.search(r"SIS\s+Login\s+ID", header[2]):
        places["login"], first = 2, 4
    elif re.search(r"SIS\s+User\s+ID", header[2]) and re.search(r"SIS\s+Login\s+ID", header[3]):
        places |= {"sis": 2, "login": 3}
        first = 5 + ("Integration ID" in header[4])
    need("Section" in header[first - 1], "the last column about students is not the section")
    done = CanvasImport()
    columns: dict[int, str] = {}
    own_sums = re.compile("(Current|Final) (Score|Points|Grade)|Override (Score|Grade|Status)")
    for place in range(first, len(header)):
        if own_sums.search(header[place]):
            continue
        match = re.fullmatch(r"(.*)\s\((\d+)\)", header[place])
        title = assignments.get(int(match[2])) if match else None
        title = title or next((known for known in assignments.values() if known == header[place]), None)
        if title is None:
            title = match[1] if match else header[place]
            done.new_assignments.append(title)
        columns[place] = title
        done.grades[title] = {}
    for row in rows:
        if "Points Possible" in row[0]:
            done.points_possible = {title: float(row[place]) for place, title in columns.items()}
            continue
        student = _canvas_student(row, places, students)
        if student is None:
            done.unknown_students.append(row[0])
            continue
        for place, title in columns.items():
            cell = row[place].strip()
            need(student.id not in done.grades[title], "two rows for one student")
            done.grades[title][student.id] = None if cell in {"", "-"} else float(cell)
    return done


def _delimiter(text: str) -> str:
    """Canvas compares how often ``;`` and ``,`` divide each of the first three lines, if it is the same for all."""
    counts = dict.fromkeys(";,", 0)
    for sign in counts:
        try:
            sizes = {len(next(csv.reader([line], delimiter=sign, strict=True))) for line in text.split("\n")[:3]}
        except (csv.Error, StopIteration):
            continue
        counts[sign] = sizes.pop() if len(sizes) == 1 else 0
    return ";" if counts[";"] > counts[","] else ","


def _canvas_student(row: list[str], places: dict[str, int], people: list[CanvasStudent]) -> CanvasStudent | None:
    number, sis, login = (row[places[key]] if key in places else "" for key in ("ID", "sis", "login"))
    for found in (
        next((one for one in people if number.isdigit() and one.id == int(number)), None),
        next((one for one in people if sis and one.sis_user_id == sis), None),
        next((one for one in people if login and one.login_id == login), None),
    ):
        if found is not None:
            return found
    return next((one for one in people if one.name == row[0]), None)


# --- Moodle ---------------------------------------------------------------------------------------------------------


def read_moodle_worksheet(
    text: str, participants: Mapping[int, str], *, maximum: float, words: Mapping[str, str] | None = None
) -> dict[str, tuple[float | None, str]]:
    """Import a worksheet as ``mod/assign/feedback/offline/importgradeslib.php`` does: grade and feedback by user.

    Args:
        text: the file.
        participants: users by the number in their identifier.
        maximum: what the assignment is worth.
        words: the site's words for ``Identifier``, ``Participant ``, ``Grade``, ``Last modified (grade)`` and
            ``Feedback comments``, where they are not English.
    """
    say = {**(words or {})}
    header, *rows = rows_of(text.removeprefix("\ufeff"))
    for needed in ("Identifier", "Grade", "Last modified (grade)"):
        need(say.get(needed, needed) in header, f"no column {needed}")
    place = {name: header.index(say.get(name, name)) for name in ("Identifier", "Grade")}
    comments = say.get("Feedback comments", "Feedback comments")
    prefix = say.get("Participant ", "Participant ")
    found: dict[str, tuple[float | None, str]] = {}
    for row in rows:
        number = row[place["Identifier"]][len(prefix) :]
        user = participants.get(int(number)) if number.isdigit() else None
        if user is None:
            continue
        cell = row[place["Grade"]].strip().replace(",", ".")
        grade = float(cell) if re.fullmatch(r"\d+(\.\d+)?", cell) else None
        if grade is not None and grade > maximum:
            grade = None
        found[user] = (grade, row[header.index(comments)] if comments in header else "")
    return found


def read_moodle_gradebook(
    text: str, users: set[str], *, user: str, grade: str, feedback: str
) -> dict[str, tuple[float | None, str]]:
    """Import a gradebook as ``grade/import/csv/classes/load_data.php`` does: one fault stops it all.

    Args:
        text: the file.
        users: the values that Moodle knows in the field the teacher chose.
        user: the column that the teacher mapped to the user.
        grade: the one mapped to the grade item.
        feedback: the one mapped to that item's feedback.
    """
    header, *rows = rows_of(text)
    found: dict[str, tuple[float | None, str]] = {}
    for row in rows:
        entry = dict(zip(header, row, strict=True))
        need(entry[user], "an empty user field: Moodle would take the user of the row before")
        need(entry[user] in users, f"unknown user {entry[user]!r}")
        value = entry[grade].strip()
        need(value in {"", "-"} or re.fullmatch(r"-?\d+([.,]\d+)?", value), f"no number: {value!r}")
        number = None if value in {"", "-"} else float(value.replace(",", "."))
        need(number is None or number <= 100, "more than 100")
        found[entry[user]] = (number, entry[feedback])
    return found


def text_of_html(markup: str) -> str:
    """What a browser shows of HTML that may hold paragraphs and line breaks only."""
    need(set(re.findall(r"<[^>]*>", markup)) <= {"<p>", "</p>", "<br>"}, "another element")
    plain = re.sub(r"<br>|</p>", "\n", markup).replace("<p>", "")
    need("<" not in plain and ">" not in plain, "an element that is not closed")
    return html.unescape(plain)


# --- Markdown -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Page:
    """A Markdown page as CommonMark and GitHub's tables read it."""

    headings: tuple[str, ...]
    fences: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    kinds: frozenset[str]
    """Every kind of element that is on it."""
    text: str


def read_markdown(text: str) -> Page:
    """Read a page."""
    tokens = MarkdownIt("commonmark", {"linkify": False}).enable("table").parse(text)
    headings: list[str] = []
    rows: list[tuple[str, ...]] = []
    row: list[str] = []
    before = Token("", "", 0)
    for token in tokens:
        if token.type == "inline":
            if before.type == "heading_open":
                headings.append(_words(token))
            elif before.type in {"th_open", "td_open"}:
                row.append(_words(token))
        elif token.type == "tr_close":
            rows.append(tuple(row))
            row.clear()
        before = token
    every = [*tokens, *(child for token in tokens for child in token.children or ())]
    return Page(
        headings=tuple(headings),
        fences=tuple(token.content for token in tokens if token.type == "fence"),
        rows=tuple(rows),
        kinds=frozenset(token.type for token in every),
        text="\n".join(_words(token) for token in tokens if token.type == "inline"),
    )


def _words(token: Token) -> str:
    return "".join(child.content for child in token.children or ())


# --- feedback given back --------------------------------------------------------------------------------------------


def read_canvas_feedback(data: bytes, attachments: Mapping[str, str]) -> dict[str, str]:
    """What Canvas's "Upload Submissions" attaches to whose work: the page by the number of the user.

    The rules are those of ``infer_comment_context_from_filename`` in canvas-lms: the first two parts of a name, cut at
    underscores, that are nothing but digits are the user and a file that this user handed in; other files are ignored.

    Args:
        data: the zip.
        attachments: the user by the number of each file that was handed in.
    """
    found: dict[str, str] = {}
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for name in archive.namelist():
            base = name.rpartition("/")[2]
            numbers = [part for part in base.split("_") if re.fullmatch(r"\d+", part, re.ASCII)][:2]
            need(not base.startswith("."), "ignored: hidden")
            need(len(numbers) == 2, f"ignored: {name}")
            need(attachments.get(numbers[1]) == numbers[0], f"ignored: no such file of that user, {name}")
            need(numbers[0] not in found, "two files for one user")
            found[numbers[0]] = archive.read(name).decode()
    return found


def read_moodle_feedback(data: bytes, participants: set[str]) -> dict[str, str]:
    """What Moodle's "Upload multiple feedback files in a zip" gives to whom, by the participant's number.

    The rules are those of ``assignfeedback_file_zip_importer``: the first part of a path that has four parts between
    underscores names the participant second, and then the plugin, which has to exist.
    """
    found: dict[str, str] = {}
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for name in archive.namelist():
            need(not name.rpartition("/")[2].startswith((".", "~")), "hidden")
            folders = [part.split("_", 4) for part in name.split("/")]
            cut = next((part for part in folders if len(part) >= 4 and part[1] in participants), None)
            need(cut is not None, f"left out: {name}")
            assert cut is not None
            need(cut[2:4] == ["assignsubmission", "file"], "no such plugin")
            need(cut[1] not in found, "two files for one participant")
            found[cut[1]] = archive.read(name).decode()
    return found
