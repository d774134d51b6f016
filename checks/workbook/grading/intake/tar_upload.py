"""Read a tar, plain or compressed, without unpacking it to disk."""

from __future__ import annotations

import bz2
import gzip
import lzma
import re
import tarfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import IO, Any, BinaryIO, Self, cast

from workbook.grading.intake.entry import Entry, InvalidUpload, Kind, is_ignored, listed, safe_name, shown
from workbook.grading.intake.limits import MB, Limits, size

DAMAGED = "The tar is damaged or cut off: pack it again and upload it again."
_CHUNK = 65_536
_XZ_MEMORY = 128 * MB
"""``xz -9`` needs 65 MB to unpack; a made-up header could ask for 4 GB."""
_EXTENDED = frozenset(
    {tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK}
)
_EXTENDED_BYTES = 16_384
_EXTENDED_IN_A_ROW = 4
_SEARCHED_SLOWLY = re.compile(rb"\d{100}")
"""Python before 3.11.10 and 3.12.6 takes quadratic time over long runs of digits there (CVE-2024-6232)."""
_FAULTS = (
    tarfile.TarError,
    lzma.LZMAError,
    zlib.error,
    EOFError,
    OSError,
    ValueError,
    OverflowError,
    LookupError,
    RecursionError,
)


class _XzReader:
    """Unpacks xz within a limit of memory, which ``lzma.open`` does not offer."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._engine, self._left = file, self._new(), b""

    @staticmethod
    def _new() -> lzma.LZMADecompressor:
        return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY)

    def read(self, count: int) -> bytes:
        while True:
            if self._engine.eof:
                self._left = self._engine.unused_data.lstrip(b"\0") or self._file.read(_CHUNK).lstrip(b"\0")
                if not self._left:
                    return b""
                self._engine = self._new()
            elif self._engine.needs_input and not self._left:
                self._left = self._file.read(_CHUNK)
                if not self._left:
                    raise EOFError
            data = self._engine.decompress(self._left, count)
            self._left = b""
            if data:
                return data


def _reader(file: BinaryIO) -> Callable[[int], bytes]:
    file.seek(0)
    magic = file.read(6)
    file.seek(0)
    if magic.startswith(b"\x1f\x8b"):
        return gzip.GzipFile(fileobj=file).read
    if magic.startswith(b"BZh"):
        return bz2.BZ2File(file).read
    if magic.startswith(b"\xfd7zXZ\0"):
        return _XzReader(file).read
    return file.read


class _Stream:
    """The unpacked bytes from front to back, counted as they come."""

    def __init__(self, file: BinaryIO, packed_bytes: int, limits: Limits) -> None:
        self._read, self._packed, self._limits = _reader(file), packed_bytes, limits
        self._buffer = bytearray()
        self._position = 0
        self.extended = 0
        """How many extended headers came in a row."""
        self.headers = 0

    def _fill(self, count: int) -> None:
        while len(self._buffer) < count and (data := self._read(_CHUNK)):
            self._buffer += data
            unpacked = self._position + len(self._buffer)
            if unpacked > self._limits.tar_bytes:
                raise InvalidUpload(
                    f"Unpacked it is more than {size(self._limits.tar_bytes)}: hand in only the lessons folder."
                )
            if unpacked > max(self._limits.ratio_from_bytes, self._packed * self._limits.ratio):
                raise InvalidUpload(
                    "It grows more than a hundredfold when unpacked, as no honest work does: pack it again."
                )

    def peek(self, count: int) -> bytes:
        self._fill(count)
        return bytes(self._buffer[:count])

    def read(self, count: int) -> bytes:
        data = self.peek(count)
        del self._buffer[: len(data)]
        self._position += len(data)
        return data

    def seek(self, position: int) -> int:
        if position < self._position:  # a header with a negative size would send tarfile round and round
            raise InvalidUpload(DAMAGED)
        while self._position < position:
            if not self.read(min(position - self._position, _CHUNK)):
                raise InvalidUpload(DAMAGED)
        return position

    def tell(self) -> int:
        return self._position


class _StrictInfo(tarfile.TarInfo):
    """Looks at each header before ``tarfile`` acts on it."""

    @classmethod
    def fromtarfile(cls, tarfile: tarfile.TarFile) -> Self:
        stream = cast("_Stream", tarfile.fileobj)
        block = stream.peek(512)
        if block.count(0) != 512:  # all zero is the end, which tarfile knows
            _check_header(cls, stream, block)
        return super().fromtarfile(tarfile)


def _check_header(cls: type[tarfile.TarInfo], stream: _Stream, block: bytes) -> None:
    try:
        head = cls.frombuf(block, "utf-8", "surrogateescape")
    except _FAULTS:  # tarfile itself would take a bad header for the end
        raise InvalidUpload(DAMAGED) from None
    if head.size < 0:
        raise InvalidUpload(DAMAGED)
    if head.type == tarfile.GNUTYPE_SPARSE:
        raise InvalidUpload("It holds a sparse file: hand in plain files.")
    if head.type not in _EXTENDED:
        stream.extended = 0
        return
    stream.extended += 1
    if stream.extended > _EXTENDED_IN_A_ROW or head.size > _EXTENDED_BYTES:
        raise InvalidUpload("It holds a name or header that is far too long: pack it again.")
    payload = stream.peek(512 + head.size)[512:]
    if b"GNU.sparse" in payload:
        raise InvalidUpload("It holds a sparse file: hand in plain files.")
    if _SEARCHED_SLOWLY.search(payload):
        raise InvalidUpload(DAMAGED)


class TarUpload:
    """An open tar."""

    def __init__(self, file: BinaryIO, packed_bytes: int, limits: Limits) -> None:
        """Read it once from front to back, and check every name in it.

        Args:
            file: the open file; closed with this.
            packed_bytes: its length.
            limits: what it may hold.

        Raises:
            InvalidUpload: it is no readable tar, or not a safe one.
        """
        self._file, self._packed_bytes, self._limits = file, packed_bytes, limits
        self._times: list[float] = []
        self.entries = listed(self._scan(), limits)

    def _members(self) -> Iterator[tuple[tarfile.TarFile, tarfile.TarInfo]]:
        try:
            stream = _Stream(self._file, self._packed_bytes, self._limits)
            archive = tarfile.TarFile(
                fileobj=cast("IO[bytes]", stream), tarinfo=_StrictInfo, encoding="utf-8", errors="surrogateescape"
            )
            while (info := archive.next()) is not None:
                cast("Any", archive).members.clear()  # nobody asks for them again
                yield archive, info
            while stream.read(_CHUNK):  # to the very end, where gzip and xz keep their checksums
                pass
        except _FAULTS:
            raise InvalidUpload(DAMAGED) from None

    def _scan(self) -> Iterator[Entry]:
        for position, (_, info) in enumerate(self._members()):
            name = safe_name(info.name, self._limits)
            kind, ignored = _kind(info), is_ignored(name)
            if kind is Kind.SPECIAL and not ignored:
                raise InvalidUpload(f"It holds a device or pipe ({shown(name)}): hand in plain files.")
            self._times.append(info.mtime)
            yield Entry(name, kind, info.size, ignored, position=position)

    def read(self, wanted: Iterable[Entry], limit: int) -> Iterator[tuple[Entry, bytes]]:
        """Read files; see ``Upload.read``. They come in the order of the archive."""
        entries = {entry.position: entry for entry in wanted}
        if not entries:
            return
        last = max(entries)
        for position, (archive, info) in enumerate(self._members()):
            if entry := entries.get(position):
                if entry.size > limit:
                    raise InvalidUpload(f"{shown(entry.name)} is larger than {size(limit)}: leave it out.")
                try:
                    content = archive.extractfile(info)
                    data = content.read(entry.size + 1) if content is not None else b""
                except _FAULTS:
                    raise InvalidUpload(DAMAGED) from None
                if len(data) != entry.size:
                    raise InvalidUpload(DAMAGED)
                yield entry, data
            if position == last:
                return

    def modified(self, entry: Entry) -> float | None:
        """When a file was changed."""
        return float(self._times[entry.position])

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


def _kind(info: tarfile.TarInfo) -> Kind:
    if info.issym() or info.islnk():
        return Kind.LINK
    if info.isdir():
        return Kind.FOLDER
    return Kind.FILE if info.isreg() else Kind.SPECIAL
