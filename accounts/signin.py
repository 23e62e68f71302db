"""The one place where a password is looked at: portal, Django admin and API sign in through it."""

import logging

from django.conf import settings
from django.contrib.auth import authenticate
from django.http import HttpRequest

from accounts import throttle
from accounts.devices import device_of
from accounts.models import User

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
