"""An erasure finds the customer however they are written, and takes nothing from others that only looks alike."""

import base64
import json
import unicodedata
from urllib.parse import quote

import pytest
from django.db import transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from notifications.models import Delivery
from tests import factories
from tests.tickets.test_erasure import dump
from tickets import erasure
from tickets.models import Status, Ticket
from tickets.services import submit_voc
from voc.core import scrubbing
from voc.core.alerts import raise_alert
from voc.core.audit import sealing
from voc.core.audit.models import Entry
from voc.core.outbox.models import Job
from voc.core.redis import door

NAME = "제갈한솔빛"
MAIL = "Hansol.Bit+VOC@Example.com"
PHONE = "010-2468-1357"
ORDER = "주문-2026/77-ZX"
WORDS = f"저는 {NAME}이고 연락처는 {PHONE} 입니다. 주문번호 {ORDER} 환불해 주세요"


def received(**changes) -> Ticket:
    given = {"raw_voc": WORDS, "customer_name": NAME, "customer_contact": MAIL, "external_id": ORDER} | changes
    with transaction.atomic():
        ticket = submit_voc(channel="web", received_at=None, **given)
    Job.objects.filter(subject=ticket.ticket_id).update(state="done")
    Ticket.objects.filter(pk=ticket.pk).update(status=Status.DONE)
    return ticket


def forms_of(word: str) -> set[str]:
    raw = word.encode()
    return {
        word,
        word.lower(),
        unicodedata.normalize("NFD", word),
        json.dumps(word)[1:-1],
        quote(word),
        quote(word, safe=""),
        base64.b64encode(raw).decode().rstrip("="),
        base64.urlsafe_b64encode(raw).decode().rstrip("="),
    }


LITERALS = {form for word in (NAME, MAIL, PHONE, ORDER) for form in forms_of(word)}


@pytest.mark.django_db(transaction=True)
def test_no_spelling_of_the_customer_is_left_where_they_were_only_mentioned(settings, tmp_path):
    settings.VOC_VAR_DIR = tmp_path
    ticket = received()
    job = Job.objects.filter(subject=ticket.ticket_id).first()
    Job.objects.filter(pk=job.pk).update(state="dead", error=f"no phone {PHONE} {NAME}", payload={"to": MAIL, "run": 7})
    # Tried again: the trail notes the change of the reason.
    Job.objects.filter(pk=job.pk).update(state="done", error="")
    raise_alert(
        f"jira.broken:{ticket.ticket_id}",
        title="Jira",
        body=f"{ticket.ticket_id}: summary '{NAME} {ORDER}' is too long",
    )
    for text in (f"to {MAIL.lower()}", quote(f"https://jira/?q={PHONE} {ORDER}"), json.dumps({"order": ORDER})):
        Delivery.objects.create(
            subject="elsewhere", event="e", key=text[:20], channel="email", target="t", title="t", error=text,
            created_at=timezone.now(),
        )  # fmt: skip
    sealing.seal_all()
    written = {form for word in (MAIL, PHONE, ORDER) for form in forms_of(word)} | {json.dumps({"x": WORDS})}
    (tmp_path / "exports").mkdir()
    file = tmp_path / "exports" / "sent.log"
    file.write_text("\n".join(["first", *sorted(written), "last"]), encoding="utf-8")
    client = door().client
    for number, form in enumerate(sorted(written)):
        client.set(f"voc:of-a-test:{number}", f"about {form}")
    client.rpush(f"voc:rate:{{{MAIL.lower()}}}:times", "1")
    before = dump()
    assert all(each in before for each in (NAME, ORDER, PHONE, MAIL.lower(), quote(ORDER)))

    erasure.erase_customer(contact="hansol.bit+voc@example.com")

    sealing.seal_all()
    left = dump() + file.read_text(encoding="utf-8")
    for key in client.scan_iter(count=500):
        left += f"\n{key} {client.get(key) if client.type(key) in ('string', b'string') else ''}"
    assert {each for each in LITERALS if each in left} == set()
    assert file.read_text(encoding="utf-8").startswith("first\n")
    assert file.read_text(encoding="utf-8").endswith("\nlast")
    assert Job.objects.get(pk=job.pk).payload == {"to": "***", "run": 7}


@pytest.mark.django_db
def test_a_short_or_common_number_is_taken_from_the_customers_own_rows_alone():
    other = factories.TicketFactory(raw_voc="Order 20260131 came late", summary="called VIP1 twice", status=Status.DONE)
    mine = received(external_id="20260131", customer_contact="VIP1", raw_voc="Order 20260131 is lost")
    again = received(external_id=other.ticket_id, customer_contact="", raw_voc="The same as before, please")
    for ticket in (mine, again):
        erasure.erase_customer(channel="web", external_id=str(ticket.external_id))
    for ticket in (other, mine, again):
        ticket.refresh_from_db()
    assert (other.raw_voc, other.summary) == ("Order 20260131 came late", "called VIP1 twice")
    assert other.ticket_id.startswith("VOC-")
    assert (mine.external_id, mine.customer_contact, mine.raw_voc) == (None, "", "***")
    assert again.ticket_id.startswith("VOC-")


@pytest.mark.django_db
def test_a_job_that_was_tried_again_leaves_its_reason_sealed_under_the_customers_key():
    ticket = received(customer_contact="")
    job = Job.objects.filter(subject=ticket.ticket_id).first()
    Job.objects.filter(pk=job.pk).update(state="dead", error=f"cannot tell {NAME}")
    Job.objects.filter(pk=job.pk).update(state="pending", error="")
    (entry,) = Entry.objects.filter(table="outbox_job", row=str(job.pk))
    assert "error" not in {*entry.before, *entry.after}
    sealing.seal_all()
    assert sealing.read([entry])[entry.pk].before == {"error": f"cannot tell {NAME}"}
    Job.objects.filter(pk=job.pk).update(state="done")
    erasure.erase_customer(channel="web", external_id=ORDER)
    assert sealing.read([entry])[entry.pk].erased


@pytest.mark.django_db
def test_a_table_that_holds_nothing_of_the_customer_is_looked_at_once(settings, tmp_path):
    settings.VOC_VAR_DIR = tmp_path
    received()
    with CaptureQueriesContext(scrubbing.connection) as asked:
        erasure.erase_customer(contact=MAIL)
    looks = [each["sql"] for each in asked.captured_queries if "core_alert" in each["sql"] and "ANY" in each["sql"]]
    assert len(looks) == 1
    assert "EXISTS" in looks[0]


@pytest.mark.parametrize("word", ["홍길동-010-2468-1357", "hansol.bit@example.com", "0123456789012"])
@pytest.mark.parametrize("before", ["", "a", "ab", "가"])
@pytest.mark.parametrize("behind", ["", "z", "yz"])
def test_a_word_is_found_in_base64_wherever_it_stands(word, before, behind):
    text = base64.b64encode(f"{before}{word}{behind}".encode()).decode()
    assert any(each in text for each in scrubbing.in_base64(word))
