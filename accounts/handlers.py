"""What follows from this app's events (see `voc.flow`)."""

import logging
import smtplib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from voc.core.http import guarded

from accounts import mails
from accounts.models import User
from accounts.services import INVITATION
from voc.core.errors import Permanent, Transient
from voc.core.outbox.api import RunningJob

log = logging.getLogger(__name__)


def send_mail(job: RunningJob) -> None:
    """`account.mail` with payload {user_id, kind, by?}: mail a link to the user.

    The link is made here, so that none lies in a job's row. Nothing is sent to who is gone, disabled or has no address,
    and no invitation to who has accepted it meanwhile. A crash after the mail server's answer sends the mail twice,
    which does no harm: both links work until one is used.
    """
    kind = str(job.payload["kind"])
    user = User.objects.filter(pk=job.payload["user_id"], is_active=True).exclude(email="").first()
    if user is None or (kind == INVITATION and user.has_usable_password()):
        log.info("nobody to send this mail to any more", extra={"kind": kind})
        return
    mail = mails.compose(kind=kind, user=user, invited_by=_sender(job.payload))
    with guarded("smtp"), _typed_errors():
        mail.send()


def _sender(payload: dict[str, Any]) -> User | None:
    return User.objects.filter(pk=payload["by"]).first() if payload.get("by") else None


@contextmanager
def _typed_errors() -> Iterator[None]:
    """Say of each way in which a mail server fails whether another try may help. No address goes into the message."""
    try:
        yield
    except smtplib.SMTPRecipientsRefused as error:
        codes = [code for code, _text in error.recipients.values()]
        if any(code >= 500 for code in codes):
            raise Permanent(f"The mail server refused the recipient ({codes[0]})") from error
        raise Transient(f"The mail server put the recipient off ({codes})") from error
    except smtplib.SMTPAuthenticationError as error:
        raise Permanent(f"The mail server refused the login ({error.smtp_code}): check EMAIL_URL") from error
    except smtplib.SMTPResponseException as error:
        if error.smtp_code >= 500:
            raise Permanent(f"The mail server refused the mail ({error.smtp_code})") from error
        raise Transient(f"The mail server answered {error.smtp_code}") from error
    except smtplib.SMTPNotSupportedError as error:
        raise Permanent("The mail server cannot do what EMAIL_URL asks for") from error
    except (smtplib.SMTPException, OSError) as error:
        raise Transient(f"The mail server cannot be reached ({type(error).__name__})") from error
