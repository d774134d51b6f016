"""How large a submission may be."""

from __future__ import annotations

from dataclasses import dataclass

MB = 1_000_000


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one upload.

    An honest upload may hold the whole repository with its notebooks, ``.git`` and even ``.venv``, so what is only
    listed may be large. What is taken, the files of the lessons, is small.
    """

    archive_bytes: int = 512 * MB
    """Of the archive itself."""
    unpacked_bytes: int = 1_536 * MB
    """Of all that it holds, taken or not."""
    tar_bytes: int = 640 * MB
    """The same of a tar. It has no table of contents, so all of it has to be unpacked to know what is in it."""
    ratio: int = 100
    """Unpacked bytes for each packed byte. Source text packs to a fifth, a bomb to a thousandth."""
    ratio_from_bytes: int = 20 * MB
    """Below this many unpacked bytes the ratio does not matter."""
    entries: int = 50_000
    """Files and folders in it. A virtual environment has 35,000, a bomb of entries 100,000."""
    depth: int = 64
    """Parts of a path."""
    part_bytes: int = 255
    """One part of a path in UTF-8: what file systems take."""
    name_bytes: int = 1_024
    """A whole path in UTF-8."""
    file_bytes: int = 2 * MB
    """One file of a lesson."""
    lesson_bytes: int = 4 * MB
    """All files of one lesson."""
    lesson_files: int = 500
    """Files of one lesson."""
    upload_bytes: int = 16 * MB
    """All files that are taken from one upload."""


def size(count: int) -> str:
    """A number of bytes as people read it: ``2 MB``, ``900 kB``."""
    for unit, name in ((1_000_000_000, "GB"), (MB, "MB"), (1_000, "kB")):
        if count >= unit:
            return f"{count / unit:.3g} {name}"
    return f"{count} bytes"
