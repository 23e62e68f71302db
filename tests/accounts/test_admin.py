import re

import pytest
from django.contrib import admin as site
from django.contrib.auth.models import Group
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken

from accounts.links import invitation_link
from accounts.models import User
from tests.accounts.conftest import browser
from tests.factories import UserFactory
from voc.core.outbox.models import Job

USERS = "/admin/accounts/user/"


def notices(response):
    return [str(message) for message in response.context["messages"]]


def invite(admin, **fields):
    body = {"email": "kim@example.com", "username": "", "role": "viewer", "language": "ko"} | fields
    return browser(admin).post(f"{USERS}add/", body, follow=True)


def change(actor, user, **fields):
    body = {
        "username": user.username,
        "email": user.email,
        "first_name": "",
        "last_name": "",
        "role": user.role,
        "language": user.language,
    }
    body |= {"is_active": "on"} if fields.pop("is_active", user.is_active) else {}
    return browser(actor).post(f"{USERS}{user.pk}/change/", body | fields, follow=True)


def act(actor, action, *users):
    body = {"action": action, "_selected_action": [user.pk for user in users]}
    return browser(actor).post(USERS, body, follow=True)


def test_an_admin_invites_somebody_and_sees_the_link_once(admin):
    page = invite(admin)
    user = User.objects.get(email="kim@example.com")
    assert (user.username, user.role, user.language, user.has_usable_password()) == (
        "kim@example.com",
        "viewer",
        "ko",
        False,
    )
    assert Job.objects.get().payload == {"user_id": user.pk, "kind": "invitation", "by": admin.pk}
    (link,) = {
        found for notice in notices(page) for found in re.findall(r"https?://[^<\s]+/invitation/[^<\s]+", notice)
    }
    assert link.split("/")[4] == invitation_link(user).split("/")[4]
    assert not [notice for notice in notices(browser(admin).get(USERS)) if "/invitation/" in notice]


@pytest.mark.parametrize(
    "fields", [{"email": "ADA@example.com"}, {"username": "Ada"}, {"email": ""}, {"role": "god"}, {"role": ""}]
)
def test_an_invitation_that_cannot_be_is_explained_in_the_form(admin, fields):
    page = invite(admin, **fields)
    assert page.context["adminform"].form.errors
    assert User.objects.count() == 1
    assert Job.objects.count() == 0


def test_an_admin_changes_a_role_and_the_flags_follow(admin, viewer):
    change(admin, viewer, role="manager", first_name="Vera")
    viewer.refresh_from_db()
    assert (viewer.role, viewer.is_staff, viewer.is_superuser, viewer.first_name) == ("manager", True, False, "Vera")


def test_an_admin_switches_an_account_off_and_on(admin, viewer):
    change(admin, viewer, is_active=False)
    viewer.refresh_from_db()
    assert not viewer.is_active
    change(admin, viewer, is_active=True)
    viewer.refresh_from_db()
    assert viewer.is_active


def test_flags_and_passwords_cannot_be_set_by_hand(admin, viewer):
    before = viewer.password
    change(admin, viewer, is_superuser="on", is_staff="on", password="x", groups="1")
    viewer.refresh_from_db()
    assert (viewer.is_superuser, viewer.is_staff, viewer.password) == (False, False, before)
    assert before not in browser(admin).get(f"{USERS}{viewer.pk}/change/").content.decode()


@pytest.mark.parametrize("fields", [{"role": "viewer"}, {"is_active": False}])
def test_the_last_admin_cannot_lock_everybody_out(admin, fields):
    page = change(admin, admin, **fields)
    assert page.context["adminform"].form.errors
    admin.refresh_from_db()
    assert (admin.role, admin.is_active) == ("admin", True)


def test_switching_off_a_selection_leaves_the_last_admin(admin, viewer):
    page = act(admin, "deactivate", admin, viewer)
    assert len(notices(page)) == 1
    assert User.objects.get(pk=admin.pk).is_active
    assert not User.objects.get(pk=viewer.pk).is_active
    act(admin, "activate", viewer)
    assert User.objects.get(pk=viewer.pk).is_active


def test_a_link_can_be_handed_out_where_no_mail_is_sent(admin, viewer, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    invited = User.objects.create_user("kim", "kim@example.com")
    page = act(admin, "send_link", viewer, invited)
    text = " ".join(notices(page))
    assert "/password/reset/" in text
    assert "/invitation/" in text


def test_a_disabled_account_gets_no_link(admin):
    gone = UserFactory(is_active=False)
    assert notices(act(admin, "send_link", gone)) == []
    assert Job.objects.count() == 0


@pytest.mark.parametrize("path", [USERS, f"{USERS}add/", f"{USERS}{{pk}}/change/", f"{USERS}{{pk}}/history/"])
def test_managers_do_not_see_users(manager, path):
    assert browser(manager).get(path.format(pk=manager.pk)).status_code == 403


def test_nobody_is_deleted(admin, viewer):
    assert browser(admin).post(f"{USERS}{viewer.pk}/delete/", {"post": "yes"}).status_code == 403
    act(admin, "delete_selected", viewer)
    assert User.objects.filter(pk=viewer.pk).exists()


def test_the_list_can_be_searched_and_filtered(admin, viewer):
    page = browser(admin).get(USERS, {"q": "vera", "role__exact": "viewer", "is_active__exact": "1"})
    assert list(page.context["cl"].result_list) == [viewer]


@pytest.mark.parametrize("count", [3, 30])
def test_the_list_takes_the_same_queries_whatever_its_length(admin, count, django_assert_max_num_queries):
    UserFactory.create_batch(count)
    client = browser(admin)
    with django_assert_max_num_queries(6):
        assert client.get(USERS).status_code == 200


@pytest.mark.parametrize("model", [Group, OutstandingToken, BlacklistedToken])
def test_what_means_nothing_here_is_not_offered(model):
    assert not site.site.is_registered(model)
