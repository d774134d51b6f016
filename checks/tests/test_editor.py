"""What an editor shows inside a lesson: its language server is asked, as VS Code and others ask it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
SERVER = shutil.which("basedpyright-langserver", path=str(Path(sys.executable).parent))
FOLDERS = sorted(
    folder.relative_to(ROOT).as_posix()
    for target in ("lessons", "solutions")
    for folder in (ROOT / target).glob("lesson_[0-9][0-9]")
)
SETTINGS = {"autoImportCompletions": False}  # which would read every installed package
OWN_IMPORT = re.compile(r"^from app[.\w]* import \w", re.MULTILINE)

pytestmark = pytest.mark.skipif(SERVER is None, reason="the tools for authors are not installed: make test adds them")


class Editor:
    """As much of an editor as it takes to ask a language server."""

    def __init__(self, server: str) -> None:
        self._numbers = count(1)
        self._process = subprocess.Popen([server, "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        folder = {"uri": ROOT.as_uri(), "name": "workbook"}
        able = {"workspace": {"configuration": True, "workspaceFolders": True}}
        self.ask("initialize", processId=None, rootUri=folder["uri"], capabilities=able, workspaceFolders=[folder])
        self.tell("initialized")

    def tell(self, method: str, **params: Any) -> None:
        self._send({"method": method, "params": params})

    def ask(self, method: str, **params: Any) -> Any:
        number = next(self._numbers)
        self._send({"id": number, "method": method, "params": params})
        while True:
            message = self._receive()
            if "method" in message:
                if "id" in message:  # the server asks, most often for settings
                    asked: list[Any] = message["params"].get("items", [])
                    self._send({"id": message["id"], "result": [SETTINGS] * len(asked)})
            elif message.get("id") == number:
                return message["result"]

    def open(self, file: Path, text: str) -> dict[str, str]:
        document = {"uri": file.as_uri(), "languageId": "python", "version": 1, "text": text}
        self.tell("textDocument/didOpen", textDocument=document)
        return {"uri": file.as_uri()}

    def close(self) -> None:
        self.ask("shutdown")
        self.tell("exit")
        self._process.communicate(timeout=30)

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self._process.stdin is not None
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self._process.stdin.flush()

    def _receive(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        length = 0
        while header := self._process.stdout.readline().strip():
            if header.lower().startswith(b"content-length"):
                length = int(header.split(b":")[1])
        assert length, "the language server has ended"
        return json.loads(self._process.stdout.read(length))


@pytest.fixture(scope="module")
def editor() -> Iterator[Editor]:
    assert SERVER is not None
    editor = Editor(SERVER)
    yield editor
    editor.close()


@pytest.mark.parametrize("folder", FOLDERS)
def test_app_is_the_lessons_own_package(editor: Editor, folder: str) -> None:
    file, text, match = next(
        (file, text, match)
        for file in sorted((ROOT / folder / "app").rglob("*.py"))
        if (match := OWN_IMPORT.search(text := file.read_text(encoding="utf-8")))
    )
    document = editor.open(file, text)
    place = {"line": text.count("\n", 0, match.start()), "character": match.end() - match.start() - 1}
    found = editor.ask("textDocument/definition", textDocument=document, position=place)
    assert found
    assert {one["uri"] for one in found} <= {path.as_uri() for path in (ROOT / folder).rglob("*.py")}


@pytest.mark.parametrize("folder", FOLDERS)
def test_app_is_completed_with_the_lessons_own_modules(editor: Editor, folder: str) -> None:
    text = "from app. import x\n"
    document = editor.open(ROOT / folder / "app" / "not_there.py", text)
    answer = editor.ask("textDocument/completion", textDocument=document, position={"line": 0, "character": 9})
    offered = {item["label"] for item in answer["items"]}
    own = {path.stem for path in (ROOT / folder / "app").iterdir() if path.is_dir() or path.suffix == ".py"}
    assert own - {"__init__", "__pycache__"} <= offered
