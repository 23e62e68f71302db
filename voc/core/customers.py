"""A key for each customer, itself encrypted under the ring: who drops it has erased all that it encrypted, in backups too.

A customer is whom a contact leads to, written in whatever way; where none is known, each complaint stands for a customer of
its own.
"""

import base64
import hashlib
import hmac
import os
import re
import unicodedata
from collections.abc import Iterable

from voc.core import clock, crypto
from voc.core.models import CustomerKey

# Found by this handle: the key of the fingerprints. It lies encrypted like the others, so that a rotation does not change them.
FINGERPRINTS = "fingerprints"
PHONE = re.compile(r"[+\d][\d\s().-]{5,}")
KOREA = "82"


def normal_contact(contact: str) -> str:
    """One spelling of an address or a number: case, spaces, hyphens and Korea's country code make no difference. "" for none."""
    text = unicodedata.normalize("NFKC", contact).strip().casefold().removeprefix("mailto:").removeprefix("tel:")
    if PHONE.fullmatch(text):
        return _normal_number(text)
    return " ".join(text.split())


def _normal_number(text: str) -> str:
    digits = re.sub(r"\D", "", text)
    if text.startswith("+") or digits.startswith("00"):
        digits = digits.removeprefix("00")
        return "0" + digits.removeprefix(KOREA).removeprefix("0") if digits.startswith(KOREA) else f"+{digits}"
    return digits


def handle_of(contact: str, *, otherwise: str) -> str:
    """The handle of the customer behind a contact, or of the complaint `otherwise` when there is no contact."""
    normal = normal_contact(contact)
    return f"contact:{_fingerprint(normal)}" if normal else f"complaint:{_fingerprint(otherwise)}"


def key_of(handle: str) -> crypto.Key:
    """The customer's key, made when there is none yet."""
    row, _made = CustomerKey.objects.get_or_create(
        handle=handle, defaults={"secret": _packed(os.urandom(crypto.KEY_BYTES)), "created_at": clock.now()}
    )
    return crypto.make_key(base64.b64decode(row.secret))


def keys_of(handles: Iterable[str]) -> dict[str, crypto.Key]:
    """Those of the keys that are still there, in one query."""
    rows = CustomerKey.objects.filter(handle__in=set(handles))
    return {row.handle: crypto.make_key(base64.b64decode(row.secret)) for row in rows}


def drop_keys(handles: Iterable[str]) -> int:
    """Make unreadable what the customers' keys encrypted; how many there were."""
    return CustomerKey.objects.filter(handle__in=set(handles) - {FINGERPRINTS}).delete()[0]


def _fingerprint(value: str) -> str:
    return hmac.new(key_of(FINGERPRINTS).secret, value.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


def _packed(secret: bytes) -> str:
    return base64.b64encode(secret).decode()
