"""What learners hand in, honest and hostile, and what is taken of it."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import shutil
import tarfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.grading.hostile_archives import (
    ARCHIVES,
    FOLDERS,
    Files,
    HostileArchive,
    HostileFolder,
    RawEntry,
    make_tar,
    make_zip,
    raw_zip,
    write_files,
)
from workbook.course.model import Course, CourseError
from workbook.grading.intake.collect import collect
from workbook.grading.intake.limits import Limits
from workbook.grading.intake.roster import read_roster
from workbook.grading.intake.submission import Submission

LESSON = """
name = "kitchen"
title = "Kitchen"
minutes = 5
objectives = ["serve"]
prerequisites = []

[[exercises]]
title = "Serve"
points = 1
files = ["app/main.py"]
contract = "GET /"
hints = ["a", "b", "c"]
"""
WORK = {
    "lessons/lesson_01/app/main.py": b"app = 1\n",
    "lessons/lesson_01/app/__init__.py": b"",
    "lessons/lesson_01/lesson.toml": LESSON.encode(),
}
TAKEN = {"app/__init__.py": b"", "app/main.py": b"app = 1\n"}


@pytest.fixture
def course(tmp_path: Path) -> Course:
    """A course of two lessons."""
    root = tmp_path / "course"
    for number in (1, 2):
        write_files(root, {f"lessons/lesson_0{number}/lesson.toml": LESSON.encode()})
    return Course(
        write_files(
            root,
            {
                "checks/conftest.py": b"",
                "checks/lesson_01/test_1_serve.py": b"def test(): ...\n",
                "pyproject.toml": b"[tool.pytest]\nfilterwarnings = []\n",
            },
        )
    )


@pytest.fixture
def class_folder(tmp_path: Path) -> Path:
    """Where the submissions are."""
    folder = tmp_path / "class"
    folder.mkdir()
    return folder


def only(course: Course, folder: Path, limits: Limits | None = None) -> Submission:
    """The one submission of a class."""
    [(_, submission)] = collect(course, folder, limits=limits).learners
    assert submission is not None
    return submission


def everything(folder: Path) -> dict[str, tuple[int, int]]:
    """Every file below a folder, without following links, with its length and when it was changed."""
    found: dict[str, tuple[int, int]] = {}
    for above, folders, files in os.walk(os.fsencode(folder)):
        for name in [*folders, *files]:
            path = os.path.join(above, name)  # noqa: PTH118 - bytes: some names are no text
            about = os.lstat(path)
            found[repr(path)] = (about.st_size, about.st_mtime_ns)
    return found


# -- hostile ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("hostile", ARCHIVES, ids=lambda hostile: hostile.name)
def test_a_hostile_archive_is_refused_whole(
    hostile: HostileArchive, course: Course, class_folder: Path, tmp_path: Path
) -> None:
    (class_folder / f"eve{hostile.suffix}").write_bytes(hostile.make(WORK))
    (class_folder / "ada.zip").write_bytes(make_zip(WORK))
    before = everything(tmp_path)
    learners = {learner.id: submission for learner, submission in collect(course, class_folder).learners}

    eve, ada = learners["eve"], learners["ada"]
    assert eve is not None
    assert hostile.says in eve.problem
    assert eve.lessons == {}
    assert eve.problem.endswith(".")
    assert "\n" not in eve.problem
    assert "\x1b" not in eve.problem
    assert len(eve.problem) < 250
    assert ada is not None
    assert ada.lessons == {1: TAKEN}
    assert everything(tmp_path) == before, "nothing is written, nowhere"


@pytest.mark.parametrize("hostile", FOLDERS, ids=lambda hostile: hostile.name)
def test_a_hostile_folder_is_refused_whole(hostile: HostileFolder, course: Course, class_folder: Path) -> None:
    hostile.spoil(write_files(class_folder / "eve", WORK))
    before = everything(class_folder)
    submission = only(course, class_folder)
    assert hostile.says in submission.problem
    assert submission.lessons == {}
    assert everything(class_folder) == before


@pytest.mark.parametrize("target", ["/etc", "honest.zip"])
def test_a_submission_that_is_a_link_is_refused(
    course: Course, class_folder: Path, tmp_path: Path, target: str
) -> None:
    (tmp_path / "honest.zip").write_bytes(make_zip(WORK))
    (class_folder / "eve").symlink_to(tmp_path / target)
    assert only(course, class_folder).problem == "It is a link: hand in the folder itself."


def test_a_submission_that_is_a_pipe_is_refused(course: Course, class_folder: Path) -> None:
    os.mkfifo(class_folder / "eve.zip")
    assert "no folder, zip or tar" in only(course, class_folder).problem


def test_a_folder_that_cannot_be_read(course: Course, class_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Mode 000; root reads it all the same, so there the refusal is made up."""
    locked = write_files(class_folder / "eve", WORK) / "lessons" / "lesson_01" / "app"
    locked.chmod(0)
    scandir = os.scandir

    def refusing(path: str | Path) -> os._ScandirIterator[str]:  # pyright: ignore[reportPrivateUsage]
        if Path(path) == locked:
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    problem = only(course, class_folder).problem
    locked.chmod(0o755)
    assert problem == "lessons/lesson_01/app cannot be read (permission denied): give the grader the right to read it."


def test_a_file_that_becomes_a_link_after_it_was_listed(
    course: Course, class_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    main = write_files(class_folder / "eve", WORK) / "lessons" / "lesson_01" / "app" / "main.py"
    opened = os.open

    def swapping(path: str | Path, flags: int, *more: int) -> int:
        if Path(path) == main and not main.is_symlink():
            main.unlink()
            main.symlink_to("/etc/passwd")
        return opened(path, flags, *more)

    monkeypatch.setattr(os, "open", swapping)
    submission = only(course, class_folder)
    assert "cannot be read" in submission.problem
    assert submission.lessons == {}


def test_whatever_a_reader_stumbles_over_does_not_stop_the_class(
    course: Course, class_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (class_folder / "eve.zip").write_bytes(make_zip(WORK))

    def stumble(*_: object) -> None:
        raise AssertionError("a bug of the library")

    monkeypatch.setattr(zipfile, "ZipFile", stumble)
    submission = only(course, class_folder)
    assert submission.problem == "It cannot be read: pack it again, as a zip."
    assert submission.notes == ("The upload could not be read: AssertionError.",)


@pytest.mark.parametrize("pack", [make_zip, make_tar])
def test_limits(pack: Callable[[Files], bytes], course: Course, class_folder: Path) -> None:
    (class_folder / "eve.upload").write_bytes(pack({**WORK, "lessons/lesson_02/big.bin": os.urandom(3_000)}))
    for limits, says in {
        Limits(archive_bytes=100): "The archive has ",
        Limits(unpacked_bytes=2_000, tar_bytes=2_000): "hand in only the lessons folder",
        Limits(entries=3): "more than 3 files",
        Limits(depth=3): "more than 3 deep",
        Limits(name_bytes=20): "more than 20 bytes",
        Limits(file_bytes=2_000): "lessons/lesson_02/big.bin is larger than 2 kB",
        Limits(lesson_bytes=2_000): "lesson_02 holds 3 kB; 2 kB is the most",
        Limits(lesson_files=1): "lesson_01 holds 2 files; 1 is the most",
        Limits(upload_bytes=2_000): "Its lessons hold 3.01 kB; 2 kB is the most",
    }.items():
        found = only(course, class_folder, limits)
        assert says in (found.problem or found.problems[2 if "lesson_02" in says else 1])


def test_what_is_wrong_with_a_lesson_costs_that_lesson_alone(course: Course, class_folder: Path) -> None:
    (class_folder / "eve.zip").write_bytes(make_zip({**WORK, "lessons/lesson_02/big.bin": os.urandom(2_100_000)}))
    found = only(course, class_folder)
    assert found.problem == ""
    assert list(found.lessons) == [1]
    assert found.problems == {2: "lessons/lesson_02/big.bin is larger than 2 MB: leave it out."}


# -- honest -------------------------------------------------------------------------------------------------------


def renamed(prefix: str, *, cut: str = "") -> dict[str, bytes]:
    """The honest files below another folder."""
    return {prefix + name.removeprefix(cut): content for name, content in WORK.items()}


def whole_repository() -> dict[str, bytes]:
    """What a learner has on their disk, caches and all."""
    return {
        **WORK,
        "lessons/lesson_01/app/__pycache__/main.cpython-313.pyc": b"\0",
        "lessons/lesson_01/kitchen.db": b"\0" * 100,
        "lessons/lesson_01/.ipynb_checkpoints/main.py": b"old",
        "solutions/lesson_01/app/main.py": b"mine\n",
        "checks/conftest.py": b"",
        "checks/lesson_01/test_1_serve.py": b"def test(): ...\r\n",
        "pyproject.toml": b"[tool.pytest]\r\nfilterwarnings = []\r\n",
        "notebooks/01_kitchen.ipynb": b"{}",
        ".git/HEAD": b"ref: refs/heads/main\n",
        ".git/refs/heads/Main": b"",
        ".git/refs/heads/main": b"",
        ".venv/lib/lesson_01/x.py": b"",
        ".workbook/backups/lesson_01/app/main.py": b"old",
        ".DS_Store": b"\0",
    }


def test_every_kind_of_archive_gives_the_same_files(course: Course, class_folder: Path) -> None:
    tar = make_tar(WORK)
    (class_folder / "a.zip").write_bytes(make_zip(WORK))
    (class_folder / "b.tar").write_bytes(tar)
    (class_folder / "c.tar.gz").write_bytes(gzip.compress(tar))
    (class_folder / "d.tar.bz2").write_bytes(bz2.compress(tar))
    (class_folder / "e.tar.xz").write_bytes(lzma.compress(tar))
    (class_folder / "f.tgz").write_bytes(gzip.compress(tar[:512]) + gzip.compress(tar[512:]))  # as pigz writes it
    (class_folder / "g.txz").write_bytes(lzma.compress(tar[:1024]) + lzma.compress(tar[1024:]))
    (class_folder / "h.zip").write_bytes(lzma.compress(tar))  # the content decides
    write_files(class_folder / "i", WORK)
    learners = collect(course, class_folder).learners
    assert [learner.id for learner, _ in learners] == list("abcdefghi")
    for _, submission in learners:
        assert submission is not None
        assert submission.problem == ""
        assert submission.notes == ()
        assert submission.lessons == {1: TAKEN}
    assert len({submission.digest(1) for _, submission in learners if submission}) == 1


@pytest.mark.parametrize(
    "files",
    [
        renamed("workbook-main/"),
        renamed("", cut="lessons/"),
        renamed("my work/week 1/", cut="lessons/"),
        renamed("./"),
        renamed("lessons/lesson_01/", cut="lessons/"),
        {**WORK, "lessons/lesson_09/app/main.py": b"", "lesson_09/app/main.py": b""},
        {**WORK, "__MACOSX/lessons/lesson_01/app/._main.py": b"\0", "lessons/lesson_01/.DS_Store": b"\0"},
        {name.replace("/", "\\"): content for name, content in {"lessons/": b"", **WORK}.items()},
        {**WORK, "lessons/lesson_01/app/": b"", "lessons/": b"", "lesson_01/": b""},
        {**WORK, "notes/Übung.txt": b"", "lessons/x.zip": make_zip(WORK)},
    ],
    ids=["github", "bare", "wrapped", "dot", "twice", "other lesson", "mac", "windows", "folders", "beside"],
)
def test_lessons_are_found_wherever_they_are(course: Course, class_folder: Path, files: dict[str, bytes]) -> None:
    (class_folder / "ada.zip").write_bytes(raw_zip(RawEntry(name.encode(), data) for name, data in files.items()))
    submission = only(course, class_folder)
    assert submission.problem == ""
    assert submission.lessons == {1: TAKEN}
    assert submission.notes == ()


@pytest.mark.parametrize("format", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT, tarfile.USTAR_FORMAT])
def test_long_names_in_every_kind_of_tar(course: Course, class_folder: Path, format: int) -> None:
    name = f"{'long_' * 20}/{'name_' * 15}ü.py"
    files = {**WORK, f"lessons/lesson_01/{name}": b"x = 1\n"}
    (class_folder / "ada.tar").write_bytes(make_tar(files, format=format))
    assert only(course, class_folder).lessons == {1: {**TAKEN, name: b"x = 1\n"}}


def test_a_windows_name_in_a_code_page_matters_only_in_a_lesson(course: Course, class_folder: Path) -> None:
    entries = [RawEntry(name.encode(), data, flags=0) for name, data in WORK.items()]
    (class_folder / "ada.zip").write_bytes(raw_zip([*entries, RawEntry("Übung.txt".encode("cp850"), flags=0)]))
    assert only(course, class_folder).lessons == {1: TAKEN}


def test_a_mac_writes_utf8_without_saying_so(course: Course, class_folder: Path) -> None:
    entries = [RawEntry(name.encode(), data, flags=0) for name, data in WORK.items()]
    odd = RawEntry("lessons/lesson_01/app/café.py".encode(), b"x = 1\n", flags=0)
    (class_folder / "ada.zip").write_bytes(raw_zip([*entries, odd]))
    assert only(course, class_folder).lessons == {1: {**TAKEN, "app/café.py": b"x = 1\n"}}


@pytest.mark.parametrize("kind", ["folder", "zip", "tar"])
def test_a_whole_repository_with_its_environment(course: Course, class_folder: Path, kind: str) -> None:
    """Links in .venv are what a virtual environment has; nobody follows them."""
    files, target = whole_repository(), "/usr/bin/python3"
    if kind == "folder":
        folder = write_files(class_folder / "ada", files)
        (folder / ".venv" / "bin").symlink_to("/usr/bin")
        (folder / "current").symlink_to(folder / "lessons")
        os.mkfifo(folder / "pipe")
    elif kind == "zip":
        entries = [RawEntry(name.encode(), data) for name, data in files.items()]
        links = [RawEntry(name, target.encode(), mode=0o120777) for name in (b".venv/bin/python", b"current")]
        (class_folder / "ada.zip").write_bytes(raw_zip([*entries, *links]))
    else:
        links = [tarfile.TarInfo(".venv/bin/python"), tarfile.TarInfo("current")]
        for link in links:
            link.type, link.linkname = tarfile.SYMTYPE, target
        (class_folder / "ada.tar").write_bytes(make_tar(files, *((link, b"") for link in links)))
    submission = only(course, class_folder)
    assert submission.problem == ""
    assert submission.lessons == {1: TAKEN}
    notes = [note for note in submission.notes if "history is not used" not in note]  # its .git is none
    assert notes == ["Ignored, though not the same as ours: solutions/."]


def test_what_is_ours_is_never_taken_and_what_differs_is_noted(course: Course, class_folder: Path) -> None:
    files = {
        **whole_repository(),
        "lessons/lesson_01/lesson.toml": LESSON.replace("points = 1", "points = 9").encode(),
        "lessons/lesson_01/conftest.py": b"import evil\n",
        "lessons/lesson_01/tests/conftest.py": b"import app\n",
        "lessons/lesson_01/app/.secret": b"x",
        "lessons/conftest.py": b"import evil\n",
        "checks/lesson_01/test_1_serve.py": b"def test(): pass\n",
        "checks/workbook/plugin/hooks.py": b"passed = True\n",
        "conftest.py": b"import evil\n",
        "pyproject.toml": b"[tool.pytest]\naddopts = ['--co']\n",
        "sitecustomize.py": b"",
        "solutions/lesson_02/app/main.py": b"",
    }
    (class_folder / "eve.zip").write_bytes(make_zip({f"wrap/{name}": data for name, data in files.items()}))
    submission = only(course, class_folder)
    own_tests = {"tests/conftest.py": b"import app\n"}
    assert submission.lessons == {1: {**TAKEN, "conftest.py": b"import evil\n", **own_tests}}
    assert submission.notes == (
        "lesson_01 holds hidden files, which were left out: app/.secret.",
        "lesson_01 holds configuration, which has no effect on the checks: conftest.py.",
        (
            "Ignored, though not the same as ours: checks/lesson_01/, checks/workbook/, conftest.py, "
            "lessons/conftest.py, lessons/lesson_01/lesson.toml, pyproject.toml, sitecustomize.py, solutions/."
        ),
    )


def test_lessons_that_are_not_wanted_do_not_matter(course: Course, class_folder: Path) -> None:
    files = {**WORK, "lessons/lesson_02/app/main.py": b"", "old/lesson_02/app/main.py": b""}
    (class_folder / "ada.zip").write_bytes(make_zip(files))
    assert "lesson_02 twice" in only(course, class_folder).problems[2]
    [(_, submission)] = collect(course, class_folder, wanted=[1]).learners
    assert submission is not None
    assert submission.lessons == {1: TAKEN}


def test_an_empty_lesson_folder_was_handed_in(course: Course, class_folder: Path) -> None:
    (class_folder / "ada" / "lesson_02").mkdir(parents=True)
    assert only(course, class_folder).lessons == {2: {}}


def test_moodle_puts_each_archive_into_a_folder(course: Course, class_folder: Path) -> None:
    write_files(class_folder / "Ada L_7_assignsubmission_file_", {"work.zip": make_zip(WORK), ".DS_Store": b"\0"})
    assert only(course, class_folder).lessons == {1: TAKEN}


# -- when it was handed in ----------------------------------------------------------------------------------------


def test_handed_in_when_the_newest_taken_file_was_changed(course: Course, class_folder: Path) -> None:
    def info(name: str, year: int) -> tarfile.TarInfo:
        entry = tarfile.TarInfo(f"lessons/lesson_01/{name}")
        entry.mtime = int(time.mktime((year, 5, 4, 3, 2, 0, 0, 0, -1)))
        return entry

    extra = [info("new.py", 2025), info("kitchen.db", 2026), info("future.py", 2037), info("old.py", 1980)]
    (class_folder / "ada.tar").write_bytes(make_tar({}, *((entry, b"x") for entry in extra)))
    submission = only(course, class_folder)
    when = submission.handed_in_at
    assert when is not None
    assert when.tzinfo is not None
    assert [note for note in submission.notes if "future" in note] == [
        "A file in it has a time in the future (2037-05-04), which says nothing about when it was handed in."
    ]
    assert (when.year, when.month, when.day, when.hour) == (2025, 5, 4, 3)


def test_canvas_s_own_mark_of_being_late_is_noted(course: Course, class_folder: Path) -> None:
    (class_folder / "lovelaceada_LATE_77_1_work.zip").write_bytes(make_zip(WORK))
    assert "Canvas has marked this upload as late." in only(course, class_folder).notes


def test_the_time_of_a_zip_is_local(course: Course, class_folder: Path) -> None:
    with zipfile.ZipFile(class_folder / "ada.zip", "w") as archive:
        archive.writestr(zipfile.ZipInfo("lesson_01/app.py", (2025, 5, 4, 3, 2, 0)), "x")
        archive.writestr(zipfile.ZipInfo("lesson_01/odd.py", (2025, 0, 0, 0, 0, 0)), "x")
        archive.writestr(zipfile.ZipInfo("lesson_01/b.py"), "x")
    when = only(course, class_folder).handed_in_at
    assert when is not None
    assert f"{when:%Y-%m-%d %H:%M}" == "2025-05-04 03:02"


def test_no_time_where_none_is_believable(course: Course, class_folder: Path) -> None:
    with zipfile.ZipFile(class_folder / "ada.zip", "w") as archive:
        archive.writestr(zipfile.ZipInfo("lesson_01/app.py", (2099, 1, 1, 0, 0, 0)), "x")
        archive.writestr(zipfile.ZipInfo("lesson_01/b.py"), "x")
    assert only(course, class_folder).handed_in_at is None


# -- the class ----------------------------------------------------------------------------------------------------


def roster(folder: Path, text: str) -> Path:
    """A roster."""
    file = folder / "roster.csv"
    file.write_text(text, encoding="utf-8")
    return file


def test_missing_flagged_and_handed_in(course: Course, class_folder: Path) -> None:
    for name in ("ada.zip", "zoe.zip"):
        (class_folder / name).write_bytes(make_zip(WORK))
    file = roster(class_folder, "id,name\nBOB,Bob\nAda,Ada Lovelace\n")
    learners = collect(course, class_folder, file).learners
    assert [(learner.id, learner.in_roster, submission is not None) for learner, submission in learners] == [
        ("Ada", True, True),
        ("BOB", True, False),
        ("zoe", False, True),
    ]


@pytest.mark.parametrize(
    ("uploads", "says"),
    [
        (["ada.zip", "ada.tar"], "ada.tar and ada.zip are both submissions of ada: keep the one that counts."),
        (["ada.zip", "Ada.tar.gz"], "Ada.tar.gz and ada.zip are both submissions of ada: keep the one that counts."),
        (["caf\u00e9.zip", "cafe\u0301.zip"], "are both submissions of"),
    ],
)
def test_two_submissions_of_one_learner_name_both(
    course: Course, class_folder: Path, uploads: list[str], says: str
) -> None:
    for name in uploads:
        (class_folder / name).write_bytes(make_zip(WORK))  # the same twice is no better: F71
    with pytest.raises(CourseError) as error:
        collect(course, class_folder)
    assert says in str(error.value)


def test_what_lies_beside_the_uploads_is_none(course: Course, class_folder: Path) -> None:
    (class_folder / "ada.zip").write_bytes(make_zip(WORK))
    (class_folder / "grades").mkdir()
    (class_folder / "grades" / "index.html").touch()
    found = collect(course, class_folder, leave_out=[class_folder / "grades"]).learners
    assert [learner.id for learner, _ in found] == ["ada"]


def test_the_folder_above_the_uploads_is_not_the_class(course: Course, class_folder: Path) -> None:
    (class_folder / "uploads").mkdir()
    for name in ("ada", "bob"):
        (class_folder / "uploads" / f"{name}.zip").write_bytes(make_zip(WORK))
    file = roster(class_folder, "id\nada\nbob\n")
    with pytest.raises(CourseError, match=r"holds one folder, and that holds 2 archives: name .*uploads\.$"):
        collect(course, class_folder, file)


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({}, "It is empty: pack the lessons folder and upload it again."),
        ({"__MACOSX/x": b""}, "It is empty: pack the lessons folder and upload it again."),
        ({"homework/main.py": b"", "me.txt": b""}, "It holds no lesson_NN folder, only homework, me.txt: hand in"),
        ({f"{name}.py": b"" for name in "abcdef"}, "only a.py, b.py, c.py, d.py and 2 more: hand in"),
    ],
    ids=["empty", "junk", "elsewhere", "many"],
)
def test_what_an_upload_holds_instead_is_named(
    course: Course, class_folder: Path, files: dict[str, bytes], says: str
) -> None:
    (class_folder / "ada.zip").write_bytes(make_zip(files))
    submission = collect(course, class_folder).learners[0][1]
    assert submission is not None
    assert says in submission.problem


def test_two_uploads_that_the_roster_gives_to_one_learner(course: Course, class_folder: Path) -> None:
    for name in ("ada.zip", "hw1-ada.zip"):
        (class_folder / name).write_bytes(make_zip(WORK))
    with pytest.raises(CourseError, match=r"ada\.zip and hw1-ada\.zip are both submissions of ada"):
        collect(course, class_folder, roster(class_folder, "id\nada\n"))


@pytest.mark.parametrize(
    ("upload", "row"),
    [
        ("ADA-L.zip", "ada-l,,,,"),
        ("ada@example.org.zip", "ada,,ada@example.org,,"),
        ("Ada Lovelace_123_assignsubmission_file_.zip", "ada,,,,Participant 123"),
        ("Ada Lovelace_123_assignsubmission_file_.zip", "123,,,,"),
        ("Ada Lovelace_999_assignsubmission_file_.zip", "ada,Ada Lovelace,,,"),
        ("lovelaceada_77_12345_work.zip", "ada,,,77,"),
        ("lovelaceada_LATE_77_12345_lessons-1.zip", "77,,,,"),
        ("homework-1-ada-l.zip", "ada-l,,,,"),
        ("homework-1-ada-l.zip", "l,,,,\nada-l,,,,"),
        ("homework-1-ada-l-main.zip", "l,,,,\nada-l,,,,"),
        ("ada-l-master.zip", "ada-l,,,,"),
        ("homework-1-ada-main.zip", "ada,,,,\nada-main,,,,"),
    ],
)
def test_names_as_moodle_canvas_and_github_give_them(course: Course, class_folder: Path, upload: str, row: str) -> None:
    (class_folder / upload).write_bytes(make_zip(WORK))
    file = roster(class_folder, f"id,name,email,Canvas ID,Moodle Identifier\n{row}\n")
    found = [learner.id for learner, submission in collect(course, class_folder, file).learners if submission]
    assert found == [row.splitlines()[-1].split(",")[0]]


@pytest.mark.parametrize("end", ["", "-main"])
def test_a_login_that_ends_like_another_one(course: Course, class_folder: Path, end: str) -> None:
    """Who is called evil-ada is not ada, whether or not she hands in, too."""
    for name in ("week-3-bob", "week-3-evil-ada", "week-3-cy"):
        (class_folder / f"{name}{end}.zip").write_bytes(make_zip(WORK))
    learners = collect(course, class_folder, roster(class_folder, "id\nada\nbob\ncy\n")).learners
    assert {learner.id: learner.in_roster for learner, submission in learners if submission} == {
        "bob": True,
        "cy": True,
        f"week-3-evil-ada{end}": False,
    }
    assert not any(submission.notes for _, submission in learners if submission)


def test_a_name_without_another_to_compare_with_is_noted(course: Course, class_folder: Path) -> None:
    (class_folder / "week-3-evil-ada.zip").write_bytes(make_zip(WORK))
    [(learner, submission)] = collect(course, class_folder, roster(class_folder, "id\nada\n")).learners
    assert learner.id == "ada"
    assert submission is not None
    assert submission.notes == ("Nothing but the end of its name, week-3-evil-ada, says that this is ada's work.",)


def test_a_name_that_two_learners_share_decides_nothing(course: Course, class_folder: Path) -> None:
    (class_folder / "Ada_9_assignsubmission_file_.zip").write_bytes(make_zip(WORK))
    learners = collect(course, class_folder, roster(class_folder, "id,name\na1,Ada\na2,Ada\n")).learners
    assert [learner.id for learner, submission in learners if submission] == ["Ada_9_assignsubmission_file_"]


def test_a_hostile_name_of_an_upload(course: Course, class_folder: Path) -> None:
    name = os.fsencode(class_folder) + b"/\x1b[31m\n\xff=cmd\xe2\x80\xae.zip"
    with open(name, "wb") as stream:  # noqa: PTH123 - a name that is no text
        stream.write(make_zip(WORK))
    [(learner, submission)] = collect(course, class_folder).learners
    assert learner.id == "\\x1b[31m\\n\\udcff=cmd\\u202e"
    assert submission is not None
    assert submission.source == learner.id + ".zip"
    assert submission.lessons == {1: TAKEN}


def test_a_list_of_clones(course: Course, tmp_path: Path) -> None:
    clones = tmp_path / "clones"
    hook = {
        ".git/hooks/post-checkout": b"#!/bin/sh\ntouch /tmp/pwned\n",
        ".git/config": b"[core]\nfsmonitor = /bin/sh\n",
    }
    for name in ("hw-ada", "bob's work", "cy"):
        write_files(clones / name, {**WORK, **hook})
    file = tmp_path / "list.txt"
    file.write_text(f"# the class\nclones/hw-ada\n\nbob   clones/bob's work\ncy\t{clones}/cy\n", encoding="utf-8")
    learners = collect(course, file, roster(tmp_path, "id\nada\nbob\n")).learners
    assert [(learner.id, learner.in_roster) for learner, _ in learners] == [("ada", True), ("bob", True), ("cy", False)]
    assert all(submission and submission.lessons == {1: TAKEN} for _, submission in learners)

    file.write_text("clones/hw-ada\nclones/nobody\n", encoding="utf-8")
    with pytest.raises(CourseError, match=r"list\.txt, line 2: there is no .*nobody"):
        collect(course, file)


def test_mistakes_in_what_is_named(course: Course, class_folder: Path) -> None:
    with pytest.raises(CourseError, match="holds no submission"):
        collect(course, class_folder)
    with pytest.raises(CourseError, match="name a folder of submissions"):
        collect(course, class_folder / "none")
    write_files(class_folder, WORK)
    with pytest.raises(CourseError, match="is one submission, it holds lessons"):
        collect(course, class_folder)
    shutil.rmtree(class_folder / "lessons")
    (class_folder / "all.zip").write_bytes(make_zip(WORK))
    with pytest.raises(CourseError, match="if it is an archive of submissions, unpack it"):
        collect(course, class_folder / "all.zip")


# -- the roster ---------------------------------------------------------------------------------------------------


def test_a_roster_of_every_column(course: Course, class_folder: Path) -> None:
    (class_folder / "x.zip").write_bytes(make_zip(WORK))
    file = class_folder / "roster.csv"
    file.write_text(
        "\ufeffID;Name;E-Mail;Extension;Canvas ID;Canvas SIS Login ID;Section;Moodle Identifier;username;Colour\r\n"
        'ada;"Lovelace; ""Ada""";ada@example.org;1,5;0077;alove;A;Participant 12;al;red\r\n'
        "ömer;عمر 🎉;;;;;;;;\r\n\r\n;;;;;;;;;\r\n",
        encoding="utf-8",
    )
    ada, omer = (learner for learner, _ in collect(course, class_folder, file).learners if learner.in_roster)
    assert (ada.id, ada.name, ada.email, ada.extension_days) == ("ada", 'Lovelace; "Ada"', "ada@example.org", 1.5)
    assert ada.canvas == {"ID": "0077", "SIS Login ID": "alove", "Section": "A"}
    assert ada.moodle == {"Identifier": "Participant 12", "username": "al"}
    assert (omer.id, omer.name, omer.canvas, omer.moodle) == ("ömer", "عمر 🎉", {}, {})


def test_the_gradebook_that_canvas_exports_is_a_roster(course: Course, class_folder: Path) -> None:
    (class_folder / "lovelaceada_77_1_x.zip").write_bytes(make_zip(WORK))
    file = roster(
        class_folder,
        "Student,ID,SIS User ID,SIS Login ID,Section,Homework (1)\n    Points Possible,,,,,10\n"
        '"Lovelace, Ada",77,S1,alove,A,\n',
    )
    [(learner, submission)] = collect(course, class_folder, file).learners
    assert submission is not None
    assert (learner.id, learner.name) == ("77", "Lovelace, Ada")
    assert learner.canvas == {
        "Student": "Lovelace, Ada", "ID": "77", "SIS User ID": "S1", "SIS Login ID": "alove", "Section": "A",
    }  # fmt: skip


EXPORTS = {
    # Canvas, with a row of its own for how grades are posted, a test student, and names in one column
    "canvas": (
        (
            "Student,ID,SIS User ID,SIS Login ID,Section,Week 1 (12),Final Score\n"
            ",,,,,Manual Posting,\n    Points Possible,,,,,10.00,(read only)\n"
            '"Lovelace, Ada",77,S1,alove,A,9.00,90\n"Student, Test",99,,x1,A,,\n'
        ),
        [("77", "Lovelace, Ada", "")],
    ),
    # Canvas, where the account shows first and last names
    "canvas, split names": (
        (
            "LastName,FirstName,ID,SIS User ID,SIS Login ID,Section,Week 1 (12)\n"
            "Points Possible,,,,,,10.00\nLovelace,Ada,77,S1,alove,A,9.00\nStudent,Test,99,,x1,A,\n"
        ),
        [("77", "Ada Lovelace", "")],
    ),
    "moodle gradebook": (
        (
            "First name,Last name,ID number,Institution,Department,Email address,Week 1 (Real),Downloaded\n"
            "Ada,Lovelace,S1,,,ada@example.org,9.00,1790000000\nBob,Brown,,,,bob@example.org,-,1790000000\n"
        ),
        [("ada@example.org", "Ada Lovelace", "ada@example.org"), ("bob@example.org", "Bob Brown", "bob@example.org")],
    ),
    "moodle gradebook, German, every student with a number": (
        (
            "Vorname;Nachname;ID-Nummer;Institution;Abteilung;E-Mail-Adresse;Aufgabe: Woche 1 (Punkte)\n"
            "Ada;Lovelace;0042;;;ada@example.org;9,00\n"
        ),
        [("0042", "Ada Lovelace", "ada@example.org")],
    ),
    "moodle worksheet": (
        (
            "Identifier,Full name,Email address,Status,Grade,Maximum Grade,Grade can be changed,Last modified (grade)\n"
            "Participant 12,Ada Lovelace,ada@example.org,Submitted for grading,,100.00,Yes,-\n"
        ),
        [("ada@example.org", "Ada Lovelace", "ada@example.org")],
    ),
    "moodle worksheet, German, without addresses": (
        (
            "ID,Vollständiger Name,Status,Bewertung,Bestwertung,Bewertung kann geändert werden\n"
            'Teilnehmer/in 12,Ada Lovelace,Zur Bewertung abgegeben,,"100,00",Ja\n'
        ),
        [("12", "Ada Lovelace", "")],
    ),
    "github classroom": (
        "identifier,github_username,github_id,name\nada@example.org,alove,1,Ada Lovelace\nbob@example.org,,,\n",
        [("alove", "Ada Lovelace", "ada@example.org"), ("bob@example.org", "bob@example.org", "bob@example.org")],
    ),
    "classroom 50": (
        "username,first_name,last_name,email,section,github_id\nalove,Ada,Lovelace,,A,1\n",
        [("alove", "Ada Lovelace", "")],
    ),
}


@pytest.mark.parametrize(("text", "people"), EXPORTS.values(), ids=EXPORTS)
def test_what_schools_export_is_a_roster(tmp_path: Path, text: str, people: list[tuple[str, str, str]]) -> None:
    """The forms are those that ``school_rosters.py`` gives the sources of."""
    file = tmp_path / "roster.csv"
    file.write_text(text, encoding="utf-8-sig")
    assert [(learner.id, learner.name, learner.email) for learner in read_roster(file)] == people


def test_what_an_export_says_for_the_way_back_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "roster.csv"
    file.write_text(EXPORTS["canvas, split names"][0], encoding="utf-8")
    [ada] = read_roster(file)
    assert ada.canvas["Student"] == "Lovelace, Ada"
    assert (ada.canvas["ID"], ada.canvas["SIS Login ID"]) == ("77", "alove")
    file.write_text(EXPORTS["moodle worksheet"][0], encoding="utf-8")
    [ada] = read_roster(file)
    assert ada.moodle == {"Identifier": "Participant 12"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"", "roster.csv is empty"),
        (b"name,email\nAda,a@b\n", "roster.csv, line 1: there is no column id"),
        (b"id,name\nada,A\n\nADA,B\n", "has the id ADA twice, in line 2 (A) and line 4 (B)"),
        (b"id,name\n,Ada\n", "roster.csv, line 2: the id is missing"),
        (b"id,name\nada,A\nbob,B\xff\n", "roster.csv, line 3: this is not UTF-8"),
        (b"id,extension\nada,soon\n", "line 2: the extension is a number of days from 0 to 366; soon is not"),
        (b"id,extension\nada,nan\n", "nan is not"),
        (b"id,extension\nada,-1\n", "-1 is not"),
        (b"id\n" + b"x" * 200 + b"\n", "line 2: the id has more than 120 characters"),
        (b"id,name\nada," + b"x" * 2_000 + b"\n", "line 2: a cell has more than 1,000 characters"),
        (b'id,name\nada,"Ada"x\n', "line 2: this is no CSV"),
        (b"id,name\na\x1bda,Ada\n", "line 2: the id holds a control character"),
        (b"id,ID\nada,bob\n", "line 1: two columns are called ID"),
    ],
)
def test_faults_of_a_roster_name_file_and_line(course: Course, class_folder: Path, text: bytes, says: str) -> None:
    (class_folder / "x.zip").write_bytes(make_zip(WORK))
    file = class_folder / "roster.csv"
    file.write_bytes(text)
    with pytest.raises(CourseError) as error:
        collect(course, class_folder, file)
    assert says in str(error.value)


def test_a_roster_that_is_not_there(course: Course, class_folder: Path) -> None:
    with pytest.raises(CourseError, match="cannot be read"):
        collect(course, class_folder, class_folder / "none.csv")
