"""The Jira site through the `jira` client library and over plain HTTP."""

import base64
from typing import Any

import httpx
import pytest
from jira import JIRA
from jira.exceptions import JIRAError

from sandbox.client import SandboxClient
from sandbox.vendors.jira import Jira

FIELDS: dict[str, Any] = {
    "project": {"key": "VOC"},
    "issuetype": {"name": "Bug"},
    "summary": "결제가 안 돼요 😀",
    "labels": ["voc", "voc-1"],
}
DOCUMENT = {
    "type": "doc",
    "version": 1,
    "content": [
        {
            "type": "paragraph",
            "content": [
                {"type": "text", "text": "Hello "},
                {"type": "mention", "attrs": {"id": "557058:mia", "text": "@Mia Kim"}},
            ],
        }
    ],
}


class Desk:
    """The sandbox's control addresses for Jira."""

    def __init__(self, sandbox: SandboxClient) -> None:
        self.sandbox = sandbox
        self.http = httpx.Client(base_url=sandbox.url("/_sandbox/jira/"), timeout=30)

    def do(self, path: str, **body: Any) -> Any:
        answer = self.http.post(path, json=body)
        assert answer.is_success, answer.text
        return answer.json()


@pytest.fixture
def desk(sandbox: SandboxClient) -> Desk:
    return Desk(sandbox)


@pytest.fixture
def cloud(sandbox: SandboxClient) -> JIRA:
    return JIRA(sandbox.url("/jira"), basic_auth=("voc@example.com", "token"), max_retries=0)


@pytest.fixture
def center(desk: Desk) -> JIRA:
    desk.do("config", deployment="datacenter")
    return JIRA(desk.sandbox.url("/jira"), token_auth="pat", max_retries=0)


@pytest.fixture
def v3(sandbox: SandboxClient) -> httpx.Client:
    return httpx.Client(base_url=sandbox.url("/jira/rest/api/3/"), auth=("voc@example.com", "token"))


def test_an_issue_lives_through_its_workflow_in_the_clients_eyes(cloud: JIRA) -> None:
    issue = cloud.create_issue({**FIELDS, "description": "h1. Text"})
    assert (issue.key, str(issue.fields.status), issue.fields.labels) == ("VOC-1", "To Do", ["voc", "voc-1"])

    assert cloud.find_transitionid_by_name(issue, "Finish") is None  # several steps lead there
    cloud.transition_issue(issue, "Start work")
    cloud.transition_issue(issue, "Finish", fields={"resolution": {"name": "Duplicate"}})

    done = cloud.issue("VOC-1")
    assert (done.fields.status.statusCategory.key, str(done.fields.resolution)) == ("done", "Duplicate")
    cloud.transition_issue(issue, "Reopen")
    assert cloud.issue(issue.id).fields.resolution is None


def test_a_transition_that_the_workflow_does_not_have_is_refused(cloud: JIRA) -> None:
    issue = cloud.create_issue(FIELDS)

    with pytest.raises(JIRAError) as refused:
        cloud.transition_issue(issue, "31")

    assert (refused.value.status_code, refused.value.text) == (400, "Transition id '31' is not valid for this issue.")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"summary": ""}, "summary"),
        ({"summary": "a\nb"}, "summary"),
        ({"project": {"key": "NONE"}}, "project"),
        ({"issuetype": {"name": "Epic"}}, "issuetype"),
        ({"labels": ["two words"]}, "labels"),
        ({"priority": {"name": "Urgent"}}, "priority"),
        ({"description": "x" * 32_768}, "description"),
        ({"customfield_1": "x"}, "customfield_1"),
    ],
)
def test_what_a_field_may_not_hold_is_refused_by_its_name(
    sandbox: SandboxClient, changes: dict[str, Any], field: str
) -> None:
    answer = httpx.post(
        sandbox.url("/jira/rest/api/2/issue"), json={"fields": FIELDS | changes}, auth=("voc@example.com", "token")
    )

    assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])
    assert sandbox.state("jira")["issues"] == []


def test_a_required_custom_field_is_in_the_metadata_and_asked_for(desk: Desk, cloud: JIRA) -> None:
    options = {"id": "customfield_10050", "name": "Impact", "type": "option", "required": True, "options": ["Big"]}
    desk.do("config", custom=[options])

    meta = cloud.createmeta(projectKeys="VOC", expand="projects.issuetypes.fields")
    field = meta["projects"][0]["issuetypes"][0]["fields"]["customfield_10050"]
    assert (field["required"], field["allowedValues"][0]["value"]) == (True, "Big")
    with pytest.raises(JIRAError, match="Impact is required"):
        cloud.create_issue(FIELDS)
    assert cloud.create_issue({**FIELDS, "customfield_10050": {"value": "Big"}}).key == "VOC-1"


def test_data_center_speaks_version_two_with_a_personal_token_and_the_older_search(center: JIRA) -> None:
    issue = center.create_issue(FIELDS)

    assert [found.key for found in center.search_issues("project = VOC AND labels = voc-1")] == [issue.key]
    assert {item.name for item in center.project_issue_types("VOC")} == {"Bug", "Task", "Story"}
    assert center.current_user() == "voc-bot"
    for path, status in [("/jira/rest/api/3/myself", 404), ("/jira/rest/api/2/search/jql?jql=key=VOC-1", 404)]:
        url = f"{center.server_url.removesuffix('/jira')}{path}"
        assert httpx.get(url, headers={"authorization": "Bearer pat"}).status_code == status


@pytest.mark.parametrize(
    ("deployment", "header"),
    [
        ("cloud", {}),
        ("cloud", {"authorization": "Bearer token"}),
        ("cloud", {"authorization": "Basic " + base64.b64encode(b"a@b.c:wrong").decode()}),
        ("datacenter", {"authorization": "Basic " + base64.b64encode(b"a:b").decode()}),
        ("datacenter", {"authorization": "Bearer wrong"}),
    ],
)
def test_credentials_of_the_wrong_kind_are_refused(desk: Desk, deployment: str, header: dict[str, str]) -> None:
    desk.do("config", deployment=deployment)

    answer = httpx.get(desk.sandbox.url("/jira/rest/api/2/myself"), headers=header)

    assert answer.status_code == 401


def test_search_walks_pages_by_token_and_knows_a_change_only_after_the_delay(desk: Desk, cloud: JIRA) -> None:
    for _ in range(5):
        cloud.create_issue(FIELDS, prefetch=False)
    found = cloud.enhanced_search_issues("labels = voc ORDER BY key", maxResults=2, json_result=True, use_post=True)
    assert (len(found["issues"]), found["isLast"], list(found["issues"][0])) == (
        2,
        False,
        ["expand", "id", "self", "key", "fields"],
    )
    assert [one.key for one in cloud.enhanced_search_issues("labels = voc ORDER BY key", maxResults=0)] == [
        f"VOC-{number}" for number in range(1, 6)
    ]

    desk.do("config", index_delay=180)
    cloud.create_issue({**FIELDS, "labels": ["late"]}, prefetch=False)
    assert cloud.enhanced_search_issues("labels = late") == []
    desk.do("index", advance=179)
    assert cloud.enhanced_search_issues("labels = late") == []
    desk.do("index", advance=1.5)
    assert len(cloud.enhanced_search_issues("labels = late")) == 1


def test_search_by_id_only_unless_fields_are_asked_for(cloud: JIRA, v3: httpx.Client) -> None:
    cloud.create_issue(FIELDS)

    [bare] = v3.post("search/jql", json={"jql": "key = VOC-1"}).json()["issues"]
    [full] = v3.post("search/jql", json={"jql": "key = VOC-1", "fields": ["status"]}).json()["issues"]

    assert "fields" not in bare
    assert list(full["fields"]) == ["status"]


@pytest.mark.parametrize(
    ("jql", "words"),
    [
        ("order by key", "Unbounded"),
        ("project = GONE", "does not exist for the field 'project'"),
        ("colour = red", "Field 'colour' does not exist"),
        ('updated >= "soon"', "Date value"),
        ("labels = voc AND", "ends too soon"),
    ],
)
def test_a_query_that_jira_would_not_take_is_refused(v3: httpx.Client, jql: str, words: str) -> None:
    answer = v3.post("search/jql", json={"jql": jql})

    assert answer.status_code == 400
    assert words in answer.json()["errorMessages"][0]


def test_a_quoted_time_is_the_accounts_and_a_bare_number_is_absolute(desk: Desk, cloud: JIRA) -> None:
    cloud.create_issue(FIELDS)
    updated = desk.sandbox.state("jira")["issues"][0]["updated"]

    for zone in ("Asia/Seoul", "America/New_York"):
        desk.do("config", time_zone=zone)
        assert len(cloud.enhanced_search_issues(f"project = VOC AND updated >= {updated}")) == 1
        assert cloud.enhanced_search_issues(f"project = VOC AND updated > {updated}") == []
    offset = {"Asia/Seoul": "+0900", "America/New_York": ("-0500", "-0400")}
    assert cloud.issue("VOC-1").fields.updated.endswith(offset["America/New_York"])


def test_many_are_fetched_by_id_and_what_is_gone_or_hidden_is_left_out(
    desk: Desk, cloud: JIRA, v3: httpx.Client
) -> None:
    ids = [cloud.create_issue(FIELDS).id for _ in range(3)]
    desk.do("issues/VOC-1/change", project="OPS")
    desk.http.delete("issues/VOC-2")

    answer = v3.post("issue/bulkfetch", json={"issueIdsOrKeys": [*ids, "VOC-1"], "fields": ["status"]}).json()
    assert [one["key"] for one in answer["issues"]] == ["OPS-1", "VOC-3"]
    desk.do("config", hidden=["VOC"])
    answer = v3.post("issue/bulkfetch", json={"issueIdsOrKeys": ids}).json()
    assert [one["key"] for one in answer["issues"]] == ["OPS-1"]
    assert v3.get("issue/VOC-3").status_code == 404
    assert v3.post("issue/bulkfetch", json={"issueIdsOrKeys": list(range(101))}).status_code == 400


def test_a_comment_is_a_document_in_version_three_and_wiki_text_in_version_two(cloud: JIRA, v3: httpx.Client) -> None:
    cloud.create_issue(FIELDS)
    made = v3.post(
        "issue/VOC-1/comment", json={"body": DOCUMENT, "properties": [{"key": "voc.comment", "value": {"id": "7"}}]}
    )
    assert made.status_code == 201
    assert v3.post("issue/VOC-1/comment", json={"body": "text"}).status_code == 400

    [comment] = cloud.comments("VOC-1", expand="properties")
    assert comment.body == "Hello [~accountid:557058:mia]"
    assert comment.properties[0].value.id == "7"
    comment.update(body="Changed [~accountid:557058:jun]")
    read = v3.get(f"issue/VOC-1/comment/{comment.id}").json()
    assert read["body"]["content"][0]["content"][1]["attrs"]["text"] == "@Jun Park"
    comment.delete()
    assert cloud.comments("VOC-1") == []


def test_a_result_of_search_holds_twenty_comments_and_says_how_many_there_are(
    desk: Desk, cloud: JIRA, v3: httpx.Client
) -> None:
    cloud.create_issue(FIELDS)
    for number in range(25):
        desk.do("issues/VOC-1/comments", body=f"{number}")

    [found] = v3.post("search/jql", json={"jql": "key = VOC-1", "fields": ["comment"]}).json()["issues"]

    assert (len(found["fields"]["comment"]["comments"]), found["fields"]["comment"]["total"]) == (20, 25)
    assert len(v3.get("issue/VOC-1/comment", params={"startAt": 20}).json()["comments"]) == 5


def test_a_remote_link_with_a_global_id_is_set_once_and_replaced(cloud: JIRA, v3: httpx.Client) -> None:
    cloud.create_issue(FIELDS)
    link = {"globalId": "voc:1", "object": {"url": "http://127.0.0.1/1", "title": "VOC-1"}}

    codes = [v3.post("issue/VOC-1/remotelink", json=link).status_code for _ in range(2)]

    assert codes == [201, 200]
    assert [one.globalId for one in cloud.remote_links("VOC-1")] == ["voc:1"]


def test_properties_are_set_with_the_issue_and_read_by_name(cloud: JIRA, v3: httpx.Client) -> None:
    body = {"fields": FIELDS, "properties": [{"key": "voc", "value": {"ticket": "VOC-20260101-0001"}}]}
    v3.post("issue", json=body)

    assert cloud.issue_property("VOC-1", "voc").value.ticket == "VOC-20260101-0001"
    assert v3.get("issue/VOC-1", params={"properties": "voc"}).json()["properties"]["voc"]


def test_what_the_account_may_not_do_is_said_before_and_refused_then(desk: Desk, cloud: JIRA, v3: httpx.Client) -> None:
    desk.do("config", denied=["CREATE_ISSUES"])

    asked = cloud.my_permissions(projectKey="VOC", permissions="CREATE_ISSUES,ADD_COMMENTS")["permissions"]
    assert {name: one["havePermission"] for name, one in asked.items()} == {
        "CREATE_ISSUES": False,
        "ADD_COMMENTS": True,
    }  # type: ignore[comparison-overlap]
    assert v3.post("issue", json={"fields": FIELDS}).json()["errors"] == {
        "project": "You cannot create issues in this project."
    }


def test_an_issue_whose_answer_is_lost_is_there_all_the_same(sandbox: SandboxClient, v3: httpx.Client) -> None:
    sandbox.fault("jira", "drop_after", route="/jira/rest/api/3/issue", count=1)

    with pytest.raises(httpx.TransportError):
        v3.post("issue", json={"fields": FIELDS})

    assert v3.get("issue/VOC-1").status_code == 200


def test_a_refusal_is_in_jiras_words_with_the_time_to_wait(sandbox: SandboxClient, v3: httpx.Client) -> None:
    sandbox.fault("jira", "status", status=429, retry_after=300, headers={"RateLimit-Reason": "jira-burst-based"})

    answer = v3.get("myself")

    assert (answer.status_code, answer.headers["retry-after"]) == (429, "300")
    assert answer.json() == {"errorMessages": ["Rate limit exceeded."], "errors": {}}


def test_a_person_moves_and_comments_on_the_page(desk: Desk, cloud: JIRA, sandbox: SandboxClient) -> None:
    cloud.create_issue({**FIELDS, "summary": "<script>alert(1)</script>"})
    page = httpx.get(sandbox.url("/jira/browse/VOC-1"), follow_redirects=True)
    assert "&lt;script&gt;" in page.text
    assert "<script>" not in page.text

    form = sandbox.url("/_sandbox/jira/issues/VOC-1/form")
    httpx.post(form, data={"transition": "11"})
    httpx.post(form, data={"comment": "확인했습니다", "who": "jun"})

    [issue] = sandbox.state("jira")["issues"]
    assert (issue["status"], issue["comments"][0]["body"], issue["comments"][0]["author"]) == (
        "10001",
        "확인했습니다",
        "jun",
    )
    assert "확인했습니다" in desk.http.get("issues/VOC-1").text
    assert "VOC-1" in desk.http.get("").text
    assert "VOC-1" in httpx.get(sandbox.base_url).text


def test_its_state_survives_a_restart(desk: Desk, cloud: JIRA, sandbox: SandboxClient) -> None:
    cloud.create_issue(FIELDS)
    desk.do("issues/VOC-1/comments", body="one")
    desk.do("issues/VOC-1/change", project="OPS")
    other = Jira()

    other.load(sandbox.state("jira"))

    assert other.state() == sandbox.state("jira")
    assert other.store.find("VOC-1").key == "OPS-1"
    assert other.store.create("mia", {"project": "OPS", "type": "10001"}).key == "OPS-2"


@pytest.mark.parametrize(
    "change", [{"deployment": "server"}, {"index_delay": "long"}, {"nothing": 1}, {"custom": [{"name": "x"}]}]
)
def test_a_setting_that_cannot_be_is_refused(desk: Desk, change: dict[str, Any]) -> None:
    assert desk.http.post("config", json=change).status_code == 422
