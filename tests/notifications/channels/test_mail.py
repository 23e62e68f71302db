"""Mail through smtplib to a server that speaks SMTP, and through boto3 to one that speaks SES."""

import io
import traceback
from collections.abc import Iterator
from typing import Any

import boto3
import httpx
import pytest
from django.conf import LazySettings
from django.core.management import call_command
from moto.server import ThreadedMotoServer

from notifications.channels.base import Parcel
from notifications.channels.email import Email, from_settings
from notifications.channels.ses import Ses
from sandbox.client import SandboxClient
from tests.notifications.channels.mailserver import Mailbox, mail_server
from tests.notifications.conftest import message, parcel
from voc.core.errors import Permanent, Transient
from voc.core.vocabulary import Urgency
from voc.dev.ports import free_port

OPS = "ops@example.com"
SMTP = "django.core.mail.backends.smtp.EmailBackend"


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[Mailbox, int]]:
    with mail_server() as running:
        yield running


@pytest.fixture
def mailbox(server: tuple[Mailbox, int], settings: LazySettings) -> Mailbox:
    mailbox, port = server
    mailbox.mails, mailbox.rcpt, mailbox.fault, mailbox.faulty = [], {}, "", 0
    settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = SMTP, "127.0.0.1", port
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    settings.SITE_URL = "https://voc.example.com"
    return mailbox


@pytest.fixture
def mail(mailbox: Mailbox) -> Email:
    channel = from_settings()
    assert channel is not None
    return channel


def to_ops(**values: Any) -> Parcel:
    return parcel(message(**values), target=OPS)


def test_a_mail_arrives_as_text_and_html_with_what_it_says(mail: Email, mailbox: Mailbox) -> None:
    sent = to_ops(
        title="긴급 VOC-20260101-0001", body="결제가 <b>안</b> 됩니다", thread="VOC-20260101-0001", status="Open"
    )

    receipt = mail.deliver(sent)

    [(to, arrived)] = mailbox.mails
    text, html = (arrived.get_body((kind,)).get_content() for kind in ("plain", "html"))
    assert (to, arrived["To"], arrived["Subject"]) == (OPS, OPS, "긴급 VOC-20260101-0001")
    assert "결제가 <b>안</b> 됩니다" in text
    assert "결제가 &lt;b&gt;안&lt;/b&gt; 됩니다" in html
    for each in (text, html):
        assert "PaymentService" in each
        assert sent.message.url in each
    assert arrived["Message-ID"] == receipt.vendor_id == f"<{sent.id}@voc.example.com>"


def test_mails_of_one_ticket_refer_to_the_same_message_and_each_keeps_its_own_id(mail: Email, mailbox: Mailbox) -> None:
    first, second = to_ops(thread="VOC-20260101-0001"), to_ops(thread="VOC-20260101-0001")

    for each in (first, second, second):
        mail.deliver(each)

    roots = {(arrived["References"], arrived["In-Reply-To"]) for _to, arrived in mailbox.mails}
    assert roots == {("<voc.VOC-20260101-0001@voc.example.com>",) * 2}
    ids = [arrived["Message-ID"] for _to, arrived in mailbox.mails]
    assert ids[0] != ids[1] == ids[2]
    assert mailbox.mails[1][1]["Date"] == mailbox.mails[2][1]["Date"]


def test_a_newline_in_a_subject_starts_no_header_of_its_own(mail: Email, mailbox: Mailbox) -> None:
    mail.deliver(to_ops(title="Urgent\r\nBcc: all@example.com\n\nbody"))

    [(_to, arrived)] = mailbox.mails
    assert arrived["Subject"] == "Urgent Bcc: all@example.com body"
    assert arrived["Bcc"] is None


@pytest.mark.parametrize(("reply", "kind"), [("550 no such user", Permanent), ("451 come back", Transient)])
def test_one_refused_recipient_is_one_refused_delivery(
    mail: Email, mailbox: Mailbox, reply: str, kind: type[Exception]
) -> None:
    mailbox.rcpt["gone@example.com"] = reply

    with pytest.raises(kind) as caught:
        mail.deliver(parcel(message(), target="gone@example.com"))
    mail.deliver(to_ops())

    assert not getattr(caught.value, "ambiguous", False)
    assert "gone@example.com" not in str(caught.value)
    assert [to for to, _mail in mailbox.mails] == [OPS]


@pytest.mark.parametrize(("fault", "ambiguous"), [("drop_rcpt", False), ("drop_data", True), ("drop_after", True)])
def test_a_dropped_connection_is_ambiguous_only_once_the_mail_was_handed_over(
    mail: Email, mailbox: Mailbox, fault: str, ambiguous: bool
) -> None:
    mailbox.fault, mailbox.faulty = fault, 1

    with pytest.raises(Transient) as caught:
        mail.deliver(to_ops())

    assert caught.value.ambiguous is ambiguous
    assert len(mailbox.mails) == (fault == "drop_after")


@pytest.mark.parametrize(("reply", "kind"), [("554 spam", Permanent), ("451 later", Transient)])
def test_an_answer_that_says_no_after_the_mail_is_definite(
    mail: Email, mailbox: Mailbox, reply: str, kind: type[Exception]
) -> None:
    mailbox.fault = reply

    with pytest.raises(kind) as caught:
        mail.deliver(to_ops())

    assert not getattr(caught.value, "ambiguous", False)


def test_a_mail_server_that_is_away_has_certainly_taken_nothing(mail: Email, settings: LazySettings) -> None:
    settings.EMAIL_PORT = free_port()

    with pytest.raises(Transient, match="cannot be reached") as caught:
        mail.deliver(to_ops())

    assert not caught.value.ambiguous


def test_a_login_that_is_refused_says_what_to_set_and_no_password(
    mail: Email, mailbox: Mailbox, settings: LazySettings
) -> None:
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "voc", "wr0ng-passw0rd"

    with pytest.raises(Permanent, match="EMAIL_URL") as caught:
        mail.verify()
    assert "wr0ng-passw0rd" not in "".join(traceback.format_exception(caught.value))

    settings.EMAIL_HOST_PASSWORD = "right-password"
    assert mail.verify()
    assert mailbox.mails == []


def test_only_an_urgent_mail_is_repeated_when_it_may_have_arrived(mail: Email) -> None:
    assert mail.repeats(message(urgency=Urgency.HIGH))
    assert not mail.repeats(message(urgency=Urgency.MEDIUM))


@pytest.mark.parametrize(
    "address", ["", "ops", "ops@", "a@example.com\nBcc: b@example.com", "a@example.com,b@example.com"]
)
def test_what_is_no_single_address_is_no_target(mail: Email, address: str) -> None:
    with pytest.raises(Permanent):
        mail.canonical(address)


# --- SES ------------------------------------------------------------------------------------------------------------
@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")


@pytest.fixture(scope="module")
def moto_server() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def moto(aws: None, moto_server: str) -> str:
    httpx.post(f"{moto_server}/moto-api/reset")
    know(moto_server, "voc@example.com")
    return moto_server


def know(url: str, identity: str) -> None:
    boto3.client("sesv2", region_name="us-east-1", endpoint_url=url).create_email_identity(EmailIdentity=identity)


def ses(url: str) -> Email:
    return Email(Ses(region="us-east-1", url=url, timeout=20), sender="VOC <voc@example.com>", to=OPS, per_second=0)


def test_a_mail_through_ses_arrives_with_its_threading_headers(moto: str) -> None:
    receipt = ses(moto).deliver(to_ops(title="긴급", thread="VOC-20260101-0001"))

    [sent] = httpx.get(f"{moto}/moto-api/data.json").json()["ses"]["RawMessage"]
    assert receipt.vendor_id == sent["id"]
    assert set(sent["destinations"]) == {OPS}
    assert "References: <voc.VOC-20260101-0001@" in sent["raw_data"]


def test_what_ses_refuses_is_permanent_and_names_no_address(moto: str) -> None:
    stranger = Email(
        Ses(region="us-east-1", url=moto, timeout=20), sender="other@elsewhere.example", to=OPS, per_second=0
    )

    with pytest.raises(Permanent, match="MessageRejected") as caught:
        stranger.deliver(to_ops())

    assert "elsewhere" not in caught.value.message


@pytest.mark.parametrize("verified", ["voc@example.com", "example.com"])
def test_the_credentials_and_the_sender_are_looked_at_in_ses_and_nothing_is_sent(moto: str, verified: str) -> None:
    httpx.post(f"{moto}/moto-api/reset")
    with pytest.raises(Permanent, match="verify one of them"):
        ses(moto).verify()
    know(moto, verified)

    assert ses(moto).verify() == ["SES in us-east-1 takes the credentials, and mail from voc@example.com."]

    assert httpx.get(f"{moto}/moto-api/data.json").json()["ses"]["RawMessage"] == []


def test_credentials_that_ses_does_not_take_are_found_out(aws: None, sandbox: SandboxClient) -> None:
    body = '{"message": "The security token included in the request is invalid."}'
    headers = {"x-amzn-errortype": "UnrecognizedClientException"}
    sandbox.fault("teams", "status", status=403, body=body, headers=headers, content_type="application/json")

    with pytest.raises(Permanent, match="UnrecognizedClientException"):
        ses(sandbox.url("/teams")).verify()


@pytest.mark.django_db(transaction=True)
def test_ses_is_checked_and_tried_by_the_command_as_the_settings_have_it(moto: str, settings: LazySettings) -> None:
    settings.SES_REGION, settings.SES_URL, settings.NOTIFY_EMAIL = "us-east-1", moto, OPS
    settings.DEFAULT_FROM_EMAIL = "VOC <voc@example.com>"
    out = io.StringIO()

    call_command("notifications", "check", stdout=out, no_color=True)
    call_command("notifications", "check", "--send-test", "email", stdout=out, no_color=True)

    [sent] = httpx.get(f"{moto}/moto-api/data.json").json()["ses"]["RawMessage"]
    assert "email: SES in us-east-1 takes the credentials" in out.getvalue()
    assert f"email:{OPS}: Accepted {sent['id']}" in out.getvalue()
    assert set(sent["destinations"]) == {OPS}


def test_a_lost_answer_of_ses_is_ambiguous_and_the_client_calls_once(aws: None, sandbox: SandboxClient) -> None:
    sandbox.fault("teams", "drop")

    with pytest.raises(Transient) as caught:
        ses(sandbox.url("/teams")).deliver(to_ops())

    assert caught.value.ambiguous
    assert len(sandbox.requests("teams")) == 1


def test_ses_that_asks_to_slow_down_is_tried_later(aws: None, sandbox: SandboxClient) -> None:
    sandbox.fault("teams", "status", status=429, body='{"message": "slow"}', content_type="application/json")

    with pytest.raises(Transient) as caught:
        ses(sandbox.url("/teams")).deliver(to_ops())

    assert not caught.value.ambiguous
    assert len(sandbox.requests("teams")) == 1


def test_ses_that_is_away_has_certainly_taken_nothing(aws: None) -> None:
    with pytest.raises(Transient, match="cannot be reached") as caught:
        ses(f"http://127.0.0.1:{free_port()}").deliver(to_ops())

    assert not caught.value.ambiguous
