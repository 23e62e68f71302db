"""Mail, through SMTP as all of the system's mail, or through Amazon SES: one delivery for each address.

Neither can be asked what it has taken. A mail whose answer was lost is sent again when it is urgent, and left as unknown
otherwise; sent twice, it carries the same Message-ID, by which many readers show it once. (SES puts an id of its own there.)
Source: RFC 5321, RFC 5322 (3.6.4: identification fields).
"""

import re
from email.utils import formatdate
from typing import ClassVar, Protocol
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMultiAlternatives
from django.core.validators import validate_email
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.encoding import punycode
from django.utils.translation import gettext as _

from notifications.channels.base import Channel, Parcel, Rate, Receipt
from notifications.channels.ses import Ses
from notifications.channels.smtp import Smtp
from notifications.channels.text import clean, cut, one_line
from notifications.message import NotificationMessage
from voc.core.errors import Permanent
from voc.core.http import guarded
from voc.core.vocabulary import Urgency

MAX_SUBJECT = 200
MAX_BODY = 20_000
DUMMY = "django.core.mail.backends.dummy.EmailBackend"


class Transport(Protocol):
    """A way for mail: `name` is what its breaker is called."""

    name: str
    lease_seconds: float

    def send(self, mail: EmailMultiAlternatives, *, sender: str, to: str) -> str:
        """Hand the mail over once; the transport's id for it. Raises as `Channel.deliver` does."""
        ...

    def verify(self, *, sender: str) -> str:
        """As `Channel.verify`, for mail from this sender; one line."""
        ...


class Email(Channel):
    """The channel `email`; a target is an address."""

    name: ClassVar[str] = "email"

    def __init__(self, transport: Transport, *, sender: str, to: str, per_second: int) -> None:
        self._transport = transport
        self._sender = sender
        self._to = to
        self._per_second = per_second
        self.lease_seconds = transport.lease_seconds

    def targets(self) -> tuple[str, ...]:
        return (self._to,) if self._to else ()

    def canonical(self, target: str) -> str:
        address = target.strip()
        try:
            validate_email(address)
        except ValidationError:
            raise Permanent(_("%(target)s is no mail address.") % {"target": one_line(target)[:200]}) from None
        name, _at, domain = address.rpartition("@")
        return f"{name}@{punycode(domain.lower())}"

    def rate(self, target: str) -> Rate:
        del target
        return Rate("email", self._per_second)

    def repeats(self, message: NotificationMessage) -> bool:
        return message.urgency == Urgency.HIGH

    def verify(self) -> list[str]:
        with guarded(self._transport.name):
            return [self._transport.verify(sender=self._sender)]

    def deliver(self, parcel: Parcel) -> Receipt:
        mail = compose(parcel, sender=self._sender)
        with guarded(self._transport.name):
            sent = self._transport.send(mail, sender=self._sender, to=parcel.target)
        return Receipt(vendor_id=sent or mail.extra_headers["Message-ID"])


def compose(parcel: Parcel, *, sender: str) -> EmailMultiAlternatives:
    """Text and HTML. The same parcel has the same Message-ID at every try, and mails of one thread refer to the same one."""
    message = parcel.message
    host = urlsplit(settings.SITE_URL).hostname or "voc.invalid"
    headers = {
        "Date": formatdate(parcel.since.timestamp()),
        "Message-ID": f"<{parcel.id}@{host}>",
        "Auto-Submitted": "auto-generated",
    }
    if message.thread:
        # Nobody has the mail that this names: readers put all that refer to it into one conversation.
        root = f"<voc.{re.sub(r'[^A-Za-z0-9._-]', '-', message.thread)}@{host}>"
        headers |= {"In-Reply-To": root, "References": root}
    with translation.override(message.language):
        context = {
            "message": message,
            "title": one_line(message.title),
            "body": cut(clean(message.body), MAX_BODY),
            "fields": [(one_line(label), clean(value) or "–") for label, value in message.fields],
        }
        mail = EmailMultiAlternatives(
            subject=cut(one_line(message.title), MAX_SUBJECT) or message.event,
            body=render_to_string("notifications/mail/message.txt", context),
            from_email=sender,
            to=[parcel.target],
            headers=headers,
        )
        mail.attach_alternative(render_to_string("notifications/mail/message.html", context), "text/html")
    return mail


def from_settings() -> Email | None:
    timeout = settings.NOTIFY_TIMEOUT_SECONDS
    transport: Transport
    if settings.SES_REGION:
        transport = Ses(region=settings.SES_REGION, url=settings.SES_URL, timeout=timeout)
    elif settings.EMAIL_BACKEND == DUMMY:
        return None
    else:
        transport = Smtp(timeout=timeout)
    return Email(
        transport,
        sender=settings.DEFAULT_FROM_EMAIL,
        to=settings.NOTIFY_EMAIL,
        per_second=settings.EMAIL_MESSAGES_PER_SECOND,
    )
