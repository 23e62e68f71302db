"""What people do on a ticket's page: with plain forms, with htmx, too late, and against each other."""

import re

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from notifications.routing.models import Mute
from tests.factories import TicketFactory, UserFactory
from tests.tickets.test_views import HTMX, browser, page
from tests.tickets.test_views_ticket import act
from tickets import services
from tickets.models import EventKind, Status, Ticket

pytestmark = pytest.mark.django_db
PART = HTMX | {"HX-Target": "ticket"}


@pytest.fixture(autouse=True)
def grace(settings):
    settings.VOC_GRACE_SECONDS = 10


@pytest.fixture
def client():
    return browser("manager", first_name="Sujin", last_name="Kim")


def stored(ticket):
    return Ticket.objects.get(pk=ticket.pk)


def address(ticket):
    return reverse("ticket", args=[ticket.ticket_id])


# --- without JavaScript: a form, a redirect, the page ---


def test_approving_is_one_click_and_leads_back_to_the_page(client):
    ticket = TicketFactory(waiting=True)
    response = act(client, "ticket_confirm", ticket, **sent_by_the_form(client, ticket))
    assert (response.status_code, response["Location"]) == (302, address(ticket))
    now = stored(ticket)
    assert (now.status, now.decided_by, now.correction) == (Status.DONE, client.user, None)


@pytest.mark.parametrize("name", ["ticket_confirm", "ticket_reject"])
def test_a_verdict_on_a_decision_that_was_replaced_since_is_refused_and_the_new_one_shown(client, name):
    ticket = TicketFactory(waiting=True)

    def give():
        """The verdict that the page offers now, to be given later."""
        html = client.get(address(ticket)).content.decode()
        [shown] = set(re.findall(r'name="analysed" value="([^"]+)"', html))
        values = sent_by_the_form(client, ticket) if name == "ticket_confirm" else {"reject_reason": "No"}
        return lambda: act(client, name, ticket, analysed=shown, **values)

    late = give()
    Ticket.objects.filter(pk=ticket.pk).update(analyzed_at=timezone.now(), summary="It is theirs")
    response = late()
    assert response.status_code == 409
    assert "It was analysed anew since" in response.content.decode()
    assert "It is theirs" in response.content.decode()
    assert stored(ticket).status == Status.WAITING_CONFIRM
    assert give()().status_code == 302
    assert stored(ticket).status != Status.WAITING_CONFIRM


def sent_by_the_form(client, ticket):
    """The values of the approval form as a browser would send them untouched."""
    html = client.get(address(ticket)).content.decode()
    form = html[html.index('id="approve"') :].split("</form>")[0]
    values = {}
    for name, options in re.findall(r'<select name="(\w+)".*?>(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'<option value="([^"]*)" selected', options) or re.search(
            r'<option value="([^"]*)"', options
        )
        values[name] = chosen.group(1)
    return values | {"assignee": ""}


def test_the_form_is_filled_with_the_decision_in_force(client):
    ticket = TicketFactory(waiting=True)
    assert sent_by_the_form(client, ticket) == {
        "primary_type": "code_error",
        "secondary_type": "",
        "urgency": "medium",
        "affected_system": "RefundService",
        "assignee": "",
    }


def test_corrections_are_kept_as_the_managers_word(client):
    ticket = TicketFactory(waiting=True)
    values = sent_by_the_form(client, ticket)
    values |= {"primary_type": "integration_error", "urgency": "high", "assignee": "Team B"}
    act(client, "ticket_confirm", ticket, **values)
    now = stored(ticket)
    assert now.correction == {"primary_type": ["code_error", "integration_error"], "urgency": ["medium", "high"]}
    assert (now.urgency, now.assignee) == ("high", "Team B")


def test_a_second_type_can_be_taken_away_and_is_left_alone_otherwise(client):
    with_second = {"waiting": True, "agent_decision_secondary": "business_improvement"}
    kept, taken = TicketFactory(**with_second), TicketFactory(**with_second)
    act(client, "ticket_confirm", kept, **sent_by_the_form(client, kept))
    act(client, "ticket_confirm", taken, **(sent_by_the_form(client, taken) | {"secondary_type": ""}))
    assert stored(kept).correction is None
    assert stored(taken).correction == {"secondary_type": ["business_improvement", None]}


def test_what_was_handed_to_people_is_approved_with_a_decision_of_their_own(client):
    ticket = TicketFactory(manual=True)
    values = {"primary_type": "business_improvement", "urgency": "low", "affected_system": "", "secondary_type": ""}
    act(client, "ticket_confirm", ticket, **values)
    assert (stored(ticket).status, stored(ticket).decided_primary) == (Status.DONE, "business_improvement")


def test_rejecting_asks_for_a_reason(client):
    ticket = TicketFactory(waiting=True)
    response = act(client, "ticket_reject", ticket, reject_reason="  ", reason_category="wrong_type")
    assert response.status_code == 422
    html = response.content.decode()
    assert 'id="id_reject_reject_reason_error"' in html
    assert re.search(r'<details class="fold" name="act" open>\s*<summary data-key="r">', html)
    assert '<option value="wrong_type" selected>' in html
    assert stored(ticket).status == Status.WAITING_CONFIRM


def test_rejecting_keeps_reason_and_category(client):
    ticket = TicketFactory(waiting=True)
    act(client, "ticket_reject", ticket, reject_reason="Seen\r\nbefore", reason_category="duplicate")
    now = stored(ticket)
    assert (now.status, now.reject_reason, now.reject_category) == (Status.REJECTED, "Seen\nbefore", "duplicate")
    html = client.get(address(ticket)).content.decode()
    assert "Duplicate" in html
    assert "Seen\nbefore" in html


@pytest.mark.parametrize(
    ("name", "scene", "values", "status"),
    [
        ("retry", "waiting", {}, Status.ANALYZING),
        ("retry", "manual", {"retry_reason": "logs are there now"}, Status.ANALYZING),
        ("complete", "manual", {"manual_resolution": "Called back"}, Status.DONE),
    ],
)
def test_the_other_verdicts_work_by_plain_forms_too(client, name, scene, values, status):
    ticket = TicketFactory(**{scene: True})
    response = act(client, f"ticket_{name}", ticket, **values)
    assert response["Location"] == address(ticket)
    assert stored(ticket).status == status
    assert client.get(address(ticket)).status_code == 200


def test_assigning_and_commenting_decide_nothing(client):
    ticket = TicketFactory(waiting=True)
    act(client, "ticket_assign", ticket, assignee=" Team B ")
    act(client, "ticket_comment", ticket, body="Called them")
    now = stored(ticket)
    assert (now.status, now.assignee) == (Status.WAITING_CONFIRM, "Team B")
    html = client.get(address(ticket)).content.decode()
    assert "Called them" in html
    assert "nobody → Team B" in html
    act(client, "ticket_assign", ticket, assignee="")
    assert stored(ticket).assignee is None


def test_an_act_opened_as_a_page_leads_to_the_ticket(client):
    ticket = TicketFactory(waiting=True)
    for name in ("confirm", "reject", "retry", "complete", "undo", "assign", "comment"):
        response = page(client, f"ticket_{name}", ticket.ticket_id)
        assert (response.status_code, response["Location"]) == (302, address(ticket))
    assert stored(ticket).status == Status.WAITING_CONFIRM


def test_a_form_without_its_token_is_refused_and_changes_nothing(client):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(client.user)
    ticket = TicketFactory(waiting=True)
    response = act(strict, "ticket_confirm", ticket)
    assert response.status_code == 403
    assert "The form has expired" in response.content.decode()
    assert stored(ticket).status == Status.WAITING_CONFIRM


# --- with htmx ---


def test_with_htmx_the_article_alone_comes_back_with_the_notices(client):
    ticket = TicketFactory(waiting=True)
    response = client.post(
        reverse("ticket_assign", args=[ticket.ticket_id]), {"assignee": "B"}, headers=PART, follow=True
    )
    html = response.content.decode()
    assert "<html" not in html
    assert html.lstrip().startswith('<article id="ticket"')
    assert 'hx-swap-oob="true"' in html
    assert "The assignee is changed." in html


def test_with_htmx_a_refused_form_comes_back_in_the_article(client):
    ticket = TicketFactory(waiting=True)
    response = client.post(reverse("ticket_comment", args=[ticket.ticket_id]), {"body": ""}, headers=PART)
    assert response.status_code == 422
    assert "<html" not in response.content.decode()


def test_with_htmx_an_ended_session_leads_the_whole_browser_to_the_login():
    ticket = TicketFactory(waiting=True)
    response = Client().post(reverse("ticket_confirm", args=[ticket.ticket_id]), headers=PART)
    assert response.status_code == 401
    assert response["HX-Redirect"].startswith(reverse("login"))


# --- undo, and on to the next ---


def test_a_verdict_can_be_taken_back_for_some_seconds(client):
    ticket = TicketFactory(waiting=True)
    act(client, "ticket_reject", ticket, reject_reason="No")
    html = client.get(address(ticket)).content.decode()
    assert re.search(r'class="undo" data-seconds="(10|[1-9])"', html)
    response = act(client, "ticket_undo", ticket)
    assert stored(ticket).status == Status.WAITING_CONFIRM
    assert "The verdict is undone." in client.get(response["Location"]).content.decode()


def test_too_late_to_undo_is_said_and_changes_nothing(client, settings):
    ticket = TicketFactory(waiting=True)
    act(client, "ticket_reject", ticket, reject_reason="No")
    settings.VOC_GRACE_SECONDS = 0
    response = act(client, "ticket_undo", ticket)
    assert response.status_code == 409
    assert "too late to undo" in response.content.decode()
    assert stored(ticket).status == Status.REJECTED


def test_without_a_grace_nothing_offers_to_undo_and_the_key_does_not_approve_by_itself(client, settings):
    settings.VOC_GRACE_SECONDS = 0
    ticket = TicketFactory(waiting=True)
    assert 'data-key="a" data-key-focus' in client.get(address(ticket)).content.decode()
    act(client, "ticket_confirm", ticket, **sent_by_the_form(client, ticket))
    assert 'class="undo"' not in client.get(address(ticket)).content.decode()


def test_working_through_the_queue_leads_from_ticket_to_ticket(client):
    first = TicketFactory(waiting=True, urgency="high")
    second = TicketFactory(waiting=True, urgency="medium")
    third = TicketFactory(manual=True)
    shown = [first.ticket_id]
    url = f"{address(first)}?queue=1"
    for _step in range(3):
        ticket = Ticket.objects.get(ticket_id=shown[-1])
        name, values = (
            ("ticket_complete", {"manual_resolution": "x"})
            if ticket.status == Status.MANUAL_REQUIRED
            else (
                "ticket_reject",
                {"reject_reason": "x"},
            )
        )
        query = url.partition("?")[2].replace("&amp;", "&")
        response = client.post(f"{reverse(name, args=[ticket.ticket_id])}?{query}", values)
        html = client.get(response["Location"]).content.decode()
        following = re.search(r'data-key="j" autofocus href="([^"]+)"', html)
        if following is None:
            break
        url = following.group(1)
        shown.append(url.split("/")[2])
        assert f"after={ticket.ticket_id}" in url
    assert shown == [first.ticket_id, second.ticket_id, third.ticket_id]
    assert "the queue is empty" in html


def test_the_next_ticket_still_offers_to_undo_the_last_verdict(client):
    decided, following = TicketFactory(waiting=True), TicketFactory(waiting=True)
    act(client, "ticket_reject", decided, reject_reason="No")
    html = client.get(f"{address(following)}?queue=1&after={decided.ticket_id}").content.decode()
    assert f'action="{reverse("ticket_undo", args=[decided.ticket_id])}?queue=1"' in html
    assert decided.ticket_id in html


def test_skipping_goes_round_the_queue(client):
    tickets = [TicketFactory(waiting=True) for _ in range(3)]
    seen, url = [], f"{address(tickets[0])}?queue=1"
    for _step in range(4):
        html = client.get(url.replace("&amp;", "&")).content.decode()
        url = re.search(r'class="skip-next" data-key="j" href="([^"]+)"', html).group(1)
        seen.append(url.split("/")[2])
    assert sorted(seen[:3]) == sorted(ticket.ticket_id for ticket in tickets)
    assert seen[3] == seen[0]


# --- two at once ---


@pytest.mark.parametrize(
    ("name", "values", "typed"),
    [
        ("ticket_confirm", {}, None),
        ("ticket_reject", {"reject_reason": "a long and careful reason"}, "a long and careful reason"),
        ("ticket_retry", {"retry_reason": "please look again"}, "please look again"),
        ("ticket_complete", {"manual_resolution": "called them back"}, "called them back"),
    ],
)
@pytest.mark.parametrize("headers", [{}, PART])
def test_who_comes_second_learns_who_did_what_and_loses_no_text(client, name, values, typed, headers):
    ticket = TicketFactory(waiting=True)
    opened = sent_by_the_form(client, ticket) if name == "ticket_confirm" else values
    other = UserFactory(manager=True, first_name="Jiho", last_name="Park")
    services.reject_ticket(ticket_id=ticket.ticket_id, actor=other, reject_reason="Mine")
    response = client.post(reverse(name, args=[ticket.ticket_id]), opened, headers=headers)
    assert response.status_code == 409
    html = response.content.decode()
    assert re.search(r"Jiho Park rejected it at \d{4}-\d\d-\d\d \d\d:\d\d:\d\d", html)
    assert "Mine" in html  # the page shows the ticket as it is now
    if typed:
        assert re.search(rf'<textarea name="body"[^>]*>\s*{typed}</textarea>', html)
    now = stored(ticket)
    assert (now.status, now.decided_by, now.events.filter(kind=EventKind.REJECTED).count()) == (
        Status.REJECTED,
        other,
        1,
    )


def test_a_ticket_is_muted_and_told_of_again_on_its_page(client, manager):
    ticket = TicketFactory(waiting=True)
    client.force_login(manager)
    shown = client.post(f"/tickets/{ticket.ticket_id}/mute/", {"on": "1"}, follow=True).content.decode()
    assert Mute.objects.get().subject == ticket.ticket_id
    assert "Nobody is sent messages about this ticket." in shown
    client.post(f"/tickets/{ticket.ticket_id}/mute/", {"on": "0"})
    assert not Mute.objects.exists()
