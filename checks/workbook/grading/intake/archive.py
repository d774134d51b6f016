"""Open what a learner handed in, whatever it is: a folder, a zip, or a tar."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from workbook.grading.intake.entry import InvalidUpload, Upload
from workbook.grading.intake.folder_upload import OPEN_FLAGS, FolderUpload
from workbook.grading.intake.limits import Limits, size

SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tbz", ".tar.xz", ".txz")
"""What archives are called. How one is read is decided by its first bytes."""
_OTHER = "It is no folder, zip or tar: hand in a zip of the lessons folder."
_JUNK = frozenset({".DS_Store", "Thumbs.db", "desktop.ini", "__MACOSX"})


def open_upload(path: Path, limits: Limits) -> Upload:
    """Open an upload; close it again.

    Moodle hands out one folder a learner, with the learner's zip in it. So a folder that holds one archive and nothing
    else is read as that archive. An archive inside an archive is never opened.

    Raises:
        InvalidUpload: it is no folder and no archive, cannot be read, or is not safe to read.
    """
    try:
        mode = path.lstat().st_mode
        if stat.S_ISLNK(mode):
            raise InvalidUpload("It is a link: hand in the folder itself.")
        if stat.S_ISDIR(mode):
            inside = _only_archive(path)
            return FolderUpload(path, limits) if inside is None else _open_archive(inside, limits)
        if not stat.S_ISREG(mode):
            raise InvalidUpload(_OTHER)
        return _open_archive(path, limits)
    except OSError as fault:
        reason = (fault.strerror or type(fault).__name__).lower()
        raise InvalidUpload(f"It cannot be read ({reason}): give the grader the right to read it.") from None


def stem(name: str) -> str:
    """The name of an archive without its suffix: ``ada`` of ``ada.tar.gz``."""
    for suffix in sorted(SUFFIXES, key=len, reverse=True):
        if name.lower().endswith(suffix) and len(name) > len(suffix):
            return name[: -len(suffix)]
    return name


def _only_archive(folder: Path) -> Path | None:
    with os.scandir(folder) as found:
        items = list(islice((item for item in found if item.name not in _JUNK), 2))
    if len(items) == 1 and items[0].is_file(follow_symlinks=False) and stem(items[0].name) != items[0].name:
        return folder / items[0].name
    return None


def _open_archive(file: Path, limits: Limits) -> Upload:
    handle = os.open(file, OPEN_FLAGS)
    stream = os.fdopen(handle, "rb")
    try:
        about = os.fstat(handle)
        if not stat.S_ISREG(about.st_mode):
            raise InvalidUpload(_OTHER)
        if about.st_size > limits.archive_bytes:
            raise InvalidUpload(
                f"The archive has {size(about.st_size)}; {size(limits.archive_bytes)} is the most: "
                "hand in only the lessons folder."
            )
        return _by_content(stream, about.st_size, limits)
    except BaseException:
        with suppress(OSError):
            stream.close()
        raise


def _by_content(stream: BinaryIO, length: int, limits: Limits) -> Upload:
    head = stream.read(512)
    stream.seek(0)
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        from workbook.grading.intake.zip_upload import ZipUpload

        return ZipUpload(stream, length, limits)
    if head.startswith((b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0")) or head[257:262] == b"ustar":
        from workbook.grading.intake.tar_upload import TarUpload

        return TarUpload(stream, length, limits)
    if not length:
        raise InvalidUpload("The file is empty: upload it again.")
    raise InvalidUpload(_OTHER)
