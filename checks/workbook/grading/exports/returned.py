"""The feedback as a learner gets it back: by Canvas, by Moodle, or by e-mail.

``canvas-feedback.zip``
    For "Upload Submissions" (in the assignment, beside "Download Submissions"). Canvas reads whose a file is from its
    name, ``lovelaceada_4711_815_feedback.html``: the user's number, and then that of a file that was handed in
    (``infer_comment_context_from_filename`` in ``app/models/abstract_assignment.rb`` of canvas-lms). Both are in the
    names of what "Download Submissions" gave, so only who was graded from such an upload is in it.
``moodle-feedback.zip``
    For "Upload multiple feedback files in a zip". Moodle reads whose a file is from its folder,
    ``Ada Lovelace_70001_assignsubmission_file``: the second part, between underscores, is the participant
    (``mod/assign/feedback/file/importziplib.php``).
``mail/ID.eml``
    A message for each learner that a mail program opens, and ``sendmail -t`` sends.

All three hold the text of ``feedback/ID.md`` and nothing more.
"""

from __future__ import annotations

import html
import io
import re
import zipfile
from collections.abc import Callable, Mapping
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from workbook.course.files import replace_bytes
from workbook.course.text import encodable, line
from workbook.grading.exports.feedback import feedback
from workbook.grading.exports.files import replace_tree
from workbook.grading.exports.names import readable_names
from workbook.grading.exports.options import Options, Written
from workbook.grading.gradebook import Gradebook, LearnerGrade, Standing

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

CANVAS, MOODLE, MAIL = "canvas-feedback.zip", "moodle-feedback.zip", "mail"
_CANVAS_UPLOAD = re.compile(r"(?P<name>[^_]+)(?:_late)?_(?P<user>\d+)_(?P<file>\d+)_", re.IGNORECASE)
_MOODLE_UPLOAD = re.compile(r".+_(?P<participant>\d+)_assignsubmission_\w+", re.DOTALL)
_PARTICIPANT = re.compile(r"\D*(?P<participant>\d+)")
_NOT_IN_NAMES = re.compile(r"[^\w .,'-]+|_+")
_BEGINNING = (1980, 1, 1, 0, 0, 0)
"""The time of every file in an archive, so that the same feedback makes the same bytes."""
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 50rem; margin: 2rem auto; padding: 0 1rem; }}
pre {{ overflow-x: auto; padding: 0.75rem; border: 1px solid; border-radius: 0.25rem; }}
td, th {{ padding: 0.1rem 0.6rem; text-align: left; }}
</style>
</head>
<body>
{body}</body>
</html>
"""


def write_canvas(book: Gradebook, folder: Path, options: Options = Options()) -> Written:  # noqa: B008
    """Write ``canvas-feedback.zip``."""
    return _archive(book, folder / CANVAS, _for_canvas, "the upload is not named as Canvas names what it hands out")


def write_moodle(book: Gradebook, folder: Path, options: Options = Options()) -> Written:  # noqa: B008
    """Write ``moodle-feedback.zip``."""
    return _archive(book, folder / MOODLE, _for_moodle, "nothing says which participant it is")


def write_mail(book: Gradebook, folder: Path, options: Options = Options()) -> Written:  # noqa: B008
    """Write a message for everybody who has an e-mail address, also for who handed nothing in."""
    names = readable_names([grade.learner for grade in book.learners])
    texts: dict[str, str] = {}
    left_out: list[tuple[str, str]] = []
    for grade in book.learners:
        try:
            message = mail(book, grade)
        except ValueError:
            left_out.append((grade.learner.id, "the roster has no e-mail address that can be written to"))
        else:
            texts[f"{names[grade.learner.id]}.eml"] = message.as_bytes(policy=SMTP).decode("ascii")
    return Written(tuple(replace_tree(folder / MAIL, texts, "*.eml")), left_out=tuple(left_out))


def mail(book: Gradebook, grade: LearnerGrade) -> EmailMessage:
    """A learner's feedback as an e-mail, as text and as HTML.

    Raises:
        ValueError: the learner has no address, or one that is none.
    """
    message = EmailMessage()
    message["To"] = Address(display_name=line(grade.learner.name), addr_spec=grade.learner.email.strip())
    message["Subject"] = line(f"{book.course}: your points")
    text = encodable(feedback(book, grade))
    message.set_content(text, cte="base64")
    message.add_alternative(as_page(book, text), subtype="html", cte="base64")
    message.set_boundary("=_part")  # no base64 holds it; one made by chance would make another file each time
    return message


def as_page(book: Gradebook, text: str) -> str:
    """A learner's feedback, which is Markdown, as a page of its own."""
    return _PAGE.format(title=html.escape(line(book.course)), body=_markdown().render(text))


@cache
def _markdown() -> MarkdownIt:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": False}).enable("table")


def _for_canvas(grade: LearnerGrade) -> str:
    """The name that Canvas knows a learner's feedback by; empty where there is none."""
    match = _CANVAS_UPLOAD.match(grade.source)
    return f"{_words(match['name'])}_{match['user']}_{match['file']}_feedback.html" if match else ""


def _for_moodle(grade: LearnerGrade) -> str:
    """The same for Moodle."""
    identifier = _PARTICIPANT.fullmatch(grade.learner.moodle.get("Identifier", "").strip())
    match = identifier or _MOODLE_UPLOAD.match(grade.source)
    name = _words(grade.learner.name) or "Participant"
    return f"{name}_{match['participant']}_assignsubmission_file/feedback.html" if match else ""


def _words(text: str) -> str:
    """A name as it may stand in one that is cut at underscores."""
    return _NOT_IN_NAMES.sub(" ", line(text, 60)).strip(" .") or "learner"


def _archive(book: Gradebook, file: Path, name_of: Callable[[LearnerGrade], str], unknown: str) -> Written:
    pages: dict[str, str] = {}
    left_out: list[tuple[str, str]] = []
    for grade in book.learners:
        if grade.standing is Standing.MISSING and not grade.is_decided:
            left_out.append((grade.learner.id, "nothing was handed in"))
        elif not (name := name_of(grade)) or name in pages:
            left_out.append((grade.learner.id, unknown))
        else:
            pages[name] = as_page(book, encodable(feedback(book, grade)))
    return Written((replace_bytes(file, _zipped(pages)),), left_out=tuple(left_out))


def _zipped(files: Mapping[str, str]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name, _BEGINNING), text.encode(), zipfile.ZIP_DEFLATED)
    return stream.getvalue()
