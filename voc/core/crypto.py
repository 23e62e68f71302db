"""Secrets that have to be kept readable: authenticated encryption under a ring of keys.

The first key of ENCRYPTION_KEYS encrypts, all of them decrypt: a new key goes to the end, so that every process can read it, then
to the front; `manage.py rotate_keys` writes everything that is stored anew, then the old one can go. A kept text is
`v1.<key>.<base64url of nonce and AES-256-GCM's output>`, where `<key>` names the key that it needs; `purpose` is bound into it,
so that one column's text is nothing in another's.
"""

import base64
import binascii
import hashlib
import hmac
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

VERSION = "v1"
KEY_BYTES = 32
NONCE_BYTES = 12


class CannotDecrypt(Exception):
    """The text was not made by `encrypt` for this purpose under a key that is still there. Says why, never what."""


class BadKey(ValueError):
    """An entry of ENCRYPTION_KEYS that cannot be a key. The message says which entry, never what stands in it."""


@dataclass(frozen=True, slots=True)
class Key:
    """`name` tells keys apart and says nothing about them."""

    name: str
    secret: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Ring:
    """Keys by age, the newest first."""

    keys: tuple[Key, ...]

    @property
    def first(self) -> Key:
        return self.keys[0]

    def named(self, name: str) -> Key:
        for key in self.keys:
            if hmac.compare_digest(key.name.encode(), name.encode()):
                return key
        raise CannotDecrypt("The key that this was encrypted with is not in ENCRYPTION_KEYS any more.")


def make_key(secret: bytes) -> Key:
    return Key(name=hashlib.sha256(b"voc key name" + secret).hexdigest()[:8], secret=secret)


def read_keys(entries: Sequence[str]) -> Ring:
    """The ring of the entries of ENCRYPTION_KEYS, each 32 bytes in base64url. Raises BadKey."""
    keys = []
    for number, entry in enumerate(entries, start=1):
        try:
            secret = _unpacked(entry.strip())
        except (ValueError, binascii.Error):
            raise BadKey(f"Entry {number} of ENCRYPTION_KEYS is not base64url.") from None
        if len(secret) != KEY_BYTES:
            raise BadKey(f"Entry {number} of ENCRYPTION_KEYS has {len(secret)} bytes instead of {KEY_BYTES}.")
        keys.append(make_key(secret))
    if not keys:
        raise BadKey("ENCRYPTION_KEYS is empty.")
    return Ring(tuple(keys))


def ring() -> Ring:
    """The ring in force. With no ENCRYPTION_KEYS (development and demo), one key that follows from SECRET_KEY."""
    return _ring(tuple(settings.ENCRYPTION_KEYS), settings.SECRET_KEY)


def encrypt(plain: str | bytes, *, purpose: str, key: Key | None = None) -> str:
    """The text to keep, under the ring's first key or under `key`. ASCII; longer than the plain one by a third and 54."""
    used = key or ring().first
    nonce = os.urandom(NONCE_BYTES)
    data = plain.encode("utf-8", "surrogatepass") if isinstance(plain, str) else plain
    sealed = AESGCM(used.secret).encrypt(nonce, data, _bound(purpose))
    return f"{VERSION}.{used.name}.{base64.urlsafe_b64encode(nonce + sealed).decode()}"


def decrypt(kept: str, *, purpose: str, key: Key | None = None) -> str:
    """What was encrypted. Raises CannotDecrypt."""
    return decrypt_bytes(kept, purpose=purpose, key=key).decode("utf-8", "surrogatepass")


def decrypt_bytes(kept: str, *, purpose: str, key: Key | None = None) -> bytes:
    name, body = _taken_apart(kept)
    used = (Ring((key,)) if key else ring()).named(name)
    try:
        return AESGCM(used.secret).decrypt(body[:NONCE_BYTES], body[NONCE_BYTES:], _bound(purpose))
    except (InvalidTag, ValueError):
        raise CannotDecrypt("This was changed since it was encrypted, or was meant for something else.") from None


def is_current(kept: str) -> bool:
    """Whether it is encrypted with the ring's first key. Raises CannotDecrypt for what is no kept text at all."""
    return hmac.compare_digest(_taken_apart(kept)[0].encode(), ring().first.name.encode())


def renewed(kept: str, *, purpose: str) -> str:
    """The same secret under the ring's first key. Raises CannotDecrypt."""
    return kept if is_current(kept) else encrypt(decrypt_bytes(kept, purpose=purpose), purpose=purpose)


def digest(value: str, *, purpose: str) -> str:
    """A keyed fingerprint by which a value can be found again without being kept: 64 hexadecimal digits.

    It hangs on SECRET_KEY, not on the ring: what is found by it must be found after a rotation too.
    """
    secret = _derived(settings.SECRET_KEY, f"digest {purpose}")
    return hmac.new(secret, value.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


def same(one: str | bytes, other: str | bytes) -> bool:
    """Whether two secrets are equal, in a time that does not tell where they differ."""
    left, right = (part.encode() if isinstance(part, str) else part for part in (one, other))
    return hmac.compare_digest(left, right)


def _bound(purpose: str) -> bytes:
    if not purpose:
        raise ValueError("a purpose is needed: it keeps one column's texts from being used in another's")
    return f"{VERSION} {purpose}".encode()


def _taken_apart(kept: str) -> tuple[str, bytes]:
    version, _, rest = kept.partition(".")
    name, _, body = rest.partition(".")
    if version != VERSION or not name:
        raise CannotDecrypt("This is no encrypted text.")
    try:
        return name, _unpacked(body)
    except (ValueError, binascii.Error):
        raise CannotDecrypt("This encrypted text is damaged.") from None


def _unpacked(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def _derived(secret: str, info: str) -> bytes:
    return hmac.new(secret.encode(), f"voc {info}".encode(), hashlib.sha256).digest()


@cache
def _ring(entries: tuple[str, ...], secret_key: str) -> Ring:
    return read_keys(entries) if entries else Ring((make_key(_derived(secret_key, "encryption")),))
