"""allauth's forms for passkeys, whose parsers take what a stranger sends for what a browser made."""

import logging
from collections.abc import Callable
from typing import Any, TypeVar

from allauth.mfa.webauthn.forms import (
    AddWebAuthnForm,
    AuthenticateWebAuthnForm,
    LoginWebAuthnForm,
    ReauthenticateWebAuthnForm,
)
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

Answer = TypeVar("Answer")
log = logging.getLogger(__name__)


def _checked(parse: Callable[[], Answer]) -> Answer:
    """What `parse` returns. Raises ValidationError for whatever goes wrong in it."""
    try:
        return parse()
    except ValidationError:
        raise
    except Exception as error:
        log.info("what was sent is no passkey: %s", type(error).__name__)
        raise ValidationError(_("This passkey could not be read."), code="incorrect_code") from error


class _Careful:
    def clean_credential(self) -> Any:
        return _checked(super().clean_credential)  # type: ignore[misc]


class LoginForm(_Careful, LoginWebAuthnForm):  # type: ignore[misc]  # allauth is not typed through and through
    pass


class UseForm(_Careful, AuthenticateWebAuthnForm):  # type: ignore[misc]
    pass


class UseAgainForm(_Careful, ReauthenticateWebAuthnForm):  # type: ignore[misc]
    pass


class AddForm(AddWebAuthnForm):  # type: ignore[misc]
    def clean(self) -> Any:
        return _checked(super().clean)
