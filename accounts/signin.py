"""The one place where a password is looked at: portal, Django admin and API sign in through it."""

import logging

from django.conf import settings
from django.contrib.auth import authenticate
from django.http import HttpRequest
from django.utils.translation import gettext as _

from accounts import mfa, throttle
from accounts.devices import device_of
from accounts.models import User
from voc.core.errors import NotAllowed, VocError

log = logging.getLogger(__name__)


def check_credentials(request: HttpRequest, *, username: str, password: str) -> User | None:
    """The active user to whom these belong, None when there is none, or when people sign in elsewhere (LOCAL_LOGIN).

    Raises TooManyAttempts. Unknown, wrong and disabled cannot be told apart, by their time either: Django hashes a
    password for an unknown user too.
    """
    if not settings.LOCAL_LOGIN:
        return None
    address = throttle.client_address(request)
    attempt = throttle.begin(account=username, address=address, device=device_of(request, username))
    user = authenticate(request, username=username, password=password)
    if not isinstance(user, User):
        log.info("sign-in refused", extra={"address": address})
        return None
    throttle.forgive(attempt)
    return user


class CodeNeeded(VocError):
    """The password is right; the code of the second factor is missing, wrong or used up."""


def sign_in(request: HttpRequest, *, username: str, password: str, code: str) -> User | None:
    """Both steps in one call, for who cannot be led from page to page: the user, or None as in `check_credentials`.

    Raises TooManyAttempts, CodeNeeded, and NotAllowed for who must set a second factor up first.
    """
    user = check_credentials(request, username=username, password=password)
    if user is None:
        return None
    if mfa.is_missing(user):
        raise NotAllowed(_("Log in to the site and set up a second step first."))
    if mfa.is_set_up(user) and (not code or mfa.check_code(request, user, code) is None):
        raise CodeNeeded(_("A valid code of your second step is needed, as `code`."))
    return user
