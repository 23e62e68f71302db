"""Where django-allauth is told how this site does it. Its own ways to sign up, to mail and to count attempts are not used."""

import logging
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialApp, SocialLogin
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import mfa
from accounts.models import User
from accounts.sso.door import DoorSession
from accounts.sso.people import NotKnownHere, admit

log = logging.getLogger(__name__)


# What the page that follows says anyway.
UNSAID = (
    "account/messages/logged_in.txt",
    "account/messages/logged_out.txt",
    "mfa/messages/recovery_codes_generated.txt",
)


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth is not typed through and through
    def add_message(
        self, request: HttpRequest, level: int, message_template: str | None = None, *more: Any, **named: Any
    ) -> None:
        if message_template not in UNSAID:
            super().add_message(request, level, message_template, *more, **named)

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Where nobody signs in by password, it is asked of who can answer otherwise, by a second factor."""
        asked: bool = super().is_reauthentication_required(app=app, **kwargs)
        return asked and (settings.LOCAL_LOGIN or mfa.is_set_up(context.request.user))

    def get_reauthentication_methods(self, user: User) -> list[dict[str, Any]]:
        ways: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        return [each for each in ways if settings.LOCAL_LOGIN or each["id"] != "reauthenticate"]

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def respond_user_inactive(self, request: HttpRequest, user: User) -> HttpResponse:
        messages.error(request, _("This account is switched off. Ask an admin."))
        return redirect("login")

    def send_notification_mail(self, *_args: Any, **_kwargs: Any) -> None:
        """Changes of how somebody signs in stand in the audit trail; mail goes through the outbox alone."""


class SocialAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    def list_apps(
        self, request: HttpRequest | None, provider: str | None = None, client_id: str | None = None
    ) -> list[SocialApp]:
        """Those of the settings. None can be added in the database, where its secret would lie open."""
        apps = [SocialApp(**each) for each in settings.SSO_APPS]
        return [
            each
            for each in apps
            if provider in (None, each.provider, each.provider_id) and client_id in (None, each.client_id)
        ]

    def get_requests_session(self) -> DoorSession:
        return DoorSession()

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Decides here, and alone: what allauth would do with somebody new is not reached."""
        sociallogin.state["process"] = "login"
        try:
            sociallogin.user = admit(sociallogin)
        except NotKnownHere as error:
            log.info("refused after single sign-on", extra={"provider": sociallogin.account.provider})
            raise ImmediateHttpResponse(_refusal(request, error.message, status=403)) from error

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,
        error: Any = None,
        exception: Exception | None = None,
        extra_context: dict[str, Any] | None = None,
    ) -> None:
        """One page for whatever went wrong; what it was is for the log."""
        log.warning("single sign-on failed: %s", exception or error, extra={"provider": str(provider.sub_id)})
        text = _("The sign-in at %(name)s did not work. Please try again.") % {"name": provider.name}
        raise ImmediateHttpResponse(_refusal(request, text, status=401))

    def send_notification_mail(self, *_args: Any, **_kwargs: Any) -> None:
        """See AccountAdapter."""


class MfaAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": gettext_lazy("This code is not right, or was used before.")
    }

    def encrypt(self, text: str) -> str:
        return mfa.seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        return mfa.unseal(encrypted_text)

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """Not the last one of somebody who has to have one."""
        user = authenticator.user
        if not mfa.is_required_of(user) or authenticator.type == Authenticator.Type.RECOVERY_CODES:
            return True
        others = Authenticator.objects.filter(user=user).exclude(type=Authenticator.Type.RECOVERY_CODES)
        return bool(others.exclude(pk=authenticator.pk).exists())


def _refusal(request: HttpRequest, text: str, *, status: int) -> HttpResponse:
    return render(request, "accounts/sso_refused.html", {"text": text, "code": status}, status=status)
