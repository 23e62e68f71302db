"""A mail server on loopback (aiosmtpd), which can be told to refuse, and to hang up before or after it took a mail."""

from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import Message
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from voc.dev.ports import free_port


class Mailbox:
    """What arrived, and how the next mails are treated: "" | "drop_rcpt" | "drop_data" | "drop_after", or a reply."""

    def __init__(self) -> None:
        self.mails: list[tuple[str, Message]] = []
        self.rcpt: dict[str, str] = {}
        self.fault = ""
        self.faulty = 0

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self._meets("drop_rcpt"):
            server.transport.abort()
            return ""
        reply = self.rcpt.get(address, "250 OK")
        if reply.startswith("250"):
            envelope.rcpt_tos.append(address)
        return reply

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self._meets("drop_data"):
            server.transport.abort()
            return ""
        if self.fault[:1].isdigit():
            return self.fault
        parsed: Any = message_from_bytes(envelope.content or b"", policy=default)
        self.mails.append((envelope.rcpt_tos[0], parsed))
        if self._meets("drop_after"):
            server.transport.abort()
            return ""
        return "250 taken"

    def _meets(self, fault: str) -> bool:
        if self.fault != fault or not self.faulty:
            return False
        self.faulty -= 1
        return True


class Quiet(Controller):
    """Its loop hears of connections that are aborted on purpose."""

    def factory(self) -> SMTP:
        return SMTP(self.handler, **self.SMTP_kwargs, authenticator=_authenticate, auth_require_tls=False)


def _authenticate(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object) -> AuthResult:
    # `handled=False`: the server shall say so itself.
    return AuthResult(success=isinstance(data, LoginPassword) and data.password == b"right-password", handled=False)


@contextmanager
def mail_server(mailbox: Mailbox | None = None) -> Iterator[tuple[Mailbox, int]]:
    """The mailbox, and the port on which it takes mails."""
    mailbox = mailbox or Mailbox()
    port = free_port()
    controller = Quiet(mailbox, hostname="127.0.0.1", port=port, ready_timeout=60)
    controller.start()
    try:
        yield mailbox, port
    finally:
        controller.stop()
