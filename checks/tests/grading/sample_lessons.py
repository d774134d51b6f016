"""Three made-up lessons for the sample class, so that its grades are the same whatever the real course becomes."""

from __future__ import annotations

from workbook.course.model import Exercise, Lesson

_EXERCISES = {
    1: (
        ("Name the shop and open its door", 2, "app/main.py"),
        ("Move the routes into a router", 3, "app/api/cakes.py"),
        ("Make every address answer", 3, "app/api/cakes.py"),
        ("Read the settings from the environment", 4, "app/core/config.py"),
        ("Build the service in a function", 4, "app/main.py"),
        ("Make every module importable by itself", 2, "app/data.py"),
    ),
    2: (
        ("Bound what the addresses take", 3, "app/api/cakes.py"),
        ("Write the family of a baker", 4, "app/schemas/baker.py"),
        ("Write the rules that types cannot say", 4, "app/schemas/rules.py"),
        ("Let no secret out", 4, "app/api/errors.py"),
        ("Turn the dicts into models", 5, "app/schemas/cake.py"),
        ("Nest models, and name the item that is wrong", 4, "app/schemas/order.py"),
    ),
    3: (
        ("Map two tables that refuse bad rows", 4, "app/models/baker.py"),
        ("Lend each request a session of its own", 4, "app/db/session.py"),
        ("Store all or nothing, before the answer", 5, "app/api/errors.py"),
        ("Search without opening the door", 3, "app/api/cakes.py"),
        ("Tie cakes to the baker who made them", 3, "app/models/baker.py"),
        ("Stamp cakes in UTC", 3, "app/db/types.py"),
    ),
}
_PARTIAL = {"1.4", "2.3", "2.5"}
_STRETCH = {"1.6", "2.6"}


def _lesson(number: int, title: str, minutes: int) -> Lesson:
    exercises = tuple(
        Exercise(
            lesson=number,
            number=position,
            title=task,
            points=points,
            contract=f"{task}: it is so.",
            hints=("What is missing?", "It is in the documentation.", "Write it down."),
            files=(file,),
            partial=f"{number}.{position}" in _PARTIAL,
            stretch=f"{number}.{position}" in _STRETCH,
        )
        for position, (task, points, file) in enumerate(_EXERCISES[number], start=1)
    )
    return Lesson(number, title.lower(), title, minutes, ("bake", "sell", "clean"), ("Python",), exercises)


SAMPLE_LESSONS = (_lesson(1, "Structure", 60), _lesson(2, "Schemas", 75), _lesson(3, "Database", 75))
"""Worth 18, 24 and 22 points."""
