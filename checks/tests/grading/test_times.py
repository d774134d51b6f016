"""When work came in: by Moodle, by a list, by Git, and by the hosts that learners push to."""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from tests.small_course import APP, make_small_course
from workbook.cli.app import app
from workbook.course.model import Course, CourseError, find_course
from workbook.grading.exports.late import LatePolicy
from workbook.grading.gradebook import Learner
from workbook.grading.intake.clones import clone_all
from workbook.grading.intake.collect import collect
from workbook.grading.intake.hosts import GitHub, GitLab
from workbook.grading.intake.in_time import When
from workbook.grading.intake.limits import Limits
from workbook.grading.intake.submission import Submission
from workbook.grading.intake.times import read_moment, read_times

DUE = datetime(2026, 12, 1, 23, 59, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    root = tmp_path_factory.mktemp("course")
    make_small_course(root)
    return find_course(root)


class Clone:
    """A learner's repository."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *words: str, when: datetime | None = None, who: str = "ada@example.org") -> str:
        """Run Git as somebody, at some time."""
        date = (when or DUE).isoformat()
        env = {**os.environ, "GIT_COMMITTER_DATE": date, "GIT_AUTHOR_DATE": date, "GIT_CONFIG_GLOBAL": os.devnull}
        env |= {f"GIT_{role}_{what}": who for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        done = subprocess.run(["git", *words], cwd=self.folder, env=env, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def write(self, name: str, text: str) -> None:
        """Write a file of lesson 1."""
        file = self.folder / "lessons" / "lesson_01" / "app" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def commit(self, text: str, when: datetime, who: str = "ada@example.org") -> str:
        """Commit another state of ``main.py``."""
        self.write("main.py", text)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message=work", when=when, who=who)
        return self.git("rev-parse", "HEAD")


def read(course: Course, folder: Path, when: When | None = None) -> Submission:
    """The one submission of a folder."""
    ((_, submission),) = collect(course, folder, when=when).learners
    assert submission is not None
    return submission


def main_of(submission: Submission) -> str:
    return submission.lessons[1]["app/main.py"].decode()


# what schools' systems say


@pytest.mark.parametrize(
    "text",
    [
        "Tuesday, 1 December 2026, 11:59 PM",
        "Dienstag, 1. Dezember 2026, 23:59",
        "mardi 1 décembre 2026, 23:59",
        "martes, 1 de diciembre de 2026, 23:59",
        "wtorek, 1 grudnia 2026, 23:59",
        "úterý, 1. prosince 2026, 23.59",
        "вторник, 1 декабря 2026, 23:59",
        "2026年12月1日 星期二 23:59",
    ],
)
def test_moodle_writes_times_in_the_language_of_the_site(text: str) -> None:
    assert read_moment(text) == datetime(2026, 12, 1, 23, 59)  # noqa: DTZ001 - the zone is not in the text


def test_one_word_names_different_months_and_the_day_of_the_week_tells() -> None:
    polish = read_moment("niedziela, 1 listopada 2026, 10:05")
    croatian = read_moment("četvrtak, 1. listopada 2026, 10:05")
    assert (polish and polish.month, croatian and croatian.month) == (11, 10)


@pytest.mark.parametrize("text", ["-", "", "100.00", "Participant 12", "31 February 2026, 10:00", "25:99, 1 May 2026"])
def test_what_is_no_time_is_none(text: str) -> None:
    assert read_moment(text) is None


SHEET = (
    "Nummer,Vollständiger Name,E-Mail-Adresse,Status,Bewertung,Bestwertung,Bewertung kann geändert werden,"
    "Zuletzt geändert (Abgabe),Zuletzt geändert (Bewertung),Feedback als Kommentar\n"
    'Teilnehmer/in70001,Ada L,ada@example.org,Abgegeben,,"100,00",Ja,"Dienstag, 1. Dezember 2026, 23:58",-,\n'
    'Teilnehmer/in70002,Bob B,,Abgegeben,,"100,00",Ja,"Mittwoch, 2. Dezember 2026, 08:00",'
    '"Freitag, 4. Dezember 2026, 08:00",\n'
    'Teilnehmer/in70003,Cy C,,Keine Abgabe,,"100,00",Ja,-,-,\n'
)


def test_moodles_worksheet_says_when(tmp_path: Path) -> None:
    (tmp_path / "sheet.csv").write_text(SHEET, encoding="utf-8")
    times = read_times(tmp_path / "sheet.csv", UTC)
    found = {
        name: [each.when for each in times.of(Learner(name, moodle={"Identifier": f"Teilnehmer/in{number}"}))]
        for name, number in (("ada", 70001), ("bob", 70002), ("cy", 70003))
    }
    assert found == {"ada": [DUE - timedelta(minutes=1)], "bob": [datetime(2026, 12, 2, 8, tzinfo=UTC)], "cy": []}


def test_a_list_of_times_wins_over_those_of_files(course: Course, tmp_path: Path) -> None:
    main = tmp_path / "in" / "ada" / "lesson_01" / "app" / "main.py"
    main.parent.mkdir(parents=True)
    main.write_text(APP, encoding="utf-8")
    (tmp_path / "times.csv").write_text("id,time\nADA,2026-12-01T12:00\n", encoding="utf-8")
    found = read(course, tmp_path / "in", When(read_times(tmp_path / "times.csv", UTC)))
    assert found.handed_in_at == datetime(2026, 12, 1, 12, tzinfo=UTC)
    assert found.lesson_at(1) == found.handed_in_at


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("id,time\nada,yesterday\n", "line 2: 'yesterday' is no time"),
        ("id,when\nada,2026-12-01\n", "it needs the columns id and time"),
        ("", "is empty"),
    ],
)
def test_a_list_that_says_nothing_is_refused(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "times.csv").write_text(text, encoding="utf-8")
    with pytest.raises(CourseError, match=says):
        read_times(tmp_path / "times.csv", UTC)


# what Git says


def test_a_clone_is_as_old_as_the_last_change_of_the_lesson(course: Course, tmp_path: Path) -> None:
    clone = Clone(tmp_path / "in" / "ada")
    clone.commit(APP, DUE - DAY)
    (clone.folder / "README.md").write_text("mine", encoding="utf-8")
    clone.commit(APP, DUE + DAY)
    assert read(course, tmp_path / "in").lesson_at(1) == DUE - DAY
    clone.write("main.py", f"{APP}\n# more")
    changed = read(course, tmp_path / "in").lesson_at(1)
    assert changed is not None
    assert datetime.now(UTC) - changed < HOUR, "what was never committed is as old as its file"


def test_what_an_instructor_commits_makes_nobody_late(course: Course, tmp_path: Path) -> None:
    clone = Clone(tmp_path / "in" / "ada")
    clone.commit(APP, DUE - DAY)
    clone.commit(f"{APP}\n# well done", DUE + DAY, who="Teacher@School.example")
    assert read(course, tmp_path / "in").lesson_at(1) == DUE + DAY
    when = When(instructors=frozenset({"teacher@school.example"}))
    assert read(course, tmp_path / "in", when).lesson_at(1) == DUE - DAY


def test_at_due_grades_what_was_there_in_time(course: Course, tmp_path: Path) -> None:
    clone = Clone(tmp_path / "in" / "ada")
    early = clone.commit("early = 1\n", DUE - DAY)
    clone.commit("late = 1\n", DUE + HOUR)
    when = When(policies={1: LatePolicy(DUE)}, at_due=True)
    found = read(course, tmp_path / "in", when)
    assert main_of(found) == "early = 1\n"
    assert found.lesson_at(1) == DUE - DAY
    assert found.notes == (f"Graded as it was at {early[:12]}, in time for lesson 1: more came later.",)
    extended = collect(course, tmp_path / "in", roster(tmp_path, "id,extension\nada,1\n"), when=when)
    ((_, later),) = extended.learners
    assert later is not None
    assert main_of(later) == "late = 1\n"


def roster(folder: Path, text: str) -> Path:
    (folder / "roster.csv").write_text(text, encoding="utf-8")
    return folder / "roster.csv"


def test_what_was_pushed_too_late_was_not_handed_in(course: Course, tmp_path: Path) -> None:
    clone = Clone(tmp_path / "in" / "ada")
    clone.commit(APP, DUE + HOUR)
    found = read(course, tmp_path / "in", When(policies={1: LatePolicy(DUE)}, at_due=True))
    assert (found.problem, dict(found.lessons)) == ("", {})
    assert found.problems == {1: "Nothing was in the repository when it was due."}


def test_a_push_that_was_replaced_is_noted(course: Course, tmp_path: Path) -> None:
    """What was there in time may be gone from the repository: then the instructor has to know."""
    clone = Clone(tmp_path / "in" / "ada")
    first = clone.commit("early = 1\n", DUE - DAY)
    gone = "0123456789" * 4
    rows = f"id,time,commit\nada,{DUE - DAY:%FT%T}Z,{first}\nada,{DUE - HOUR:%FT%T}Z,{gone}\n"
    (tmp_path / "times.csv").write_text(rows, encoding="utf-8")
    times = read_times(tmp_path / "times.csv", UTC)
    found = read(course, tmp_path / "in", When(times, policies={1: LatePolicy(DUE)}, at_due=True))
    assert main_of(found) == "early = 1\n"
    assert found.notes[0].startswith(
        "No longer in the repository: a push of 2026-12-01 22:59 UTC (012345678901; 1 such"
    )


def test_dates_in_commits_do_not_matter_where_the_host_saw_the_pushes(course: Course, tmp_path: Path) -> None:
    clone = Clone(tmp_path / "in" / "ada")
    first = clone.commit("early = 1\n", DUE - DAY)
    forged = clone.commit("late = 1\n", DUE - HOUR)
    rows = f"id,time,commit,by\nada,{DUE - DAY:%FT%T}Z,{first},ada\nada,{DUE + DAY:%FT%T}Z,{forged},ada\n"
    (tmp_path / "times.csv").write_text(rows, encoding="utf-8")
    times = read_times(tmp_path / "times.csv", UTC)
    assert read(course, tmp_path / "in", When(times)).lesson_at(1) == DUE + DAY
    found = read(course, tmp_path / "in", When(times, policies={1: LatePolicy(DUE)}, at_due=True))
    assert main_of(found) == "early = 1\n"


def test_a_hostile_repository_runs_nothing(course: Course, tmp_path: Path) -> None:
    clone = Clone(tmp_path / "in" / "eve")
    (clone.folder / ".gitattributes").write_text("* filter=evil diff=evil export-subst\n", encoding="utf-8")
    clone.commit(APP, DUE - DAY)
    marker = tmp_path / "ran"
    script = tmp_path / "evil.sh"
    script.write_text(f"#!/bin/sh\ntouch {marker}\ncat\n", encoding="utf-8")
    script.chmod(0o755)
    for key in (
        *("core.fsmonitor", "core.sshCommand", "core.pager", "core.editor", "uploadpack.packObjectsHook"),
        *("filter.evil.smudge", "filter.evil.clean", "diff.evil.textconv", "diff.external", "tar.tar.command"),
        *("alias.log", "core.gitProxy", "credential.helper"),
    ):
        clone.git("config", key, str(script))
    for hook in ("post-checkout", "pre-receive", "reference-transaction", "post-upload-pack"):
        (clone.folder / ".git" / "hooks").mkdir(exist_ok=True)
        (clone.folder / ".git" / "hooks" / hook).symlink_to(script)
    marker.unlink(missing_ok=True)
    found = read(course, tmp_path / "in", When(policies={1: LatePolicy(DUE)}, at_due=True))
    assert main_of(found) == APP
    assert not marker.exists()


@pytest.mark.parametrize("broken", ["HEAD", "objects", "refs"])
def test_a_broken_repository_is_read_as_a_folder(course: Course, tmp_path: Path, broken: str) -> None:
    clone = Clone(tmp_path / "in" / "ada")
    clone.commit(APP, DUE - DAY)
    inside = clone.folder / ".git" / broken
    if broken == "HEAD":
        inside.write_text("ref: refs/heads/nowhere\n", encoding="utf-8")
    else:
        inside.rename(inside.with_name("gone"))
    found = read(course, tmp_path / "in")
    assert main_of(found) == APP
    assert any("history is not used" in note for note in found.notes)


def test_a_history_that_cannot_be_read_hides_nothing_that_came_late(course: Course, tmp_path: Path) -> None:
    """A file that is too large stops Git: what is there now, whenever it came, must not count for what was there."""
    clone = Clone(tmp_path / "in" / "eve")
    (clone.folder / "bomb").write_bytes(bytes(3_000_000))
    clone.commit(APP, DUE + DAY)
    (clone.folder / "bomb").unlink()
    when, limits = When(policies={1: LatePolicy(DUE + 2 * DAY)}, at_due=True), Limits(tar_bytes=1_000_000)
    ((_, found),) = collect(course, tmp_path / "in", limits=limits, when=when).learners
    assert found is not None
    assert (dict(found.lessons), found.problem[:27]) == ({}, "Its history cannot be read.")
    ((_, as_it_is),) = collect(course, tmp_path / "in", limits=limits).learners
    assert as_it_is is not None
    assert main_of(as_it_is) == APP
    assert as_it_is.notes[-1].startswith("Its history is not used.")


# what hosts say


def answers(replies: dict[str, Any]) -> httpx.MockTransport:
    """A host that answers lists, each in two pages."""

    def answer(request: httpx.Request) -> httpx.Response:
        assert "secret" in str(dict(request.headers))
        found = replies.get(request.url.path)
        if found is None:
            return httpx.Response(404, json={"message": "Not Found"})
        page = int(request.url.params.get("page", "1"))
        half = -(-len(found) // 2)
        more = {"Link": f'<{request.url.copy_set_param("page", "2")}>; rel="next"'} if page == 1 else {}
        return httpx.Response(200, json=found[:half] if page == 1 else found[half:], headers=more)

    return httpx.MockTransport(answer)


def github(repositories: dict[str, Clone], pushes: list[dict[str, Any]]) -> httpx.MockTransport:
    """GitHub's answers, in the form of its description of its REST API."""
    listed = [
        {"name": name, "full_name": f"school/{name}", "clone_url": clone.folder.as_uri(), "default_branch": "main"}
        for name, clone in repositories.items()
    ]
    activity = {f"/repos/school/{name}/activity": pushes for name in repositories}
    return answers({"/orgs/school/repos": listed, **activity})


def gitlab(repositories: dict[str, Clone], pushes: list[dict[str, Any]]) -> httpx.MockTransport:
    """GitLab's answers, in the form of its description of its API."""
    listed = [
        {"id": number, "path": name, "http_url_to_repo": clone.folder.as_uri(), "default_branch": "main"}
        for number, (name, clone) in enumerate(repositories.items())
    ]
    events = {f"/api/v4/projects/{number}/events": pushes for number in range(len(repositories))}
    return answers({"/api/v4/groups/school/projects": listed, **events})


@pytest.fixture
def repositories(tmp_path: Path) -> tuple[dict[str, Clone], str, str]:
    """Ada's repository, another one, and the commits of two pushes of hers."""
    clone = Clone(tmp_path / "there" / "ada")
    early, late = clone.commit("early = 1\n", DUE - DAY), clone.commit("late = 1\n", DUE - DAY)
    return {"week-3-ada": clone, "other": clone}, early, late


def test_github_says_who_pushed_when(
    course: Course, tmp_path: Path, repositories: tuple[dict[str, Clone], str, str]
) -> None:
    clones, early, late = repositories
    pushes = [
        _activity(early, DUE - HOUR, "ada", "branch_creation"),
        _activity("0" * 40, DUE - HOUR, "ada", "branch_deletion"),
        _activity(late, DUE + HOUR, "ada", "push"),
        _activity(late, DUE + DAY, None, "push"),
    ]
    host = GitHub("secret", transport=github(clones, pushes))
    cloned = clone_all(host, "secret", "school", tmp_path / "in", prefix="week-3-")
    _collected(course, tmp_path / "in", [(each.learner, each.problem) for each in cloned])


def _activity(commit: str, when: datetime, who: str | None, kind: str) -> dict[str, Any]:
    actor = who and {"login": who}
    return {
        "activity_type": kind,
        "after": commit,
        "before": "",
        "ref": "refs/heads/main",
        "timestamp": f"{when:%FT%TZ}",
        "actor": actor,
    }


def test_gitlab_says_who_pushed_when(
    course: Course, tmp_path: Path, repositories: tuple[dict[str, Clone], str, str]
) -> None:
    clones, early, late = repositories

    def event(commit: str | None, when: datetime, ref: str = "main") -> dict[str, Any]:
        push = {"action": "pushed", "ref_type": "branch", "ref": ref, "commit_to": commit}
        return {"created_at": f"{when:%FT%T.000Z}", "author_username": "ada", "push_data": push}

    pushes = [event(early, DUE - HOUR), event(late, DUE - HOUR, "draft"), event(None, DUE), event(late, DUE + HOUR)]
    host = GitLab("secret", transport=gitlab(clones, pushes))
    cloned = clone_all(host, "secret", "school", tmp_path / "in", prefix="week-3-")
    _collected(course, tmp_path / "in", [(each.learner, each.problem) for each in cloned])


def _collected(course: Course, folder: Path, cloned: list[tuple[str, str]]) -> None:
    """Ada's clone and her times are there, the token is not, and what she pushed in time is what counts."""
    assert cloned == [("ada", "")]
    assert "secret" not in (folder / "ada" / ".git" / "config").read_text(encoding="utf-8")
    times = read_times(folder / "times.csv", UTC)
    when = When(times, policies={1: LatePolicy(DUE)}, at_due=True)
    ((_, found),) = collect(course, folder, when=when).learners
    assert found is not None
    assert main_of(found) == "early = 1\n"
    assert found.lesson_at(1) == DUE - HOUR


def test_a_host_that_refuses_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(CourseError, match="answers 404 Not Found for /orgs/school/repos: look at the token"):
        clone_all(GitHub("secret", transport=answers({})), "secret", "school", tmp_path / "in")
    with pytest.raises(CourseError, match="has no repository called week-9"):
        clone_all(GitHub("secret", transport=github({}, [])), "secret", "school", tmp_path / "in", prefix="week-9-")


def test_who_pushed_nothing_has_handed_in_nothing(tmp_path: Path) -> None:
    host = GitHub("secret", transport=github({"week-3-bob": Clone(tmp_path / "there" / "bob")}, []))
    clone_all(host, "secret", "school", tmp_path / "in", prefix="week-3-")
    assert not (tmp_path / "in" / "bob").exists()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["collect", "school"], "write it like github:my-school"),
        (["collect", "gitlab:school"], "GitLab wants a token"),
        (["grade", "in", "--at-due", "--sandbox", "none"], "--at-due needs a due date"),
    ],
)
def test_mistakes_at_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], says: str
) -> None:
    monkeypatch.delenv("GITLAB_TOKEN", raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    refused = CliRunner().invoke(app, words, prog_name="workbook")
    assert refused.exit_code == 2
    assert says in refused.stderr
