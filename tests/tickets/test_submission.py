from datetime import UTC, datetime, timedelta

import pytest

from tests.tickets.crowd import at_once
from tickets import grams, services
from tickets.models import EventKind, Status, Ticket
from voc.core.errors import Conflict, InvalidInput
from voc.core.outbox.models import Job

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)


def submit(**more):
    return services.submit_voc(**{"raw_voc": "It fails", "customer_name": "Kim", "channel": "email"} | more)


def test_a_complaint_becomes_an_open_ticket_whose_analysis_is_on_its_way(set_clock, submitter):
    set_clock(NOW)
    submit(
        raw_voc="  환불이 안 돼요\n ",
        customer_contact="kim@example.com",
        external_id="A-1",
        submitted_by=submitter,
    )
    ticket = Ticket.objects.get()
    assert ticket.status == Status.OPEN
    assert ticket.raw_voc == "  환불이 안 돼요\n "
    assert (ticket.created_at, ticket.updated_at, ticket.received_at) == (NOW, NOW, NOW)
    assert (ticket.customer_contact, ticket.external_id, ticket.submitted_by) == ("kim@example.com", "A-1", submitter)
    event = ticket.events.get()
    assert (event.kind, event.actor, event.status_after) == (EventKind.SUBMITTED, submitter, Status.OPEN)
    job = Job.objects.get()
    assert (job.event, job.subject) == ("ticket.received", ticket.ticket_id)


@pytest.mark.parametrize(
    "text",
    ["", " ", "\n\t\u3000", "\u200b\u200d\ufeff", "\u2060", "\u3164", "\u115f\u1160", "\u2800", "\ufe0f", "\u0301"],
    ids=ascii,
)
def test_a_complaint_that_shows_nothing_is_refused(text):
    with pytest.raises(InvalidInput) as refused:
        submit(raw_voc=text)
    assert refused.value.field == "raw_voc"
    assert not Ticket.objects.exists()


@pytest.mark.parametrize(
    "text", ["ㅋ", "👍", "x" * 5000, "한" * 5000, "a\u200b", "1\ufe0f\u20e3"], ids=lambda t: ascii(t[:3])
)
def test_a_complaint_of_one_to_five_thousand_characters_is_kept_exactly(text):
    submit(raw_voc=text)
    assert Ticket.objects.get().raw_voc == text


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("raw_voc", "x" * 5001),
        ("raw_voc", "a\x00b"),
        ("raw_voc", "\ud800"),
        ("raw_voc", 5),
        ("customer_name", ""),
        ("customer_name", "x" * 101),
        ("customer_name", "a\x00"),
        ("channel", "pigeon"),
        ("channel", ""),
        ("channel", None),
        ("customer_contact", "x" * 201),
        ("external_id", "x" * 101),
        ("external_id", "a\x00"),
        ("received_at", datetime.fromisoformat("1999-12-31")),
        ("received_at", datetime.fromisoformat("0001-01-01")),
        ("received_at", datetime.fromisoformat("9999-12-31T23:59")),
        ("received_at", NOW + timedelta(hours=24, seconds=1)),
    ],
)
def test_a_value_that_cannot_be_right_is_refused_by_name(set_clock, field, value):
    set_clock(NOW)
    with pytest.raises(InvalidInput) as refused:
        submit(**{field: value})
    assert refused.value.field == field
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (None, NOW),
        (datetime.fromisoformat("2026-03-02T09:00"), datetime(2026, 3, 2, 0, 0, tzinfo=UTC)),
        (datetime(2026, 3, 2, 9, 0, tzinfo=UTC), datetime(2026, 3, 2, 9, 0, tzinfo=UTC)),
        (NOW + timedelta(hours=24), NOW + timedelta(hours=24)),
    ],
)
def test_a_time_without_a_zone_is_site_time_and_none_is_now(set_clock, settings, sent, kept):
    settings.TIME_ZONE = "Asia/Seoul"
    set_clock(NOW)
    submit(received_at=sent)
    assert Ticket.objects.get().received_at == kept


def test_an_external_id_is_taken_once_per_channel():
    submit(external_id="A-1", channel="email")
    submit(external_id="A-1", channel="phone")
    submit(external_id="", channel="email")
    submit(external_id=None, channel="email")
    with pytest.raises(Conflict, match="external_id"):
        submit(external_id="A-1", channel="email")
    assert Ticket.objects.count() == 4


@pytest.mark.django_db(transaction=True)
def test_of_parallel_deliveries_with_one_external_id_one_becomes_a_ticket():
    results = at_once([lambda: submit(external_id="A-1")] * 8)
    assert sum(isinstance(each, Conflict) for each in results) == 7
    assert Ticket.objects.count() == Job.objects.count() == 1


def test_a_ticket_can_be_found_by_what_was_submitted():
    ticket = submit(raw_voc="결제 Button", external_id="ERP/77")
    assert grams.normalise("결제 Button") in ticket.entry.text
    assert "erp/77" in ticket.entry.text
