"""Makers of hostile and broken uploads, each with words that the answer to it has to hold.

They take the files of an honest upload and spoil it, so that a grader that fell for one would give its full mark.
Nothing here is stored: a bomb in a repository is a nuisance to everybody who clones it.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import socket
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

Files = Mapping[str, bytes]
INSIDE = "lessons/lesson_01/"
MB = 1_000_000


@dataclass(frozen=True)
class HostileArchive:
    """An archive, made from the files of an honest one."""

    name: str
    suffix: str
    make: Callable[[Files], bytes]
    says: str
    """Words of the sentence that answers it."""


@dataclass(frozen=True)
class HostileFolder:
    """A folder that holds the files of an honest one, spoilt after they were written."""

    name: str
    spoil: Callable[[Path], object]
    says: str


@dataclass(frozen=True)
class RawEntry:
    """One entry of a zip, with headers that may lie."""

    name: bytes
    content: bytes = b""
    size: int | None = None
    crc: int | None = None
    mode: int = 0o100644
    flags: int = 0x800
    offset: int | None = None
    """Where the table of contents says that it begins."""


@lru_cache(maxsize=1)
def _deflated(content: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(content) + packer.flush()


def raw_zip(entries: Iterable[RawEntry]) -> bytes:
    """Write a zip by hand; ``zipfile`` is too honest."""
    body, table, count = bytearray(), bytearray(), 0
    for entry in entries:
        packed = _deflated(entry.content)
        size = len(entry.content) if entry.size is None else entry.size
        crc = zlib.crc32(entry.content) if entry.crc is None else entry.crc
        common = struct.pack(
            "<HHHHIIIHH", entry.flags, 8, 0, 0x5A21, crc, len(packed), size, len(entry.name), 0
        )  # deflated, 2025-01-01
        offset = len(body) if entry.offset is None else entry.offset
        table += struct.pack("<4sHH", b"PK\1\2", 0x031E, 20) + common
        table += struct.pack("<HHHII", 0, 0, 0, entry.mode << 16, offset) + entry.name
        if entry.offset is None:
            body += struct.pack("<4sH", b"PK\3\4", 20) + common + entry.name + packed
        count += 1
    end = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, min(count, 0xFFFF), min(count, 0xFFFF), len(table), len(body), 0)
    return bytes(body + table + end)


def make_zip(files: Files) -> bytes:
    """An honest zip."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return stream.getvalue()


def make_tar(files: Files, *extra: tuple[tarfile.TarInfo, bytes], format: int = tarfile.GNU_FORMAT) -> bytes:
    """An honest tar, and after its files whatever is in ``extra``."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=format) as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size, info.mtime = len(content), 1_750_000_000
            archive.addfile(info, io.BytesIO(content))
        for info, content in extra:
            info.size = info.size or len(content)
            archive.addfile(info, io.BytesIO(content) if content else None)
    return stream.getvalue()


def _zip_with(*entries: RawEntry) -> Callable[[Files], bytes]:
    return lambda files: raw_zip([*(RawEntry(name.encode(), data) for name, data in files.items()), *entries])


def _zip_name(name: str | bytes) -> Callable[[Files], bytes]:
    return _zip_with(RawEntry(name if isinstance(name, bytes) else name.encode(), b"x = 1\n"))


def _tar_name(name: str) -> Callable[[Files], bytes]:
    return lambda files: make_tar(files, (tarfile.TarInfo(name), b"x = 1\n"))


def _tar_kind(kind: bytes, name: str, target: str = "") -> Callable[[Files], bytes]:
    def make(files: Files) -> bytes:
        info = tarfile.TarInfo(name)
        info.type, info.linkname = kind, target
        return make_tar(files, (info, b""))

    return make


def _gnu_sparse(files: Files) -> bytes:
    info = tarfile.TarInfo(f"{INSIDE}holes.py")
    info.type = tarfile.GNUTYPE_SPARSE
    return make_tar(files, (info, b""))


def _pax(headers: dict[str, str]) -> Callable[[Files], bytes]:
    def make(files: Files) -> bytes:
        info = tarfile.TarInfo(f"{INSIDE}odd.py")
        info.pax_headers = headers
        return make_tar(files, (info, b"x = 1\n"), format=tarfile.PAX_FORMAT)

    return make


def _negative_size(files: Files) -> bytes:
    """A header whose size sends a reader back to itself, for ever (CVE-2025-8194)."""
    data = bytearray(make_tar(files))
    data[124:136] = b"\xff" * 11 + b"\x00"
    data[148:156] = b" " * 8
    data[148:156] = f"{sum(data[:512]):06o}\0 ".encode()
    return bytes(data)


def _chain_of_long_names(files: Files) -> bytes:
    """Headers about headers about headers: a reader that recurses runs out of stack."""
    info = tarfile.TarInfo("././@LongLink")
    info.type, info.size = tarfile.GNUTYPE_LONGNAME, 10
    header = info.tobuf(tarfile.GNU_FORMAT)
    return (header + b"x".ljust(512, b"\0")) * 3_000 + make_tar(files)


def _endless_long_name(files: Files) -> bytes:
    info = tarfile.TarInfo("././@LongLink")
    info.type, info.size = tarfile.GNUTYPE_LONGNAME, 400 * MB
    return info.tobuf(tarfile.GNU_FORMAT) + b"a" * 4096 + make_tar(files)


def _broken_header(files: Files) -> bytes:
    data = bytearray(make_tar(files))
    second = 512 + -(-len(next(iter(files.values()))) // 512) * 512
    data[second : second + 100] = b"?" * 100
    return bytes(data)


def _tar_bomb(files: Files) -> bytes:
    return make_tar({**files, "big.bin": bytes(24 * MB)})


def _overlapping(files: Files) -> bytes:
    """Many entries that share one packed content: the bomb that needs no nesting."""
    kernel = RawEntry(f"{INSIDE}k.py".encode(), b"# " * 10_000)
    shared = [RawEntry(f"{INSIDE}k{number}.py".encode(), kernel.content, offset=0) for number in range(50)]
    return raw_zip([kernel, *(RawEntry(name.encode(), data) for name, data in files.items()), *shared])


def _nested(files: Files) -> bytes:
    return make_zip({"inner.zip": make_zip(files), "readme.txt": b"look inside\n"})


def _long_table(files: Files) -> bytes:
    data = make_zip(files)
    at = data.rindex(b"PK\5\6")
    return data[:at] + bytes(30 * MB) + data[at : at + 12] + struct.pack("<I", 30 * MB + 100) + data[at + 16 :]


def _twice(files: Files) -> bytes:
    name, content = next(iter(files.items()))
    return raw_zip([RawEntry(name.encode(), content), RawEntry(name.encode(), b"other = 1\n")])


def _two_lessons(files: Files) -> bytes:
    old = {name.replace("lessons/", "old/"): content for name, content in files.items()}
    return make_zip({**files, **old})


ARCHIVES: tuple[HostileArchive, ...] = (
    # F30: names that lead out
    HostileArchive("zip traversal", ".zip", _zip_name("../../escaped.py"), "leads out of it"),
    HostileArchive("zip traversal inside", ".zip", _zip_name(f"{INSIDE}../../../escaped.py"), "leads out of it"),
    HostileArchive("zip absolute", ".zip", _zip_name("/tmp/escaped.py"), "absolute name"),
    HostileArchive("zip drive letter", ".zip", _zip_name("C:/escaped.py"), "absolute name"),
    HostileArchive("zip backslash traversal", ".zip", _zip_name("lessons\\..\\..\\escaped.py"), "leads out of it"),
    HostileArchive("zip backslash drive", ".zip", _zip_name("C:\\escaped.py"), "absolute name"),
    HostileArchive("zip network share", ".zip", _zip_name("\\\\server\\share\\x.py"), "absolute name"),
    HostileArchive("tar traversal", ".tar.gz", lambda f: gzip.compress(_tar_name("../x.py")(f), 1), "leads out of it"),
    HostileArchive("tar absolute", ".tar", _tar_name("/tmp/escaped.py"), "absolute name"),
    HostileArchive("tar backslash", ".tar", _tar_name("lessons\\lesson_01\\x.py"), "backslash"),
    # F31, F32: what is no plain file
    HostileArchive(
        "zip symlink", ".zip", _zip_with(RawEntry(f"{INSIDE}link.py".encode(), b"/etc/passwd", mode=0o120777)), "a link"
    ),
    HostileArchive(
        "zip symlink lessons", ".zip", lambda _: raw_zip([RawEntry(b"lessons", b"/etc", mode=0o120777)]), "a link"
    ),
    HostileArchive(
        "zip pipe", ".zip", _zip_with(RawEntry(f"{INSIDE}pipe.py".encode(), mode=0o010644)), "device or pipe"
    ),
    HostileArchive("tar symlink", ".tar", _tar_kind(tarfile.SYMTYPE, f"{INSIDE}report.json", "/etc/passwd"), "a link"),
    HostileArchive(
        "tar symlinked folder",
        ".tar",
        _tar_kind(tarfile.SYMTYPE, "lessons/lesson_01", "/etc"),
        "as a file and as a folder",
    ),
    HostileArchive("tar hard link", ".tar", _tar_kind(tarfile.LNKTYPE, f"{INSIDE}hard.py", "/etc/passwd"), "a link"),
    HostileArchive("tar fifo", ".tar", _tar_kind(tarfile.FIFOTYPE, f"{INSIDE}pipe.py"), "device or pipe"),
    HostileArchive("tar device", ".tar", _tar_kind(tarfile.CHRTYPE, "zero"), "device or pipe"),
    # F29: bombs
    HostileArchive("zip bomb", ".zip", lambda f: make_zip({**f, "zeros.bin": bytes(24 * MB)}), "hundredfold"),
    HostileArchive("zip of a terabyte", ".zip", _zip_with(RawEntry(b"big.bin", b"x", size=0xFFFF_FFF0)), "the most"),
    HostileArchive("zip overlapping", ".zip", _overlapping, "overlap"),
    HostileArchive("zip nested", ".zip", _nested, "holds no lesson_NN folder"),
    HostileArchive(
        "zip of 60,000 files",
        ".zip",
        lambda f: raw_zip([RawEntry(b"n/%d" % number) for number in range(60_000)]),
        "more than 50,000 files",
    ),
    HostileArchive("zip long table", ".zip", _long_table, "table of contents is too long"),
    HostileArchive("zip deep", ".zip", _zip_name("d/" * 400 + "x.py"), "deep"),
    HostileArchive("zip very deep", ".zip", _zip_name("d/" * 4_096 + "x.py"), "more than 1024 bytes"),
    HostileArchive(
        "zip big file", ".zip", _zip_with(RawEntry(f"{INSIDE}big.py".encode(), os.urandom(3 * MB))), "larger than 2 MB"
    ),
    HostileArchive(
        "zip many files in a lesson",
        ".zip",
        _zip_with(*(RawEntry(f"{INSIDE}n{number}.py".encode()) for number in range(600))),
        "500 is the most",
    ),
    HostileArchive(
        "zip big lesson",
        ".zip",
        _zip_with(*(RawEntry(f"{INSIDE}n{number}.bin".encode(), os.urandom(MB)) for number in range(5))),
        "4 MB is the most",
    ),
    HostileArchive("tar.gz bomb", ".tar.gz", lambda f: gzip.compress(_tar_bomb(f), 6), "hundredfold"),
    HostileArchive("tar.bz2 bomb", ".tar.bz2", lambda f: bz2.compress(_tar_bomb(f)), "hundredfold"),
    HostileArchive("tar.xz bomb", ".tar.xz", lambda f: lzma.compress(_tar_bomb(f), preset=0), "hundredfold"),
    HostileArchive("tar sparse", ".tar", _gnu_sparse, "sparse"),
    HostileArchive("tar sparse in pax", ".tar", _pax({"GNU.sparse.size": "9999999999999"}), "sparse"),
    HostileArchive("tar negative size", ".tar", _negative_size, "damaged"),
    HostileArchive("tar negative size in pax", ".tar", _pax({"size": "-10240"}), "damaged"),
    HostileArchive("tar slow digits", ".tar", _pax({"comment": "1" * 15_000}), "damaged"),
    HostileArchive("tar chain of long names", ".tar", _chain_of_long_names, "far too long"),
    HostileArchive("tar endless name", ".tar", _endless_long_name, "far too long"),
    # F33, F34: names
    HostileArchive("zip twice the same", ".zip", _twice, "twice"),
    HostileArchive("zip case", ".zip", _zip_name(f"{INSIDE}app/MAIN.py"), "differ only in case"),
    HostileArchive("zip case of folders", ".zip", _zip_name(f"{INSIDE}App/other.py"), "differ only in case"),
    HostileArchive("zip file and folder", ".zip", _zip_name(f"{INSIDE}app/main.py/x.py"), "as a file and as a folder"),
    HostileArchive("zip not UTF-8", ".zip", _zip_name(f"{INSIDE}".encode() + b"\xff\xfe.py"), "damaged"),
    HostileArchive(
        "zip of an unknown code page",
        ".zip",
        _zip_with(RawEntry(f"{INSIDE}".encode() + b"\x81.py", flags=0)),
        "not UTF-8",
    ),
    HostileArchive("zip line break", ".zip", _zip_name(f"{INSIDE}a\nb.py"), "line break"),
    HostileArchive("zip NUL", ".zip", _zip_name(f"{INSIDE}a.py\0.txt"), "control character"),
    HostileArchive("zip escape codes", ".zip", _zip_name(f"{INSIDE}\x1b[2Jx.py"), "control character"),
    HostileArchive("zip long part", ".zip", _zip_name(f"{INSIDE}{'n' * 256}.py"), "more than 255 bytes"),
    HostileArchive("tar not UTF-8", ".tar", _tar_name(f"{INSIDE}\udcff.py"), "not UTF-8"),
    HostileArchive("tar line break", ".tar", _tar_name(f"{INSIDE}a\nb.py"), "line break"),
    HostileArchive(
        "tar twice the same", ".tar", lambda f: make_tar(f, (tarfile.TarInfo(next(iter(f))), b"x")), "twice"
    ),
    # broken
    HostileArchive(
        "zip locked", ".zip", _zip_with(RawEntry(f"{INSIDE}secret.py".encode(), b"x", flags=0x801)), "password"
    ),
    HostileArchive("zip cut off", ".zip", lambda f: make_zip(f)[:-30], "damaged"),
    HostileArchive(
        "zip claims less", ".zip", _zip_with(RawEntry(f"{INSIDE}lie.py".encode(), b"x" * 5_000, size=10)), "damaged"
    ),
    HostileArchive(
        "zip claims more", ".zip", _zip_with(RawEntry(f"{INSIDE}lie.py".encode(), b"x", size=5_000)), "damaged"
    ),
    HostileArchive(
        "zip wrong checksum", ".zip", _zip_with(RawEntry(f"{INSIDE}bad.py".encode(), b"x", crc=1)), "damaged"
    ),
    HostileArchive("tar cut off", ".tar", lambda f: make_tar(f)[:700], "damaged"),
    HostileArchive("tar.gz cut off", ".tar.gz", lambda f: gzip.compress(make_tar(f))[:-20], "damaged"),
    HostileArchive("tar.xz cut off", ".tar.xz", lambda f: lzma.compress(make_tar(f))[:-20], "damaged"),
    HostileArchive("tar broken header", ".tar", _broken_header, "damaged"),
    HostileArchive("empty file", ".zip", lambda _: b"", "empty"),
    HostileArchive("no archive", ".zip", lambda _: b"Rar!\x1a\x07 not for us", "no folder, zip or tar"),
    # what it holds
    HostileArchive("no lesson", ".zip", lambda _: make_zip({"essay.docx": b"hello"}), "holds no lesson_NN folder"),
    HostileArchive(
        "solutions only",
        ".zip",
        lambda f: make_zip({name.replace("lessons/", "solutions/"): data for name, data in f.items()}),
        "outside of solutions/ and checks/",
    ),
    HostileArchive("two of a lesson", ".zip", _two_lessons, "lesson_01 twice (lessons/lesson_01 and old/lesson_01)"),
)


def write_files(folder: Path, files: Files) -> Path:
    """Write an honest folder."""
    for name, content in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return folder


def _socket(folder: Path) -> None:
    here = Path.cwd()
    os.chdir(folder / INSIDE)  # the path of a socket is at most 107 bytes long
    try:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind("service.py")
    finally:
        os.chdir(here)


def _deep(folder: Path) -> None:
    (folder / "lessons" / "lesson_01" / Path(*["d"] * 100)).mkdir(parents=True)


def _out_of_the_tree(folder: Path) -> None:
    (folder / INSIDE / "app" / "main.py").unlink()
    (folder / INSIDE / "app" / "main.py").symlink_to("/etc/passwd")


def _linked_lesson(folder: Path) -> None:
    (folder / "lessons" / "lesson_01").rename(folder / "elsewhere")
    (folder / "lessons" / "lesson_01").symlink_to(folder / "elsewhere", target_is_directory=True)


def _linked_lessons(folder: Path) -> None:
    (folder / "lessons").rename(folder / "elsewhere")
    (folder / "lessons").symlink_to(folder / "elsewhere", target_is_directory=True)


def _not_utf8(folder: Path) -> None:
    with open(os.fsencode(folder / INSIDE) + b"\xff.py", "wb"):  # noqa: PTH123 - a name that is no text
        pass


FOLDERS: tuple[HostileFolder, ...] = (
    HostileFolder("symlink out of the tree", _out_of_the_tree, "is a link"),
    HostileFolder("symlinked lesson", _linked_lesson, "is a link"),
    HostileFolder("symlinked lessons", _linked_lessons, "is a link"),
    HostileFolder("fifo", lambda folder: os.mkfifo(folder / INSIDE / "pipe.py"), "device or pipe"),
    HostileFolder("socket", _socket, "device or pipe"),
    HostileFolder("not UTF-8", _not_utf8, "not UTF-8"),
    HostileFolder("line break", lambda folder: (folder / INSIDE / "a\nb.py").touch(), "line break"),
    HostileFolder("case", lambda folder: (folder / INSIDE / "app" / "MAIN.py").touch(), "differ only in case"),
    HostileFolder("deep", _deep, "deep"),
    HostileFolder(
        "big file", lambda folder: (folder / INSIDE / "big.py").write_bytes(bytes(3 * MB)), "larger than 2 MB"
    ),
    HostileFolder(
        "hole of 10 GB",
        lambda folder: os.truncate(_touched(folder / INSIDE / "hole.py"), 10_000 * MB),
        "larger than 2 MB",
    ),
    HostileFolder(
        "many files",
        lambda folder: [(folder / INSIDE / f"n{number}.py").touch() for number in range(501)],
        "500 is the most",
    ),
)


def _touched(file: Path) -> Path:
    file.touch()
    return file
