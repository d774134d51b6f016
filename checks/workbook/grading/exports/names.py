"""Learners' ids as names of files: safe, readable, and never the same for two ids."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Collection

from workbook.grading.gradebook import Learner

_LONGEST = 60
_PLAIN = re.compile(r"[a-z0-9](?:[a-z0-9._@-]*[a-z0-9])?")
_HASHED = re.compile(r".*-[0-9a-f]{12}")
_RESERVED = re.compile(r"(?:con|prn|aux|nul|conin\$|conout\$|clock\$|(?:com|lpt)[0-9])(?:\..*)?")
"""Devices on Windows, with or without an extension (Microsoft, "Naming Files, Paths, and Namespaces")."""


def readable_names(learners: Collection[Learner]) -> dict[str, str]:
    """For each learner's id a name for a file that people look for by name: ``ada-lovelace-4711`` for a mere number."""
    plain = {learner.id: file_name(learner.id) for learner in learners}
    taken = set(plain.values())
    for learner in learners:
        if learner.id.isdecimal() and (words := _readable(learner.name)):
            name = f"{words}-{plain[learner.id]}"
            if name not in taken:
                taken.add(name)
                plain[learner.id] = name
    return plain


def file_name(learner_id: str) -> str:
    """A name for a file or folder of one learner's, without an extension.

    An id of lower-case letters, digits, dots, hyphens, underscores and at-signs is its own name. From any other a
    readable part is kept, and twelve digits of its SHA-256 follow, so that two ids never share a name: not on a file
    system that ignores case, and not where one id looks like the name of another.
    """
    usable = _PLAIN.fullmatch(learner_id) and len(learner_id) <= _LONGEST and ".." not in learner_id
    if usable and not _HASHED.fullmatch(learner_id) and not _RESERVED.fullmatch(learner_id):
        return learner_id
    digest = hashlib.sha256(learner_id.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return f"{_readable(learner_id) or 'learner'}-{digest}"


def _readable(text: str) -> str:
    ascii_text = unicodedata.normalize("NFKD", text[:1000]).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", ascii_text).strip("-")[: _LONGEST - 13].strip("-")
