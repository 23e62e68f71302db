"""A request that may be sent twice is answered once: the first answer is kept and given again."""

import hashlib
import json
import string
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from tickets.models import IdempotencyKey
from voc.core import clock
from voc.core.errors import Conflict, InvalidInput

HEADER: Final = "Idempotency-Key"
MAX_KEY: Final = 200
# Answers are pruned once a day, so that each is kept for two days at least.
KEPT_FOR: Final = timedelta(hours=48)
_ALLOWED: Final = frozenset(string.ascii_letters + string.digits + string.punctuation)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request is answered with; `replayed` says that an earlier one was."""

    status_code: int
    body: dict[str, Any]
    replayed: bool = False


def once(*, caller: str, key: str, request: object, make: Callable[[], Answer]) -> Answer:
    """The answer that `make` gives, or the one that it gave to the same caller's first request with this key.

    `request` is what the caller sent, as JSON values. The first request holds the key until its transaction ends: one
    that comes meanwhile waits, and then gets the same answer. When `make` raises, nothing is kept.

    Raises InvalidInput for an impossible key, Conflict when the key came with another request before.
    """
    check_key(key)
    fingerprint = _fingerprint(request)
    try:
        with transaction.atomic():
            row = IdempotencyKey.objects.create(
                caller=caller, key=key, fingerprint=fingerprint, status_code=0, answer={}, created_at=clock.now()
            )
            answer = make()
            row.status_code, row.answer = answer.status_code, answer.body
            row.save(update_fields=["status_code", "answer"])
            return answer
    except IntegrityError:
        earlier = IdempotencyKey.objects.filter(caller=caller, key=key).first()
        if earlier is None:
            raise
    if earlier.fingerprint != fingerprint:
        raise Conflict(_("Idempotency-Key: this key came with another request before."))
    return Answer(earlier.status_code, earlier.answer, replayed=True)


def check_key(key: str) -> None:
    """Raises InvalidInput for a key that no client should send."""
    if not 1 <= len(key) <= MAX_KEY or not _ALLOWED.issuperset(key):
        message = _("A key has 1 to %(most)d visible ASCII characters.") % {"most": MAX_KEY}
        raise InvalidInput(field=HEADER, message=message, code="idempotency_key")


def _fingerprint(request: object) -> str:
    canonical = json.dumps(request, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()
