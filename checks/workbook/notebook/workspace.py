"""JupyterLab's workspaces: what stands open when a lesson is opened, and how the last session is found again.

JupyterLab saves a workspace by itself whenever something is opened, moved or closed. So ours is written once for each
lesson, and from then on it is the learner's.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from workbook.course import progress
from workbook.notebook.buttons import first_file
from workbook.notebook.copies import my_notebook

if TYPE_CHECKING:
    from pathlib import Path

    from workbook.course.model import Course, Lesson

_PREFIX = "lesson-"


def workspaces_folder(course: Course) -> Path:
    """Where JupyterLab keeps the workspaces of this course."""
    return course.state_dir / "lab"


def workspace_name(lesson: Lesson) -> str:
    """The workspace of a lesson, as it stands in an address: ``"lesson-2"``."""
    return f"{_PREFIX}{lesson.number}"


def bring_workspace(course: Course, lesson: Lesson) -> None:
    """See to it that a lesson has a workspace: notebook left, the file of the exercise right, a terminal below.

    Raises:
        OSError: it cannot be written.
    """
    from jupyterlab_server.workspaces_handler import WorkspacesManager

    manager: Any = WorkspacesManager(str(workspaces_folder(course)))
    name = workspace_name(lesson)
    if not manager.load(name)["data"]:
        manager.save(name, json.dumps(_workspace(course, lesson)))


def last_lesson(course: Course) -> Lesson | None:
    """The lesson whose workspace changed last, if any was opened."""
    from jupyterlab_server.workspaces_handler import WorkspacesManager

    manager: Any = WorkspacesManager(str(workspaces_folder(course)))
    opened = sorted(manager.list_workspaces(), key=lambda space: space["metadata"]["last_modified"], reverse=True)
    names = [space["metadata"]["id"].removeprefix("/") for space in opened]
    known = {workspace_name(lesson): lesson for lesson in course.lessons}
    return next((known[name] for name in names if name in known), None)


def _workspace(course: Course, lesson: Lesson) -> dict[str, Any]:
    notebook = my_notebook(course, lesson).relative_to(course.root).as_posix()
    left, right = f"notebook:{notebook}", _file_at_hand(course, lesson)
    beside = [_tabs(f"editor:{right}")] if right else []
    main = _split("horizontal", [1, 1], [_tabs(left), _split("vertical", [2, 1], [*beside, _tabs("terminal:1")])])
    data: dict[str, Any] = {
        "layout-restorer:data": {
            "main": {"dock": main, "current": left},
            "left": {
                "collapsed": False,
                "visible": True,
                "current": "filebrowser",
                "widgets": ["filebrowser", "running-sessions", "@jupyterlab/toc:plugin"],
            },
            "right": {"collapsed": True, "visible": True, "widgets": []},
            "relativeSizes": [0.15, 0.85, 0],
        },
        "file-browser-filebrowser:cwd": {"path": f"lessons/{lesson.folder}"},
        left: {"data": {"path": notebook, "factory": "Notebook"}},
        "terminal:1": {"data": {"name": "1"}},
    }
    if right:
        data[f"editor:{right}"] = {"data": {"path": right, "factory": "Editor"}}
    return {"data": data, "metadata": {"id": workspace_name(lesson)}}


def _file_at_hand(course: Course, lesson: Lesson) -> str | None:
    """The file of the first exercise that has not passed, relative to the course; None where it is still to be made."""
    known = progress.load(course)
    still_open = [exercise for exercise in lesson.exercises if not known.has_passed(exercise.id)]
    exercise = (still_open or list(lesson.exercises))[0]
    return first_file(course, lesson, exercise)


def _tabs(widget: str) -> dict[str, Any]:
    return {"type": "tab-area", "currentIndex": 0, "widgets": [widget]}


def _split(orientation: str, sizes: list[int], children: list[dict[str, Any]]) -> dict[str, Any]:
    if len(children) == 1:
        return children[0]
    return {
        "type": "split-area",
        "orientation": orientation,
        "sizes": [size / sum(sizes) for size in sizes],
        "children": children,
    }
