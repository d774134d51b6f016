"""The lists of people that schools' systems export, as rosters: each is told by its first row.

- **Canvas, gradebook export**: ``Student,ID,SIS User ID,SIS Login ID,Section,…``, or ``LastName,FirstName,ID,…`` where
  names are split (``lib/gradebook_importer.rb`` of canvas-lms). The rows ``Points Possible`` and ``Manual Posting``
  are no people, and ``Student, Test`` is Canvas's own test student.
- **Moodle, gradebook export**: ``First name,Last name,ID number,…,Email address,…``, in the words of the site's
  language (``grade/export/lib.php``; the words are those of Moodle's language packs).
- **Moodle, offline grading worksheet**: the first column holds ``Participant 12`` in every row, whatever the language;
  then comes the full name (``mod/assign/feedback/offline``).
- **GitHub Classroom**: ``identifier,github_username,github_id,name``. It was retired in August 2026; its rosters are
  still about.
- **Classroom 50**: ``username,first_name,last_name,email,section,github_id`` (the roster that its command line makes).
"""

from __future__ import annotations

import re
from collections.abc import Callable

Rows = list[tuple[int, list[str]]]
"""Each row with the number of its line in the file; the first one names the columns."""

_PARTICIPANT = re.compile(r"(?P<word>[^\d@]*[^\d@\s])\s*(?P<number>\d+)")
_FIRST = {"first name", "vorname", "prénom", "nombre", "nome", "voornaam", "imię", "förnamn", "fornavn"}
_LAST = {
    *("last name", "surname", "nachname", "nom de famille", "nom", "apellido(s)", "apellidos", "cognome", "apelido"),
    *("sobrenome", "achternaam", "nazwisko", "efternamn", "etternavn", "efternavn"),
}
_NUMBER = {
    *("id number", "id-nummer", "numéro d'identification", "numéro d’identification", "número de id"),
    *("número de identificación", "codice identificativo", "número de identificação", "idnummer", "numer id"),
}
_TEST_STUDENT = {"student, test", "test student"}


class _Cell:
    """Reads a row's cell by the name of its column; empty where there is none."""

    def __init__(self, header: list[str]) -> None:
        self._places = {name: at for at, name in reversed(list(enumerate(header)))}

    def __call__(self, cells: list[str], name: str) -> str:
        return _at(cells, self._places.get(name))


def as_roster(rows: Rows) -> Rows:
    """Rows of a school's export, as those of a roster of ours; rows of anything else as they are."""
    if not rows:
        return rows
    header = [cell.casefold() for cell in rows[0][1]]
    for known, translate in (
        (_is_canvas, _from_canvas),
        (_is_github_classroom, _from_github_classroom),
        (_is_classroom50, _from_classroom50),
        (_is_moodle_gradebook, _from_moodle_gradebook),
    ):
        if known(header):
            return translate(header, rows)
    return _from_worksheet(rows) if is_worksheet(header, rows) else rows


def _is_canvas(header: list[str]) -> bool:
    names = "student" in header or {"lastname", "firstname"} <= set(header)
    return names and "id" in header and bool({"sis user id", "sis login id", "section"} & set(header))


def _from_canvas(header: list[str], rows: Rows) -> Rows:
    cell = _Cell(header)
    people = [
        (line, cells)
        for line, cells in rows[1:]
        if cell(cells, "id") and _canvas_name(cell, cells)[0].casefold() not in _TEST_STUDENT
    ]
    if "student" in header:
        return [rows[0], *people]
    names = [(line, _canvas_name(cell, cells), cells) for line, cells in people]
    head = ["name", "Student", *rows[0][1]]
    return [(rows[0][0], head), *((line, [shown, sortable, *cells]) for line, (sortable, shown), cells in names)]


def _canvas_name(cell: _Cell, cells: list[str]) -> tuple[str, str]:
    """A name as Canvas sorts it, and as people say it."""
    if student := cell(cells, "student"):
        return student, student
    last, first = cell(cells, "lastname"), cell(cells, "firstname")
    return f"{last}, {first}", f"{first} {last}".strip()


def _is_github_classroom(header: list[str]) -> bool:
    return {"identifier", "github_username"} <= set(header)


def _from_github_classroom(header: list[str], rows: Rows) -> Rows:
    cell = _Cell(header)

    def person(cells: list[str]) -> list[str]:
        identifier = cell(cells, "identifier")
        email = identifier if "@" in identifier else ""
        return [cell(cells, "github_username") or identifier, cell(cells, "name") or identifier, email]

    return _made(rows, ["id", "name", "email"], person)


def _is_classroom50(header: list[str]) -> bool:
    return {"username", "first_name", "last_name", "github_id"} <= set(header)


def _from_classroom50(header: list[str], rows: Rows) -> Rows:
    cell = _Cell(header)

    def person(cells: list[str]) -> list[str]:
        name = f"{cell(cells, 'first_name')} {cell(cells, 'last_name')}".strip()
        return [cell(cells, "username"), name, cell(cells, "email")]

    return _made(rows, ["id", "name", "email"], person)


def _is_moodle_gradebook(header: list[str]) -> bool:
    return "id" not in header and bool(_FIRST & set(header[:2])) and bool(_LAST & set(header[:2]))


def _from_moodle_gradebook(header: list[str], rows: Rows) -> Rows:
    first = next(at for at, name in enumerate(header) if name in _FIRST)
    last = next(at for at, name in enumerate(header) if name in _LAST)
    number = next((at for at, name in enumerate(header) if name in _NUMBER), None)
    email = _email_column(rows)
    numbers = [_at(cells, number) for _, cells in rows[1:]]
    by_number = all(numbers) and len(set(numbers)) == len(numbers)

    def person(cells: list[str]) -> list[str]:
        address, its_number = _at(cells, email), _at(cells, number)
        name = f"{_at(cells, first)} {_at(cells, last)}".strip()
        return [its_number if by_number else address, name, address, its_number]

    return _made(rows, ["id", "name", "email", "Moodle idnumber"], person)


def is_worksheet(header: list[str], rows: Rows) -> bool:
    """Whether these are rows of Moodle's offline grading worksheet; ``header`` is the first one in small letters."""
    if "id" in header[1:] or len(header) < 3 or len(rows) < 2:
        return False
    found = [_PARTICIPANT.fullmatch(_at(cells, 0)) for _, cells in rows[1:]]
    return len({match["word"] if match else None for match in found}) == 1 and found[0] is not None


def _from_worksheet(rows: Rows) -> Rows:
    email = _email_column(rows)
    with_email = email is not None and all(_at(cells, email) for _, cells in rows[1:])

    def person(cells: list[str]) -> list[str]:
        participant, address = _at(cells, 0), _at(cells, email)
        match = _PARTICIPANT.fullmatch(participant)
        return [address if with_email or not match else match["number"], _at(cells, 1), address, participant]

    return _made(rows, ["id", "name", "email", "Moodle Identifier"], person)


def _made(rows: Rows, header: list[str], person: Callable[[list[str]], list[str]]) -> Rows:
    return [(rows[0][0], header), *((line, person(cells)) for line, cells in rows[1:])]


def _at(cells: list[str], position: int | None) -> str:
    return cells[position] if position is not None and position < len(cells) else ""


def _email_column(rows: Rows) -> int | None:
    """The first column with an e-mail address in at least one row, and nothing else in any."""
    for at in range(len(rows[0][1])):
        cells = [text for _, row in rows[1:] if (text := _at(row, at))]
        if cells and all(re.fullmatch(r"[^@\s]+@[^@\s]+", text) for text in cells):
            return at
    return None
