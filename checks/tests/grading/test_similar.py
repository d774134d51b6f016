"""Similar work: copies are found through what is easily changed, honest likeness is not listed, nothing is raised."""

from __future__ import annotations

import ast
import json
import os
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from workbook.authoring.errors import AuthoringError
from workbook.authoring.starters import BuiltLesson, build_lesson
from workbook.authoring.variants import Variant, apply_variant, read_variants
from workbook.course.model import find_course
from workbook.grading.intake.submission import Files, Submission
from workbook.grading.similarity import similar
from workbook.grading.similarity.pairs import SimilarPair
from workbook.grading.similarity.streams import FILE_BYTES, TOKENS, Look, readable, streams

COURSE = find_course()
LESSON = COURSE.lesson(2)
HONEST = 8
WORDS = ("we", "save", "the", "row", "before", "an", "answer", "goes", "out", "since", "nobody", "may", "see", "half")

Change = Callable[[ast.Module, random.Random], None]


class Habits(ast.NodeTransformer):
    """Ways to say the same that people differ in."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.named, self.swapped, self.shuffled = (chance.choice((0.0, 0.3, 0.8)) for _ in range(3))
        self.name = chance.choice(("answer", "result", "found", "out"))

    def visit_Return(self, node: ast.Return) -> ast.AST | list[ast.AST]:
        self.generic_visit(node)
        if isinstance(node.value, ast.Call) and self.chance.random() < self.named:
            kept = ast.Assign([ast.Name(self.name, ast.Store())], node.value)
            return [kept, ast.Return(ast.Name(self.name, ast.Load()))]
        return node

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.ops[0], ast.Is | ast.Eq) and self.chance.random() < self.swapped:
            return ast.UnaryOp(ast.Not(), ast.Compare(node.left, [ast.NotEq()], node.comparators))
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if self.chance.random() < self.shuffled:
            self.chance.shuffle(node.keywords)
        return node


def functions(tree: ast.Module) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def rename(tree: ast.Module, chance: random.Random) -> None:
    for function in functions(tree):
        nodes = [node for node in ast.walk(function) if isinstance(node, ast.Name)]
        local = {node.id: f"{chance.choice(WORDS)}_{chance.randrange(99)}" for node in nodes if is_set(node)}
        for node in nodes:
            node.id = local.get(node.id, node.id)


def is_set(name: ast.Name) -> bool:
    return isinstance(name.ctx, ast.Store)


def reword(tree: ast.Module, chance: random.Random) -> None:
    for function in functions(tree):
        if ast.get_docstring(function) is not None:
            function.body.pop(0)
        function.body.insert(0, ast.Expr(ast.Constant(" ".join(chance.choices(WORDS, k=8)))))


def reorder(tree: ast.Module, chance: random.Random) -> None:
    places = [place for place, node in enumerate(tree.body) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    moved = [tree.body[place] for place in places]
    chance.shuffle(moved)
    for place, node in zip(places, moved, strict=True):
        tree.body[place] = node


def habits(tree: ast.Module, chance: random.Random) -> None:
    own = Habits(chance)
    tree.body = [own.visit(node) for node in tree.body]


def changed(files: Files, starter: Files, seed: int, *changes: Change) -> Files:
    """The learner's own files, written anew with some changes."""
    made = dict(files)
    chance = random.Random(seed)
    for name, content in files.items():
        if name.endswith(".py") and starter.get(name) != content:
            tree = ast.parse(content)
            for change in changes:
                change(tree, chance)
            made[name] = (ast.unparse(ast.fix_missing_locations(tree)) + "\n").encode()
    return made


@pytest.fixture(scope="module")
def built() -> BuiltLesson:
    return build_lesson(COURSE, LESSON)


@pytest.fixture(scope="module")
def honest(built: BuiltLesson) -> dict[str, Files]:
    """A class that solved the lesson in ways of its own."""
    right = [variant for variant in read_variants(COURSE, LESSON) if variant.is_right]
    chance = random.Random(2)
    works: dict[str, Files] = {}
    for number in range(HONEST):
        files = with_some(built, chance.sample(right, 3))
        works[f"h{number:02d}"] = changed(files, built.files, number, habits, rename, reword)
    return works


def with_some(built: BuiltLesson, variants: list[Variant]) -> Files:
    """The solution with as many of these variants as fit together."""
    edits = variants[0].edits
    files = apply_variant(built, variants[0])
    for variant in variants[1:]:
        try:
            files = apply_variant(built, Variant("both", (*edits, *variant.edits)))
        except AuthoringError:
            continue
        edits = (*edits, *variant.edits)
    return files


def class_of(works: dict[str, Files]) -> list[Submission]:
    return [Submission(name, name, {LESSON.number: files}) for name, files in works.items()]


def pairs_of(works: dict[str, Files]) -> list[tuple[str, str]]:
    return [(pair.left, pair.right) for pair in similar.find_pairs(COURSE, [LESSON], class_of(works))]


COPIES: dict[str, tuple[Change, ...]] = {
    "h00": (),
    "h02": (rename,),
    "h04": (reorder,),
    "h05": (reword,),
    "h07": (rename, reorder, reword),
}


@pytest.fixture(scope="module")
def found(built: BuiltLesson, honest: dict[str, Files]) -> tuple[SimilarPair, ...]:
    """The pairs of a class in which five handed in the work of somebody else, and four of these disguised it."""
    copies = {
        f"z{name}": changed(honest[name], built.files, 99, *changes) if changes else honest[name]
        for name, changes in COPIES.items()
    }
    return similar.find_pairs(COURSE, [LESSON], class_of(honest | copies))


def test_copies_are_found_whatever_was_changed(found: tuple[SimilarPair, ...]) -> None:
    pairs = [(pair.left, pair.right) for pair in found]
    assert {(name, f"z{name}") for name in COPIES} <= set(pairs)
    assert pairs[0] == ("h00", "zh00"), "the likest come first"
    assert len(pairs) <= len(COPIES) + 2, "honest solutions that are alike by chance are few"


def test_passages_say_where_the_same_stands(found: tuple[SimilarPair, ...]) -> None:
    pair = next(pair for pair in found if pair.left == "h04")
    assert 0.5 < pair.share_left <= 1
    assert 0.5 < pair.share_right <= 1
    assert pair.fragments
    same = lines = 0
    for part in pair.fragments:
        left = pair.left_files[part.left_file].split("\n")[part.left_start - 1 : part.left_end]
        right = pair.right_files[part.right_file].split("\n")[part.right_start - 1 : part.right_end]
        same += len({line.strip() for line in left} & {line.strip() for line in right})
        lines += min(len(left), len(right))
    assert same >= lines / 3, "one short passage may be alike in nothing but its form, the whole is not"


def test_what_everybody_was_handed_or_is_expected_to_write_makes_no_pair(built: BuiltLesson) -> None:
    works = {"starter-1": built.files, "starter-2": built.files, "solved-1": built.solution, "solved-2": built.solution}
    assert pairs_of({name: dict(files) for name, files in works.items()}) == []


def test_what_a_third_of_the_class_has_is_common_ground(honest: dict[str, Files]) -> None:
    same = {f"group-{number}": honest["h00"] for number in range(6)}
    assert ("group-0", "group-1") not in pairs_of(honest | same)
    assert ("group-0", "group-1") in pairs_of(honest | dict(list(same.items())[:2]))


def test_two_learners_are_a_class(honest: dict[str, Files]) -> None:
    assert pairs_of({"a": honest["h00"], "b": honest["h00"]}) == [("a", "b")]
    assert pairs_of({"a": honest["h00"], "b": honest["h01"]}) == []
    assert pairs_of({"a": honest["h00"]}) == []
    assert pairs_of({}) == []


def structure(text: str) -> str:
    return streams({"main.py": text})[Look.STRUCTURE][0].signs


def test_structure_knows_no_names_comments_or_layout() -> None:
    one = (
        'import os\n\n\ndef total(rows, *, tax=2):\n    """Add up."""\n    # each\n'
        "    return [r.sum + tax for r in rows]\n"
    )
    other = "from a import (\n  b,\n  c\n)\ndef add(x,*,y=3,):\n  return [\n    q.all + y\n    for q in x]"
    assert structure(one) == structure(other)
    assert structure(one) != structure(one.replace("+", "-"))
    assert structure("len(a)") != structure("max(a)"), "a built-in function cannot be renamed"


def test_lines_are_counted_from_the_first_whatever_stands_there() -> None:
    for text in ("\n\nx = 1\n", "\ufeff\n\nx = 1\n", "\r\n\r\nx = 1\r\n", "# a\n# b\nx = 1"):
        texts = readable({"main.py": text.encode()})
        assert streams(texts)[Look.STRUCTURE][0].lines == (3, 3, 3), repr(text)


HOSTILE: dict[str, bytes] = {
    "nothing": b"",
    "no python": b"def (:\n\t)]}\n" * 400,
    "open brackets": b"{\n" * 5_000,
    "open strings": b'f\'{\n"""' * 1_000,
    "one long line": b"x = " + b"1+" * 25_000,
    "the same line": b"x = x + 1\n" * 1_000,
    "NUL": b"x = 1\0",
    "noise": random.Random(1).randbytes(5_000),
    "latin": "é = 'ü'\n".encode("latin-1") * 500,
    "too large": b"x = 1\n" * FILE_BYTES,
}


def test_hostile_files_raise_nothing(honest: dict[str, Files]) -> None:
    bad = {f"{kind} {copy}": {"app/main.py": text} for kind, text in HOSTILE.items() for copy in "ab"}
    bad["many files"] = {f"app/m{number}.py": b"x = 1\n" * 100 for number in range(500)}
    bad["strange names"] = {"app/\ud800.py": b"x = 1\n", "../../x.py": b"y = 2\n", "app/<script>.py": b"z = 3\n"}
    found = pairs_of({**honest, **bad, "copy": honest["h04"]})
    assert ("copy", "h04") in found


def test_reading_has_limits() -> None:
    made = streams(readable({f"m{number}.py": b"a = b\n" * 4_000 for number in range(6)}))
    for look in Look:
        assert sum(len(stream.signs) for stream in made[look]) <= TOKENS
    assert readable({"a.py": b"x" * (FILE_BYTES + 1), "b.txt": b"x", "c.py": b"\0"}) == {}


def test_two_runs_tell_one_story(honest: dict[str, Files], tmp_path: Path) -> None:
    for name in ("h00", "h01", "h02"):
        for file, content in honest[name].items():
            for learner in (name, f"{name}-copy") if name == "h00" else (name,):
                place = tmp_path / "class" / learner / LESSON.folder / file
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(content)
    command = [sys.executable, "-m", "workbook", "similar", "class", "--lessons", str(LESSON.number)]
    said: list[str] = []
    for seed in "12":
        environment = {**os.environ, "PYTHONHASHSEED": seed, "WORKBOOK_ROOT": str(COURSE.root)}
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
        said.append(done.stdout)
        said.append((tmp_path / "similar" / "similar.json").read_text(encoding="utf-8"))
    assert said[:2] == said[2:]
    assert "1 pair to read" in said[0]
    assert json.loads(said[1])["pairs"][0]["learners"] == ["h00", "h00-copy"]
    assert "h00-copy" in (tmp_path / "similar" / "index.html").read_text(encoding="utf-8")
    assert "cop" not in said[0].replace("h00-copy", ""), "it accuses nobody"
