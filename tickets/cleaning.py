"""What a value must be like before a service takes it. Each function returns the value to keep, or raises InvalidInput."""

import unicodedata
from datetime import UTC, datetime, timedelta
from typing import Final

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import models
from django.utils.translation import gettext as _

from voc.core import clock
from voc.core.errors import InvalidInput
from voc.core.vocabulary import Channel

MAX_COMPLAINT: Final = 5000
MAX_NAME: Final = 100
MAX_CONTACT: Final = 200
MAX_EXTERNAL_ID: Final = 100
MAX_ASSIGNEE: Final = 100
MAX_SYSTEM: Final = 100
MAX_REJECT_REASON: Final = 1000
MAX_RETRY_REASON: Final = 500
MAX_RESOLUTION: Final = 2000
MAX_COMMENT: Final = 4000
MAX_ANSWER: Final = 4000

# A complaint may be stamped by a clock that is ahead, or by one that took its zone for ours.
FUTURE_MARGIN: Final = timedelta(hours=24)
EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)

# Letters and symbols by category that show nothing: Hangul fillers and the blank braille pattern.
_BLANKS: Final = frozenset("\u115f\u1160\u3164\uffa0\u2800")
# Separators, controls, invisible formatting, marks that need a letter to sit on, and what has no meaning.
_INVISIBLE: Final = frozenset({"Zs", "Zl", "Zp", "Cc", "Cf", "Cn", "Co", "Mn", "Me"})


def is_blank(text: str) -> bool:
    """True when nothing of the text can be seen: white space, zero-width characters, fillers."""
    return all(char in _BLANKS or unicodedata.category(char) in _INVISIBLE for char in text)


def text(field: str, value: object, *, most: int, required: bool = True, exact: bool = False) -> str:
    """A text of at most `most` characters. Unless `exact`, white space around it goes.

    An optional text that shows nothing becomes "".
    """
    if not isinstance(value, str):
        raise InvalidInput(field=field, message=_("This must be a text."), code="string_type")
    _check_storable(field, value)
    if is_blank(value):
        if required:
            raise InvalidInput(field=field, message=_("This must not be empty."), code="string_too_short")
        return ""
    kept = value if exact else value.strip()
    if len(kept) > most:
        message = _("This may have %(most)d characters at most; it has %(length)d.")
        raise InvalidInput(field=field, message=message % {"most": most, "length": len(kept)}, code="string_too_long")
    return kept


def _check_storable(field: str, value: str) -> None:
    if "\x00" in value:
        raise InvalidInput(
            field=field, message=_("This contains a NUL character, which cannot be stored."), code="string_nul"
        )
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise InvalidInput(
            field=field, message=_("This contains half a character (a lone surrogate)."), code="string_unicode"
        ) from error


def complaint(value: object) -> str:
    """`raw_voc`: 1–5,000 characters, kept exactly as sent, some of them visible."""
    return text("raw_voc", value, most=MAX_COMPLAINT, exact=True)


def customer_name(value: object) -> str:
    return text("customer_name", value, most=MAX_NAME)


def channel(value: object) -> Channel:
    return Channel(choice("channel", value, Channel))


def choice(field: str, value: object, kind: type[models.TextChoices]) -> str:
    """One of the values of `kind`."""
    if not isinstance(value, str) or value not in kind.values:
        message = _("Unknown value. Known ones: %(known)s.") % {"known": ", ".join(kind.values)}
        raise InvalidInput(field=field, message=message, code="enum")
    return str(value)


def received_at(value: datetime | None) -> datetime:
    """When the complaint arrived: a time without a zone is site time, none is now. Returns it in UTC."""
    now = clock.now()
    if value is None:
        return now
    aware = value if value.tzinfo and value.utcoffset() is not None else value.replace(tzinfo=clock.site_zone())
    try:
        moment = aware.astimezone(UTC)
    except OverflowError:
        moment = EARLIEST - timedelta(days=1)
    if moment < EARLIEST:
        raise InvalidInput(field="received_at", message=_("This is before the year 2000."), code="datetime_past")
    if moment > now + FUTURE_MARGIN:
        raise InvalidInput(
            field="received_at", message=_("This is more than a day in the future."), code="datetime_future"
        )
    return moment


def external_id(value: object) -> str | None:
    """An id of the sender's own, or None: an empty one is none."""
    return None if value is None else text("external_id", value, most=MAX_EXTERNAL_ID, required=False) or None


def assignee(value: object) -> str | None:
    """Who shall work on it, or None."""
    return None if value is None else text("assignee", value, most=MAX_ASSIGNEE, required=False) or None


def customer_answer(value: object) -> str:
    """What the customer is told when his complaint is closed; "" for nothing."""
    return text("customer_answer", value, most=MAX_ANSWER, required=False)


def is_mail_address(contact: str) -> bool:
    """Whether this contact is one e-mail address and nothing else."""
    try:
        validate_email(contact.strip())
    except ValidationError:
        return False
    return True
