"""Personal values of the trail: put under their customer's key soon after the change, read for who may, gone with the key."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from django.db import connection, transaction

from voc.core import crypto, customers
from voc.core.audit.models import Entry, Sealed, Unsealed

PURPOSE = "audit"
BATCH = 200
Values = dict[str, Any]

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Personal:
    """The personal values of an entry. `erased`: the customer's key is gone. `genuine`: they are what the trigger saw."""

    before: Values
    after: Values
    erased: bool = False
    genuine: bool = True


def seal_all() -> int:
    """Seal what waits, a batch at a time; how many entries."""
    total = 0
    while sealed := _seal_batch():
        total += sealed
    return total


def read(entries: Iterable[Entry]) -> dict[int, Personal]:
    """Entry's number → its personal values, for those that have any. Three queries, however many entries."""
    having = {entry.pk: entry for entry in entries if entry.personal}
    found = {each.entry_id: _of_waiting(each) for each in Unsealed.objects.filter(pk__in=having)}
    sealed = list(Sealed.objects.filter(pk__in=having))
    keys = customers.keys_of(handle for each in sealed for handle in (each.handle_before, each.handle_after) if handle)
    found |= {each.entry_id: _opened(each, having[each.entry_id], keys) for each in sealed}
    return {number: found.get(number, Personal({}, {}, erased=True)) for number in having}


def forget(subjects: Iterable[str]) -> int:
    """Drop what waits to be sealed of these subjects: their customer is being erased."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT audit_forget(%s)", [list(subjects)])
        return int(cursor.fetchone()[0])


def _seal_batch() -> int:
    """Two sealers at once take different rows. The trail's rows can be deleted by its own function only."""
    with transaction.atomic():
        waiting = list(Unsealed.objects.order_by("pk")[:BATCH])
        rows = [row for each in waiting for row in _sealed(each)]
        with connection.cursor() as cursor:
            for row in rows:
                cursor.execute("SELECT audit_seal(%s, %s, %s, %s, %s)", row)
    return len(waiting)


def _sealed(waiting: Unsealed) -> Iterator[list[Any]]:
    texts, handles = [], []
    sides = ((waiting.before, waiting.contact_before), (waiting.after, waiting.contact_after))
    for values, contact in sides:
        handle = (
            customers.handle_of(contact, otherwise=waiting.subject or f"entry {waiting.pk}")
            if values is not None
            else ""
        )
        plain = json.dumps([waiting.nonce, values])
        texts.append(crypto.encrypt(plain, purpose=PURPOSE, key=customers.key_of(handle)) if handle else "")
        handles.append(handle)
    yield [waiting.pk, *texts, *handles]


def _of_waiting(waiting: Unsealed) -> Personal:
    return Personal(_values(waiting.before), _values(waiting.after))


def _opened(sealed: Sealed, entry: Entry, keys: Mapping[str, crypto.Key]) -> Personal:
    texts: list[str | None] = []
    nonce = ""
    for kept, handle in ((sealed.before, sealed.handle_before), (sealed.after, sealed.handle_after)):
        if not handle:
            texts.append(None)
            continue
        if handle not in keys:
            return Personal({}, {}, erased=True)
        try:
            nonce, text = json.loads(crypto.decrypt(kept, purpose=PURPOSE, key=keys[handle]))
        except crypto.CannotDecrypt:
            log.warning("audit.cannot_open", entry=entry.pk)
            return Personal({}, {}, genuine=False)
        texts.append(text)
    seal = hashlib.sha256(f"{nonce}{texts[0] or ''}|{texts[1] or ''}".encode()).digest()
    genuine = crypto.same(seal, bytes(entry.seal or b""))
    return Personal(_values(texts[0]), _values(texts[1]), genuine=genuine)


def _values(text: str | None) -> Values:
    values: Values = json.loads(text) if text else {}
    return values
