import re
from importlib import import_module

import pytest
from django.apps import apps
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.urls import reverse
from django.utils import timezone

from tests.factories import CommentFactory, SystemFactory, TicketEventFactory, TicketFactory, UserFactory
from tickets import services
from tickets.models import AnalysisRun, AnalysisStep, EventKind, Status, System, Ticket

pytestmark = pytest.mark.django_db
LIST = "/admin/tickets/ticket/"


@pytest.fixture
def staff(client, manager):
    client.force_login(manager)
    return client


@pytest.fixture
def boss(client):
    client.force_login(UserFactory(admin=True))
    return client


def run(client, action, *tickets, follow=True, **answers):
    data = {"action": action, ACTION_CHECKBOX_NAME: [ticket.pk for ticket in tickets]} | answers
    return client.post(LIST, data, follow=follow)


def told(response):
    return [str(message) for message in response.context["messages"]]


def status(ticket):
    return Ticket.objects.get(pk=ticket.pk).status


def test_a_manager_approves_several_tickets_and_is_told_what_became_of_each(staff, manager):
    first, second = TicketFactory.create_batch(2, waiting=True)
    third = TicketFactory(rejected=True)
    response = run(staff, "approve", first, second, third)
    assert [status(each) for each in (first, second, third)] == [Status.DONE, Status.DONE, Status.REJECTED]
    refused, done = told(response)
    assert refused.startswith(f"{third.ticket_id}: This ticket cannot be approved now.")
    assert f"{first.ticket_id} (Done), {second.ticket_id} (Done)" in done
    assert first.events.get().actor == manager


def test_rejecting_asks_for_the_reason_first(staff):
    ticket = TicketFactory(waiting=True)
    page = run(staff, "reject", ticket, follow=False)
    assert page.status_code == 200
    assert ticket.ticket_id in page.content.decode()
    assert status(ticket) == Status.WAITING_CONFIRM
    again = run(staff, "reject", ticket, follow=False, answered="yes", reject_reason=" ")
    assert again.context["form"].errors
    run(staff, "reject", ticket, answered="yes", reject_reason="Wrong system", reason_category="wrong_system")
    now = Ticket.objects.get()
    assert (now.status, now.reject_reason, now.reject_category) == ("REJECTED", "Wrong system", "wrong_system")


def test_completing_asks_for_the_resolution_first(staff):
    ticket = TicketFactory(manual=True)
    assert run(staff, "complete", ticket, follow=False).status_code == 200
    run(staff, "complete", ticket, answered="yes", manual_resolution="Refunded by hand")
    assert Ticket.objects.get().manual_resolution == "Refunded by hand"


def test_a_manager_has_tickets_analysed_again(staff):
    ticket = TicketFactory(manual=True)
    run(staff, "analyse_again", ticket)
    assert status(ticket) == Status.ANALYZING
    assert ticket.events.get().kind == EventKind.RETRIED


def test_all_that_match_can_be_chosen_but_not_more_than_anybody_can_mean(staff):
    ticket, *_others = TicketFactory.create_batch(201, waiting=True)
    response = run(staff, "approve", ticket, select_across="1")
    assert told(response) == ["These are more than 200 tickets at once. Select fewer."]
    page = run(staff, "reject", ticket, select_across="1")
    assert told(page) == ["These are more than 200 tickets at once. Select fewer."]
    assert not Ticket.objects.exclude(status=Status.WAITING_CONFIRM).exists()


def test_nothing_of_a_ticket_can_be_edited_added_or_deleted(staff, boss):
    ticket = TicketFactory(waiting=True)
    address = f"{LIST}{ticket.pk}/change/"
    page = boss.get(address).content.decode()
    assert not re.search(r'<(textarea|select)\b|<input type="text" name="(?!q)', page)
    assert "_save" not in page
    assert boss.post(address, {"status": "DONE"}).status_code == 403
    assert boss.get(f"{LIST}add/").status_code == 403
    assert boss.get(f"{LIST}{ticket.pk}/delete/").status_code == 403
    assert "delete_selected" not in boss.get(LIST).content.decode()
    assert status(ticket) == Status.WAITING_CONFIRM


def test_a_ticket_shows_its_facts_timeline_comments_and_runs(staff, manager):
    ticket = TicketFactory(waiting=True, raw_voc="<b>환불</b>")
    services.add_comment(ticket_id=ticket.ticket_id, actor=manager, body="He calls every week")
    AnalysisRun.objects.create(ticket=ticket, job_id=1, analyst="offline", started_at=timezone.now(), threshold=0.6)
    page = staff.get(f"{LIST}{ticket.pk}/change/").content.decode()
    for text in ("&lt;b&gt;환불", "NullPointerException", "He calls every week", "offline", "code_fix"):
        assert text in page
    assert reverse("ticket", args=[ticket.ticket_id]) in page


@pytest.mark.parametrize(("q", "number"), [("쿠폰", 1), ("COUPON", 1), ("VOC-2026", 2), ("nowhere", 0)])
def test_tickets_are_found_as_in_the_portal(staff, q, number):
    TicketFactory(raw_voc="쿠폰 coupon")
    TicketFactory()
    assert staff.get(LIST, {"q": q}).context["cl"].result_count == number


def test_tickets_can_be_filtered(staff):
    TicketFactory(waiting=True)
    TicketFactory()
    found = staff.get(LIST, {"status__exact": "WAITING_CONFIRM", "urgency__exact": "medium"}).context["cl"]
    assert found.result_count == 1


def test_every_list_and_page_of_the_app_opens(staff):
    ticket = TicketFactory(waiting=True)
    rows = [
        TicketEventFactory(ticket=ticket, data={"reason": "x"}),
        CommentFactory(ticket=ticket),
        SystemFactory(),
        AnalysisRun.objects.create(ticket=ticket, job_id=1, analyst="o", started_at=timezone.now(), threshold=0.6),
    ]
    AnalysisStep.objects.create(run=rows[-1], stage="score", position=1, started_at=timezone.now(), milliseconds=3)
    for row in rows:
        name = row._meta.model_name
        page = staff.get(reverse(f"admin:tickets_{name}_changelist"), {"q": ticket.ticket_id})
        assert page.status_code == 200
        assert staff.get(reverse(f"admin:tickets_{name}_change", args=[row.pk])).status_code == 200


def test_managers_look_at_the_catalogue_and_admins_edit_it(staff):
    system = SystemFactory(name="LoyaltyService", words=["점수", "points"])
    address = f"/admin/tickets/system/{system.pk}/change/"
    assert staff.get(address).status_code == 200
    assert staff.post(address, {"name": "x"}).status_code == 403
    staff.force_login(UserFactory(admin=True))
    assert ">\n점수\npoints</textarea>" in staff.get(address).content.decode()
    form = {
        "name": "LoyaltyService",
        "kind": "external",
        "words": " 점수 \r\n\r\n적립\r\n점수\r\n",
        "recent_incidents": "[]",
    }
    answer = staff.post(address, form | {"is_active": "on"})
    assert answer.status_code == 302, answer.context["errors"]
    now = System.objects.get(pk=system.pk)
    assert (now.kind, now.words) == ("external", ["점수", "적립"])
    assert staff.get(f"/admin/tickets/system/{system.pk}/delete/").status_code == 403


@pytest.mark.parametrize("role", ["viewer", "submitter"])
def test_others_do_not_enter(client, role):
    client.force_login(UserFactory(role=role))
    assert client.get(LIST).status_code == 403


def test_the_first_catalogue_is_there_and_keeps_what_people_made_of_it():
    load = import_module("tickets.migrations.0003_first_systems").load
    load(apps, None)
    names = set(System.objects.values_list("name", flat=True))
    expected = {"PaymentService", "RefundService", "OrderService", "MainService", "PaymentGateway", "EmailService"}
    assert expected | {"ShippingAPI"} <= names
    System.objects.filter(name="RefundService").update(contact="Ours", words=["x"])
    load(apps, None)
    kept = System.objects.get(name="RefundService")
    assert (kept.contact, kept.words) == ("Ours", ["x"])
    assert System.objects.get(name="PaymentGateway").kind == "external"
