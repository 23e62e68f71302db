"""Who may decide and who handed it in read a complaint as it was sent; everybody else reads it without personal data."""

import json
import unicodedata

import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from tests.factories import TicketFactory, UserFactory
from tickets.messages import News, compose
from tickets.models import EventKind, TicketEvent
from tickets.paging import page_of
from tickets.personal import initials, restored, without_personal_data
from tickets.queries import TicketFilter
from voc.core import clock

PHONE, MAIL, NAME = "010-9876-5432", "areum.seo@example.com", "서아름"
OTHER = "010-5555-0199"
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
    message = compose(ticket, News(event="ticket.urgent", key="k", data={}), "en")
    assert "환불이 안 돼요" in message.body
    assert [secret for secret in SECRETS if secret in repr(message)] == []


def test_the_copy_for_reading_leaves_the_ticket_alone(ticket):
    assert without_personal_data(ticket).raw_voc != COMPLAINT
    ticket.refresh_from_db()
    assert ticket.raw_voc == COMPLAINT
    assert ticket.customer_contact == MAIL


def test_a_name_keeps_its_first_letters():
    assert initials("서아름") == initials(unicodedata.normalize("NFD", "서아름")) == "서**"
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


class TestTextsOfModels:
    """They are stored as models wrote them: with placeholders."""

    @pytest.fixture
    def decided(self, submitter):
        return TicketFactory(
            waiting=True,
            raw_voc=f"{NAME}입니다. {PHONE} 로 온 문자가 이상해요.",
            summary="[NAME_1] 고객이 [PHONE_1] 로 문자를 못 받음",
            customer_name=NAME,
            submitted_by=submitter,
            analyst="openai/gpt-6.1-sol",
            decision_reason={
                "summary": "문자 오류: [PHONE_1]",
                "root_cause_analysis": "SMS to [PHONE_1] and [PHONE_2] failed; see [ACCOUNT_1]",
                "evidence_summary": "[PHONE_1] 두 줄",
                "evidence": [{"quote": f"sms to {OTHER} from 552211 failed", "why": "[PHONE_2] 실패"}],
            },
            action_proposal={
                "action_type": "integration_inquiry",
                "title": "Ask about [PHONE_1]",
                "email_draft": {"subject": "[PHONE_1]", "body": "Please check [PHONE_1] and [PHONE_9]."},
            },
            placeholders={
                "[NAME_1]": [NAME],
                "[PHONE_1]": [PHONE],
                "[PHONE_2]": [OTHER, OTHER.replace("-", "")],
                "[ACCOUNT_1]": ["552211"],
            },
        )

    @pytest.mark.parametrize("seen", [seen_in_api, seen_in_portal])
    def test_who_decides_reads_what_is_behind_the_placeholders(self, seen, decided):
        text = seen(UserFactory(manager=True), decided)
        assert f"{NAME} 고객이 {PHONE} 로 문자를 못 받음" in text
        assert f"SMS to {PHONE} and {OTHER} failed; see 552211" in text
        assert f"Please check {PHONE} and [PHONE_9]." in text, "one that stands for nothing stays"
        assert "[PHONE_1]" not in text

    @pytest.mark.parametrize("seen", [seen_in_api, seen_in_portal])
    def test_a_viewer_reads_the_placeholders_the_same_ones_as_in_the_complaint(self, seen, decided):
        text = seen(UserFactory(role="viewer"), decided)
        assert [secret for secret in (NAME, PHONE, OTHER, OTHER.replace("-", ""), "552211") if secret in text] == []
        assert "[NAME_1] 고객이 [PHONE_1] 로 문자를 못 받음" in text
        assert "[NAME_1]입니다. [PHONE_1] 로 온 문자가 이상해요." in text
        assert "sms to [PHONE_2] from [ACCOUNT_1] failed" in text, "also where no pattern would know it again"

    def test_the_answer_to_a_verdict_is_filled_in_too(self, decided):
        client = APIClient()
        client.force_authenticate(UserFactory(manager=True))
        answer = client.post(f"/api/v1/tickets/{decided.ticket_id}/confirm", {}, format="json").json()
        assert answer["status"] == "DONE"
        assert answer["summary"] == f"{NAME} 고객이 {PHONE} 로 문자를 못 받음"
        assert answer["decision_reason"]["summary"] == f"문자 오류: {PHONE}"
        decided.refresh_from_db()
        assert decided.summary.startswith("[NAME_1]"), "what is stored stays as it was"

    def test_who_handed_it_in_reads_his_own_data_and_nobody_elses(self, decided, submitter):
        text = seen_in_api(submitter, decided)
        assert f"SMS to {PHONE} and [PHONE_2] failed" in text
        assert OTHER not in text
        assert f"{NAME} 고객이 {PHONE} 로 문자를 못 받음" in text

    def test_a_message_keeps_the_placeholders(self, decided, settings):
        settings.NOTIFY_FIELDS = ["summary"]
        message = compose(decided, News(event="ticket.urgent", key="k", data={}), "ko")
        assert message.body == "[NAME_1] 고객이 [PHONE_1] 로 문자를 못 받음"

    def test_the_admin_reads_it_filled_in(self, decided):
        client = Client()
        client.force_login(UserFactory(admin=True))
        page = client.get(reverse("admin:tickets_ticket_change", args=[decided.pk])).content.decode()
        listed = client.get(reverse("admin:tickets_ticket_changelist")).content.decode()
        assert f"SMS to {PHONE} and {OTHER} failed" in page
        assert f"{NAME} 고객이 {PHONE} 로 문자를 못 받음" in listed
        asked = client.post(
            reverse("admin:tickets_ticket_changelist"), {"action": "reject", ACTION_CHECKBOX_NAME: [decided.pk]}
        ).content.decode()
        assert f"{NAME} 고객이 {PHONE} 로 문자를 못 받음" in asked

    def test_a_similar_ticket_is_named_as_the_reader_may_read_it(self, decided):
        other = TicketFactory(waiting=True, raw_voc=f"{decided.raw_voc} 또 그래요", customer_name="남궁민수")
        for user, headline in (
            (UserFactory(manager=True), f"{NAME} 고객이 {PHONE} 로"),
            (UserFactory(role="viewer"), "[NAME_1] 고객이 [PHONE_1] 로"),
        ):
            assert headline in seen_in_portal(user, other)

    def test_a_reason_in_a_models_words_is_filled_in_for_who_decides(self):
        ticket = TicketFactory(
            manual=True, manual_reason="[PHONE_1] 뿐입니다", placeholders={"[PHONE_1]": [PHONE]}, customer_name=NAME
        )
        data = {"reason": "[PHONE_1] 뿐입니다", "cause": None}
        TicketEvent.objects.create(ticket=ticket, kind=EventKind.MANUAL_REQUIRED, at=clock.now(), data=data)
        assert seen_in_api(UserFactory(manager=True), ticket).count(f"{PHONE} 뿐입니다") == 2
        assert seen_in_api(UserFactory(role="viewer"), ticket).count("[PHONE_1] 뿐입니다") == 2

    def test_a_summary_that_was_filled_in_is_no_longer_than_promised(self):
        ticket = TicketFactory(waiting=True, summary="x" * 190 + "[PHONE_1]", placeholders={"[PHONE_1]": [PHONE]})
        assert len(restored(ticket).summary) == 200
        assert ticket.summary.endswith("[PHONE_1]")
