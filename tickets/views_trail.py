"""Where a reader of a ticket came from and goes next: kept in the address, so that it needs no session and no JavaScript.

`?queue=1` says that the queue is being worked through; `&after=VOC-…` names the ticket decided just before.
"""

from dataclasses import dataclass
from urllib.parse import urlencode

from django.db.models.fields.tuple_lookups import TupleLessThan
from django.http import HttpRequest
from django.urls import reverse

from tickets.models import Status, Ticket
from tickets.queries import AnyUser, visible_tickets

WAITING = (Status.WAITING_CONFIRM, Status.MANUAL_REQUIRED)


@dataclass(frozen=True, slots=True)
class Trail:
    ticket_id: str
    queue: bool = False
    after: str = ""
    next_id: str = ""

    @property
    def query(self) -> str:
        """What each link and form of the page carries along."""
        return self._query(after=self.after)

    @property
    def undo_query(self) -> str:
        return self._query(after="")

    @property
    def back(self) -> str:
        return reverse("queue" if self.queue else "ticket_list")

    @property
    def next_url(self) -> str:
        return f"{reverse('ticket', args=[self.next_id])}{self._query(after=self.ticket_id)}"

    def _query(self, *, after: str) -> str:
        pairs = {"queue": "1" if self.queue else "", "after": after}
        given = {key: value for key, value in pairs.items() if value}
        return f"?{urlencode(given)}" if given else ""


def trail_of(request: HttpRequest, ticket_id: str, *, next_id: str = "") -> Trail:
    return Trail(
        ticket_id,
        queue=request.GET.get("queue") == "1",
        after=request.GET.get("after", "")[:32],
        next_id=next_id,
    )


def next_waiting(user: AnyUser, ticket: Ticket) -> Ticket | None:
    """The ticket that follows in the queue's own order (most urgent, then newest), from the top again after the last."""
    columns = ("urgency_rank", "created_at", "id")
    waiting = (
        visible_tickets(user)
        .filter(status__in=WAITING)
        .exclude(pk=ticket.pk)
        .order_by(*(f"-{column}" for column in columns))
        .defer("grams", "search_text")
    )
    place = tuple(getattr(ticket, column) for column in columns)
    return waiting.filter(TupleLessThan(columns, place)).first() or waiting.first()
