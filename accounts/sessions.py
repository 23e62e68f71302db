"""Sessions in the database of which a copy opens nothing: rows are found by a hash of the cookie, and their data is encrypted."""

import hashlib
import json
import logging
from typing import Any

from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.contrib.sessions.models import Session
from django.utils import timezone

from voc.core import crypto

PURPOSE = "session"
log = logging.getLogger(__name__)


class SessionStore(DatabaseStore):
    """Django's store, whose row is named by SHA-256 of the key. The key is random: a slow hash would add nothing."""

    def _get_session_from_db(self) -> Session | None:
        key = self.session_key
        row = Session.objects.filter(session_key=_name(key), expire_date__gt=timezone.now()).first() if key else None
        if row is None:
            self._session_key = None
        return row

    def exists(self, session_key: str) -> bool:
        return bool(session_key) and Session.objects.filter(session_key=_name(session_key)).exists()

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        row = Session(session_data=self.encode(data), expire_date=self.get_expiry_date())
        row.session_key = _name(self._get_or_create_session_key())  # type: ignore[attr-defined]
        return row

    def delete(self, session_key: str | None = None) -> None:
        key = session_key or self.session_key
        if key:
            Session.objects.filter(session_key=_name(key)).delete()

    def encode(self, session_dict: dict[str, Any]) -> str:
        return crypto.encrypt(json.dumps(session_dict, separators=(",", ":")), purpose=PURPOSE)

    def decode(self, session_data: str | bytes) -> dict[str, Any]:
        """The data; empty, which is signed out, for what this site's keys did not make."""
        text = session_data.decode() if isinstance(session_data, bytes) else session_data
        try:
            data: dict[str, Any] = json.loads(crypto.decrypt(text, purpose=PURPOSE))
        except crypto.CannotDecrypt as error:
            log.warning("a session cannot be read: %s", error)
            return {}
        return data


def _name(session_key: str) -> str:
    """40 characters, which is what the column holds."""
    return hashlib.sha256(b"session" + session_key.encode("utf-8", "surrogatepass")).hexdigest()[:40]
