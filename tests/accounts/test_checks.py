import pytest
from django.core.checks import Error, Warning

from accounts import checks


def found(check):
    return [(type(message), message.id) for message in check()]


@pytest.fixture(autouse=True)
def _production(settings):
    settings.DEBUG = False
    settings.SECRET_KEY_IS_SET = True
    settings.SECRET_KEY = "Zk3v9QpX7mT1rW5yB8nC2dF6gH4jL0sA"


def test_a_long_random_key_is_fine():
    assert found(checks.secret_key) == []


def test_a_missing_key_is_an_error_that_says_what_to_set(settings):
    settings.SECRET_KEY_IS_SET = False
    (message,) = checks.secret_key()
    assert (type(message), message.id) == (Error, "accounts.E001")
    assert "SECRET_KEY_FILE" in message.hint
    assert "token_urlsafe" in message.hint


@pytest.mark.parametrize("key", ["short", "a" * 64, "abcabcabc" * 8])
def test_a_key_that_can_be_guessed_is_an_error(settings, key):
    settings.SECRET_KEY = key
    assert found(checks.secret_key) == [(Error, "accounts.E002")]


def test_for_development_it_is_a_warning(settings):
    settings.DEBUG = True
    settings.SECRET_KEY = "short"
    assert found(checks.secret_key) == [(Warning, "accounts.E002")]


def test_mail_that_is_switched_off_is_mentioned(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    (message,) = checks.mail()
    assert "EMAIL_URL" in message.msg
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    assert found(checks.mail) == []


OIDC = {"provider": "oidc", "client_id": "c", "secret": "s", "settings": {"server_url": "https://id.example"}}


def test_without_single_sign_on_there_is_nothing_to_say():
    assert checks.identity() == []


@pytest.mark.parametrize(
    ("name", "value", "number"),
    [
        ("JWT_KEYS", ["k" * 40, "short"], "010"),
        ("MFA_REQUIRED_ROLES", ["admin", "boss"], "011"),
        ("SSO_DEFAULT_ROLE", "boss", "012"),
        ("SSO_ROLES", ["boss=x"], "013"),
        ("SSO_ROLES", ["admin"], "013"),
        ("SSO_APPS", [OIDC | {"settings": {"server_url": ""}}], "014"),
        ("SSO_APPS", [OIDC | {"settings": {"server_url": "http://id.example"}}], "014"),
        ("SSO_APPS", [OIDC | {"settings": {"server_url": "https://login.microsoftonline.com//v2.0"}}], "014"),
        ("SSO_APPS", [OIDC | {"secret": ""}], "015"),
        ("LOCAL_LOGIN", False, "016"),
    ],
)
def test_what_would_keep_people_out_or_let_in_too_many_is_an_error(settings, name, value, number):
    setattr(settings, name, value)
    assert found(checks.identity) == [(Error, f"accounts.E{number}")]


def test_a_complete_set_up_is_fine(settings):
    settings.SSO_APPS, settings.LOCAL_LOGIN = [OIDC], False
    settings.SSO_ROLES, settings.MFA_REQUIRED_ROLES = ["admin=voc-admins"], ["admin", "manager"]
    assert checks.identity() == []


def test_admins_without_a_second_factor_are_mentioned(settings):
    assert found(checks.second_factor) == [(Warning, "accounts.W002")]
    settings.MFA_REQUIRED_ROLES = ["admin"]
    assert found(checks.second_factor) == []
