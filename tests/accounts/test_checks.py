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
