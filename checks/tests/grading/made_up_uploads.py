"""How made-up learners hand their work in: as zips of every shape, late, twice wrapped, broken, or not at all."""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from tests.grading.hostile_archives import ARCHIVES, RawEntry, raw_zip
from tests.grading.made_up_work import Work, Workshop
from workbook.grading.gradebook import Standing

Files = Mapping[str, bytes]


@dataclass(frozen=True)
class Person:
    """Who hands something in."""

    number: int
    """From 1."""
    id: str
    name: str
    turn: int
    """How many learners of the same kind came before."""

    @property
    def canvas_id(self) -> str:
        """Canvas's number of them."""
        return str(4000 + self.number)

    @property
    def participant(self) -> str:
        """Moodle's number of them in the assignment."""
        return str(70_000 + self.number)


Pack = Callable[[Person, Files, datetime], tuple[str, bytes]]
"""From the files of ``lessons`` to a name and a content; a name may have a folder before it."""


@dataclass(frozen=True)
class Upload:
    """What one learner hands in."""

    work: Work | None = None
    pack: Pack | None = None
    """None where nothing is handed in."""
    standing: Standing = Standing.HANDED_IN
    late: timedelta = timedelta(0)
    """After the due date; zero for work that came in time."""
    late_percent: float = 0.0
    extension: float = 0.0
    """Days, as the roster grants them."""
    in_roster: bool = True

    def write(self, folder: Path, person: Person, due: datetime) -> str:
        """Put the upload into a folder; gives back its name there."""
        if self.pack is None:
            return ""
        lessons: Mapping[int, Files] = self.work.lessons if self.work else {}
        files = {
            f"lessons/lesson_{number:02}/{name}": content
            for number, of_lesson in lessons.items()
            for name, content in of_lesson.items()
        }
        when = due + self.late if self.late else due - timedelta(days=2)
        name, content = self.pack(person, files, when)
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        return name.partition("/")[0]


def zipped(files: Files, when: datetime) -> bytes:
    """A zip of which every file was changed at that time."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            info = zipfile.ZipInfo(name, when.timetuple()[:6])
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o100644 << 16
            archive.writestr(info, content)
    return stream.getvalue()


def _plain(person: Person, files: Files, when: datetime) -> tuple[str, bytes]:
    return f"{person.id}.zip", zipped(files, when)


def _bare(person: Person, files: Files, when: datetime) -> tuple[str, bytes]:
    return f"{person.id}.zip", zipped(_moved(files, ""), when)


def _github(person: Person, files: Files, when: datetime) -> tuple[str, bytes]:
    """GitHub, "Download ZIP", of a repository that GitHub Classroom made."""
    folder = f"fastapi-workbook-{person.id}-main"
    return f"{folder}.zip", zipped({f"{folder}/{name}": content for name, content in files.items()}, when)


def _repository(root: Path) -> Pack:
    """The whole repository, with a check that the learner changed."""

    def pack(person: Person, files: Files, when: datetime) -> tuple[str, bytes]:
        ours = [root / "pyproject.toml", *root.glob("checks/*.py"), *root.glob("checks/lesson_01/*.py")]
        found = {file.relative_to(root).as_posix(): file.read_bytes() for file in ours}
        found["checks/lesson_01/test_1_front_door.py"] = b"def test_nothing() -> None:\n    pass\n"
        found = {f"fastapi-workbook/{name}": content for name, content in {**found, **files}.items()}
        return f"{person.id}.zip", zipped(found, when)

    return pack


def _tar(person: Person, files: Files, when: datetime) -> tuple[str, bytes]:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(f"./{name}")
            info.size, info.mtime = len(content), int(when.timestamp())
            archive.addfile(info, io.BytesIO(content))
    return f"{person.id}.tar.gz", gzip.compress(stream.getvalue(), mtime=0)


def _canvas(person: Person, files: Files, when: datetime) -> tuple[str, bytes]:
    """Canvas, "Download Submissions"."""
    return f"{person.id}_{person.canvas_id}_998{person.number:04}_my work (final).zip", zipped(files, when)


def _moodle(person: Person, files: Files, when: datetime) -> tuple[str, bytes]:
    """Moodle, "Download all submissions": a folder a learner, with the upload in it."""
    safe = person.name.replace("/", "")
    return f"{safe}_{person.participant}_assignsubmission_file_/work.zip", zipped(files, when)


def _windows(person: Person, files: Files, _when: datetime) -> tuple[str, bytes]:
    r"""``\`` in names, CRLF in texts, and a byte order mark before them."""
    entries = [
        RawEntry(name.replace("/", "\\").encode(), b"\xef\xbb\xbf" + content.replace(b"\n", b"\r\n"))
        for name, content in files.items()
    ]
    return f"{person.id}.zip", raw_zip(entries)


def _elsewhere(person: Person, files: Files, when: datetime) -> tuple[str, bytes]:
    """Not in folders called ``lesson_NN``."""
    return f"{person.id}.zip", zipped({f"homework/{name.split('/', 2)[2]}": text for name, text in files.items()}, when)


def _bomb(person: Person, files: Files, _when: datetime) -> tuple[str, bytes]:
    make = next(entry.make for entry in ARCHIVES if entry.name == "zip bomb")
    return f"{person.id}.zip", make(files)


def _empty(person: Person, _files: Files, when: datetime) -> tuple[str, bytes]:
    return f"{person.id}.zip", zipped({}, when)


def _no_bytes(person: Person, _files: Files, _when: datetime) -> tuple[str, bytes]:
    return f"{person.id}.zip", b""


def _moved(files: Files, to: str) -> Files:
    return {to + name.removeprefix("lessons/"): content for name, content in files.items()}


def _invalid(shop: Workshop, pack: Pack) -> Upload:
    return Upload(shop.solved(), pack, Standing.INVALID)


def make_upload(shop: Workshop, kind: str, person: Person) -> Upload:
    """What a learner of one of ``KINDS`` hands in."""
    upload = KINDS[kind](shop, person.turn)
    if upload.work is None or kind == "untouched":
        return upload
    return replace(upload, work=upload.work.signed(person.id))


_Make = Callable[[Workshop, int], Upload]


def _late(shop: Workshop, _turn: int, *, days: float, percent: float, extension: float = 0.0) -> Upload:
    return Upload(shop.solved(), _plain, late=timedelta(days=days), late_percent=percent, extension=extension)


def _last(shop: Workshop) -> int:
    return shop.numbers[-1]


KINDS: Mapping[str, _Make] = {
    "solved": lambda shop, _: Upload(shop.solved(), _plain),
    "untouched": lambda shop, _: Upload(shop.untouched(), _plain),
    "other ways": lambda shop, turn: Upload(shop.other_ways(2 * turn), _plain),
    "mistakes": lambda shop, turn: Upload(shop.mistaken(3 * turn), _plain),
    "half-done": lambda shop, _: Upload(shop.partly(*_HALF[_last(shop)]), _plain),
    "other ways again": lambda shop, turn: Upload(shop.other_ways(2 * turn + 1), _bare),
    "first lesson only": lambda shop, _: Upload(shop.solved(shop.numbers[:1]), _bare),
    "syntax error": lambda shop, _: Upload(shop.broken(shop.numbers[0]), _plain),
    "endless loop": lambda shop, _: Upload(shop.endless(_last(shop)), _plain),
    "more mistakes": lambda shop, turn: Upload(shop.mistaken(3 * turn + 1), _github),
    "empty zip": lambda shop, _: _invalid(shop, _empty),
    "zip bomb": lambda shop, _: _invalid(shop, _bomb),
    "wrong folders": lambda shop, _: _invalid(shop, _elsewhere),
    "changed checks": lambda shop, _: Upload(shop.untouched(), _repository(shop.course.root)),
    "github zip": lambda shop, _: Upload(shop.solved(), _github),
    "tar": lambda shop, _: Upload(shop.solved(), _tar),
    "canvas": lambda shop, _: Upload(shop.solved(), _canvas),
    "moodle": lambda shop, _: Upload(shop.solved(), _moodle),
    "windows": lambda shop, _: Upload(shop.solved(), _windows),
    "missing": lambda shop, _: Upload(standing=Standing.MISSING),
    "late": partial(_late, days=1.5, percent=20),
    "very late": partial(_late, days=30, percent=50),
    "late with extension": partial(_late, days=1.5, percent=0, extension=3),
    "not in roster": lambda shop, _: Upload(shop.solved(), _plain, in_roster=False),
    "empty file": lambda shop, _: _invalid(shop, _no_bytes),
    "missing library": lambda shop, _: Upload(shop.imports_what_is_not_there(shop.numbers[0]), _plain),
    "greedy": lambda shop, _: Upload(shop.greedy(_last(shop)), _plain),
    "meddling": lambda shop, _: Upload(shop.meddling(), _plain),
    "half of the middle": lambda shop, _: Upload(shop.partly(*_HALF[shop.numbers[len(shop.numbers) // 2]]), _plain),
    "mistakes on canvas": lambda shop, turn: Upload(shop.mistaken(3 * turn + 2), _canvas),
}
"""How each kind of learner comes to what they hand in; the number counts the learners of that kind."""
_HALF = {1: (1, (1, 2, 3, 4, 5)), 2: (2, (1, 2, 3, 4)), 3: (3, (1, 2, 3))}
"""For each lesson, exercises that can be done while the others are not."""
