import pytest
from django.utils import translation

from tests.factories import TicketFactory, UserFactory
from tests.tickets.calls import client_of
from tests.tickets.crowd import at_once
from tickets import services
from tickets.models import EventKind, Status, Ticket
from voc.core.errors import NotAllowed
from voc.core.outbox.models import Job

pytestmark = pytest.mark.django_db(transaction=True)


def verdicts(ticket, number):
    """As many calls, every other one a rejection, each by a manager of its own."""

    def decide(manager, rejects):
        with translation.override("en"):
            if rejects:
                return services.reject_ticket(ticket_id=ticket.ticket_id, actor=manager, reject_reason="No")
            return services.confirm_ticket(ticket_id=ticket.ticket_id, actor=manager)

    managers = UserFactory.create_batch(number, manager=True)
    return [lambda m=manager, r=bool(n % 2): decide(m, r) for n, manager in enumerate(managers)]


def test_of_fifty_simultaneous_verdicts_one_wins_and_everyone_else_is_told_who_and_when():
    ticket = TicketFactory(waiting=True)
    results = at_once(verdicts(ticket, 50))
    winners = [each for each in results if isinstance(each, Ticket)]
    refusals = [each for each in results if isinstance(each, NotAllowed)]
    assert (len(winners), len(refusals)) == (1, 49)
    now = Ticket.objects.get()
    assert now.status == winners[0].status in (Status.DONE, Status.REJECTED)
    event = now.events.get()
    assert now.decided_by == event.actor
    assert set(Job.objects.values_list("key", flat=True)) == {f"ticket.decided:{event.pk}", f"ticket.moved:{event.pk}"}
    said = {EventKind.CONFIRMED: "approved it at", EventKind.REJECTED: "rejected it at"}[EventKind(event.kind)]
    assert all(f"{event.actor_name} {said} " in refused.message for refused in refusals)


def test_a_verdict_and_its_undoing_at_once_leave_one_of_two_states_never_a_mixture():
    ticket = TicketFactory(waiting=True)
    manager = UserFactory(manager=True)
    services.confirm_ticket(ticket_id=ticket.ticket_id, actor=manager)
    undo = [lambda: services.undo_verdict(ticket_id=ticket.ticket_id, actor=manager)] * 10
    results = at_once(undo)
    assert sum(isinstance(each, Ticket) for each in results) == 1
    assert sum(isinstance(each, NotAllowed) for each in results) == 9
    now = Ticket.objects.get()
    assert (now.status, now.confirmed_at) == (Status.WAITING_CONFIRM, None)
    assert now.events.filter(kind=EventKind.UNDONE).count() == 1


def test_of_simultaneous_requests_for_a_new_analysis_one_starts_it():
    ticket = TicketFactory(manual=True)
    manager = UserFactory(manager=True)
    results = at_once([lambda: services.retry_ticket(ticket_id=ticket.ticket_id, actor=manager)] * 10)
    assert sum(isinstance(each, NotAllowed) for each in results) == 9
    assert Job.objects.exclude(event="ticket.moved").values("key").distinct().count() == 1
    assert Job.objects.filter(event="ticket.moved").count() == 1


def test_in_the_api_everyone_but_the_first_gets_a_400_that_says_who_was_first():
    ticket = TicketFactory(waiting=True)
    bodies = {"confirm": {}, "reject": {"reject_reason": "No"}}

    def decide(manager, name):
        return client_of(manager).post(f"/api/v1/tickets/{ticket.ticket_id}/{name}", bodies[name], format="json")

    managers = UserFactory.create_batch(50, manager=True)
    calls = [lambda m=manager, a=("confirm", "reject")[n % 2]: decide(m, a) for n, manager in enumerate(managers)]
    answers = at_once(calls)
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 49
    event = Ticket.objects.get().events.get()
    refused = [answer.json()["detail"] for answer in answers if answer.status_code == 400]
    assert all(event.actor_name in detail for detail in refused)
    assert Job.objects.exclude(event="ticket.moved").values("key").distinct().count() == 1
    assert Job.objects.filter(event="ticket.moved").count() == 1
