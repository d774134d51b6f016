"""Where learners push to: the repositories of an organisation on GitHub, or of a group on GitLab, and all pushes.

- **GitHub**: "List organization repositories" and "List repository activities" (REST API, version 2022-11-28). Each
  activity has a time, the login of who pushed, and the commit that a branch then pointed to. A token needs read access
  to metadata and contents.
- **GitLab**: "List a group's projects" and "List all visible events for a project" with ``action=pushed`` (API v4). A
  token needs ``read_api`` and ``read_repository``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import quote

import httpx

from workbook.course.model import CourseError
from workbook.grading.intake.times import HandIn

_SECONDS = 60.0
_PAGES = 200
"""More pages of a list are not read: a host that always says that there is one more would never end."""
_NO_COMMIT = "0" * 40
_PUSHES = frozenset({"push", "force_push", "pr_merge", "merge_queue_merge", "branch_creation"})


@dataclass(frozen=True)
class Remote:
    """A learner's repository on a host."""

    name: str
    address: str
    """Where Git clones it from."""
    branch: str
    """The default branch, whose pushes count."""
    key: str
    """What the host's API calls it."""


class Host(Protocol):
    """A host of repositories."""

    user: str
    """The name that stands before the token when Git asks for one."""

    def repositories(self, owner: str) -> Iterator[Remote]:
        """Every repository of an organisation or group."""
        ...

    def pushes(self, remote: Remote) -> list[HandIn]:
        """When what was pushed to its default branch, and by whom; the first one first."""
        ...


class _Api:
    """Reads lists that come in pages."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def pages(self, path: str, **query: str) -> Iterator[dict[str, Any]]:
        """Every entry of a list.

        Raises:
            CourseError: the host cannot be reached, or refuses.
        """
        address: str = path
        params: dict[str, str] | None = {**query, "per_page": "100"}
        for _ in range(_PAGES):
            try:
                answer = self._client.get(address, params=params)
                answer.raise_for_status()
                yield from answer.json()
            except httpx.HTTPStatusError as fault:
                said = f"{fault.response.status_code} {fault.response.reason_phrase}"
                raise CourseError(
                    f"{self._client.base_url.host} answers {said} for {path}: look at the token."
                ) from None
            except (httpx.HTTPError, ValueError) as fault:
                raise CourseError(f"{self._client.base_url.host} cannot be read: {fault}.") from None
            following = answer.links.get("next", {}).get("url")
            if following is None:
                return
            address, params = following, None  # all of it is in the address


class GitHub:
    """GitHub, or GitHub Enterprise Server (``https://HOST/api/v3``)."""

    user = "x-access-token"

    def __init__(self, token: str, server: str = "", transport: httpx.BaseTransport | None = None) -> None:
        """Use the host's API.

        Args:
            token: may read the repositories.
            server: of the API; GitHub's own by default.
            transport: sends requests; for tests.
        """
        headers = {
            "Authorization": f"Bearer {token}",
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": "2022-11-28",
        }
        base = server or "https://api.github.com"
        self._api = _Api(httpx.Client(base_url=base, headers=headers, timeout=_SECONDS, transport=transport))

    def repositories(self, owner: str) -> Iterator[Remote]:
        """Every repository of an organisation."""
        for found in self._api.pages(f"/orgs/{quote(owner)}/repos", sort="full_name"):
            yield Remote(found["name"], found["clone_url"], found["default_branch"], found["full_name"])

    def pushes(self, remote: Remote) -> list[HandIn]:
        """When what was pushed to its default branch, and by whom."""
        listed = self._api.pages(f"/repos/{remote.key}/activity", ref=f"refs/heads/{remote.branch}", direction="asc")
        found: list[HandIn] = []
        for activity in listed:
            actor: dict[str, Any] = activity.get("actor") or {}  # a deleted account has none
            if activity["activity_type"] in _PUSHES and activity["after"] != _NO_COMMIT:
                when = datetime.fromisoformat(activity["timestamp"])
                found.append(HandIn(when, activity["after"], actor.get("login", "")))
        return found


class GitLab:
    """GitLab, on gitlab.com or a server of one's own."""

    user = "oauth2"

    def __init__(self, token: str, server: str = "", transport: httpx.BaseTransport | None = None) -> None:
        """Use the host's API; see ``GitHub``."""
        base = f"{(server or 'https://gitlab.com').rstrip('/')}/api/v4"
        headers = {"PRIVATE-TOKEN": token}
        self._api = _Api(httpx.Client(base_url=base, headers=headers, timeout=_SECONDS, transport=transport))

    def repositories(self, owner: str) -> Iterator[Remote]:
        """Every repository of a group, and of the groups in it."""
        for found in self._api.pages(f"/groups/{quote(owner, safe='')}/projects", include_subgroups="true"):
            branch = found.get("default_branch") or ""  # of an empty one there is none
            yield Remote(found["path"], found["http_url_to_repo"], branch, str(found["id"]))

    def pushes(self, remote: Remote) -> list[HandIn]:
        """When what was pushed to its default branch, and by whom."""
        listed = self._api.pages(f"/projects/{remote.key}/events", action="pushed", sort="asc")
        found: list[HandIn] = []
        for event in listed:
            push: dict[str, Any] = event.get("push_data") or {}
            if push.get("ref_type") == "branch" and push.get("ref") == remote.branch and push.get("commit_to"):
                when = datetime.fromisoformat(event["created_at"])
                found.append(HandIn(when, push["commit_to"], event.get("author_username") or ""))
        return found
