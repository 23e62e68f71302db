import io

import pytest
from django.core.management import CommandError, call_command

from accounts.models import User

pytestmark = pytest.mark.django_db
STRONG = "correct-horse-battery"


def run(name, *arguments):
    out = io.StringIO()
    call_command(name, *arguments, stdout=out)
    return out.getvalue()


@pytest.fixture
def password(settings):
    settings.ADMIN_PASSWORD = STRONG


def test_the_first_admin_is_made_with_the_password_from_the_configuration(password, client):
    out = run("create_admin", "--email", "ada@example.com", "--language", "ko")
    user = User.objects.get(username="admin")
    assert (user.role, user.email, user.language, user.is_superuser) == ("admin", "ada@example.com", "ko", True)
    assert client.post("/login/", {"username": "admin", "password": STRONG}).status_code == 302
    assert STRONG not in out


def test_a_second_admin_needs_to_be_asked_for(password):
    run("create_admin", "--username", "ada")
    with pytest.raises(CommandError, match="--another"):
        run("create_admin", "--username", "bob")
    assert not User.objects.filter(username="bob").exists()
    run("create_admin", "--username", "bob", "--another")
    assert User.objects.active_admins().count() == 2


def test_when_the_only_admin_is_disabled_a_new_one_can_be_made(password):
    User.objects.create_user("ada", role="admin", is_active=False)
    run("create_admin", "--username", "bob")
    assert User.objects.get(username="bob").is_admin


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--username", "KIM"], "username: "),
        (["--email", "kim@example.com"], "email: "),
        (["--email", "not an address"], "email: "),
        (["--language", "fr"], "invalid choice"),
    ],
)
def test_what_is_wrong_with_an_argument_is_said(password, arguments, says):
    User.objects.create_user("kim", "kim@example.com")
    with pytest.raises(CommandError, match=says):
        run("create_admin", *arguments)
    assert not User.objects.active_admins().exists()


@pytest.mark.parametrize("weak", ["short", "1234567890123", "password123", "admin-admin"])
def test_a_weak_password_is_refused(settings, weak):
    settings.ADMIN_PASSWORD = weak
    with pytest.raises(CommandError, match="password: "):
        run("create_admin", "--username", "admin-admin")
    assert not User.objects.exists()


def test_without_a_terminal_the_password_has_to_be_configured(settings, monkeypatch):
    settings.ADMIN_PASSWORD = ""
    monkeypatch.setattr("sys.stdin", io.StringIO())
    with pytest.raises(CommandError, match="ADMIN_PASSWORD"):
        run("create_admin")


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(("typed", "made"), [([STRONG, STRONG], True), ([STRONG, "something else"], False)])
def test_in_a_terminal_the_password_is_asked_for_twice(settings, monkeypatch, typed, made):
    settings.ADMIN_PASSWORD = ""
    monkeypatch.setattr("sys.stdin", Terminal())
    answers = iter(typed)
    monkeypatch.setattr("getpass.getpass", lambda prompt: next(answers))
    if made:
        run("create_admin")
    else:
        with pytest.raises(CommandError, match="differ"):
            run("create_admin")
    assert User.objects.filter(username="admin").exists() is made


@pytest.mark.parametrize("name", ["create_admin", "create_demo_users"])
def test_help_says_where_the_password_comes_from(name, capsys):
    with pytest.raises(SystemExit) as end:
        call_command(name, "--help")
    assert end.value.code == 0
    assert "_PASSWORD" in capsys.readouterr().out


@pytest.fixture
def demo(settings):
    settings.DEMO = True
    settings.DEMO_PASSWORD = "first"


def test_the_demo_has_one_user_per_role_named_after_it(demo, client):
    run("create_demo_users")
    assert sorted(User.objects.values_list("username", "role")) == [
        (role, role) for role in ("admin", "manager", "submitter", "viewer")
    ]
    for role in ("admin", "manager", "submitter", "viewer"):
        assert client.post("/login/", {"username": role, "password": "first"}).status_code == 302
        client.post("/logout/")


def test_a_second_run_changes_nothing(demo):
    run("create_demo_users")
    before = list(User.objects.order_by("pk").values())
    out = run("create_demo_users")
    assert list(User.objects.order_by("pk").values()) == before
    assert out.count("was there already") == 4


def test_a_second_run_mends_what_was_changed(demo, settings):
    run("create_demo_users")
    User.objects.filter(username="manager").update(role="viewer", is_staff=False, is_active=False)
    settings.DEMO_PASSWORD = "second"
    run("create_demo_users")
    manager = User.objects.get(username="manager")
    assert (manager.role, manager.is_staff, manager.is_active) == ("manager", True, True)
    assert all(user.check_password("second") for user in User.objects.all())


def test_demo_users_are_refused_outside_a_demo(settings):
    settings.DEMO, settings.DEBUG, settings.DEMO_PASSWORD = False, False, "first"
    with pytest.raises(CommandError, match="DEMO"):
        run("create_demo_users")
    assert not User.objects.exists()


def test_demo_users_need_a_password(demo, settings):
    settings.DEMO_PASSWORD = ""
    with pytest.raises(CommandError, match="DEMO_PASSWORD"):
        run("create_demo_users")
