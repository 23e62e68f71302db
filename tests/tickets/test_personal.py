"""Who may decide and who handed it in read a complaint as it was sent; everybody else reads it without personal data."""

import json

import pytest
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from tests.factories import TicketFactory, UserFactory
from tickets.models import EventKind, TicketEvent
from tickets.notify import compose
from tickets.paging import page_of
from tickets.personal import initials, without_personal_data
from tickets.queries import TicketFilter
from voc.core import clock

PHONE, MAIL, NAME = "010-9876-5432", "areum.seo@example.com", "서아름"
COMPLAINT = f"저는 {NAME}입니다. 환불이 안 돼요. {PHONE} 또는 {MAIL}로 연락 주세요."
SECRETS = (PHONE, MAIL, NAME)

pytestmark = pytest.mark.django_db


@pytest.fixture
def submitter():
    return UserFactory(role="submitter", username="sam")


@pytest.fixture
def ticket(submitter):
    ticket = TicketFactory(
        waiting=True,
        raw_voc=COMPLAINT,
        summary=COMPLAINT,
        customer_name=NAME,
        customer_contact=MAIL,
        submitted_by=submitter,
        decision_reason={"summary": COMPLAINT, "evidence": [{"quote": f"sms to {PHONE} failed"}]},
    )
    TicketEvent.objects.create(
        ticket=ticket, kind=EventKind.COMMENTED, at=clock.now(), actor_name="m", data={"body": f"call {PHONE}"}
    )
    return ticket


def seen_in_api(user, ticket):
    client = APIClient()
    client.force_authenticate(user)
    address = f"/api/v1/tickets/{ticket.ticket_id}"
    answers = [client.get(address), client.get(f"{address}/timeline"), client.get("/api/v1/tickets")]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    return json.dumps([answer.json() for answer in answers], ensure_ascii=False)


def seen_in_portal(user, ticket):
    client = Client()
    client.force_login(user)
    addresses = [reverse("ticket", args=[ticket.ticket_id]), reverse("ticket_list"), reverse("home")]
    return "".join(client.get(address).content.decode() for address in addresses)


@pytest.mark.parametrize("seen", [seen_in_api, seen_in_portal])
def test_a_viewer_reads_the_complaint_without_personal_data(seen, ticket):
    text = seen(UserFactory(role="viewer"), ticket)
    assert [secret for secret in SECRETS if secret in text] == []
    assert "[PHONE_1]" in text
    assert "환불이 안 돼요" in text


@pytest.mark.parametrize("seen", [seen_in_api, seen_in_portal])
def test_who_decides_and_who_handed_it_in_read_it_as_it_was_sent(seen, ticket, submitter):
    for reader in (UserFactory(manager=True), submitter):
        text = seen(reader, ticket)
        assert [secret for secret in SECRETS if secret not in text] == []


def test_a_message_tells_what_happened_and_not_who_the_customer_is(ticket, settings):
    settings.NOTIFY_FIELDS = ["summary", "urgency"]
    message = compose(ticket, event="ticket.urgent", key="k")
    assert "환불이 안 돼요" in message.body
    assert [secret for secret in SECRETS if secret in repr(message)] == []


def test_the_copy_for_reading_leaves_the_ticket_alone(ticket):
    assert without_personal_data(ticket).raw_voc != COMPLAINT
    ticket.refresh_from_db()
    assert ticket.raw_voc == COMPLAINT
    assert ticket.customer_contact == MAIL


def test_a_name_keeps_its_first_letters():
    assert initials("서아름") == "서**"
    assert initials("Emily Hartwell") == "E**** H*******"
    assert initials("") == ""


@pytest.mark.parametrize("q", [PHONE, "9876-5", MAIL, "areum.seo", NAME])
def test_a_search_finds_nothing_by_personal_data_that_the_reader_does_not_see(q, ticket, submitter):
    wanted = TicketFilter(q=q)
    assert page_of(UserFactory(role="viewer"), wanted).total_count == 0
    assert page_of(UserFactory(manager=True), wanted).total_count == 1
    assert page_of(submitter, wanted).total_count == 1


def test_a_search_finds_what_the_reader_sees_instead(ticket):
    viewer = UserFactory(role="viewer")
    for q in ("환불이 안", "[PHONE_1]", "서**", ticket.ticket_id):
        assert page_of(viewer, TicketFilter(q=q)).total_count == 1
