r"""Read a zip without unpacking it to disk.

Backslashes: some Windows programs (older .NET, PowerShell 5) write ``lessons\lesson_01\app\main.py``, against the zip
specification (APPNOTE 4.4.17.1). Their makers mean folders, and no honest name of ours holds a backslash. So in a zip
a backslash is read as ``/``, before anything else about the name is checked: ``..\`` and ``C:\`` are refused like
``../`` and ``/``, and ``a\b`` beside ``a/b`` is a duplicate.
"""

from __future__ import annotations

import io
import stat
import struct
import time
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from typing import IO, BinaryIO, cast

from workbook.grading.intake.entry import (
    Entry,
    InvalidUpload,
    Kind,
    is_ignored,
    listed,
    safe_name,
    shown,
)
from workbook.grading.intake.limits import MB, Limits, size

DAMAGED = "The zip is damaged or cut off: pack it again and upload it again."
_LOCAL = struct.Struct("<4s22xHH")
"""What stands before the content: its mark, and how long the name and the extra fields are (APPNOTE 4.3.7)."""
_SMALL = 4 * MB
_BYTES_PER_ENTRY = 256
"""Of the table of contents, on average. It bounds what is read into memory before the entries can be counted."""
_ENCRYPTED = 0x1
_UTF8 = 0x800
_DOS_FOLDER = 0x10
_UNIX_TIME = 0x5455
_FAULTS = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    ValueError,
    IndexError,
    OverflowError,
)


class _Bounded:
    """A file for ``zipfile`` that refuses to read a huge piece at once: a table of contents of a gigabyte."""

    def __init__(self, file: BinaryIO, most: int) -> None:
        self._file, self._most = file, most
        self.seek, self.tell, self.close = file.seek, file.tell, file.close

    def read(self, count: int = -1) -> bytes:
        data = self._file.read(self._most + 1 if count < 0 else min(count, self._most + 1))
        if len(data) > self._most:
            raise InvalidUpload("The zip's table of contents is too long: hand in only the lessons folder.")
        return data

    def seekable(self) -> bool:
        return True


class ZipUpload:
    """An open zip."""

    def __init__(self, file: BinaryIO, packed_bytes: int, limits: Limits) -> None:
        """Read the table of contents and check every name in it.

        Args:
            file: the open file; closed with this.
            packed_bytes: its length.
            limits: what it may hold.

        Raises:
            InvalidUpload: it is no readable zip, or not a safe one.
        """
        self._limits = limits
        most = max(limits.entries * _BYTES_PER_ENTRY, limits.file_bytes) + 65_536 + 64
        if packed_bytes <= _SMALL:  # in memory, jumping about in it costs nothing
            with file:
                self._file: BinaryIO = io.BytesIO(file.read())
        else:
            self._file = file
        try:
            # never closed: that is left to this object
            self._infos = zipfile.ZipFile(cast("IO[bytes]", _Bounded(self._file, most))).infolist()
        except NotImplementedError:
            raise InvalidUpload("The zip is of a newer kind than can be read: make an ordinary zip.") from None
        except _FAULTS:
            raise InvalidUpload(DAMAGED) from None
        self.entries = listed(self._scan(), limits)
        self._check_sizes(packed_bytes)

    def _scan(self) -> Iterator[Entry]:
        for position, info in enumerate(self._infos):
            name, known = _name(info)
            if not known and "lesson_" in name.casefold():  # elsewhere nobody takes it: see _name
                raise InvalidUpload(f"It holds a name that is not UTF-8 ({shown(name)}): rename that file.")
            name = safe_name(name, self._limits, backslashes=True)
            kind, ignored = _kind(info), is_ignored(name)
            if not ignored:
                if kind is Kind.SPECIAL:
                    raise InvalidUpload(f"It holds a device or pipe ({shown(name)}): hand in plain files.")
                if info.flag_bits & _ENCRYPTED:
                    raise InvalidUpload("The zip is locked with a password: pack it without one.")
            yield Entry(name, kind, info.file_size, ignored, info.CRC, position)

    def _check_sizes(self, packed_bytes: int) -> None:
        """Refuse bombs: too much in all, too much for its length, or entries that share their bytes."""
        unpacked = sum(info.file_size for info in self._infos)
        if unpacked > self._limits.unpacked_bytes:
            raise InvalidUpload(
                f"Unpacked it would be {size(unpacked)}; {size(self._limits.unpacked_bytes)} is the most: "
                "hand in only the lessons folder."
            )
        if unpacked > max(self._limits.ratio_from_bytes, packed_bytes * self._limits.ratio):
            raise InvalidUpload(
                "It grows more than a hundredfold when unpacked, as no honest work does: pack it again."
            )
        end = 0
        for info in sorted(self._infos, key=lambda info: info.header_offset):
            if info.header_offset < end:
                raise InvalidUpload("Its entries overlap, as in no ordinary zip: pack it again.")
            end = info.header_offset + _LOCAL.size + len(info.orig_filename) + info.compress_size
        if end > packed_bytes:
            raise InvalidUpload(DAMAGED)

    def read(self, wanted: Iterable[Entry], limit: int) -> Iterator[tuple[Entry, bytes]]:
        """Read files; see ``Upload.read``."""
        for entry in wanted:
            if entry.size > limit:
                raise InvalidUpload(f"{shown(entry.name)} is larger than {size(limit)}: leave it out.")
            try:
                yield entry, self._content(self._infos[entry.position])
            except _FAULTS:
                raise InvalidUpload(DAMAGED) from None

    def _content(self, info: zipfile.ZipInfo) -> bytes:
        """Unpack one file. ``zipfile`` takes four times as long for small ones, and a class has 100,000 of them."""
        packed_bytes, is_deflated = info.compress_size, info.compress_type == zipfile.ZIP_DEFLATED
        if not is_deflated and info.compress_type != zipfile.ZIP_STORED:
            raise InvalidUpload("The zip is packed in an unusual way: make an ordinary zip.")
        if packed_bytes > info.file_size + info.file_size // 1_000 + 1_024:
            raise ValueError
        self._file.seek(info.header_offset)
        magic, name_bytes, extra_bytes = _LOCAL.unpack(self._file.read(_LOCAL.size))
        if magic != b"PK\x03\x04":
            raise ValueError
        data = self._file.read(name_bytes + extra_bytes + packed_bytes)[name_bytes + extra_bytes :]
        if is_deflated:
            data = zlib.decompressobj(-zlib.MAX_WBITS).decompress(data, info.file_size + 1)  # never more than it says
        if len(data) != info.file_size or zlib.crc32(data) != info.CRC:
            raise ValueError
        return data

    def modified(self, entry: Entry) -> float | None:
        """When a file was changed.

        Most programs but Windows Explorer add the time in UTC (extra field 0x5455). The zip's own time has no zone: it
        is taken as local time.
        """
        info = self._infos[entry.position]
        extra = info.extra
        while len(extra) >= 9:
            kind, length = struct.unpack_from("<HH", extra)
            if kind == _UNIX_TIME and length >= 5 and extra[4] & 1:
                return float(struct.unpack_from("<i", extra, 5)[0])
            extra = extra[4 + length :]
        try:
            return time.mktime((*info.date_time, 0, 0, -1))
        except (ValueError, OverflowError):
            return None

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


def _name(info: zipfile.ZipInfo) -> tuple[str, bool]:
    """The name of an entry, and whether we can know it.

    A name without the UTF-8 flag is in the code page of the computer that packed it: UTF-8 from macOS, but cp850 and
    the like from Windows. Then a name with an umlaut cannot be known, and matters only where it would be taken.
    """
    name = info.orig_filename
    if info.flag_bits & _UTF8 or name.isascii():
        return name, True
    try:
        return name.encode("cp437").decode("utf-8"), True
    except UnicodeError:
        return name, False


def _kind(info: zipfile.ZipInfo) -> Kind:
    mode = info.external_attr >> 16
    match stat.S_IFMT(mode):
        case stat.S_IFLNK:
            return Kind.LINK
        case stat.S_IFCHR | stat.S_IFBLK | stat.S_IFIFO | stat.S_IFSOCK:
            return Kind.SPECIAL
        case _:
            is_folder = info.orig_filename.endswith(("/", "\\")) or (
                info.external_attr & _DOS_FOLDER and not info.file_size
            )
            return Kind.FOLDER if is_folder or stat.S_ISDIR(mode) else Kind.FILE
