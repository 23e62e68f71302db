"""Conversations: who opens one, where it stands, and what its first message shows.

Of many who have a first message for the same conversation at the same moment, one opens it; the others come back a moment
later and find it open. Whoever takes over from an opener that vanished looks for its message first.
"""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import transaction
from django.utils.translation import gettext as _

from notifications.channels.base import Conversation, Receipt
from notifications.message import Button
from notifications.models import Delivery, Thread
from voc.core import clock
from voc.core.errors import Transient
from voc.core.outbox.api import emit

LOOK_AGAIN = timedelta(seconds=1)
CHANGED = "thread.changed"
# Status and buttons.
Standing = tuple[str, list[Any]]
NOTHING: Standing = ("", [])

log = structlog.get_logger(__name__)


def enter(row: Delivery, *, key: str, lease_seconds: float) -> Conversation:
    """The conversation in which this delivery is to stand; without a root it is the caller's to open.

    Raises Transient (nothing is spent) while another delivery opens it.
    """
    with transaction.atomic(durable=True):
        thread = Thread(key=key, channel=row.channel, target=row.target, created_at=clock.now())
        Thread.objects.bulk_create([thread], ignore_conflicts=True)
        thread = Thread.objects.select_for_update().get(key=key, channel=row.channel, target=row.target)
        now = clock.now()
        if not thread.root_id:
            held = thread.opener not in (None, row.uuid) and thread.lease_until and thread.lease_until > now
            if held:
                raise Transient(_("Another message is opening this thread."), at=now + LOOK_AGAIN, spend=False)
            thread.doubtful = thread.doubtful or thread.opener is not None
            thread.opener = row.uuid
            thread.lease_until = now + timedelta(seconds=lease_seconds)
            thread.save()
        return Conversation(
            id=str(thread.uuid),
            since=thread.created_at,
            root_id=thread.root_id,
            place=thread.place,
            doubtful=thread.doubtful,
        )


def leave(row: Delivery, *, conversation: Conversation, doubtful: bool) -> None:
    """The opener did not get through: the next one may try. `doubtful`: its message may stand there all the same."""
    mine = Thread.objects.filter(uuid=conversation.id, opener=row.uuid, root_id="")
    if doubtful:
        mine.update(opener=None, lease_until=None, doubtful=True)
    else:
        mine.update(opener=None, lease_until=None)


def stand(row: Delivery, *, conversation: Conversation, receipt: Receipt) -> None:
    """The delivery stands in its conversation: remember where that is, and let its first message show how things stand."""
    message = row.message
    with transaction.atomic():
        thread = Thread.objects.select_for_update().filter(uuid=conversation.id).first()
        if thread is None:
            return
        adrift = receipt.adrift and thread.root_id == conversation.root_id
        opened = adrift or not thread.root_id
        if opened:
            if thread.root_id:
                log.warning("thread.root_gone", thread=conversation.id)
            thread.root_id = receipt.root_id or receipt.vendor_id
            thread.root_of = receipt.root_of or row.uuid
            thread.place = receipt.place
            thread.opener = thread.lease_until = None
            thread.doubtful = False
        showing: Standing | None = None
        if opened and str(thread.root_of) == str(row.uuid):
            showing = NOTHING if adrift else (message["status"], message["buttons"])
        _turn(thread, message["status"], message["buttons"], at=row.created_at, showing=showing)
        thread.save()


def show(*, subject: str, status: str, buttons: Iterable[Button] = (), targets: Iterable[str] | None = None) -> int:
    """Let the first message of every conversation about `subject` show this; how many there are. In a transaction.

    `targets` ("channel:target") leaves the conversations elsewhere as they are.
    """
    threads = list(Thread.objects.select_for_update().filter(key=subject))
    if targets is not None:
        wanted = set(targets)
        threads = [thread for thread in threads if f"{thread.channel}:{thread.target}" in wanted]
    for thread in threads:
        _turn(thread, status, [asdict(button) for button in buttons], at=clock.now())
        thread.save()
    return len(threads)


def places(*, subject: str) -> list[str]:
    """Where there are conversations about `subject`, as "channel:target"."""
    rows = Thread.objects.filter(key=subject).values_list("channel", "target")
    return [f"{channel}:{target}" for channel, target in rows]


def forget(*, conversation_id: str, root_id: str) -> None:
    """Its first message is gone: the next message begins the conversation anew."""
    gone = Thread.objects.filter(uuid=conversation_id, root_id=root_id)
    if gone.update(root_id="", root_of=None, opener=None, lease_until=None, doubtful=False, created_at=clock.now()):
        log.warning("thread.root_gone", thread=conversation_id)


def _turn(thread: Thread, status: str, buttons: list[Any], *, at: datetime, showing: Standing | None = None) -> None:
    """Take over what is newer, and have the first message edited unless it shows just that already.

    `showing` is what it shows, where that is not what the row says.
    """
    showing = (thread.status, thread.buttons) if showing is None else (showing[0][:200], showing[1])
    # An older message, perhaps out of a backlog, must not turn the clock back.
    if status and not (thread.status_at and thread.status_at > at):
        thread.status, thread.buttons, thread.status_at = status[:200], list(buttons), at
    if not thread.root_id or showing == (thread.status, thread.buttons):
        return
    thread.version += 1
    emit(
        CHANGED,
        subject=f"{thread.channel}:{thread.target}:{thread.key}",
        payload={"thread_id": thread.pk, "version": thread.version},
        key=f"{CHANGED}:{thread.uuid}:{thread.version}",
    )
