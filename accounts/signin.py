"""The one place where a password is looked at: portal, Django admin and API sign in through it."""

import logging

from django.contrib.auth import authenticate
from django.http import HttpRequest

from accounts import throttle
from accounts.models import User

log = logging.getLogger(__name__)


def check_credentials(request: HttpRequest, *, username: str, password: str) -> User | None:
    """The active user to whom these belong, None when there is none.

    Raises TooManyAttempts. Unknown, wrong and disabled cannot be told apart, by their time either: Django hashes a
    password for an unknown user too.
    """
    address = throttle.client_address(request)
    throttle.begin(account=username, address=address)
    user = authenticate(request, username=username, password=password)
    if not isinstance(user, User):
        log.info("sign-in refused", extra={"address": address})
        return None
    throttle.forgive(account=username, address=address)
    return user
