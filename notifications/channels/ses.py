"""Mail by Amazon SES, API version 2. SES takes no idempotency key: a call is made once, without retries of the client.

Source: docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html. Credentials come from AWS' own chain.
"""

from email.utils import parseaddr
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    PartialCredentialsError,
    ProxyConnectionError,
    SSLError,
)
from django.core.mail import EmailMultiAlternatives
from django.utils.translation import gettext as _

from voc.core.confine import confined
from voc.core.errors import Permanent, Transient
from voc.core.http import check_address

NEVER_LEFT = (EndpointConnectionError, ConnectTimeoutError, SSLError, ProxyConnectionError)
NOT_NOW = ("TooManyRequestsException", "ThrottlingException", "Throttling", "LimitExceededException")


class Ses:
    """A transport of `notifications.channels.email`."""

    name = "email:ses"

    def __init__(self, *, region: str, url: str, timeout: float) -> None:
        self._region = region
        self._url = url
        self._timeout = timeout
        self.lease_seconds = 3 * timeout + 2

    def send(self, mail: EmailMultiAlternatives, *, sender: str, to: str) -> str:
        content = mail.message().as_bytes(linesep="\r\n")  # type: ignore[call-arg]  # Django's has it
        answer = self._call(
            "send_email",
            FromEmailAddress=sender,
            Destination={"ToAddresses": [to]},
            Content={"Raw": {"Data": content}},
        )
        return str(answer["MessageId"])

    def verify(self, *, sender: str) -> str:
        """The credentials hold, and SES lets them send as this address: it has verified that, or its domain."""
        address = parseaddr(sender)[1]
        told = {"region": self._region, "sender": address}
        for identity in (address, address.rpartition("@")[2]):
            try:
                found = self._call("get_email_identity", EmailIdentity=identity)
            except _NotThere:
                continue
            if found.get("VerificationStatus") == "SUCCESS":
                return _("SES in %(region)s takes the credentials, and mail from %(sender)s.") % told
        raise Permanent(
            _("SES in %(region)s has not verified %(sender)s, nor its domain: verify one of them there.") % told
        )

    def _call(self, operation: str, **arguments: Any) -> dict[str, Any]:
        config = Config(
            retries={"total_max_attempts": 1},
            connect_timeout=self._timeout,
            read_timeout=self._timeout,
            proxies={},
        )
        try:
            client = boto3.session.Session().client(
                "sesv2", region_name=self._region, endpoint_url=self._url or None, config=config
            )
            check_address(client.meta.endpoint_url)
            # Not before: finding credentials may mean to ask the machine's own metadata.
            with confined(client.meta.endpoint_url):
                answer: dict[str, Any] = getattr(client, operation)(**arguments)
        except ClientError as error:
            raise _meaning(error) from None
        except (NoCredentialsError, PartialCredentialsError):
            advice = _("AWS finds no credentials for SES: give the worker a role, or AWS_ACCESS_KEY_ID and its secret.")
            raise Permanent(advice) from None
        except NEVER_LEFT as error:
            raise Transient(_("SES cannot be reached: %(why)s") % {"why": type(error).__name__}) from None
        except BotoCoreError as error:
            raise Transient(_("SES gave no answer: %(why)s") % {"why": type(error).__name__}, ambiguous=True) from None
        return answer


class _NotThere(Permanent):
    """What was asked for does not exist."""


def _meaning(error: ClientError) -> Permanent | Transient:
    """What an answer that is not 200 means. Its message may name addresses: only its code is told."""
    code = str(error.response.get("Error", {}).get("Code", ""))
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    said = {"answer": f"{status} {code}"}
    if status == 429 or code in NOT_NOW:
        return Transient(_("SES asks to wait (%(answer)s).") % said)
    if status >= 500:
        return Transient(_("SES' answer cannot be understood (%(answer)s).") % said, ambiguous=True)
    kind = _NotThere if code == "NotFoundException" else Permanent
    return kind(_("SES refuses the mail (%(answer)s)") % said)
