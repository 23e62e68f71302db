import socket
from datetime import timedelta
from email import message_from_string
from email.header import decode_header, make_header

import pytest
from django.core import mail

from accounts import services
from accounts.models import User
from tests.accounts.mailserver import mail_server
from voc.core import clock
from voc.core.outbox.api import drain_all
from voc.core.outbox.models import Job


@pytest.fixture
def smtp(settings):
    def use(port):
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
        settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False

    return use


def send(admin):
    """Invite somebody, run the outbox, and see what has become of the mail's job."""
    services.invite_user(email="kim@example.com", role="viewer", language="en", invited_by=admin)
    return next(job for job in drain_all() if job.event == "account.mail")


def test_a_mail_goes_out_as_text_and_html(admin, smtp):
    with mail_server() as server:
        smtp(server.port)
        assert send(admin).state == "done"
        (raw,) = server.mails
    sent = message_from_string(raw)
    assert sent["To"] == "kim@example.com"
    assert str(make_header(decode_header(sent["Subject"])))
    assert [part.get_content_type() for part in sent.walk()] == ["multipart/alternative", "text/plain", "text/html"]


@pytest.mark.parametrize("replies", [{"RCPT": "550 no such user"}, {"MAIL": "553 not you"}, {"DATA": "554 spam"}])
def test_a_refused_mail_is_blocked_and_the_reason_names_no_address(admin, smtp, replies):
    with mail_server(**replies) as server:
        smtp(server.port)
        job = send(admin)
    assert job.state == "blocked"
    assert "refused" in job.error
    assert "kim@" not in job.error


@pytest.mark.parametrize("replies", [{"RCPT": "451 greylisted"}, {"MAIL": "452 full"}])
def test_a_mail_that_was_put_off_waits_for_minutes(admin, smtp, replies):
    with mail_server(**replies) as server:
        smtp(server.port)
        job = send(admin)
    assert job.state == "pending"
    assert timedelta(minutes=4) < job.due_at - clock.now() <= timedelta(minutes=5)


def test_a_mail_server_that_is_away_is_tried_again(admin, smtp):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    smtp(port)
    job = send(admin)
    assert (job.state, job.attempts) == ("pending", 1)
    with mail_server() as server:
        smtp(server.port)
        (job,) = drain_all(include_delayed=True)
        assert job.state == "done"
        assert len(server.mails) == 1


def test_a_mail_server_that_hangs_up_is_tried_again(admin, smtp):
    with mail_server(MAIL="drop") as server:
        smtp(server.port)
        assert send(admin).state == "pending"
        del server.replies["MAIL"]
        assert [job.state for job in drain_all(include_delayed=True)] == ["done"]


@pytest.mark.parametrize("change", [{"is_active": False}, {"email": ""}])
def test_nothing_is_sent_to_who_is_disabled_or_has_no_address(admin, change):
    user = services.invite_user(email="kim@example.com", role="viewer", invited_by=admin)
    User.objects.filter(pk=user.pk).update(**change)
    assert [job.state for job in drain_all()] == ["done"]
    assert mail.outbox == []


def test_nothing_is_sent_to_who_is_gone(admin):
    services.invite_user(email="kim@example.com", role="viewer", invited_by=admin).delete()
    assert [job.state for job in drain_all()] == ["done"]
    assert mail.outbox == []


def test_no_invitation_is_sent_to_who_has_accepted_it_meanwhile(admin):
    user = services.invite_user(email="kim@example.com", role="viewer", invited_by=admin)
    user.set_password("a-long-password-1")
    user.save()
    drain_all()
    assert mail.outbox == []


def test_running_the_job_twice_does_no_harm(admin):
    services.invite_user(email="kim@example.com", role="viewer", invited_by=admin)
    assert [job.state for job in drain_all(twice=True)] == ["done"]
    assert Job.objects.count() == 1


@pytest.mark.parametrize(("language", "subject"), [("ko", "VOC 초대장"), ("en", "Your invitation to VOC")])
def test_a_mail_is_written_in_the_language_of_who_gets_it(admin, language, subject):
    services.invite_user(email="kim@example.com", role="viewer", language=language, invited_by=admin)
    drain_all()
    (sent,) = mail.outbox
    assert sent.subject == subject
    assert f'<html lang="{language}">' in sent.alternatives[0].content


def test_the_sites_language_is_used_for_who_has_chosen_none(admin, settings):
    settings.LANGUAGE_CODE = "ko"
    services.invite_user(email="kim@example.com", role="viewer", invited_by=admin)
    drain_all()
    assert '<html lang="ko">' in mail.outbox[0].alternatives[0].content


def test_a_name_cannot_put_markup_into_a_mail(admin):
    services.invite_user(
        email="kim@example.com", role="viewer", first_name="<script>x</script>", language="en", invited_by=admin
    )
    drain_all()
    (sent,) = mail.outbox
    assert "<script>" not in sent.alternatives[0].content
    assert "<script>x</script>" in sent.body
