"""Comments of both sides: the same on both, each once, edits and deletions included; nothing comes back as an echo."""

import random
from typing import Any

import pytest

from integrations.jira.client import JiraClient
from tests.factories import UserFactory
from tests.tickets.jira.inward import edit, erase, key_of, kinds, link_of, linked, move, rows, say
from tickets import erasure
from tickets.jira import comments, inbound, polling
from tickets.models import Comment, EventKind, JiraComment, JiraLink, JiraState, Status, Ticket
from voc.core.errors import NotAllowed
from voc.core.outbox import by_hand
from voc.core.outbox.api import drain_all
from voc.core.outbox.models import Job, JobState

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def manager():
    return UserFactory(manager=True, first_name="Kim", last_name="Manager")


def share(ticket, manager, body: str) -> Comment:
    return comments.share_comment(ticket_id=ticket.ticket_id, actor=manager, body=body)


def there(site, ticket) -> list[dict[str, Any]]:
    return list(site.issue(key_of(ticket))["comments"])


def here(ticket) -> list[tuple[str, str]]:
    """(id in Jira, text) of what stands on our side, in Jira's order."""
    found = JiraComment.objects.filter(ticket=ticket, deleted_at=None).exclude(comment_id="")
    return sorted((row.comment_id, row.body) for row in found)


def words(comment: dict[str, Any]) -> str:
    """The text of a comment in Jira, without the line that says whose it is."""
    body = comment["body"]
    if isinstance(body, str):
        return body
    paragraphs = ["".join(node.get("text", "") for node in each["content"]) for each in body["content"]]
    return "\n\n".join(paragraphs[1:])


def added(site) -> int:
    return len(site.requests("POST", "/comment"))


class TestFromJira:
    def test_a_comment_stands_in_the_timeline_with_its_author(self, jira):
        [ticket] = linked(jira)
        say(jira, ticket, "Seen it. [~accountid:557058:jun] will *fix* it", who="mia")

        polling.poll()

        [event] = ticket.events.filter(kind=EventKind.JIRA_COMMENTED)
        assert event.data["author"] == "Mia Kim"
        assert "<" not in event.data["body"]
        assert "Jun Park" in event.data["body"]

    def test_markup_of_its_writer_is_text(self, jira, client, manager):
        [ticket] = linked(jira)
        say(jira, ticket, "<script>alert(1)</script> [x|javascript:alert(1)] {html}<b>hi</b>{html}")
        polling.poll()
        client.force_login(manager)

        page = client.get(f"/tickets/{ticket.ticket_id}/").content.decode()

        assert "&lt;script&gt;alert(1)" in page
        assert "<script>alert" not in page
        assert 'href="javascript' not in page

    def test_an_edit_and_a_deletion_are_told_and_what_was_said_is_kept(self, jira):
        [ticket] = linked(jira)
        first = say(jira, ticket, "one")
        polling.poll()
        edit(jira, ticket, first, "two")
        polling.poll()
        erase(jira, f"issues/{key_of(ticket)}/comments/{first}")
        polling.poll()

        assert kinds(ticket) == [
            EventKind.JIRA_COMMENTED,
            EventKind.JIRA_COMMENT_EDITED,
            EventKind.JIRA_COMMENT_DELETED,
        ]
        edited = ticket.events.get(kind=EventKind.JIRA_COMMENT_EDITED)
        assert (edited.data["before"], edited.data["body"]) == ("one", "two")
        assert JiraComment.objects.get().deleted_at is not None

    def test_more_than_twenty_are_all_read_and_read_again_only_when_one_changed(self, jira):
        [ticket] = linked(jira)
        ids = [say(jira, ticket, f"number {number}") for number in range(25)]
        polling.poll()
        assert here(ticket) == [(comment, f"number {number}") for number, comment in enumerate(ids)]
        before, asked = rows(), len(jira.requests("GET", "/comment"))

        polling.poll()
        assert (rows(), len(jira.requests("GET", "/comment"))) == (before, asked)

        edit(jira, ticket, ids[3], "changed")
        erase(jira, f"issues/{key_of(ticket)}/comments/{ids[24]}")
        polling.poll()
        assert here(ticket)[3] == (ids[3], "changed")
        assert len(here(ticket)) == 24

    def test_a_poll_reads_no_comments_of_issues_whose_comments_stayed(self, jira):
        [ticket] = linked(jira)
        say(jira, ticket, "one")
        polling.poll()
        asked = len(jira.requests("GET", "/comment"))
        move(jira, ticket, "In Progress")

        polling.poll()

        assert len(jira.requests("GET", "/comment")) == asked

    def test_tickets_that_share_an_issue_all_hear_it(self, jira, manager):
        first, second = linked(jira, 2)
        shared = link_of(first)
        JiraLink.objects.filter(ticket=second).update(issue_id=shared.issue_id, issue_key=shared.issue_key)
        say(jira, first, "from Jira")
        share(first, manager, "from here")
        drain_all()

        polling.poll()

        assert [row.body for row in JiraComment.objects.filter(ticket=second).order_by("comment_id")] == [
            "from Jira",
            "Kim Manager · VOC-20250101-00001\n\nfrom here",
        ]
        assert kinds(first).count(EventKind.JIRA_COMMENTED) == 1
        told = second.events.filter(kind=EventKind.JIRA_COMMENTED).last()
        assert told.data["author"] == "Kim Manager"

    def test_what_is_erased_while_jira_answers_does_not_come_back(self, jira, monkeypatch):
        [ticket] = linked(jira, status=Status.DONE)
        Ticket.objects.filter(pk=ticket.pk).update(customer_contact="a@example.com")
        say(jira, ticket, "The customer Kim Minji called")
        asked = JiraClient.comments

        def comments_of(client, issue_id):
            told = asked(client, issue_id)
            erasure.erase_customer(contact="a@example.com")
            return told

        monkeypatch.setattr(JiraClient, "comments", comments_of)
        polling.poll()

        assert not JiraComment.objects.exclude(body="***").exists()
        assert not ticket.events.filter(kind=EventKind.JIRA_COMMENTED).exists()


class TestToJira:
    def test_goes_there_once_with_its_writers_name(self, jira, manager):
        [ticket] = linked(jira)

        share(ticket, manager, "고객이 다시 전화했습니다 😀 {code}x{code}")
        drain_all(twice=True)

        [comment] = there(jira, ticket)
        assert words(comment) == "고객이 다시 전화했습니다 😀 {code}x{code}"
        assert comment["body"]["content"][0]["content"][0]["text"].startswith("Kim Manager")
        assert comment["author"] == "voc-bot"

    def test_is_shared_from_the_tickets_page_and_marked_there(self, jira, manager, client):
        [ticket] = linked(jira)
        client.force_login(manager)
        address = f"/tickets/{ticket.ticket_id}/"
        assert 'name="share"' in client.get(address).content.decode()

        client.post(f"{address}comment/", {"body": "to Jira", "share": "on"})
        client.post(f"{address}comment/", {"body": "among us"})
        drain_all()

        assert [words(comment) for comment in there(jira, ticket)] == ["to Jira"]
        assert client.get(address).content.decode().count("Kim Manager → Jira") == 1
        JiraLink.objects.update(state=JiraState.UNLINKED)
        assert 'name="share"' not in client.get(address).content.decode()

    def test_waits_while_jira_is_switched_off(self, jira, manager, settings):
        [ticket] = linked(jira)
        share(ticket, manager, "later")
        address, settings.JIRA_BASE_URL = settings.JIRA_BASE_URL, ""
        drain_all()

        settings.JIRA_BASE_URL = address
        jira.later(7 * 24 * 3600)

        assert [words(comment) for comment in there(jira, ticket)] == ["later"]

    def test_does_not_come_back(self, jira, manager):
        [ticket] = linked(jira)
        share(ticket, manager, "hello")
        drain_all()

        polling.poll()
        polling.poll()

        assert kinds(ticket) == [EventKind.COMMENTED]
        assert added(jira) == 1

    @pytest.mark.parametrize("kind", ["drop_after", "status_after", "truncated"])
    def test_whose_answer_is_lost_is_looked_for_and_not_sent_twice(self, jira, manager, kind):
        [ticket] = linked(jira)
        jira.fault(kind, method="POST", route="*/comment", count=1)
        share(ticket, manager, "once")
        drain_all()

        jira.later(60)

        assert [words(comment) for comment in there(jira, ticket)] == ["once"]
        assert JiraComment.objects.get().state == JiraComment.State.SENT
        assert added(jira) == 1

    def test_that_was_given_up_unclear_is_looked_for_before_a_second_try_sends_it(self, jira, manager):
        [ticket] = linked(jira)
        jira.fault("drop_after", method="POST", route="*/comment", count=1)
        share(ticket, manager, "once")
        drain_all()
        [job] = by_hand.cancel_by_hand(Job.objects.filter(event="jira.comment", state=JobState.PENDING), by="an admin")
        assert JiraComment.objects.get().state == JiraComment.State.BLOCKED
        Job.objects.filter(pk=job.pk).update(state=JobState.DEAD)

        comments.try_again(comment_id=JiraComment.objects.get().pk, by="an admin")
        drain_all()

        assert [words(comment) for comment in there(jira, ticket)] == ["once"]
        assert added(jira) == 1

    @pytest.mark.parametrize("kind", ["drop", "status"])
    def test_that_never_arrived_is_sent_again(self, jira, manager, kind):
        [ticket] = linked(jira)
        jira.fault(kind, method="POST", route="*/comment", count=1)
        share(ticket, manager, "once")
        drain_all()

        jira.later(60)

        assert [words(comment) for comment in there(jira, ticket)] == ["once"]
        assert added(jira) == 2

    def test_is_recognised_when_the_poll_is_faster_than_the_answer(self, jira, manager):
        [ticket] = linked(jira)
        jira.fault("drop_after", method="POST", route="*/comment", count=1)
        share(ticket, manager, "once")
        drain_all()

        polling.poll()

        assert JiraComment.objects.get().state == JiraComment.State.SENT
        assert kinds(ticket) == [EventKind.COMMENTED]
        jira.later(60)
        assert added(jira) == 1

    def test_that_jira_refuses_says_why(self, jira, manager):
        [ticket] = linked(jira)
        jira.configure(denied=["ADD_COMMENTS"])
        share(ticket, manager, "no")

        drain_all()

        row = JiraComment.objects.get()
        assert row.state == JiraComment.State.BLOCKED
        assert "permission" in row.error

    def test_needs_an_issue(self, jira, manager):
        [ticket] = linked(jira)
        JiraLink.objects.update(state=JiraState.UNLINKED)

        with pytest.raises(NotAllowed):
            share(ticket, manager, "where to?")
        assert not Comment.objects.exists()

    def test_an_edit_in_jira_of_what_we_wrote_is_told(self, jira, manager):
        [ticket] = linked(jira)
        share(ticket, manager, "ours")
        drain_all()
        edit(jira, ticket, there(jira, ticket)[0]["id"], "theirs now")

        polling.poll()

        assert kinds(ticket) == [EventKind.COMMENTED, EventKind.JIRA_COMMENT_EDITED]
        assert JiraComment.objects.get().body == "theirs now"


def test_a_conversation_of_fifty_messages_is_the_same_on_both_sides(jira, manager):
    [ticket] = linked(jira)
    dice = random.Random(3)
    theirs: list[str] = []
    for number in range(50):
        if number % 2:
            theirs.append(say(jira, ticket, f"theirs {number}", who=dice.choice(["mia", "jun"])))
        else:
            share(ticket, manager, f"ours {number}")
        if number % 7 == 6:
            edit(jira, ticket, dice.choice(theirs), f"edited at {number}")
        if number % 9 == 8:
            erase(jira, f"issues/{key_of(ticket)}/comments/{theirs.pop(0)}")
        if number % 5 == 4:
            drain_all()
            inbound.read_issue(link_of(ticket).issue_id)
    drain_all()
    polling.poll()

    in_jira = [(comment["id"], words(comment)) for comment in there(jira, ticket)]
    assert here(ticket) == sorted(in_jira)
    assert len(in_jira) == 50 - 5
    assert kinds(ticket).count(EventKind.JIRA_COMMENTED) == 25
    assert kinds(ticket).count(EventKind.COMMENTED) == added(jira) == 25
    assert kinds(ticket).count(EventKind.JIRA_COMMENT_DELETED) == 5
    before = rows()
    polling.poll()
    assert rows() == before
    assert Ticket.objects.count() == 1
