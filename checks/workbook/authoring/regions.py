"""Read a marked solution file: the solution without its markers, the starter, and each exercise's own lines.

::

    # region 2.3 Reject a blank label
    <solution code>
    # starter: return None
    # endregion

A file whose first line is ``# region 2.3 file`` is made by the learner: the starter does not have it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import PurePosixPath

from workbook.authoring.errors import AuthoringError
from workbook.course.starter import Block

_HASH = ("#", "")
_XML = ("<!--", "-->")
_JINJA = ("{#", "#}")
_COMMENTS: dict[str, tuple[tuple[str, str], ...]] = {
    **dict.fromkeys([".py", ".toml", ".txt", ".ini", ".cfg", ".yaml", ".yml"], (_HASH,)),
    **dict.fromkeys([".md", ".xml", ".svg"], (_XML,)),
    **dict.fromkeys([".html", ".jinja", ".j2"], (_XML, _JINJA)),
    ".css": (("/*", "*/"),),
}
_REGION = re.compile(r"\s+(?P<exercise>\d+\.\d+)(?:\s+(?P<title>\S.*))?")


@dataclass(frozen=True, slots=True)
class Region:
    """The part of one solution file that belongs to an exercise."""

    exercise: str
    title: str
    """Empty where it leaves no comment in the starter."""
    line: int
    """Where it begins in the marked file, from 1."""
    first: int
    """Where its lines begin in the solution without markers, from 1."""
    solution: str
    """Its lines in the solution, without markers."""
    block: Block | None
    """Its lines in the starter; None where it leaves none."""


@dataclass(frozen=True, slots=True)
class MarkedFile:
    """One solution file, taken apart."""

    solution: str
    starter: str | None
    """None where the learner makes the file."""
    regions: tuple[Region, ...]


@dataclass(slots=True)
class _Open:
    """A region that is being read."""

    exercise: str
    title: str
    indent: str
    line: int
    first: int
    """Where its lines begin in the solution without markers."""
    solution: list[str]
    starter: list[str]


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    text: str
    indent: str = ""
    word: str = ""
    """``region``, ``starter:``, ``endregion``, or empty for an ordinary line."""
    rest: str = ""
    style: tuple[str, str] = _HASH
    """How the marker's comment opens and closes."""


def can_be_marked(name: str) -> bool:
    """Whether files of this name have a comment syntax that markers can be written in."""
    return PurePosixPath(name).suffix in _COMMENTS


def read_marked(text: str, name: str, exercises: Collection[str]) -> MarkedFile:
    """Take a marked file apart.

    Args:
        text: the file's text.
        name: its path relative to the lesson folder; its suffix decides how comments are written.
        exercises: the numbers that the lesson has, such as ``"2.3"``.

    Raises:
        AuthoringError: markers are malformed; each fault begins with ``name:line``.
    """
    lines = list(_lines(text, name))
    if lines and (made_by := _whole_file(lines[0], name, exercises)):
        return _made_file(lines, name, made_by)

    faults: list[str] = []
    solution: list[str] = []
    starter: list[str] = []
    found: list[tuple[_Open, int]] = []  # each region, and the number of starter lines up to its end
    region: _Open | None = None
    for line in lines:
        match line.word:
            case "region":
                if region is not None:
                    open_one = f"region {region.exercise} of line {region.line} is open"
                    faults.append(_fault(name, line, f"regions do not nest: {open_one}"))
                try:
                    exercise, title = _heading(line, name, exercises)
                except AuthoringError as error:
                    faults += error.faults
                    exercise, title = "", ""  # its other markers are in order
                region = _Open(exercise, title, line.indent, line.number, len(solution) + 1, [], [])
                if title:
                    opening, closing = line.style
                    region.starter.append(f"{line.indent}{opening} Exercise {exercise}: {title} {closing}".rstrip())
            case "starter:":
                if region is None:
                    faults.append(_fault(name, line, "a starter line stands outside of a region"))
                    continue
                content = line.rest.removeprefix(" ").rstrip()
                region.starter.append(f"{line.indent}{content}".rstrip())
            case "endregion":
                if region is None:
                    faults.append(_fault(name, line, "an endregion without a region"))
                    continue
                starter += region.starter
                found.append((region, len(starter)))
                region = None
            case _:
                solution.append(line.text)
                if region is not None:
                    region.solution.append(line.text)
                elif not (_left_nothing(found, starter) and not line.text.strip()):
                    starter.append(line.text)
    if region is not None and region.exercise:
        faults.append(f"{name}:{region.line}: region {region.exercise} is not closed: add an endregion line.")
    if faults:
        raise AuthoringError(faults)
    return MarkedFile(
        solution=_join(solution),
        starter=_join(starter),
        regions=tuple(
            Region(
                region.exercise,
                region.title,
                region.line,
                region.first,
                _join(region.solution),
                _block(region, end, starter, name),
            )
            for region, end in found
        ),
    )


def _lines(text: str, name: str) -> Iterator[_Line]:
    markers = [(style, _marker(*style)) for style in _COMMENTS[PurePosixPath(name).suffix]]
    for number, line in enumerate(text.splitlines(), start=1):
        for style, marker in markers:
            if match := marker.fullmatch(line):
                yield _Line(number, line, match["indent"], match["word"], match["rest"], style)
                break
        else:
            yield _Line(number, line)


@cache
def _marker(opening: str, closing: str) -> re.Pattern[str]:
    return re.compile(
        rf"(?P<indent>[ \t]*){re.escape(opening)}[ \t]*(?P<word>(?:end)?region(?![\w-])|starter:)"
        rf"(?P<rest>.*?){re.escape(closing)}[ \t]*"
    )


def _heading(line: _Line, name: str, exercises: Collection[str]) -> tuple[str, str]:
    match = _REGION.fullmatch(line.rest.rstrip())
    if match is None:
        raise _error(name, line, "a region names its exercise, like: region 2.3 Reject a blank label")
    exercise, title = match["exercise"], match["title"] or ""
    if exercise not in exercises:
        raise AuthoringError(
            _fault(name, line, f"lesson.toml has no exercise {exercise}; it has {', '.join(exercises)}")
        )
    if title == "file" and line.number != 1:
        raise AuthoringError(
            _fault(name, line, f"'region {exercise} file' stands in the first line of a file or nowhere")
        )
    return exercise, title


def _whole_file(line: _Line, name: str, exercises: Collection[str]) -> str | None:
    """The exercise that makes this file, if its first line says so."""
    if line.word != "region" or line.rest.split()[1:] != ["file"]:
        return None
    return _heading(line, name, exercises)[0]


def _made_file(lines: list[_Line], name: str, exercise: str) -> MarkedFile:
    body = lines[1:]
    while body and not body[-1].text.strip():
        body.pop()
    if body and body[-1].word == "endregion":
        body.pop()
    belongs = f"the whole file belongs to exercise {exercise}: it holds no other marker"
    if faults := [_fault(name, line, belongs) for line in body if line.word]:
        raise AuthoringError(faults)
    solution = _join([line.text for line in body])
    return MarkedFile(solution, None, (Region(exercise, "file", 1, 1, solution, None),))


def _left_nothing(found: list[tuple[_Open, int]], starter: list[str]) -> bool:
    """Whether the line before ended a region without a trace, so that a blank line would be one too many."""
    if not found:
        return False
    region, end = found[-1]
    return not region.starter and end == len(starter) and (not starter or not starter[-1].strip())


def _block(region: _Open, end: int, starter: list[str], name: str) -> Block | None:
    if not region.starter:
        return None
    after = next((line for line in starter[end:] if line.strip()), None)
    return Block(file=name, text="\n".join(region.starter), after=after)


def _join(lines: list[str]) -> str:
    """Lines as a text that ends in one line break; nothing at all where there is no line."""
    end = len(lines)
    while end and not lines[end - 1].strip():
        end -= 1
    return "".join(f"{line}\n" for line in lines[:end])


def _error(name: str, line: _Line, what: str) -> AuthoringError:
    return AuthoringError(_fault(name, line, what))


def _fault(name: str, line: _Line, what: str) -> str:
    return f"{name}:{line.number}: {what}."
