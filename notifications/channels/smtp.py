"""Mail by SMTP, over the connection that Django's backend makes from EMAIL_URL, step by step: only so can be told whether a mail
that got no answer may have been taken.
"""

import smtplib
from contextlib import suppress
from email.utils import parseaddr
from typing import Any

from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.smtp import EmailBackend
from django.utils.translation import gettext as _

from voc.core.errors import Permanent, Transient

# RFC 5321, 4.2: from 500 on a permanent refusal, from 400 on one for now.
REFUSED = 500
NOT_NOW = 400
OK = 250
WILL_FORWARD = 251


class Smtp:
    """A transport of `notifications.channels.email`. No address and no text of a server goes into an error."""

    name = "email:smtp"

    def __init__(self, *, timeout: float) -> None:
        self._timeout = timeout
        # Greeting, EHLO, TLS, login, three commands, the mail and its answer may each take the whole time-out.
        self.lease_seconds = 10 * timeout + 2

    def send(self, mail: EmailMultiAlternatives, *, sender: str, to: str) -> str:
        backend = get_connection(timeout=self._timeout)
        if not isinstance(backend, EmailBackend):
            # The console or a file, in development.
            backend.send_messages([mail])
            return ""
        server = self._open(backend)
        try:
            _hand_over(server, mail, sender=parseaddr(sender)[1], to=to)
        finally:
            _close(backend)
        return ""

    def verify(self, *, sender: str) -> str:
        del sender  # which of them it takes, a server says only of a mail
        backend = get_connection(timeout=self._timeout)
        if not isinstance(backend, EmailBackend):
            return type(backend).__module__
        self._open(backend)
        _close(backend)
        return _("The mail server %(host)s answers and takes the login.") % {"host": backend.host}

    def _open(self, backend: EmailBackend) -> smtplib.SMTP:
        try:
            backend.open()
        except smtplib.SMTPAuthenticationError as error:
            _close(backend)
            told = _("The mail server refused the login (%(code)s): check EMAIL_URL")
            raise Permanent(told % {"code": error.smtp_code}) from None
        except smtplib.SMTPNotSupportedError:
            _close(backend)
            raise Permanent(_("The mail server cannot do what EMAIL_URL asks for")) from None
        except OSError as error:
            _close(backend)
            raise Transient(_unreachable(error)) from None
        if backend.connection is None:
            raise Transient(_unreachable(ConnectionError()))
        return backend.connection


def _hand_over(server: smtplib.SMTP, mail: EmailMultiAlternatives, *, sender: str, to: str) -> None:
    content = mail.message().as_bytes(linesep="\r\n")  # type: ignore[call-arg]  # Django's has it
    try:
        server.ehlo_or_helo_if_needed()
        _judge(server.mail(sender))
        _judge(server.rcpt(to))
    except (smtplib.SMTPException, OSError) as error:
        # Before DATA nothing can have been taken.
        raise Transient(_unreachable(error)) from None
    try:
        _judge(server.data(content))
    except smtplib.SMTPDataError as error:
        # The answer to DATA itself, before any of the mail went out.
        raise _answered(error.smtp_code) from None
    except (smtplib.SMTPException, OSError) as error:
        why = {"why": type(error).__name__}
        raise Transient(_("The mail server gave no answer: %(why)s") % why, ambiguous=True) from None


def _judge(reply: tuple[int, Any]) -> None:
    code = reply[0]
    if code not in (OK, WILL_FORWARD):
        raise _answered(code)


def _answered(code: int) -> Permanent | Transient:
    if code >= REFUSED:
        return Permanent(_("The mail server refused the mail (%(code)s)") % {"code": code})
    if code >= NOT_NOW:
        # Greylisting and full mailboxes: the server works, this mail has to wait.
        return Transient(_("The mail server put the mail off (%(code)s)") % {"code": code})
    # -1: the answer was no answer.
    return Transient(_("The mail server's answer cannot be understood (%(code)s)") % {"code": code}, ambiguous=True)


def _unreachable(error: Exception) -> str:
    return _("The mail server cannot be reached (%(why)s)") % {"why": type(error).__name__}


def _close(backend: EmailBackend) -> None:
    # What has been said has been said: how the good-bye goes changes nothing.
    with suppress(smtplib.SMTPException, OSError):
        backend.close()
