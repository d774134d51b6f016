"""Read a class roster: a CSV with one learner a row.

The first row names the columns, in any order and in capitals or not. Other columns are ignored.

==================================  ===================================================================================
``id``                              required: what submissions are called, such as a login or a student number
``name``, ``full name``             as it is shown
``email``, ``email address``
``extension``                       days by which this learner's due date is later, such as ``2`` or ``0.5``
``Canvas Student``, ``Student``     Canvas: the cell of the gradebook export, carried over as it is
``Canvas ID``                       Canvas: its number of the user. In a file with a column ``Student``, which is what
                                    Canvas exports, ``ID`` is taken for both
``Canvas SIS User ID``,             Canvas, likewise; all four also without ``Canvas``
``Canvas SIS Login ID``,
``Canvas Section``
``Moodle Identifier``               Moodle: ``Participant 123``, from its offline grading worksheet
``Moodle idnumber``                 Moodle: the ID number; both Moodle columns also without ``Moodle``
``Moodle username``                 Moodle: the login; also ``username``
==================================  ===================================================================================

Delimiters are ``,`` ``;`` or a tab, whichever the first row has most of. The text is UTF-8, with or without a byte
order mark. What Canvas, Moodle, GitHub Classroom and Classroom 50 export is a roster too (``school_rosters.py``).
"""

from __future__ import annotations

import csv
import io
import math
import unicodedata
from collections.abc import Mapping
from pathlib import Path

from workbook.course.model import CourseError
from workbook.grading.gradebook import Learner
from workbook.grading.intake.entry import shown
from workbook.grading.intake.school_rosters import as_roster

MAX_BYTES = 10_000_000
MAX_LEARNERS = 20_000
MAX_ID = 120
MAX_CELL = 1_000
MAX_EXTENSION_DAYS = 366.0

_CANVAS = {name.casefold(): name for name in ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")}
_MOODLE = {name.casefold(): name for name in ("Identifier", "idnumber", "username")}
_PLAIN = {
    "id": "id",
    "name": "name",
    "full name": "name",
    "email": "email",
    "e-mail": "email",
    "email address": "email",
    "extension": "extension",
}


def read_roster(file: Path) -> list[Learner]:
    """Read a roster.

    Returns:
        The learners, in the order of the file.

    Raises:
        CourseError: it cannot be read, has no column ``id``, or a row has a fault. The sentence names file and line.
    """
    rows = as_roster(read_rows(file))
    if not rows:
        raise CourseError(f"The roster {file.name} is empty: its first row names the columns, and id is one of them.")
    first_line, header = rows[0]
    columns = _columns(header, file, first_line)
    learners: dict[str, tuple[Learner, int]] = {}
    for line, cells in rows[1:]:
        values = {column: cells[position] for column, position in columns.items() if position < len(cells)}
        if not any(cells):
            continue
        learner = _learner(values, f"{file.name}, line {line}")
        key = unicodedata.normalize("NFC", learner.id).casefold()
        if key in learners:
            other, at = learners[key]
            raise CourseError(
                f"The roster {file.name} has the id {shown(learner.id)} twice, in line {at} ({shown(other.name, 60)}) "
                f"and line {line} ({shown(learner.name, 60)}): remove or rename one."
            )
        learners[key] = (learner, line)
        if len(learners) > MAX_LEARNERS:
            raise CourseError(f"The roster {file.name} has more than {MAX_LEARNERS:,} learners: split it.")
    return [learner for learner, _ in learners.values()]


def read_rows(file: Path, what: str = "roster") -> list[tuple[int, list[str]]]:
    """The rows of a CSV that are not blank, each with the number of its last line.

    Args:
        file: where it is.
        what: what it is called in a sentence.

    Raises:
        CourseError: it cannot be read, or is no CSV.
    """
    try:
        with file.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as fault:
        reason = (fault.strerror or str(fault)).lower()
        raise CourseError(f"The {what} {file} cannot be read ({reason}): name a CSV file.") from None
    if len(data) > MAX_BYTES:
        raise CourseError(f"The {what} {file.name} is larger than {MAX_BYTES // 1_000_000} MB: name a CSV file.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        line = data.count(b"\n", 0, fault.start) + 1
        raise CourseError(f"{file.name}, line {line}: this is not UTF-8; save the {what} as CSV UTF-8.") from None
    head = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(",;\t", key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[tuple[int, list[str]]] = []
    try:
        for row in reader:
            cells = [" ".join(cell.split()) for cell in row]
            if any(len(cell) > MAX_CELL for cell in cells):
                raise CourseError(
                    f"{file.name}, line {reader.line_num}: a cell has more than {MAX_CELL:,} characters: shorten it."
                )
            if any(cells):
                rows.append((reader.line_num, cells))
    except csv.Error as fault:
        raise CourseError(f"{file.name}, line {reader.line_num}: this is no CSV ({fault}): mend that line.") from None
    return rows


def _columns(header: list[str], file: Path, line: int) -> dict[str, int]:
    """Where each known column is: ``id``, ``canvas:Section``, ``moodle:username`` and so on."""
    known: dict[str, int] = {}
    for position, cell in enumerate(header):
        column = _column(cell.casefold())
        if column is None:
            continue
        if column in known:
            raise CourseError(f"{file.name}, line {line}: two columns are called {shown(cell, 60)}: rename one.")
        known[column] = position
    if "id" not in known:
        raise CourseError(
            f"{file.name}, line {line}: there is no column id; it holds what submissions are called, "
            "and no school's export looks like this. "
            f"The columns are {shown(', '.join(header), 200)}."
        )
    if "canvas:Student" in known:
        known.setdefault("canvas:ID", known["id"])
    return known


def _column(name: str) -> str | None:
    if name in _PLAIN:
        return _PLAIN[name]
    if (short := name.removeprefix("canvas ")) in _CANVAS:
        return f"canvas:{_CANVAS[short]}"
    if (short := name.removeprefix("moodle ")) in _MOODLE:
        return f"moodle:{_MOODLE[short]}"
    return None


def _learner(values: Mapping[str, str], where: str) -> Learner:
    learner_id = values.get("id", "")
    if not learner_id:
        raise CourseError(f"{where}: the id is missing.")
    if len(learner_id) > MAX_ID:
        raise CourseError(f"{where}: the id has more than {MAX_ID} characters: shorten it.")
    if any(unicodedata.category(sign) in ("Cc", "Cs") for sign in learner_id):
        raise CourseError(f"{where}: the id holds a control character: remove it.")
    canvas = {key.removeprefix("canvas:"): value for key, value in values.items() if key.startswith("canvas:")}
    moodle = {key.removeprefix("moodle:"): value for key, value in values.items() if key.startswith("moodle:")}
    return Learner(
        id=learner_id,
        name=values.get("name") or canvas.get("Student", ""),
        email=values.get("email", ""),
        extension_days=_days(values.get("extension", ""), where),
        canvas={key: value for key, value in canvas.items() if value},
        moodle={key: value for key, value in moodle.items() if value},
    )


def _days(text: str, where: str) -> float:
    try:
        days = float(text.replace(",", ".") or 0)
    except ValueError:
        days = math.nan
    if not 0 <= days <= MAX_EXTENSION_DAYS:
        raise CourseError(
            f"{where}: the extension is a number of days from 0 to {MAX_EXTENSION_DAYS:g}; {shown(text, 60)} is not."
        )
    return days
