"""The login by passkey alone: something that one has, unlocked by something that one is or knows."""

from allauth.mfa.webauthn import views as webauthn_views
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse

from accounts.permissions import public


@public
def passkey_login(request: HttpRequest) -> HttpResponse:
    """Only where people sign in here at all (LOCAL_LOGIN)."""
    if not settings.LOCAL_LOGIN:
        raise Http404
    response: HttpResponse = webauthn_views.login_webauthn(request)
    return response
