import pytest
from django.db import IntegrityError, transaction

from accounts.models import User
from accounts.roles import Role

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("role", "staff", "superuser"),
    [
        (Role.ADMIN, True, True),
        (Role.MANAGER, True, False),
        (Role.VIEWER, False, False),
        (Role.SUBMITTER, False, False),
    ],
)
def test_a_new_users_flags_follow_the_role(role, staff, superuser):
    user = User.objects.create_user("kim", "kim@example.com", "a-long-password-1", role=role)
    assert (user.role, user.is_staff, user.is_superuser) == (role, staff, superuser)
    assert user.check_password("a-long-password-1")


def test_flags_that_somebody_asks_for_beside_the_role_are_ignored():
    user = User.objects.create_user("kim", role=Role.VIEWER, is_staff=True, is_superuser=True)
    assert (user.is_staff, user.is_superuser) == (False, False)


def test_a_superuser_is_an_admin():
    assert User.objects.create_superuser("root", None, "a-long-password-1").is_admin


def test_without_a_password_none_fits():
    user = User.objects.create_user("kim")
    assert not user.has_usable_password()
    assert not user.check_password("")


@pytest.mark.parametrize(
    "change",
    [
        {"is_superuser": True},
        {"is_staff": True},
        {"role": "admin"},
        {"role": "manager"},
        {"role": "manager", "is_staff": True, "is_superuser": True},
        {"role": "god", "is_staff": False},
    ],
)
def test_the_database_refuses_flags_that_do_not_follow_the_role(change):
    user = User.objects.create_user("kim", role=Role.VIEWER)
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.filter(pk=user.pk).update(**change)


@pytest.mark.parametrize(("username", "email"), [("Kim", "other@example.com"), ("other", "KIM@Example.com")])
def test_nobody_differs_from_somebody_else_in_capitals_only(username, email):
    User.objects.create_user("kim", "kim@example.com")
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.create_user(username, email)


def test_several_users_may_have_no_address():
    User.objects.create_user("kim")
    User.objects.create_user("lee")
    assert User.objects.filter(email="").count() == 2


@pytest.mark.parametrize(
    ("first", "last", "full"),
    [("민지", "김", "김민지"), ("Minji", "Kim", "Minji Kim"), ("민지", "", "민지"), ("", "", "")],
)
def test_a_name_is_written_as_it_is_where_it_comes_from(first, last, full):
    assert User(first_name=first, last_name=last).get_full_name() == full
