"""Sessions in the database of which a copy opens nothing: rows are found by a hash of the cookie, and their data is encrypted.

Beside the data a row knows whose it is, and when and from where it was used last, so that people can look and end it.
"""

import hashlib
import json
import logging
from datetime import timedelta
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from accounts.models import BrowserSession, User
from accounts.origin import Origin
from voc.core import clock, crypto

PURPOSE = "session"
# The last use is written at most this often: a row per request would cost more than the request.
SEEN_EVERY = timedelta(minutes=1)
log = logging.getLogger(__name__)


class SessionStore(DatabaseStore):
    """Django's store, whose row is named by SHA-256 of the key. The key is random: a slow hash would add nothing."""

    # The row as it was read or written last; a new key (a login, a new password) carries its facts on.
    _row: BrowserSession | None = None

    @classmethod
    def get_model_class(cls) -> type[BrowserSession]:  # type: ignore[override]
        return BrowserSession

    @property
    def row_name(self) -> str:
        """How the row of this session is called; "" for one that was never saved."""
        return _name(self.session_key) if self.session_key else ""

    def begin(self, origin: Origin) -> None:
        """Somebody has just signed in: written with the session, at the end of the request."""
        now = clock.now()
        self._row = BrowserSession(started_at=now, seen_at=now, address=origin.address, agent=origin.agent)

    def seen(self, origin: Origin) -> None:
        """Write when and from where the session is used, at most once a minute."""
        row, now = self._row, clock.now()
        if row is None or row.user_id is None or row.seen_at > now - SEEN_EVERY:
            return
        row.seen_at, row.address, row.agent = now, origin.address, origin.agent
        BrowserSession.objects.filter(pk=row.pk).update(seen_at=now, address=origin.address, agent=origin.agent)

    def flush(self) -> None:
        super().flush()
        self._row = None

    def _get_session_from_db(self) -> BrowserSession | None:
        key = self.session_key
        row = BrowserSession.objects.filter(pk=_name(key), expire_date__gt=timezone.now()).first() if key else None
        if row is None:
            self._session_key = None
        self._row = row
        return row

    def exists(self, session_key: str) -> bool:
        return bool(session_key) and BrowserSession.objects.filter(pk=_name(session_key)).exists()

    def create_model_instance(self, data: dict[str, Any]) -> BrowserSession:  # type: ignore[override]
        now, known = clock.now(), self._row
        self._row = BrowserSession(
            session_key=_name(self._get_or_create_session_key()),  # type: ignore[attr-defined]
            session_data=self.encode(data),
            expire_date=self.get_expiry_date(),
            user_id=int(data[SESSION_KEY]) if data.get(SESSION_KEY) else None,
            started_at=known.started_at if known else now,
            seen_at=known.seen_at if known else now,
            address=known.address if known else "",
            agent=known.agent if known else "",
        )
        return self._row

    def delete(self, session_key: str | None = None) -> None:
        key = session_key or self.session_key
        if key:
            BrowserSession.objects.filter(pk=_name(key)).delete()

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


def row_of(request: HttpRequest) -> str:
    """How the row of a request's session is called, "" where there is none."""
    return request.session.row_name if isinstance(request.session, SessionStore) else ""


def sessions_of(user: User) -> QuerySet[BrowserSession]:
    """The browsers in which a user is signed in, the one that was used last first."""
    return BrowserSession.objects.filter(user=user, expire_date__gt=timezone.now()).order_by("-seen_at", "pk")


def _name(session_key: str) -> str:
    """40 characters, which is what the column holds."""
    return hashlib.sha256(b"session" + session_key.encode("utf-8", "surrogatepass")).hexdigest()[:40]
