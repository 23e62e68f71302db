"""The two links that let somebody set a password: an invitation and a reset. Each works once and for a while.

A token is a keyed hash over the user's password, e-mail address and last login: using it makes it worthless. It lives
for PASSWORD_RESET_TIMEOUT seconds and is stored nowhere.
"""

from django.conf import settings
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from accounts.models import User


class InvitationTokens(PasswordResetTokenGenerator):
    """A salt of its own: a reset link is no invitation, and the other way round."""

    key_salt = "accounts.invitation"


reset_tokens = PasswordResetTokenGenerator()
invitation_tokens = InvitationTokens()


def invitation_link(user: User) -> str:
    return _link("invitation", user, invitation_tokens)


def reset_link(user: User) -> str:
    return _link("password_reset_confirm", user, reset_tokens)


def _link(address_name: str, user: User, tokens: PasswordResetTokenGenerator) -> str:
    uid = urlsafe_base64_encode(force_bytes(user.pk))
    return f"{settings.SITE_URL}{reverse(address_name, args=[uid, tokens.make_token(user)])}"
