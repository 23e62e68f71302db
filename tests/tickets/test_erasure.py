"""Erasing a customer leaves no word of theirs anywhere, and everybody else's as they were."""

import os
import subprocess
from datetime import timedelta
from io import StringIO
from urllib.parse import urlsplit

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.utils import timezone

from llm.models import ModelCall
from notifications.message import NotificationMessage
from notifications.models import Delivery, DeliveryAttempt, Thread
from notifications.routing.models import Held
from tests import factories
from tickets import erasure, grams, indexing, tasks
from tickets.models import (
    AnalysisRun,
    AnalysisStep,
    Comment,
    IdempotencyKey,
    JiraComment,
    JiraLink,
    JiraState,
    SearchEntry,
    Status,
    Ticket,
)
from tickets.queries import search
from tickets.services import submit_voc
from voc.core import crypto, customers
from voc.core.audit import sealing
from voc.core.audit.models import Entry
from voc.core.errors import InvalidInput, NotAllowed
from voc.core.outbox.models import Job
from voc.core.redis import door
from voc.dev.postgres import find_installs

CONTACT = "Garam.Kim@example.com"
NAME = "김가람별"
WORDS = '어제 결제한 77만원 "이중" 청구를 취소해 주세요.\n가람별 드림 010-9876-5432'
ORDER = "A-20260101-771"
SUMMARY = "77만원 이중 청구 취소 요청"
LITERALS = (CONTACT, CONTACT.lower(), NAME, "77만원", "9876-5432", ORDER, SUMMARY)


def dump() -> str:
    """All tables as pg_dump writes them."""
    parts = urlsplit(os.environ["DATABASE_URL"])
    url = parts._replace(scheme="postgresql", path=f"/{connection.settings_dict['NAME']}").geturl()
    program = find_installs()[0].bin / "pg_dump"
    done = subprocess.run(
        [program, "--data-only", "--inserts", url], capture_output=True, text=True, check=True, timeout=120
    )
    return done.stdout


def customer() -> Ticket:
    """A ticket with the customer's words in every place that we know of."""
    with transaction.atomic():
        ticket = submit_voc(
            raw_voc=WORDS,
            customer_name=NAME,
            channel="email",
            received_at=None,
            customer_contact=CONTACT,
            external_id=ORDER,
        )
    Job.objects.filter(subject=ticket.ticket_id).update(
        state="done", error=f"could not tell {NAME}", payload={"said": WORDS}
    )
    reason = {"summary": SUMMARY, "evidence": [WORDS], "root_cause_analysis": f"{NAME}: {WORDS}"}
    Ticket.objects.filter(pk=ticket.pk).update(
        status=Status.DONE,
        summary=SUMMARY,
        decision_reason=reason,
        action_proposal={"title": SUMMARY, "email_draft": {"body": f"{NAME}님 안녕하세요"}},
        manual_resolution=f"{NAME}에게 {CONTACT}로 알림",
        manual_reason=SUMMARY,
        placeholders={"[NAME_1]": [NAME], "[PHONE_1]": ["010-9876-5432"]},
    )
    indexing.index(Ticket.objects.get(pk=ticket.pk))
    copies_of(ticket, reason)
    told_about(ticket)
    return ticket


def copies_of(ticket: Ticket, reason: dict) -> None:
    """The customer's words beside the ticket: what was said, done, sent and counted."""
    factories.TicketEventFactory(ticket=ticket, data={"reason": f"{NAME} 요청", "count": 2})
    factories.CommentFactory(ticket=ticket, body=f"{NAME} 010-9876-5432")
    run = AnalysisRun.objects.create(
        ticket=ticket, job_id=1, analyst="offline", started_at=timezone.now(), threshold=0.6, result=reason, error=WORDS
    )
    AnalysisStep.objects.create(
        run=run,
        stage="solve",
        position=1,
        started_at=timezone.now(),
        milliseconds=1,
        input={"voc": WORDS},
        output=reason,
    )
    Delivery.objects.create(
        subject=ticket.ticket_id, event="e", key=ticket.ticket_id, channel="slack", target="t", title=f"{NAME}: {SUMMARY}",
        error=CONTACT, created_at=timezone.now(),
    )  # fmt: skip
    ModelCall.objects.create(
        at=timezone.now(),
        subject=ticket.ticket_id,
        task="solve",
        model="m",
        attempt=1,
        outcome="failed",
        error=f"said {NAME}",
    )
    IdempotencyKey.objects.create(
        caller="c",
        key=ORDER,
        fingerprint="f",
        status_code=201,
        answer={"ticket_id": ticket.ticket_id},
        created_at=timezone.now(),
    )


def told_about(ticket: Ticket) -> None:
    """What went out about the ticket, waits to, or came back from Jira."""
    now = timezone.now()
    message = NotificationMessage(
        event="e",
        key="k",
        subject=ticket.ticket_id,
        title=SUMMARY,
        body=f"77만원: {NAME}",
        fields=(("Customer", NAME),),
    ).to_json()
    delivery = Delivery.objects.filter(subject=ticket.ticket_id).get()
    Delivery.objects.filter(pk=delivery.pk).update(message=message)
    DeliveryAttempt.objects.create(delivery=delivery, number=1, at=now, outcome="dead", error=f"no mail to {CONTACT}")
    Thread.objects.create(
        key=ticket.ticket_id,
        channel="slack",
        target="C1",
        status=f"{NAME}: 77만원",
        buttons=[{"label": NAME}],
        created_at=now,
    )
    Held.objects.create(
        target="email:x@example.com", key="k", event="e", subject=ticket.ticket_id, message=message, reason="r",
        created_at=now, due_at=now,
    )  # fmt: skip
    link = JiraLink.objects.create(
        ticket=ticket, state=JiraState.LINKED, issue_id="10001", issue_key="OPS-1", project_key="OPS", issue_type="Bug",
        issue_summary=f"77만원 {NAME}", error=WORDS, field_errors={"summary": NAME}, created_at=now, updated_at=now,
    )  # fmt: skip
    for state, body in (("sent", f"{NAME} 77만원"), ("received", "가람별 고객 9876-5432")):
        JiraComment.objects.create(
            ticket=ticket, state=state, issue_id=link.issue_id, body=body, error=NAME, created_at=now
        )


def somebody_else(ticket: Ticket) -> Ticket:
    """Of the same name, whose ticket was decided with the other as a similar case."""
    case = {"ticket_id": ticket.ticket_id, "summary": SUMMARY, "text": WORDS[:20], "similarity": 0.9}
    return factories.TicketFactory(
        customer_name=NAME,
        customer_contact="another@example.com",
        raw_voc="배송이 늦어요. 김가람별",
        status=Status.DONE,
        summary="배송 지연",
        decision_reason={"similar_cases_used": [case], "summary": "late"},
    )


@pytest.mark.django_db(transaction=True)
def test_after_an_erasure_no_literal_of_the_customer_is_left_in_a_dump_in_redis_or_in_a_file(settings, tmp_path):
    settings.VOC_VAR_DIR = tmp_path
    ticket = customer()
    with transaction.atomic():
        again = factories.TicketFactory(
            customer_name=NAME, customer_contact=" garam.kim@EXAMPLE.com", raw_voc=WORDS + "!", status=Status.DONE
        )
    other = somebody_else(ticket)
    mentioning = factories.TicketFactory(
        raw_voc=f"{CONTACT}, 주문 {ORDER} 손님도 그렇답니다", customer_contact="third@example.com"
    )
    other_words = other.raw_voc
    sealing.seal_all()
    Comment.objects.filter(ticket=ticket).update(body=f"아직 봉하지 않은 {NAME}")
    (tmp_path / "imports").mkdir()
    report = tmp_path / "imports" / "import.jsonl"
    report.write_text(
        f'{{"external_id": "{ORDER}", "error": "{SUMMARY}"}}\n{{"external_id": "B-2"}}\n', encoding="utf-8"
    )
    door().client.set("voc:llm:answer:1", f'{{"summary": "{SUMMARY}"}}')
    door().client.set("voc:something", f"about {CONTACT}")
    door().client.set("voc:other", "stays")
    before = dump()
    assert all(each in before for each in (NAME, "77만원", ORDER, SUMMARY, CONTACT))

    said = erasure.erase_customer(contact="mailto:garam.kim@example.com")

    assert set(said.tickets) == {ticket.ticket_id, again.ticket_id}
    other.refresh_from_db()
    assert (other.customer_name, other.raw_voc, other.customer_contact) == (NAME, other_words, "another@example.com")
    assert other.decision_reason["similar_cases_used"][0]["ticket_id"] == ticket.ticket_id
    mentioning.refresh_from_db()
    assert mentioning.raw_voc == "***, 주문 *** 손님도 그렇답니다"
    # What is left is the namesake's own: without it nothing is.
    Ticket.objects.filter(pk=other.pk).delete()
    sealing.seal_all()
    after = dump()
    assert [each for each in LITERALS + tuple(map(grams.normalise, LITERALS)) if each in after] == []
    assert door().client.exists("voc:llm:answer:1", "voc:something") == 0
    assert door().client.get("voc:other") == "stays"
    assert not [each for path in tmp_path.rglob("*.*") for each in LITERALS if each in path.read_text(encoding="utf-8")]
    assert '"B-2"' in report.read_text(encoding="utf-8")


@pytest.mark.django_db
def test_the_ticket_stays_as_a_figure_and_the_trail_says_that_it_was_erased():
    ticket = customer()
    (inserted, *_rest) = Entry.objects.filter(subject=ticket.ticket_id).order_by("id")
    sealing.seal_all()
    assert sealing.read([inserted])[inserted.pk].after["customer_name"] == NAME
    erasure.erase_customer(channel="email", external_id=ORDER)
    ticket.refresh_from_db()
    assert (ticket.status, ticket.channel, ticket.raw_voc, ticket.external_id) == ("DONE", "email", "***", None)
    assert ticket.events.exclude(data={}).get().data == {"count": 2}
    assert ticket.jira_link.issue_key == "OPS-1"
    delivery = Delivery.objects.get(subject=ticket.ticket_id)
    assert NotificationMessage.from_json(delivery.message).title == delivery.title == "***"
    assert not Held.objects.exists()
    assert sealing.read([inserted])[inserted.pk].erased
    last = Entry.objects.filter(table="tickets_ticket", subject=ticket.ticket_id).order_by("id").last()
    assert {"raw_voc", "customer_name"} <= set(last.personal)
    assert (last.before, last.after) == (None, None)
    assert not SearchEntry.objects.filter(text__contains="가람").exists()
    assert not SearchEntry.objects.filter(public_text__contains="이중").exists()


@pytest.mark.django_db
def test_an_erased_customer_is_found_by_no_word_any_more_not_even_where_somebody_else_names_them():
    ticket = customer()
    other = factories.TicketFactory(raw_voc=f"{CONTACT} 님과 같은 문제예요. {ORDER}", customer_contact="b@example.com")
    manager = factories.UserFactory(manager=True)
    words = ("이중", "가람", "9876-5432", ORDER, CONTACT, CONTACT.lower(), "취소 요청")
    assert [q for q in words if not search(Ticket.objects.all(), q, reader=manager).exists()] == []
    erasure.erase_customer(contact=CONTACT)
    assert [q for q in words if search(Ticket.objects.all(), q, reader=manager).exists()] == []
    entry = SearchEntry.objects.get(ticket=ticket)
    assert not {*grams.query_grams("이중"), *grams.query_grams("가람")} & set(entry.grams)
    assert entry.words == []
    assert list(search(Ticket.objects.all(), "님과 같은 문제예요", reader=manager)) == [other]


@pytest.mark.django_db
def test_a_backup_of_the_trail_cannot_be_read_once_the_key_is_dropped():
    ticket = customer()
    sealing.seal_all()
    handle = customers.handle_of(CONTACT, otherwise="")
    backup = Entry.objects.filter(subject=ticket.ticket_id).order_by("id").first()
    erasure.erase_customer(contact=CONTACT)
    assert customers.keys_of([handle]) == {}
    assert sealing.read([backup])[backup.pk].after == {}
    with pytest.raises(crypto.CannotDecrypt):
        crypto.decrypt(crypto.encrypt("x", purpose="audit", key=crypto.make_key(b"1" * 32)), purpose="audit")


@pytest.mark.django_db
def test_a_ticket_that_is_being_worked_on_is_not_erased():
    with transaction.atomic():
        ticket = submit_voc(
            raw_voc=WORDS, customer_name=NAME, channel="web", received_at=None, customer_contact=CONTACT
        )
    with pytest.raises(NotAllowed, match=ticket.ticket_id):
        erasure.erase_customer(contact=CONTACT)
    ticket.refresh_from_db()
    assert ticket.customer_name == NAME


@pytest.mark.django_db
def test_nobody_is_found_by_a_name_or_by_nothing():
    customer()
    assert erasure.find(contact=NAME) == []
    with pytest.raises(InvalidInput):
        erasure.find(contact="  ")
    with pytest.raises(InvalidInput):
        erasure.erase_customer(channel="web", external_id=ORDER)


@pytest.mark.django_db
def test_without_a_contact_only_the_complaint_with_the_id_is_erased():
    one = factories.TicketFactory(external_id="X-1", customer_contact="", status=Status.DONE)
    two = factories.TicketFactory(external_id="X-2", customer_contact="", status=Status.DONE)
    assert erasure.erase_customer(channel=one.channel, external_id="X-1").tickets == (one.ticket_id,)
    two.refresh_from_db()
    assert two.external_id == "X-2"


@pytest.mark.django_db
def test_an_account_with_the_address_is_named_and_left():
    factories.UserFactory(username="garam", email=CONTACT.lower())
    customer()
    said = StringIO()
    call_command("erase_customer", contact=CONTACT, yes=True, stdout=said)
    assert "garam" in said.getvalue()


@pytest.mark.django_db
def test_the_command_asks_and_a_no_changes_nothing(monkeypatch):
    ticket = customer()
    monkeypatch.setattr("builtins.input", lambda _question: "no")
    with pytest.raises(CommandError):
        call_command("erase_customer", contact=CONTACT, stdout=StringIO())
    ticket.refresh_from_db()
    assert ticket.customer_name == NAME
    for wrong in ({"external_id": "no-colon"}, {"external_id": "web:none"}):
        with pytest.raises(CommandError):
            call_command("erase_customer", yes=True, **wrong)
    monkeypatch.setattr("builtins.input", lambda _question: "yes")
    call_command("erase_customer", external_id=f"email:{ORDER}", stdout=StringIO())
    ticket.refresh_from_db()
    assert ticket.customer_name == erasure.ERASED


@pytest.mark.django_db
def test_finished_tickets_lose_their_words_after_the_days_that_the_setting_says(settings):
    age = timedelta(days=40)
    old = factories.TicketFactory(status=Status.DONE, age=age, customer_contact="a@example.com")
    waiting = factories.TicketFactory(waiting=True, age=age, customer_contact="b@example.com")
    young = factories.TicketFactory(status=Status.DONE, age=timedelta(days=1), customer_contact="a@example.com")
    sealing.seal_all()
    assert tasks.erase_old() == 0
    settings.CUSTOMER_KEEP_DAYS = 30
    assert tasks.erase_old() == 1
    assert tasks.erase_old() == 0
    for ticket in (old, waiting, young):
        ticket.refresh_from_db()
    assert (old.customer_name, waiting.customer_name, young.customer_name) == ("***", "Kim Minji", "Kim Minji")
    assert customers.keys_of([customers.handle_of("a@example.com", otherwise="")]), "the customer is still about"
