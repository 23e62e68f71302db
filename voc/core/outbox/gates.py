"""Gates: pause a queue without spending its jobs' attempts, because whom it talks to is away or refuses us."""

from datetime import datetime
from functools import partial

import structlog
from django.db import transaction

from voc.core import clock
from voc.core.outbox import wake
from voc.core.outbox.models import Gate

log = structlog.get_logger(__name__)


def close_gate(queue: str, *, reason: str, until: datetime | None = None) -> bool:
    """Pause `queue` until a time, or (None) until somebody opens it. True when it was open before.

    A gate that only a person opens stays that way when it is closed again with a time.
    """
    with transaction.atomic():
        gate, opened = Gate.objects.select_for_update().get_or_create(
            queue=queue, defaults={"reason": reason, "closed_at": clock.now(), "closed_until": until}
        )
        if opened:
            log.warning("outbox.gate_closed", queue=queue, reason=reason, until=until)
            return True
        lapsed = gate.closed_until is not None and gate.closed_until <= clock.now()
        if lapsed:
            gate.closed_at = clock.now()
        if gate.closed_until is not None:
            gate.closed_until = until
        gate.reason = reason
        gate.save()
    return lapsed


def open_gate(queue: str) -> bool:
    """Let the queue go on. False when it was not closed."""
    with transaction.atomic():
        removed, _ = Gate.objects.filter(queue=queue).delete()
        if removed:
            log.info("outbox.gate_opened", queue=queue)
            transaction.on_commit(partial(wake.wake, queue), robust=True)
    return bool(removed)
