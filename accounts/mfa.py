"""The second factor: codes of an authenticator app, recovery codes, passkeys. django-allauth keeps them.

What it leaves open is here: secrets are encrypted, guesses are counted like those of passwords, and a code works once, on all
servers together.
"""

import logging
from typing import Any

from allauth.core import context
from allauth.core.internal.cryptokit import compare_user_code
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.totp.internal import auth as totp
from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from accounts import signins, throttle
from accounts.devices import device_of
from accounts.models import User
from voc.core import crypto

log = logging.getLogger(__name__)
PURPOSE = "mfa"
LAST_STEP = "last_step"
FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
SECRETS = {Authenticator.Type.TOTP: "secret", Authenticator.Type.RECOVERY_CODES: "seed"}


def seal(text: str) -> str:
    return crypto.encrypt(text, purpose=PURPOSE)


def unseal(kept: str) -> str:
    return crypto.decrypt(kept, purpose=PURPOSE)


def renew_secrets() -> int:
    """Encrypt the seeds with the newest key; returns how many were not yet (see `voc.core.rotation`)."""
    renewed = 0
    for pk in Authenticator.objects.filter(type__in=SECRETS).values_list("pk", flat=True):
        with transaction.atomic():
            row = Authenticator.objects.select_for_update().get(pk=pk)
            name = SECRETS[Authenticator.Type(row.type)]
            if not crypto.is_current(row.data[name]):
                row.data[name] = crypto.renewed(row.data[name], purpose=PURPOSE)
                row.save(update_fields=["data"])
                renewed += 1
    return renewed


def is_set_up(user: User) -> bool:
    return bool(Authenticator.objects.filter(user=user, type__in=FACTORS).exists())


def is_required_of(user: User) -> bool:
    """Whether this user must have a second factor (MFA_REQUIRED_ROLES)."""
    return user.role in settings.MFA_REQUIRED_ROLES


def is_missing(user: User) -> bool:
    return is_required_of(user) and not is_set_up(user)


def take_away(*, user: User, actor: User | None) -> int:
    """Remove every second factor of somebody who has lost theirs; returns how many. They are signed out everywhere."""
    removed: int = Authenticator.objects.filter(user=user).delete()[0]
    signins.end_all(user=user)
    log.info(
        "second factors taken away", extra={"changed": user.pk, "by": actor.pk if actor else None, "count": removed}
    )
    return removed


def check_code(request: HttpRequest, user: User, code: str) -> Authenticator | None:
    """The authenticator whose code this is; it is used up then. None for a wrong one, or one that was used before.

    Raises TooManyAttempts.
    """
    attempt = throttle.begin(
        account=f"mfa {user.pk}",
        address=throttle.client_address(request),
        device=device_of(request, user.get_username()),
    )
    for authenticator in Authenticator.objects.filter(user=user, type__in=SECRETS):
        if _uses_up(authenticator, code):
            throttle.forgive(attempt)
            return authenticator
    return None


def _uses_up(authenticator: Authenticator, code: str) -> bool:
    if authenticator.type == Authenticator.Type.RECOVERY_CODES:
        return bool(authenticator.wrap().validate_code(code))
    with transaction.atomic():
        locked = Authenticator.objects.select_for_update().get(pk=authenticator.pk)
        secret = unseal(locked.data["secret"])
        for step in totp.yield_hotp_counters_from_time():
            right = totp.format_hotp_value(totp.hotp_value(secret, step))
            if step > locked.data.get(LAST_STEP, 0) and compare_user_code(actual=code, expected=right):
                locked.data[LAST_STEP] = step
                locked.save(update_fields=["data"])
                return True
    return False


class _CodeForm(forms.Form):
    user: User
    authenticator: Authenticator

    def clean_code(self) -> str:
        code = str(self.cleaned_data["code"])
        try:
            found = check_code(context.request, self.user, code)
        except throttle.TooManyAttempts as error:
            raise ValidationError(error.message, code="throttled") from error
        if found is None:
            raise ValidationError(_t("This code is not right, or was used before."), code="incorrect_code")
        found.user = self.user
        self.authenticator = found
        return code


def _code_field(label: Any) -> forms.CharField:
    attributes = {"autocomplete": "one-time-code", "inputmode": "numeric", "spellcheck": "false", "autofocus": True}
    return forms.CharField(label=label, max_length=20, widget=forms.TextInput(attrs=attributes))


class CodeForm(_CodeForm, AuthenticateForm):  # type: ignore[misc]  # allauth is not typed through and through
    code = _code_field(_("Code of your app, or a recovery code"))


class CodeAgainForm(_CodeForm, ReauthenticateForm):  # type: ignore[misc]
    code = _code_field(_("Code of your app, or a recovery code"))


class ActivateForm(ActivateTOTPForm):  # type: ignore[misc]
    code = _code_field(_("The code that the app shows now"))
