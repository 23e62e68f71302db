"""Where a reader of a ticket came from and goes next: kept in the address, so that it needs no session and no JavaScript.

`?queue=1` says that the queue is being worked through; `&sort=…` in which order, if not in its own; `&after=VOC-…` names the
ticket decided just before.
"""

from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse

from tickets.forms import QUEUE_SORTS, SORTS
from tickets.models import Status, Ticket
from tickets.paging import following
from tickets.queries import AnyUser, visible_tickets

WAITING = (Status.WAITING_CONFIRM, Status.MANUAL_REQUIRED)


@dataclass(frozen=True, slots=True)
class Trail:
    ticket_id: str = ""
    queue: bool = False
    sort: str = ""
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
        if not self.queue:
            return reverse("ticket_list")
        return f"{reverse('queue')}?sort={self.sort}" if self.sort else reverse("queue")

    @property
    def next_url(self) -> str:
        return f"{reverse('ticket', args=[self.next_id])}{self._query(after=self.ticket_id)}"

    def _query(self, *, after: str) -> str:
        pairs = {"queue": "1" if self.queue else "", "sort": self.sort, "after": after}
        given = {key: value for key, value in pairs.items() if value}
        return f"?{urlencode(given)}" if given else ""


def trail_of(request: HttpRequest, ticket_id: str, *, next_id: str = "") -> Trail:
    queue, sort = request.GET.get("queue") == "1", request.GET.get("sort", "")
    return Trail(
        ticket_id,
        queue=queue,
        sort=sort if queue and sort in QUEUE_SORTS[1:] else "",
        after=request.GET.get("after", "")[:32],
        next_id=next_id,
    )


def next_waiting(user: AnyUser, ticket: Ticket, trail: Trail) -> Ticket | None:
    """The ticket that follows in the queue as the reader has sorted it, from the top again after the last."""
    column, order, _label = SORTS[trail.sort or QUEUE_SORTS[0]]
    waiting = visible_tickets(user).filter(status__in=WAITING)
    return following(waiting, ticket, sort=column, order=order)
