"""The client over HTTP against the sandbox: one request per call, typed errors, both kinds of Jira."""

import uuid
from datetime import UTC, datetime

import pytest
from django.db import transaction

from integrations.jira.base import JiraGone, JiraRefused, JiraUnauthorised
from integrations.jira.client import JiraClient
from integrations.jira.document import Bullets, Code, Heading, Link, Paragraph, plain, read, to_adf, to_wiki
from sandbox.process import running
from voc.core import breaker
from voc.core.errors import Permanent, Transient
from voc.core.redis import door


@pytest.fixture(scope="module")
def sandbox_process():
    with running() as client:
        yield client


@pytest.fixture
def sandbox(sandbox_process, settings):
    sandbox_process.reset()
    breaker._states.clear()
    door().call(lambda client: client.delete("voc:breaker:{jira}:fails", "voc:breaker:{jira}:open"))
    settings.OUTBOUND_ALLOWED_NETWORKS = ["127.0.0.0/8"]
    return sandbox_process


@pytest.fixture
def cloud(sandbox):
    return JiraClient(url=sandbox.url("/jira"), email="voc@example.com", token="s3cr3t", seconds=30)


def make(client, **fields):
    wanted = {
        "project": {"key": "VOC"},
        "issuetype": {"id": "10001"},
        "summary": "It fails",
        "labels": ["voc"],
        **fields,
    }
    return client.create_issue(wanted, description=plain("Why"), properties={"voc": {"label": "voc-1"}})


def test_an_issue_goes_there_and_comes_back(cloud):
    made = make(cloud, duedate="2026-12-24")
    issue = cloud.issue(made.key)

    assert (issue.id, issue.key, issue.project_key, issue.issue_type) == (made.id, made.key, "VOC", "Bug")
    assert (issue.status, issue.status_category, issue.resolution) == ("To Do", "new", "")
    assert issue.labels == ("voc",)
    assert issue.updated.tzinfo is not None
    assert abs((datetime.now(UTC) - issue.updated).total_seconds()) < 60
    assert cloud.issue_property(made.id, "voc") == {"label": "voc-1"}
    assert cloud.issue_property(made.id, "other") is None
    assert [each.key for each in cloud.issues([made.id, "99999"])] == [made.key]
    assert [each.key for each in cloud.search_all('labels = "voc"')] == [made.key]


def test_data_center_is_spoken_to_in_its_own_way(sandbox):
    client = JiraClient(url=sandbox.url("/jira"), token="s3cr3t", seconds=30)
    sandbox._http.post(sandbox.url("/_sandbox/jira/config"), json={"deployment": "datacenter"})
    made = make(client)

    assert client.server_info().deployment != "Cloud"
    assert [each.key for each in client.search_all('labels = "voc"')] == [made.key]
    assert [each.key for each in client.issues([made.id, "99999"])] == [made.key]
    assert client.issue_types("VOC")[0].name == "Bug"
    assert {"summary", "labels"} <= {field.id for field in client.create_fields("VOC", "10001")}
    assert {"/jira/rest/api/2/search"} == {each.path for each in sandbox.requests("jira") if "search" in each.path}
    assert all(each.headers.get("authorization", "") != "Basic" for each in sandbox.requests("jira"))


def test_pages_are_read_to_their_end(cloud):
    made = make(cloud)
    for number in range(23):
        cloud.add_comment(made.id, plain(f"remark {number}"), marker=str(uuid.uuid4()))
    comments = cloud.comments(made.id)

    assert [comment.body for comment in comments] == [f"remark {number}" for number in range(23)]
    assert len({comment.marker for comment in comments}) == 23


@pytest.mark.parametrize("kind", ["drop", "drop_after"])
def test_a_broken_connection_is_one_request_and_ambiguous(cloud, sandbox, kind):
    sandbox.fault("jira", kind, route="*/issue", method="POST")

    with pytest.raises(Transient) as caught:
        make(cloud)

    assert caught.value.ambiguous
    assert len(sandbox.requests("jira")) == 1


def test_what_never_left_is_not_ambiguous(sandbox):
    client = JiraClient(url="http://127.0.0.1:9/jira", token="s3cr3t", seconds=2)

    with pytest.raises(Transient) as caught:
        make(client)
    assert not caught.value.ambiguous


@pytest.mark.parametrize(("form", "status"), [("seconds", 429), ("date", 429), ("date", 503)])
def test_a_time_to_wait_is_handed_on_and_not_slept(cloud, sandbox, form, status):
    sandbox.fault("jira", "status", status=status, retry_after=300, retry_after_format=form)

    with pytest.raises(Transient) as caught:
        cloud.myself()

    assert 280 < (caught.value.at - datetime.now(UTC)).total_seconds() <= 301
    assert not caught.value.ambiguous
    assert len(sandbox.requests("jira")) == 1


@pytest.mark.parametrize(
    ("status", "kind"), [(401, JiraUnauthorised), (403, JiraRefused), (404, JiraGone), (410, JiraGone)]
)
def test_a_refusal_is_one_of_its_kind_and_holds_no_secret(cloud, sandbox, status, kind):
    sandbox.fault("jira", "status", status=status)

    with pytest.raises(kind) as caught:
        make(cloud)

    assert caught.value.status == status
    told = repr(caught.value.__dict__) + str(caught.value) + repr(caught.value.__cause__)
    assert "s3cr3t" not in told
    assert "Basic" not in told


def test_field_errors_keep_jiras_words(cloud):
    with pytest.raises(JiraRefused) as caught:
        make(cloud, customfield_99999="x")
    assert "customfield_99999" in caught.value.field_errors


def test_an_answer_that_takes_too_long_is_ambiguous(sandbox):
    client = JiraClient(url=sandbox.url("/jira"), email="voc@example.com", token="s3cr3t", seconds=2.5)
    sandbox.fault("jira", "hang_after", route="*/issue", method="POST")

    with pytest.raises(Transient) as caught:
        make(client)
    sandbox.clear_faults("jira")
    assert caught.value.ambiguous


def test_a_private_address_that_is_not_allowed_is_never_called(cloud, sandbox, settings):
    settings.OUTBOUND_ALLOWED_NETWORKS = []

    with pytest.raises(Permanent, match="OUTBOUND_ALLOWED_NETWORKS"):
        cloud.myself()
    assert sandbox.requests("jira") == []


def test_a_redirect_is_not_followed(sandbox):
    """The address of an issue for people leads elsewhere: a wrong JIRA_BASE_URL does the same."""
    client = JiraClient(url=sandbox.url("/jira"), token="s3cr3t", seconds=30)
    client._jira._get_url = lambda path, base="": sandbox.url("/jira/browse/VOC-1")

    with pytest.raises(Permanent, match="redirects elsewhere"):
        client.myself()


def test_no_call_leaves_inside_a_transaction(cloud, sandbox, transactional_db):
    with transaction.atomic(), pytest.raises(RuntimeError, match="inside a database transaction"):
        cloud.myself()
    assert sandbox.requests("jira") == []


HOSTILE = "*b* _i_ {code}x{code} [a|http://evil.example] !i.png! h1. x\n- y ??z?? snake_case 2026-11-22 a\\b [~kim]"


@pytest.mark.parametrize("block", [Paragraph(HOSTILE), Heading("h *x*"), Bullets(("*a*", "b")), Code("{x} *y*")])
def test_a_text_comes_back_from_wiki_markup_as_it_was_typed(block):
    text = {Paragraph: HOSTILE, Heading: "h *x*", Bullets: "*a*", Code: "{x} *y*"}[type(block)]
    assert text in read(to_wiki((block,)))


def test_adf_is_read_as_people_would():
    told = to_adf((Paragraph("a\nb"), Bullets(("c", "d")), Link("e", "https://x.example"))) | {}
    told["content"].append(
        {
            "type": "paragraph",
            "content": [{"type": "mention", "attrs": {"text": "@Kim"}}, {"type": "text", "text": " <b>"}],
        }
    )
    assert read(told) == "a\nb\n\n- c\n\n- d\n\ne\n\n@Kim <b>"
    assert read({"type": "doc", "content": [None, 3, {"type": "x"}]}) == ""
