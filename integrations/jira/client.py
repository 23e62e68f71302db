"""Jira over the `jira` client: one request per call, never repeated, typed errors, plain values in and out.

Cloud (an e-mail address is set) speaks REST version 3, whose texts are ADF; Data Center version 2, whose texts are wiki
markup: https://developer.atlassian.com/cloud/jira/platform/rest/v3/ and /server/jira/platform/rest/. The library's own
methods repeat requests, sleep, fetch twice or cannot set properties; used are its session, sign-in and addresses.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import quote

import requests
from django.conf import settings
from jira import JIRA
from jira.exceptions import JIRAError

from integrations.jira import errors, reading
from integrations.jira.base import (
    COMMENT_PROPERTY,
    Account,
    CreatedIssue,
    CreateField,
    IssuePage,
    IssueType,
    JiraComment,
    JiraGone,
    JiraIssue,
    ServerInfo,
    Transition,
    Webhook,
)
from integrations.jira.document import Document, rendered
from integrations.jira.transport import CONNECT_SECONDS, prepare
from voc.core.addresses import host_and_port
from voc.core.database import release_connection
from voc.core.errors import Permanent, Transient
from voc.core.http import guarded

PEER: Final = "jira"
PAGE: Final = 100
# Far more than any issue has comments or any search of ours results.
MOST_PAGES: Final = 1_000
ROOT: Final = "{server}/rest/{path}"


def is_configured() -> bool:
    """Whether this site has a Jira."""
    return bool(settings.JIRA_BASE_URL and settings.JIRA_API_TOKEN)


def get_client() -> "JiraClient":
    """The client as the settings have it. Raises Permanent when they name no Jira."""
    if not is_configured():
        raise Permanent("Jira is not configured: set JIRA_BASE_URL and JIRA_API_TOKEN.")
    return JiraClient(
        url=settings.JIRA_BASE_URL,
        token=settings.JIRA_API_TOKEN,
        email=settings.JIRA_EMAIL,
        seconds=settings.JIRA_TIMEOUT_SECONDS,
    )


def browse_url(key: str) -> str:
    """Where people open an issue."""
    return f"{settings.JIRA_BROWSE_URL or settings.JIRA_BASE_URL}/browse/{key}"


class JiraClient:
    """One Jira. Every call raises what `integrations.jira.errors` tells, and RuntimeError inside a transaction.

    To be made where it is used: it holds no connection between two calls, and is not shared between threads.
    """

    def __init__(self, *, url: str, token: str, email: str = "", seconds: float = 15) -> None:
        host_and_port(url)
        self.is_cloud = bool(email)
        how: dict[str, Any] = {"basic_auth": (email, token)} if email else {"token_auth": token}
        self._jira = JIRA(
            server=url,
            options={"rest_api_version": "3" if email else "2"},
            get_server_info=False,
            max_retries=0,
            timeout=(min(CONNECT_SECONDS, seconds), seconds),
            logging=False,
            **how,
        )
        prepare(self._jira._session, seconds=seconds)

    # --- the site and what we may do there ------------------------------------------------------------------------

    def server_info(self) -> ServerInfo:
        return reading.server(self._get("serverInfo"))

    def myself(self) -> Account:
        return reading.account(self._get("myself"))

    def permissions(self, project_key: str, names: Iterable[str]) -> dict[str, bool]:
        """{name: whether our account has it in the project}."""
        asked = tuple(names)
        found = self._get("mypermissions", projectKey=project_key, permissions=",".join(asked))
        held = reading.mapping(found.get("permissions"))
        return {name: reading.mapping(held.get(name)).get("havePermission") is True for name in asked}

    def project(self, key: str) -> str:
        """The project's name. Raises JiraGone."""
        return reading.text(self._get(f"project/{_quoted(key)}").get("name"))

    def issue_types(self, project_key: str) -> list[IssueType]:
        """What kinds of issues our account may make in the project."""
        path = f"issue/createmeta/{_quoted(project_key)}/issuetypes"
        return [reading.issue_type(each) for each in self._listed(path, "issueTypes")]

    def create_fields(self, project_key: str, type_id: str) -> list[CreateField]:
        """The fields that an issue of this type is made with."""
        path = f"issue/createmeta/{_quoted(project_key)}/issuetypes/{_quoted(type_id)}"
        return [reading.create_field(each) for each in self._listed(path, "fields")]

    def webhooks(self) -> list[Webhook]:
        """Those of the whole site; only its administrators may see them."""
        found = self._call("GET", "webhooks/1.0/webhook", root=True)
        return [reading.webhook(each) for each in found] if isinstance(found, list) else []

    # --- issues ---------------------------------------------------------------------------------------------------

    def create_issue(
        self, fields: Mapping[str, Any], *, description: Document, properties: Mapping[str, Any]
    ) -> CreatedIssue:
        """One POST, whatever becomes of it: after an ambiguous Transient, look for the issue before another."""
        body = {
            "fields": {**fields, "description": rendered(description, adf=self.is_cloud)},
            "properties": [{"key": key, "value": value} for key, value in properties.items()],
        }
        made = reading.mapping(self._call("POST", "issue", body=body))
        found = CreatedIssue(id=reading.text(made.get("id")), key=reading.text(made.get("key")))
        if not (found.id and found.key):
            raise Transient("Jira answered without the new issue's key", ambiguous=True)
        return found

    def issue(self, id_or_key: str) -> JiraIssue:
        """Raises JiraGone when there is none, or none that our account may see."""
        found = self._get(f"issue/{_quoted(id_or_key)}", fields=",".join(reading.ISSUE_FIELDS))
        return _issue(found)

    def issues(self, ids: Iterable[str]) -> list[JiraIssue]:
        """Those of the ids that our account may see; a request per hundred."""
        wanted = list(dict.fromkeys(ids))
        found: list[JiraIssue] = []
        for start in range(0, len(wanted), PAGE):
            found += self._fetched(wanted[start : start + PAGE])
        return found

    def _fetched(self, ids: list[str]) -> list[JiraIssue]:
        if not self.is_cloud:
            # Data Center has no bulkfetch; an id that is gone would fail the search unless it only warns.
            body = {"jql": f"id in ({','.join(ids)})", "fields": list(reading.ISSUE_FIELDS), "maxResults": PAGE}
            return _issues(self._call("POST", "search", body={**body, "validateQuery": False}))
        body = {"issueIdsOrKeys": ids, "fields": list(reading.ISSUE_FIELDS)}
        return _issues(self._call("POST", "issue/bulkfetch", body=body))

    def search(self, jql: str, *, page_token: str = "", limit: int = PAGE) -> IssuePage:
        """One page of results. The index that answers is behind by seconds, at times by minutes."""
        body: dict[str, Any] = {"jql": jql, "fields": list(reading.ISSUE_FIELDS), "maxResults": limit}
        if self.is_cloud:
            body |= {"nextPageToken": page_token} if page_token else {}
            found = reading.mapping(self._call("POST", "search/jql", body=body))
            token = "" if found.get("isLast") is True else reading.text(found.get("nextPageToken"))
            return IssuePage(issues=tuple(_issues(found)), next_token=token)
        start = int(page_token or 0)
        found = reading.mapping(self._call("POST", "search", body={**body, "startAt": start}))
        issues = tuple(_issues(found))
        total = found.get("total")
        more = issues and isinstance(total, int) and start + len(issues) < total
        return IssuePage(issues=issues, next_token=str(start + len(issues)) if more else "")

    def search_all(self, jql: str, *, most: int = 10_000) -> list[JiraIssue]:
        """All results, page by page, each issue once. A page token that comes again is an error of Jira's: Transient."""
        found: dict[str, JiraIssue] = {}
        seen: set[str] = set()
        place = ""
        while len(found) < most:
            page = self.search(jql, page_token=place)
            found |= {issue.id: issue for issue in page.issues}
            place = page.next_token
            if not place:
                break
            if place in seen:
                raise Transient("Jira's search goes round in circles")
            seen.add(place)
        return list(found.values())

    def issue_property(self, issue_id: str, name: str) -> Any:
        """What stands under the name at the issue, None for nothing. Copies of an issue do not have it."""
        try:
            return self._get(f"issue/{_quoted(issue_id)}/properties/{_quoted(name)}").get("value")
        except JiraGone:
            return None

    def add_labels(self, issue_id: str, labels: Iterable[str]) -> None:
        """Add what is missing; nothing is taken away."""
        update = {"update": {"labels": [{"add": label} for label in labels]}}
        self._call("PUT", f"issue/{_quoted(issue_id)}", body=update)

    def set_remote_link(
        self, issue_id: str, *, global_id: str, url: str, title: str, summary: str = "", resolved: bool = False
    ) -> None:
        """The link from the issue to the ticket; made or changed, by its global id."""
        target = {"url": url, "title": title, "summary": summary, "status": {"resolved": resolved}}
        body = {"globalId": global_id, "application": {"name": "VOC"}, "relationship": "VOC", "object": target}
        self._call("POST", f"issue/{_quoted(issue_id)}/remotelink", body=body)

    def remove_remote_link(self, issue_id: str, *, global_id: str) -> None:
        """One that is not there is as good as removed."""
        try:
            self._call("DELETE", f"issue/{_quoted(issue_id)}/remotelink", params={"globalId": global_id})
        except JiraGone:
            return

    def transitions(self, issue_id: str) -> list[Transition]:
        found = self._get(f"issue/{_quoted(issue_id)}/transitions").get("transitions")
        return [reading.transition(each) for each in found] if isinstance(found, list) else []

    def transition(self, issue_id: str, transition_id: str) -> None:
        body = {"transition": {"id": transition_id}}
        self._call("POST", f"issue/{_quoted(issue_id)}/transitions", body=body)

    # --- comments -------------------------------------------------------------------------------------------------

    def comments(self, issue_id: str) -> list[JiraComment]:
        """All of them, oldest first."""
        path = f"issue/{_quoted(issue_id)}/comment"
        raw = self._listed(path, "comments", orderBy="created", expand="properties")
        return [reading.comment(each) for each in raw]

    def comment(self, issue_id: str, comment_id: str) -> JiraComment:
        """Raises JiraGone."""
        path = f"issue/{_quoted(issue_id)}/comment/{_quoted(comment_id)}"
        return reading.comment(self._get(path, expand="properties"))

    def add_comment(self, issue_id: str, document: Document, *, marker: str) -> JiraComment:
        """One POST; `marker` goes with it as a property, by which `comments` finds it again."""
        properties = [{"key": COMMENT_PROPERTY, "value": {"id": marker}}]
        body = {"body": rendered(document, adf=self.is_cloud), "properties": properties}
        return reading.comment(self._call("POST", f"issue/{_quoted(issue_id)}/comment", body=body))

    def edit_comment(self, issue_id: str, comment_id: str, document: Document) -> JiraComment:
        body = {"body": rendered(document, adf=self.is_cloud)}
        return reading.comment(self._call("PUT", f"issue/{_quoted(issue_id)}/comment/{_quoted(comment_id)}", body=body))

    def delete_comment(self, issue_id: str, comment_id: str) -> None:
        """One that is not there is as good as deleted."""
        try:
            self._call("DELETE", f"issue/{_quoted(issue_id)}/comment/{_quoted(comment_id)}")
        except JiraGone:
            return

    # --- requests -------------------------------------------------------------------------------------------------

    def _get(self, path: str, **params: str) -> dict[str, Any]:
        return reading.mapping(self._call("GET", path, params=params))

    def _listed(self, path: str, name: str, **params: str) -> list[Any]:
        """All pages of a list. Data Center calls it `values` where Cloud names what is in it."""
        found: list[Any] = []
        for _page in range(MOST_PAGES):
            page = self._get(path, startAt=str(len(found)), maxResults=str(PAGE), **params)
            listed = page.get(name, page.get("values"))
            more = listed if isinstance(listed, list) else []
            found += more
            total = page.get("total")
            if not more or page.get("isLast") is True or not isinstance(total, int) or len(found) >= total:
                break
        return found

    def _call(
        self, method: str, path: str, *, body: Any = None, params: Mapping[str, str] | None = None, root: bool = False
    ) -> Any:
        """The answer's JSON, None for an empty one."""
        url = self._jira._get_url(path, base=ROOT) if root else self._jira._get_url(path)
        data = None if body is None else json.dumps(body, ensure_ascii=False, allow_nan=False).encode()
        release_connection()
        with guarded(PEER, url):
            try:
                response = self._jira._session.request(method, url, data=data, params=params)
            except requests.RequestException as error:
                errors.raise_for_connection(error)
            except JIRAError as error:
                errors.raise_for_answer(error)
            errors.check_signed_in(response)
            return _json(response)


def _json(response: requests.Response) -> Any:
    if not response.content:
        return None
    try:
        return response.json()
    except ValueError:
        # A page for people: a proxy or a sign-in stands where Jira should.
        raise Transient("Jira answered what is no JSON", ambiguous=True) from None


def _issue(raw: object) -> JiraIssue:
    try:
        return reading.issue(raw)
    except ValueError as error:
        raise Transient(f"Jira answered what cannot be read: {error}") from error


def _issues(answer: object) -> list[JiraIssue]:
    listed = reading.mapping(answer).get("issues")
    return [_issue(each) for each in listed] if isinstance(listed, list) else []


def _quoted(part: str) -> str:
    """A part of a path, which nothing in it can lead out of."""
    return quote(part, safe="")
