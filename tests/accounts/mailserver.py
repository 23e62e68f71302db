"""A mail server on loopback that speaks as much SMTP as is needed, and can be told to refuse."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class MailServer(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, replies: dict[str, str]) -> None:
        super().__init__(("127.0.0.1", 0), Session)
        self.replies = replies
        self.mails: list[str] = []

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class Session(socketserver.StreamRequestHandler):
    server: MailServer

    def handle(self) -> None:
        self.say(self.server.replies.get("CONNECT", "220 here"))
        while line := self.rfile.readline():
            verb = line.split()[0].decode().upper() if line.split() else ""
            reply = self.server.replies.get(verb, {"DATA": "354 go on", "QUIT": "221 bye"}.get(verb, "250 fine"))
            if reply == "drop":
                return
            self.say(reply)
            if verb == "DATA" and reply.startswith("354"):
                self.take()
            if verb == "QUIT":
                return

    def take(self) -> None:
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line.decode())
        self.server.mails.append("".join(lines))
        self.say("250 taken")

    def say(self, reply: str) -> None:
        self.wfile.write(f"{reply}\r\n".encode())


@contextmanager
def mail_server(**replies: str) -> Iterator[MailServer]:
    """A server that answers a verb (RCPT, MAIL, DATA, CONNECT …) with the reply given for it, "drop" hangs up."""
    with MailServer(replies) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
