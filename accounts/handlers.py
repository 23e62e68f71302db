"""What follows from this app's events (see `voc.flow`)."""

import logging
import smtplib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from accounts import mails
from accounts.models import User
from accounts.services import INVITATION
from voc.core import clock
from voc.core.errors import Permanent, Transient, VocError
from voc.core.http import guarded
from voc.core.outbox.api import RunningJob

# SMTP reply codes (RFC 5321, 4.2): from 500 on a permanent refusal; 421, the server closes.
REFUSED = 500
CLOSING = 421
GREYLISTING = timedelta(minutes=5)

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
    with guarded("email:smtp"), _typed_errors():
        mail.send()


def _sender(payload: dict[str, Any]) -> User | None:
    return User.objects.filter(pk=payload["by"]).first() if payload.get("by") else None


@contextmanager
def _typed_errors() -> Iterator[None]:
    """Say of each way in which a mail server fails whether another try may help. No address goes into the message."""
    try:
        yield
    except smtplib.SMTPRecipientsRefused as error:
        raise _answered([code for code, _text in error.recipients.values()]) from error
    except smtplib.SMTPAuthenticationError as error:
        raise Permanent(f"The mail server refused the login ({error.smtp_code}): check EMAIL_URL") from error
    except smtplib.SMTPResponseException as error:
        raise _answered([error.smtp_code]) from error
    except smtplib.SMTPNotSupportedError as error:
        raise Permanent("The mail server cannot do what EMAIL_URL asks for") from error
    except (smtplib.SMTPException, OSError) as error:
        raise Transient(f"The mail server cannot be reached ({type(error).__name__})") from error


def _answered(codes: list[int]) -> VocError:
    code = max(codes, default=0)
    if code >= REFUSED:
        return Permanent(f"The mail server refused the mail ({code})")
    if code == CLOSING:
        return Transient(f"The mail server is not available ({code})")
    # Greylisting and full mailboxes: the server works, this mail has to wait.
    return Transient(f"The mail server put the mail off ({code})", at=clock.now() + GREYLISTING)
