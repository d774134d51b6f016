"""``workbook verify``: a good lesson is proven, and every planted fault is named.

The lesson is made up, and a stand-in for pytest judges it, so that a proof costs nothing. One test at the end proves a
small lesson with the real checks.
"""

from __future__ import annotations

import io
import textwrap
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from workbook.authoring import runs, verify
from workbook.authoring.build import build
from workbook.authoring.errors import AuthoringError
from workbook.course.message import Message
from workbook.course.model import Course, CourseError, Exercise, Lesson
from workbook.course.results import CheckResult, ExerciseResult, LessonResult, Report, Verdict
from workbook.course.starter import load_starter, untouched

LESSON = """
name = "greetings"
title = "Greetings"
minutes = 30
objectives = ["greet", "greet again", "leave"]
prerequisites = ["Python"]

[[exercises]]
title = "Say hello"
points = 1
files = ["app/main.py"]
contract = "hello(name) returns a greeting."
hints = ["What does a greeting hold?", "Join two texts.", "Begin with the word."]

[[exercises]]
title = "Say goodbye"
points = 2
files = ["app/bye.py"]
contract = "bye(name) returns a farewell."
hints = ["What does a farewell hold?", "Join two texts.", "Begin with the word."]
"""

MAIN = """
GREETING = "hello"


def hello(name: str) -> str | None:
    # region 1.1 Greet
    return f"{GREETING} {name}"
    # starter: return None
    # endregion
"""

BYE = """
# region 1.2 file
def bye(name: str) -> str:
    farewell = f"bye {name}"
    return farewell
"""

NOTEBOOK = """
---
kernelspec:
  display_name: Python 3
  name: python3
---

{{ exercise 1.1 }}

{{ exercise 1.2 }}

```{code-cell} ipython3
print("made up")
```
"""

PYPROJECT = """
[tool.pyright]
executionEnvironments = [
    { root = "lessons/lesson_01" },
    { root = "solutions/lesson_01" },
    { root = "checks/lesson_01", extraPaths = ["checks", "solutions/lesson_01"] },
]
"""

README = """
| lesson | minutes |
| --- | --- |
| [1 Greetings](notebooks/01_greetings.ipynb) | 30 |
"""

WRONG = """
[[wrong]]
name = "{name}"
exercise = "{exercise}"
{says}
[[wrong.edit]]
file = "{file}"
find = '{find}'
replace = '{replace}'
"""

RIGHT = """
[[right]]
name = "{name}"
[[right.edit]]
file = "app/bye.py"
find = 'farewell'
replace = 'text'
"""


def checks_text(exercise: str, title: str, names: Sequence[str]) -> str:
    functions = [f'\n\ndef {name}() -> None:\n    """The contract promises this."""\n' for name in names]
    return f'"""{exercise}  {title}."""\n' + "".join(functions)


def judge(files: dict[str, str], exercise: str) -> list[tuple[str, Any]]:
    """What the stand-in finds: each check with True, False, or the exception it met."""
    names: dict[str, Any] = {}
    file = "app/main.py" if exercise == "1.1" else "app/bye.py"
    function = "hello" if exercise == "1.1" else "bye"
    try:
        for name in ("app/main.py", file):
            if name == "app/main.py" or name in files:
                exec(files.get(name, "raise SystemExit"), names)
    except (Exception, SystemExit) as error:
        return [(f"test_{function}_{number}", error) for number in range(10)]
    word = "hello" if exercise == "1.1" else "bye"
    found: list[tuple[str, Any]] = []
    for number in range(10):
        call: Any = names.get(function, str)
        try:
            outcome: Any = call(f"n{number}") == f"{word} n{number}"
        except Exception as error:
            outcome = error
        found.append((f"test_{function}_{number}", outcome))
    return found


class MadeUp:
    """A course with one lesson that verify finds nothing wrong with."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.said = ""
        self.runs: list[tuple[frozenset[str], tuple[str, ...]]] = []
        self.find: Callable[[dict[str, str], str], list[tuple[str, Any]]] = judge
        self.write("checks/conftest.py", "")
        self.write("lessons/lesson_01/lesson.toml", LESSON)
        self.write("solutions/lesson_01/app/__init__.py", "")
        self.write("solutions/lesson_01/app/main.py", MAIN)
        self.write("solutions/lesson_01/app/bye.py", BYE)
        self.write("notebooks/src/01_greetings.md", NOTEBOOK)
        self.write("pyproject.toml", PYPROJECT)
        self.write("README.md", README)
        for exercise, function, title in (("1.1", "hello", "Say hello"), ("1.2", "bye", "Say goodbye")):
            names = [f"test_{function}_{number}" for number in range(10)]
            text = checks_text(exercise, title, names)
            self.write(f"checks/lesson_01/test_{exercise[-1]}_{function}.py", text)
        self.variants()
        self.build()

    @property
    def course(self) -> Course:
        return Course(self.root)

    def write(self, name: str, text: str) -> None:
        file = self.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(textwrap.dedent(text).lstrip("\n"), encoding="utf-8")

    def change(self, name: str, old: str, new: str) -> None:
        text = (self.root / name).read_text(encoding="utf-8")
        assert old in text
        self.write(name, text.replace(old, new))

    def variants(self, *extra: str, wrong: int = 10, right: int = 3) -> None:
        """Write so many variants, and others."""
        texts = [*extra]
        for number in range(wrong):
            file, exercise = ("app/main.py", "1.1") if number % 2 else ("app/bye.py", "1.2")
            texts.append(self.wrong(f"wrong_{number}", exercise, file, "{name}", f"{{name}}{number}"))
        texts += [RIGHT.format(name=f"right_{number}") for number in range(right)]
        texts = [text.replace("find = 'farewell'", "find = 'farewell = '") for text in texts]
        texts = [text.replace("replace = 'text'", "replace = 'farewell =  '") for text in texts]
        self.write("checks/lesson_01/variants.toml", "\n".join(texts))

    @staticmethod
    def wrong(name: str, exercise: str, file: str, find: str, replace: str, says: str = "") -> str:
        says = f"says = '{says}'" if says else ""
        return WRONG.format(name=name, exercise=exercise, file=file, find=find, replace=replace, says=says)

    def build(self) -> None:
        assert build(self.course, console=Console(file=io.StringIO())) == 0

    def verify(self, sample: int | None = None) -> int:
        stream = io.StringIO()
        code = verify.verify(self.course, [1], jobs=2, sample=sample, console=Console(file=stream, width=60))
        self.said = stream.getvalue()
        return code

    def faults(self) -> list[str]:
        """Verify, and give what it says except for the last line, which counts."""
        code = self.verify()
        lines = [line for line in self.said.splitlines() if not line.startswith("lesson 1: note: ")]
        assert all(line.startswith("lesson 1: ") for line in lines), self.said
        counted = f"{len(lines) - 1} fault{'' if len(lines) == 2 else 's'}"
        assert lines[-1].endswith(f", {counted}"), self.said
        assert code == (1 if len(lines) > 1 else 0)
        return [line.removeprefix("lesson 1: ") for line in lines[:-1]]

    def run_checks(
        self,
        course: Course,
        lesson: Lesson,
        target: Path,
        folder: Path,
        exercises: Sequence[Exercise],
        _pytest: runs.Pytest,
        *,
        until: runs.Until = runs.Until.END,
    ) -> Report:
        """The stand-in for pytest and its plugin. It is quick, so it runs to the end each time."""
        del until
        assert target.is_relative_to(folder)
        folder = target / lesson.folder
        files = {
            file.relative_to(folder).as_posix(): file.read_text(encoding="utf-8")
            for file in folder.rglob("*")
            if file.is_file()
        }
        wanted = exercises or lesson.exercises
        self.runs.append((frozenset(files), tuple(exercise.id for exercise in wanted)))
        results: list[ExerciseResult] = []
        for exercise in wanted:
            found = self.find(files, exercise.id)
            checks = tuple(
                CheckResult(
                    name=name,
                    expects="",
                    passed=outcome is True,
                    verdict=Verdict.PASSED if outcome is True else Verdict.FAILED,
                    message=None
                    if outcome is True
                    else Message((_answered(exercise, outcome), ("Stuck?", f"hint {exercise.id}"))),
                )
                for name, outcome in found
            )
            verdict = Verdict.PASSED if all(check.passed for check in checks) else Verdict.FAILED
            if any(isinstance(outcome, BaseException) for _, outcome in found):
                verdict = Verdict.CRASHED if files.get("app/main.py") else Verdict.FAILED
            started = not untouched(load_starter(course, lesson), exercise.id, folder)
            if verdict is not Verdict.PASSED and not started:
                verdict = Verdict.NOT_STARTED
            if any(isinstance(outcome, AssertionError) for _, outcome in found):
                verdict = Verdict.CHECK_ERROR
            results.append(ExerciseResult(exercise.id, exercise.title, verdict, 0, exercise.points, checks))
        return Report(f"{target}", 7, (LessonResult(lesson.number, lesson.title, tuple(results)),))


def _answered(exercise: Exercise, outcome: object) -> tuple[str, str]:
    """The telling row of the stand-in's message: of an app that cannot be imported, each exercise says the same."""
    if isinstance(outcome, ImportError):
        return "It says", f"{outcome}"
    return "You answered", f"not {exercise.title}: {outcome}"


def _nothing(*_: object) -> list[str]:
    return []


@pytest.fixture
def made_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MadeUp:
    """A lesson without a fault; nothing of it is run for real."""

    def run_nothing(_course: Course, _lesson: Lesson, notebook: Any, _target: Path, *, with_checks: bool) -> Any:
        assert with_checks in {True, False}
        return notebook

    monkeypatch.setattr("workbook.authoring.notebooks.run_notebook", run_nothing)
    monkeypatch.setattr("workbook.authoring.notebook_run.run_notebook", run_nothing)
    course = MadeUp(tmp_path)
    monkeypatch.setattr(runs, "run_checks", course.run_checks)
    monkeypatch.setattr("workbook.authoring.proofs.openapi_faults", _nothing)
    return course


def test_a_good_lesson_is_proven(made_up: MadeUp) -> None:
    assert made_up.verify() == 0, made_up.said
    assert made_up.said == "lesson 1: 20 checks, 10 wrong and 3 right variants, 0 faults\n"

    both, whole = ("1.1", "1.2"), frozenset({"app/__init__.py", "app/main.py", "app/bye.py"})
    starter = whole - {"app/bye.py"}
    left = {f"app/.ipynb_checkpoints/{name}-checkpoint.py" for name in ("__init__", "main", "bye")}
    assert Counter(made_up.runs) == Counter(
        [
            (whole | left, both),  # the solution
            (starter, both),  # the starter
            (starter, ("1.1",)),  # the lesson after exercise 1.1
            (starter - {"app/main.py"}, both),  # the starter's one file that says anything, gone and empty
            (starter, both),
            (whole - {"app/main.py"}, ("1.1",)),  # the solution's files that hold regions, gone and empty
            (whole, ("1.1",)),
            (whole - {"app/bye.py"}, ("1.2",)),
            (whole, ("1.2",)),
            *[(whole, ("1.1",))] * 5,  # wrong variants
            *[(whole, both)] * 5,  # the exercises before theirs too
            *[(whole, both)] * 3,  # right variants
        ]
    )


@pytest.mark.parametrize(
    ("sample", "tried"), [(2, "2 of 10 wrong and 2 of 3"), (5, "5 of 10 wrong and 3"), (99, "10 wrong and 3")]
)
def test_a_sample_of_the_variants(made_up: MadeUp, sample: int, tried: str) -> None:
    assert made_up.verify(sample=sample) == 0, made_up.said
    assert made_up.said == f"lesson 1: 20 checks, {tried} right variants, 0 faults\n"


def test_nothing_is_left_behind(made_up: MadeUp, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", f"{scratch}")
    assert made_up.verify() == 0
    assert list(scratch.iterdir()) == []


# What is run


def test_a_solution_that_fails_its_checks(made_up: MadeUp) -> None:
    made_up.change("solutions/lesson_01/app/bye.py", "bye {name}", "ciao {name}")
    made_up.build()
    assert made_up.verify() == 1
    assert made_up.said.splitlines() == [
        "lesson 1: note: variants and damaged files were not tried: the solution has to pass first.",
        "lesson 1: the solution: exercise 1.2: 10 of 10 checks fail, first test_bye_0: not Say goodbye: False.",
        "lesson 1: 20 checks, 10 wrong and 3 right variants, 1 fault",
    ]
    assert len(made_up.runs) == 2


def test_a_starter_that_passes(made_up: MadeUp) -> None:
    made_up.change("solutions/lesson_01/app/main.py", "starter: return None", 'starter: return f"hello {name}"')
    made_up.build()
    faults = made_up.faults()
    assert "the starter: exercise 1.1 is passed." in faults


def test_a_starter_that_crashes(made_up: MadeUp) -> None:
    made_up.write(
        "solutions/lesson_01/app/main.py",
        MAIN + "\n\n# region 1.1\ndone = True\n# starter: done = 1 / 0\n# endregion\n",
    )
    made_up.find = lambda files, exercise: (
        [(f"test_{n}", SystemExit(3)) for n in range(10)]
        if "1 / 0" in files.get("app/main.py", "")
        else judge(files, exercise)
    )
    made_up.build()
    # an untouched exercise is not started, whatever happens; what is begun must not crash
    made_up.change("checks/lesson_01/starter.json", "done = 1 / 0", "done = 2")
    assert "the starter: exercise 1.1 is crashed: not Say hello: 3." in made_up.faults()


@pytest.mark.parametrize(
    "explained",
    [
        '@pytest.mark.passes_on_starter("the starter has the route already")\ndef {name}() -> None:\n    """It."""\n',
        'def {name}() -> None:\n    """It.\n\n    Passes on the starter: the route is there already.\n    """\n',
        'def {name}() -> None:\n    """It. Passes on the starter because the route is there."""\n',
    ],
)
def test_a_check_that_passes_on_the_starter_says_why(made_up: MadeUp, explained: str) -> None:
    def easy(files: dict[str, str], exercise: str) -> list[tuple[str, Any]]:
        return [("test_easy[a]", True), *judge(files, exercise)] if exercise == "1.1" else judge(files, exercise)

    made_up.find = easy
    silent = 'def test_easy() -> None:\n    """It."""\n'
    file = "checks/lesson_01/test_1_hello.py"
    text = (made_up.root / file).read_text(encoding="utf-8")
    made_up.write(file, f"{text}\n\n{silent}")
    assert made_up.faults() == [
        (
            'the starter: test_easy[a] of exercise 1.1 passes: say why in its docstring ("Passes on the starter: …"), '
            "or make it fail."
        )
    ]
    made_up.write(file, f"{text}\n\n{explained.format(name='test_easy')}")
    assert made_up.faults() == []


@pytest.mark.parametrize(("name", "damage"), [("deleted", None), ("emptied", "")])
def test_a_damaged_starter_that_passes(made_up: MadeUp, name: str, damage: str | None) -> None:
    def lenient(files: dict[str, str], exercise: str) -> list[tuple[str, Any]]:
        found = judge(files, exercise)
        lost = files.get("app/main.py") == damage and "app/bye.py" not in files
        return [(check, True) for check, _ in found] if lost else found

    made_up.find = lenient
    assert made_up.faults() == [
        f"the starter with app/main.py {name}: exercise 1.1 passes.",
        f"the starter with app/main.py {name}: exercise 1.2 passes.",
    ]


def test_a_damaged_solution_that_passes(made_up: MadeUp) -> None:
    def lenient(files: dict[str, str], exercise: str) -> list[tuple[str, Any]]:
        found = judge(files, exercise)
        return [(check, True) for check, _ in found] if files.get("app/bye.py") == "" else found

    made_up.find = lenient
    assert made_up.faults() == ["the solution with app/bye.py emptied: exercise 1.2 passes."]


def test_a_wrong_variant_that_passes(made_up: MadeUp) -> None:
    made_up.variants(made_up.wrong("harmless", "1.1", "app/main.py", '"hello"', '"hel" "lo"'))
    assert made_up.faults() == ["wrong variant harmless: exercise 1.1 is passed (seed 7)."]


def test_a_wrong_variant_that_fails_in_another_exercise(made_up: MadeUp) -> None:
    made_up.variants(made_up.wrong("elsewhere", "1.1", "app/bye.py", "bye {", "ciao {"))
    assert made_up.faults() == ["wrong variant elsewhere: exercise 1.1 is passed (seed 7)."]


def both_wrong(made_up: MadeUp, also: str = "") -> str:
    """A wrong variant that names exercise 1.2, and spoils 1.1 as well."""
    text = made_up.wrong("both", "1.2", "app/bye.py", "bye {", "ciao {", says="Say goodbye")
    edit = "\n[[wrong.edit]]\nfile = 'app/main.py'\nfind = '\"hello\"'\nreplace = '\"ciao\"'\n"
    return text.replace("says =", f"{also}\nsays =") + edit


def test_a_wrong_variant_that_fails_an_earlier_exercise_first(made_up: MadeUp) -> None:
    made_up.variants(both_wrong(made_up))
    assert made_up.faults() == [
        (
            "wrong variant both: exercise 1.1 is failed before 1.2 is: not Say hello: False; mend the check, "
            'or say also = ["1.1"].'
        )
    ]
    made_up.variants(both_wrong(made_up, 'also = ["1.1"]'))
    assert made_up.faults() == []


def test_a_wrong_variant_that_names_an_earlier_exercise_which_passes(made_up: MadeUp) -> None:
    text = made_up.wrong("one", "1.2", "app/bye.py", "bye {", "ciao {", says="Say goodbye")
    made_up.variants(text.replace("says =", 'also = ["1.1"]\nsays ='))
    assert made_up.faults() == ["wrong variant one: also names exercise 1.1, which passes."]


def test_a_wrong_variant_that_does_not_start_may_be_told_by_any_exercise(made_up: MadeUp) -> None:
    def broken(files: dict[str, str], exercise: str) -> list[tuple[str, Any]]:
        cannot = ImportError("no module ciao")
        return [("test_x", cannot)] if "ciao" in files.get("app/bye.py", "") else judge(files, exercise)

    made_up.find = broken
    made_up.variants(made_up.wrong("dead", "1.2", "app/bye.py", "bye {", "ciao {", says="no module ciao"))
    assert made_up.faults() == []


def test_a_wrong_variant_that_only_meets_a_fault_of_a_check(made_up: MadeUp) -> None:
    def faulty(files: dict[str, str], exercise: str) -> list[tuple[str, Any]]:
        return [("test_x", AssertionError("ours"))] if "ciao" in files.get("app/bye.py", "") else judge(files, exercise)

    made_up.find = faulty
    made_up.variants(made_up.wrong("odd", "1.2", "app/bye.py", "bye {", "ciao {"))
    assert made_up.faults() == [
        (
            "wrong variant odd: exercise 1.2 is not decided, because a check has a fault of its own: "
            "not Say goodbye: ours (seed 7)."
        )
    ]


def test_a_message_must_say_what_the_variant_promises(made_up: MadeUp) -> None:
    good = made_up.wrong("good", "1.2", "app/bye.py", "bye {", "ciao {", says="not  Say goodbye")
    bad = made_up.wrong("bad", "1.2", "app/bye.py", "bye {", "ciao {", says="in Italian")
    made_up.variants(good, bad)
    assert made_up.faults() == [
        'wrong variant bad: exercise 1.2 should say "in Italian"; it says: not Say goodbye: False.'
    ]


def test_a_crash_that_no_words_announce_is_noted(made_up: MadeUp) -> None:
    made_up.variants(made_up.wrong("typo", "1.2", "app/bye.py", "def bye", "deff bye"))
    assert made_up.verify() == 0
    note, summary = made_up.said.splitlines()
    assert note.startswith("lesson 1: note: wrong variant typo: the service crashes: not Say goodbye: invalid syntax")
    assert summary.endswith("0 faults")


def test_a_right_variant_that_fails(made_up: MadeUp) -> None:
    made_up.variants(right=2)
    with (made_up.root / "checks/lesson_01/variants.toml").open("a", encoding="utf-8") as file:
        file.write(RIGHT.format(name="not_right").replace("farewell", "bye {").replace("text", "ciao {"))
    assert made_up.faults() == [
        "right variant not_right: exercise 1.2: 10 of 10 checks fail, first test_bye_0: not Say goodbye: False."
    ]


def test_an_edit_that_the_solution_has_moved_away_from(made_up: MadeUp) -> None:
    made_up.variants(made_up.wrong("stale", "1.2", "app/bye.py", "howdy", "ciao"))
    assert made_up.faults() == [
        "variant stale: app/bye.py: the text to find is not in the solution. Has the solution moved? (howdy)"
    ]


def test_a_run_without_a_report(made_up: MadeUp, monkeypatch: pytest.MonkeyPatch) -> None:
    def dies(*_: object, **__: object) -> Report:
        raise AuthoringError("the checks ended without a report (pytest's exit code 4): no such option")

    monkeypatch.setattr(runs, "run_checks", dies)
    faults = made_up.faults()
    assert "the solution: the checks ended without a report (pytest's exit code 4): no such option." in faults


def test_an_exercise_without_a_check_that_ran(made_up: MadeUp) -> None:
    made_up.find = lambda files, exercise: [] if exercise == "1.2" else judge(files, exercise)
    assert "the solution: no check of exercise 1.2 was run." in made_up.faults()


# What is read


@pytest.mark.parametrize(
    ("file", "old", "new", "fault"),
    [
        ("lessons/lesson_01/app/main.py", "None\n", "1\n", "lessons/lesson_01/app/main.py is not what workbook build"),
        (
            "notebooks/01_greetings.ipynb",
            "made up",
            "made",
            "the notebook on the solution: notebooks/01_greetings.ipynb is",
        ),
        (
            "checks/lesson_01/starter.json",
            "None",
            "1",
            "checks/lesson_01/starter.json is not what workbook build makes",
        ),
        (
            "solutions/lesson_01/app/main.py",
            "    # endregion\n",
            "",
            "solutions/lesson_01/app/main.py:5: region 1.1 is not",
        ),
        (
            "checks/lesson_01/variants.toml",
            'name = "wrong_1"',
            'name = "wrong_0"',
            "checks/lesson_01/variants.toml: two variants are called wrong_0.",
        ),
        (
            "checks/lesson_01/test_1_hello.py",
            '_3() -> None:\n    """The contract promises this."""',
            "_3() -> None: ...",
            "checks/lesson_01/test_1_hello.py: test_hello_3 has no docstring that says what the contract promises.",
        ),
        (
            "checks/lesson_01/test_1_hello.py",
            "1.1  Say hello",
            "1.1  Greet",
            "checks/lesson_01/test_1_hello.py: its docstring begins with '1.1  Greet.'; it should be",
        ),
        ("checks/lesson_01/test_1_hello.py", "def test_hello_3(", "def (", "checks/lesson_01/test_1_hello.py:16: "),
    ],
)
def test_a_fault_in_a_file_is_named(made_up: MadeUp, file: str, old: str, new: str, fault: str) -> None:
    made_up.change(file, old, new)
    assert any(found.startswith(fault) for found in made_up.faults()), made_up.said


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('"Greetings"', '"' + "G" * 61 + '"', "title has at most 60 characters; it has 61."),
        ("minutes = 30", "minutes = 0", "minutes is how long the lesson takes; it is not positive."),
        (', "leave"', "", "there are 3 to 5 objectives; it has 2."),
        ('["Python"]', "[]", "prerequisites names what the learner must know already."),
        ("minutes = 30", "minutes = 30\nlevel = 3", "'level' is no field of a lesson."),
        ("points = 2", "points = 2\npoint = 3", "exercise 1.2: 'point' is no field of an exercise (line 17)."),
        ("points = 2", "points = 0", "exercise 1.2: points is not positive."),
        ("bye(name) returns a farewell.", "", "exercise 1.2: contract is empty."),
        ('["app/bye.py"]', '["app/bye.py", "app/no.py"]', "exercise 1.2: the solution has no app/no.py."),
        (', "Join two texts."', "", "exercise 1.1: there are exactly 3 hints; it has 2."),
        (
            "Begin with the word.",
            "Write   return f'x' and `farewell =  f{bye}`",
            None,
        ),
        (
            '"What does a farewell hold?"',
            "'''Try  farewell = f\"bye {name}\"  first'''",
            'exercise 1.2: hint 1 holds a line of the solution: farewell = f"bye {name}"',
        ),
        ("Begin with the word.", "Say f'{GREETING}  {name}'.", None),
    ],
)
def test_the_rules_of_lesson_toml(made_up: MadeUp, old: str, new: str, fault: str | None) -> None:
    made_up.change("lessons/lesson_01/lesson.toml", old, new)
    expected = f"lessons/lesson_01/lesson.toml: {fault}" if fault else None
    found = [line for line in made_up.faults() if "/lesson.toml: " in line]
    if expected is None:
        assert found == []
    else:
        assert expected in found


@pytest.mark.parametrize(
    ("file", "old", "new", "fault"),
    [
        (
            "pyproject.toml",
            '    { root = "solutions/lesson_01" },\n',
            "",
            "pyproject.toml: executionEnvironments has no root solutions/lesson_01: there app",
        ),
        (
            "README.md",
            "[1 Greetings]",
            "a bird\n[1 Greetings]",
            "README.md: the map has no row of lesson 1, with a link to notebooks/01_greetings.ipynb.",
        ),
        ("README.md", "| 30 |", "| 45 |", "README.md: the map's row of lesson 1 does not say 30 minutes."),
        (
            "notebooks/src/01_greetings.md",
            'print("made up")',
            'print("made up")\n%reveal grets 3',
            "notebooks/src/01_greetings.md:13: no %%predict grets stands above this %reveal; there is none.",
        ),
        (
            "notebooks/src/01_greetings.md",
            'print("made up")\n```',
            'print("made up")\n```\n\n```{mermaid}\nflowchart LR\n```',
            "notebooks/src/01_greetings.md:15: JupyterLab knows no {mermaid}; a picture is a block of `mermaid`",
        ),
        (
            "notebooks/src/01_greetings.md",
            "```{code-cell}",
            "# A lesson\n\n# Another lesson\n\n```{code-cell}",
            "a second title; use ## for a part of the lesson.",
        ),
        (
            "notebooks/src/01_greetings.md",
            'print("made up")',
            "%check 1.7",
            "notebooks/src/01_greetings.md:12: lesson.toml has no exercise '1.7'; it has 1.1, 1.2.",
        ),
        (
            "notebooks/src/01_greetings.md",
            'print("made up")',
            "%%predict greets",
            "notebooks/src/01_greetings.md: %%predict greets is never compared: add %reveal greets.",
        ),
        (
            "solutions/lesson_01/app/main.py",
            'GREETING = "hello"',
            'import os\n\nGREETING = "hello"',
            "lint: solutions/lesson_01/app/main.py:1:8: F401",
        ),
        (
            "solutions/lesson_01/app/main.py",
            '"hello"',
            "'hello'",
            "lint: ruff format would change it: run ruff format solutions/lesson_01.",
        ),
        (
            "solutions/lesson_01/app/main.py",
            "# region 1.1 Greet",
            "# region 1.1",
            "solutions/lesson_01/app/main.py:5: region 1.1 has no title, so no comment in the starter says where to",
        ),
    ],
)
def test_what_stands_around_a_lesson(made_up: MadeUp, file: str, old: str, new: str, fault: str) -> None:
    made_up.change(file, old, new)
    assert any(fault in found for found in made_up.faults()), made_up.said


def test_a_hint_that_holds_what_the_exercise_is_about(made_up: MadeUp) -> None:
    made_up.change("solutions/lesson_01/app/main.py", 'f"{GREETING} {name}"', '" ".join([GREETING, name])')
    made_up.change("lessons/lesson_01/lesson.toml", "Join two texts.", "Write ' '.join([GREETING,name]).")
    made_up.build()
    found = [line for line in made_up.faults() if "hint" in line]
    assert found == [
        "lessons/lesson_01/lesson.toml: exercise 1.1: hint 2 holds what the exercise is about: join([GREETING, name])"
    ]


def test_a_misspelt_field_is_named_with_its_exercise_and_line(made_up: MadeUp) -> None:
    made_up.change("lessons/lesson_01/lesson.toml", "points = 2", "point = 2")
    with pytest.raises(CourseError) as error:
        made_up.verify()
    assert str(error.value) == (
        "lesson_01/lesson.toml:16: exercise 1.2 has no field 'points'; 'point' is none of its fields."
    )


def test_the_number_of_variants_and_checks(made_up: MadeUp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbook.authoring.verify.MIN_CHECKS", 21)
    made_up.variants(wrong=1, right=2)
    place = "checks/lesson_01/variants.toml"
    assert made_up.faults() == [
        f"{place}: there are at least 10 wrong variants; it has 1.",
        f"{place}: there are at least 3 right variants; it has 2.",
        f"{place}: exercise 1.1 has no wrong variant.",
        "there are at least 21 checks; it has 20.",
    ]


def test_one_file_of_checks_for_each_exercise(made_up: MadeUp) -> None:
    folder = made_up.root / "checks/lesson_01"
    (folder / "test_2_bye.py").rename(folder / "test_3_bye.py")
    assert made_up.faults() == [
        "checks/lesson_01/test_3_bye.py: it belongs to no exercise; a file of checks is called like test_3_words.py.",
        "checks/lesson_01: exercise 1.2 has no file of checks; it needs exactly one.",
    ]


def test_a_lesson_without_variants_or_solution(made_up: MadeUp) -> None:
    (made_up.root / "checks/lesson_01/variants.toml").unlink()
    assert made_up.faults() == ["checks/lesson_01/variants.toml: it is missing."]
    (made_up.root / "solutions").rename(made_up.root / "away")
    assert made_up.faults() == ["solutions/lesson_01: there is no solution to build lesson 1 from."]


def test_a_notebook_that_fails_on_the_starter(made_up: MadeUp, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_course: Course, _lesson: Lesson, _notebook: Any, target: Path, *, with_checks: bool) -> Any:
        starter = (target / "lesson_01" / "app" / "main.py").read_text(encoding="utf-8")
        assert "return None" in starter
        assert with_checks
        raise AuthoringError("notebooks/src/01_greetings.md:11: NameError: no")

    monkeypatch.setattr("workbook.authoring.notebook_run.run_notebook", fails)
    assert made_up.faults() == ["the notebook on the starter: notebooks/src/01_greetings.md:11: NameError: no."]


def test_all_lessons_are_proven_where_none_is_named(made_up: MadeUp) -> None:
    stream = io.StringIO()
    assert verify.verify(made_up.course, None, jobs=1, console=Console(file=stream)) == 0
    assert stream.getvalue().startswith("lesson 1: 20 checks")


# The real thing

REAL_MAIN = '''
from fastapi import FastAPI, HTTPException

app = FastAPI()


@app.get("/teapot")
def brew(cups: int) -> int:
    """Brew nothing."""
    raise HTTPException(418)


# region 1.1 Greet
@app.get("/hello/{name}")
def hello(name: str) -> dict[str, str]:
    """Greet somebody."""
    return {"text": f"hello {name}"}


# endregion
'''

REAL_CHECKS = '''
"""1.1  Say hello."""


def test_it_greets(client, rng):
    """GET /hello/{name} answers a greeting."""
    name = f"n{rng.randrange(10**6)}"
    reply = client.get(f"/hello/{name}")
    assert reply.status_code == 200
    assert reply.json() == {"text": f"hello {name}"}
'''

REAL_NOTEBOOK = """
---
kernelspec:
  display_name: Python 3
  name: python3
---

{{ exercise 1.1 }}

```{code-cell} ipython3
print("ready")
```

```{code-cell} ipython3
%check 1.1
```
"""


def test_a_lesson_is_proven_with_the_real_checks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbook.authoring.verify.MIN_CHECKS", 1)
    monkeypatch.setattr("workbook.authoring.lesson_rules.MIN_WRONG", 1)
    monkeypatch.setattr("workbook.authoring.lesson_rules.MIN_RIGHT", 1)
    real = Path(__file__).parents[3]
    lesson = MadeUp(tmp_path)
    for name in ("pyproject.toml", "checks/conftest.py"):
        lesson.write(name, (real / name).read_text(encoding="utf-8"))
    lesson.write("lessons/lesson_01/lesson.toml", LESSON[: LESSON.rindex("[[exercises]]")])
    (tmp_path / "solutions/lesson_01/app/bye.py").unlink()
    (tmp_path / "checks/lesson_01/test_2_bye.py").unlink()
    lesson.write("solutions/lesson_01/app/main.py", REAL_MAIN)
    lesson.write("checks/lesson_01/test_1_hello.py", REAL_CHECKS)
    lesson.write("notebooks/src/01_greetings.md", REAL_NOTEBOOK)
    mute = lesson.wrong("mute", "1.1", "app/main.py", "hello {name}", "hello", says='{"text": "hello"}')
    harmless = lesson.wrong("harmless", "1.1", "app/main.py", "hello {name}", "hello " + "{name!s}")
    right = RIGHT.format(name="waits").replace("app/bye.py", "app/main.py")
    right = right.replace("'farewell'", "'def hello'").replace("'text'", "'async def hello'")
    lesson.write("checks/lesson_01/variants.toml", mute + harmless + right)
    lesson.build()

    faults = lesson.faults()
    assert faults == [
        ("the solution's OpenAPI document: GET /teapot answers 418: its OpenAPI document has no such status."),
        "wrong variant harmless: exercise 1.1 is passed (seed 0).",
    ]
    assert lesson.said.endswith("\nlesson 1: 1 check, 2 wrong and 1 right variants, 2 faults\n")
