import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from django.db import connections

from accounts import services
from accounts.links import invitation_link, reset_link, reset_tokens
from accounts.models import User
from tests.factories import UserFactory
from voc.core.errors import InvalidInput, NotAllowed
from voc.core.outbox.models import Job

NEW = "another-long-password-2"


def token_of(link):
    return link.rstrip("/").rsplit("/", 1)[1]


def test_an_invited_user_has_the_role_and_no_password_yet(admin):
    user = services.invite_user(email=" Kim@Example.com ", role="manager", language="ko", invited_by=admin)
    user.refresh_from_db()
    assert (user.username, user.email, user.role, user.language) == (
        "kim@example.com",
        "Kim@example.com",
        "manager",
        "ko",
    )
    assert user.is_staff
    assert not user.has_usable_password()


def test_an_invitation_may_name_the_user(admin):
    assert (
        services.invite_user(email="kim@example.com", role="viewer", username="kim", invited_by=admin).username == "kim"
    )


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"email": "no address"}, "email"),
        ({"email": "MINA@example.com"}, "email"),
        ({"email": "new@example.com", "username": "Mina"}, "username"),
        ({"email": ""}, "email"),
    ],
)
def test_an_invitation_that_cannot_be_is_refused_and_leaves_nothing_behind(manager, admin, fields, wrong):
    with pytest.raises(InvalidInput) as error:
        services.invite_user(**fields, role="viewer", invited_by=admin)
    assert error.value.field == wrong
    assert User.objects.count() == 2
    assert Job.objects.count() == 0


def test_the_job_that_mails_holds_no_link_and_no_address(admin):
    user = services.invite_user(email="kim@example.com", role="viewer", invited_by=admin)
    (job,) = Job.objects.all()
    assert (job.event, job.payload) == ("account.mail", {"user_id": user.pk, "kind": "invitation", "by": admin.pk})


def test_who_has_a_password_is_not_invited_again(manager):
    with pytest.raises(NotAllowed):
        services.mail_invitation(user=manager, invited_by=None)


def test_an_invitation_works_once(admin):
    user = services.invite_user(email="kim@example.com", role="viewer", invited_by=admin)
    token = token_of(invitation_link(user))
    assert services.accept_invitation(user=user, token=token, password=NEW).check_password(NEW)
    with pytest.raises(NotAllowed):
        services.accept_invitation(user=user, token=token, password="yet-another-long-one-3")
    assert User.objects.get(pk=user.pk).check_password(NEW)


def test_a_reset_link_is_no_invitation_and_an_invitation_no_reset_link(manager):
    with pytest.raises(NotAllowed):
        services.accept_invitation(user=manager, token=token_of(reset_link(manager)), password=NEW)
    with pytest.raises(NotAllowed):
        services.reset_password(user=manager, token=token_of(invitation_link(manager)), password=NEW)


def test_one_users_link_does_not_open_anothers_account(manager, viewer):
    with pytest.raises(NotAllowed):
        services.reset_password(user=viewer, token=token_of(reset_link(manager)), password=NEW)


def test_a_link_sets_no_weak_password(manager):
    with pytest.raises(InvalidInput):
        services.reset_password(user=manager, token=token_of(reset_link(manager)), password="mina")


def test_a_link_of_somebody_who_was_disabled_meanwhile_does_not_work(manager):
    token = token_of(reset_link(manager))
    services.deactivate_user(user=manager, actor=None)
    with pytest.raises(NotAllowed):
        services.reset_password(user=manager, token=token, password=NEW)


@pytest.mark.django_db(transaction=True)
def test_of_two_who_use_one_link_at_once_one_wins(monkeypatch):
    user = UserFactory()
    token = token_of(reset_link(user))
    both_look = threading.Barrier(2)
    check = reset_tokens.check_token

    def look_together(*arguments):
        """Both would look before either writes, if nothing held the second one back."""
        with suppress(threading.BrokenBarrierError):
            both_look.wait(timeout=0.5)
        return check(*arguments)

    monkeypatch.setattr(reset_tokens, "check_token", look_together)

    def use(number):
        try:
            services.reset_password(user=User.objects.get(pk=user.pk), token=token, password=f"{NEW}-{number}")
        except NotAllowed:
            return False
        finally:
            connections.close_all()
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(use, range(2))) == [False, True]


def test_at_most_one_reset_mail_is_written_in_five_minutes(manager, later):
    for _ in range(5):
        services.request_password_reset(email="MINA@example.com")
    assert Job.objects.count() == 1
    later(300)
    services.request_password_reset(email="MINA@example.com")
    assert Job.objects.count() == 2


@pytest.mark.parametrize("email", ["nobody@example.com", "", "  ", "vera@example.com"])
def test_no_mail_is_written_to_nobody(viewer, email):
    services.deactivate_user(user=viewer, actor=None)
    services.request_password_reset(email=email)
    assert Job.objects.count() == 0


def test_who_forgot_to_accept_gets_the_invitation_again(admin):
    services.invite_user(email="kim@example.com", role="viewer", invited_by=admin)
    services.request_password_reset(email="kim@example.com")
    assert [job.payload["kind"] for job in Job.objects.order_by("pk")] == ["invitation", "invitation"]


@pytest.mark.parametrize("role", ["admin", "manager", "viewer", "submitter"])
def test_a_new_role_brings_its_flags(viewer, role):
    services.set_role(user=viewer, role=role, actor=None)
    viewer.refresh_from_db()
    assert (viewer.role, viewer.is_staff, viewer.is_superuser) == (role, role in ("admin", "manager"), role == "admin")


def test_the_last_active_admin_stays_one(admin):
    UserFactory(admin=True, is_active=False)
    with pytest.raises(NotAllowed):
        services.set_role(user=admin, role="viewer", actor=admin)
    with pytest.raises(NotAllowed):
        services.deactivate_user(user=admin, actor=admin)
    admin.refresh_from_db()
    assert (admin.role, admin.is_active) == ("admin", True)


def test_an_admin_may_go_when_there_is_another(admin):
    UserFactory(admin=True)
    services.deactivate_user(user=admin, actor=admin)
    assert not User.objects.get(pk=admin.pk).is_active
    services.activate_user(user=admin, actor=None)
    assert User.objects.get(pk=admin.pk).is_active


@pytest.mark.django_db(transaction=True)
def test_two_admins_who_demote_each_other_at_once_leave_one():
    pair = [UserFactory(admin=True), UserFactory(admin=True)]

    def demote(index):
        try:
            services.set_role(user=pair[index], role="viewer", actor=pair[1 - index])
        except NotAllowed:
            return False
        finally:
            connections.close_all()
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(demote, range(2))) == [False, True]
    assert User.objects.active_admins().count() == 1
