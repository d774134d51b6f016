"""Learners' ids as names of files: safe, readable, and never the same for two ids."""

from __future__ import annotations

import hashlib
import re
import unicodedata

_LONGEST = 60
_PLAIN = re.compile(r"[a-z0-9](?:[a-z0-9._@-]*[a-z0-9])?")
_HASHED = re.compile(r".*-[0-9a-f]{12}")
_RESERVED = re.compile(r"(?:con|prn|aux|nul|conin\$|conout\$|clock\$|(?:com|lpt)[0-9])(?:\..*)?")
"""Devices on Windows, with or without an extension (Microsoft, "Naming Files, Paths, and Namespaces")."""


def file_name(learner_id: str) -> str:
    """A name for a file or folder of one learner's, without an extension.

    An id of lower-case letters, digits, dots, hyphens, underscores and at-signs is its own name. From any other a
    readable part is kept, and twelve digits of its SHA-256 follow, so that two ids never share a name: not on a file
    system that ignores case, and not where one id looks like the name of another.
    """
    usable = _PLAIN.fullmatch(learner_id) and len(learner_id) <= _LONGEST and ".." not in learner_id
    if usable and not _HASHED.fullmatch(learner_id) and not _RESERVED.fullmatch(learner_id):
        return learner_id
    ascii_text = unicodedata.normalize("NFKD", learner_id[:1000]).encode("ascii", "ignore").decode().lower()
    readable = re.sub(r"[^a-z0-9]+", "-", ascii_text).strip("-")[: _LONGEST - 13].strip("-") or "learner"
    digest = hashlib.sha256(learner_id.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return f"{readable}-{digest}"
