"""What a webhook of Jira's says, and whether it is Jira's: https://developer.atlassian.com/cloud/jira/platform/webhooks/."""

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.db import transaction

from integrations.jira.models import WebhookDelivery
from voc.core import clock
from voc.core.outbox.api import emit

EVENT: Final = "jira.told"
MAX_BYTES: Final = 2_000_000
# Jira tries for hours at most; what is older was recorded by somebody. Deliveries are remembered for longer than that.
OLDEST: Final = timedelta(days=2)
KEPT_FOR: Final = timedelta(days=7)
MOST_LABELS: Final = 50
_ID = re.compile(r"[0-9]{1,18}")


class NotAHint(ValueError):
    """A body that is signed, and yet tells nothing about an issue."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hint:
    """That something happened to an issue. Everything beyond its id may be out of date by now."""

    event: str
    issue_id: str
    issue_key: str = ""
    labels: tuple[str, ...] = ()
    at: datetime | None = None


def is_signed(body: bytes, header: str, secret: str) -> bool:
    """Whether `header` (X-Hub-Signature) is the HMAC of the raw body. Takes as long for a wrong one as for a right one."""
    expected = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    given = header.removeprefix("sha256=") if header.startswith("sha256=") else ""
    return hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode())


def read_hint(body: bytes) -> Hint:
    """Raises NotAHint."""
    try:
        data = json.loads(body)
    except ValueError as error:
        raise NotAHint("not JSON") from error
    if not isinstance(data, dict):
        raise NotAHint("not an object")
    issue = _mapping(data.get("issue"))
    issue_id = str(issue.get("id") or "")
    if not _ID.fullmatch(issue_id):
        raise NotAHint("no issue")
    labels = _mapping(issue.get("fields")).get("labels")
    listed = labels[:MOST_LABELS] if isinstance(labels, list) else []
    return Hint(
        event=_plain(data.get("webhookEvent"), 60),
        issue_id=issue_id,
        issue_key=_plain(issue.get("key"), 64),
        labels=tuple(_plain(label, 255) for label in listed),
        at=_moment(data.get("timestamp")),
    )


def store(hint: Hint, *, body: bytes, identifier: str) -> bool:
    """Keep the delivery and wake whoever reads the issue again. False when this very body came before, or is too old.

    One transaction; raises django.db.Error when nothing could be stored, and Jira is to try again.
    """
    now = clock.now()
    if hint.at is not None and hint.at < now - OLDEST:
        return False
    with transaction.atomic():
        delivery, new = WebhookDelivery.objects.get_or_create(
            digest=hashlib.sha256(body).hexdigest(),
            defaults={
                "identifier": _plain(identifier, 100),
                "event": hint.event,
                "issue_id": hint.issue_id,
                "issue_key": hint.issue_key,
                "received_at": now,
            },
        )
        if new:
            payload = {"delivery": delivery.pk, "issue_id": hint.issue_id, "labels": list(hint.labels)}
            emit(EVENT, subject=f"jira:{hint.issue_id}", payload=payload, key=f"{EVENT}:{delivery.pk}")
    return new


def prune() -> int:
    """Forget deliveries that are too old to come again; returns how many."""
    deleted, _by_model = WebhookDelivery.objects.filter(received_at__lt=clock.now() - KEPT_FOR).delete()
    return deleted


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _plain(value: object, most: int) -> str:
    return str(value or "").replace("\x00", "")[:most]


def _moment(value: object) -> datetime | None:
    """`timestamp` is milliseconds since 1970."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e14:
        return None
    return datetime.fromtimestamp(value / 1000, UTC)
