"""Account pages: sign in and out, invitation, password, profile, language."""

from typing import Any

from allauth.account.internal.flows.login import perform_password_login
from allauth.account.internal.flows.reauthentication import reauthenticate_by_password
from allauth.account.models import Login
from allauth.account.views import BaseReauthenticateView
from allauth.socialaccount.adapter import get_adapter
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import views as auth_views
from django.contrib.auth.forms import SetPasswordForm
from django.contrib.auth.views import INTERNAL_RESET_SESSION_TOKEN
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.urls import reverse_lazy
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from django.views.generic import FormView, TemplateView, UpdateView

from accounts import services, signins
from accounts.forms import LoginForm, ProfileForm, ReauthenticateForm, ResetRequestForm
from accounts.links import invitation_tokens, reset_tokens
from accounts.mails import is_mail_on
from accounts.models import User
from accounts.permissions import get_current_user, login_only, public
from accounts.sessions import row_of
from voc.core.errors import NotAllowed


def sso_links(request: HttpRequest, page: str) -> list[tuple[str, str]]:
    """(name, address) of each identity provider that is set up; the address leads back to `page`."""
    after = {"next": page} if page else {}
    return [(each.name, each.get_login_url(request, **after)) for each in get_adapter().list_providers(request)]


@public
class LoginView(auth_views.LoginView):
    """Password, then the second factor of who has one; or elsewhere, by single sign-on."""

    authentication_form = LoginForm
    redirect_authenticated_user = True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        more = {"providers": sso_links(self.request, self.get_redirect_url()), "local": settings.LOCAL_LOGIN}
        return super().get_context_data(**kwargs) | more

    def form_valid(self, form: Any) -> HttpResponse:
        user = form.get_user()
        login = Login(user=user, redirect_url=self.get_success_url(), email_verification="none")
        response: HttpResponse = perform_password_login(self.request, {"username": user.get_username()}, login)
        return response

    def form_invalid(self, form: Any) -> HttpResponse:
        response = super().form_invalid(form)
        if form.wait is not None:
            response.status_code = 429
            response["Retry-After"] = str(form.wait)
        return response


@login_only
class ReauthenticateView(BaseReauthenticateView):  # type: ignore[misc]  # allauth is not typed through and through
    """The password once more, before somebody changes how they sign in."""

    form_class = ReauthenticateForm
    template_name = "accounts/reauthenticate.html"

    def get_form_kwargs(self) -> dict[str, Any]:
        kwargs: dict[str, Any] = super().get_form_kwargs()
        return kwargs | {"request": self.request}

    def form_valid(self, form: Any) -> HttpResponse:
        reauthenticate_by_password(self.request)
        response: HttpResponse = super().form_valid(form)
        return response


@public
class LogoutView(auth_views.LogoutView):
    """POST only, so that no picture in a page can sign people out. Anybody may: it is harmless."""


@public
class PasswordResetView(FormView[ResetRequestForm]):
    """Answers the same whether or not there is such an account."""

    form_class = ResetRequestForm
    template_name = "registration/password_reset_form.html"
    success_url = reverse_lazy("password_reset_done")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {"mail_is_on": is_mail_on()}

    def form_valid(self, form: ResetRequestForm) -> HttpResponse:
        services.request_password_reset(email=form.cleaned_data["email"])
        return super().form_valid(form)


@public
class PasswordResetDoneView(TemplateView):
    template_name = "registration/password_reset_done.html"


class PasswordLinkView(auth_views.PasswordResetConfirmView):
    """Sets a password by a link. Django keeps the token in the session and out of the address of the form."""

    def get_user(self, uidb64: str) -> User | None:
        user = super().get_user(uidb64)
        return user if user and user.is_active else None

    def use_link(self, *, user: User, token: str, password: str) -> None:
        """For each kind of link to say: set the password, and let the link be used no more."""
        raise NotImplementedError

    def form_valid(self, form: "SetPasswordForm[User]") -> HttpResponse:
        token = self.request.session.pop(INTERNAL_RESET_SESSION_TOKEN, "")
        try:
            self.use_link(user=form.user, token=token, password=form.cleaned_data["new_password1"])
        except NotAllowed:
            self.validlink = False
            return self.render_to_response(self.get_context_data())
        return HttpResponseRedirect(str(self.success_url))


@public
class PasswordResetConfirmView(PasswordLinkView):
    token_generator = reset_tokens

    def use_link(self, *, user: User, token: str, password: str) -> None:
        services.reset_password(user=user, token=token, password=password)


@public
class PasswordResetCompleteView(TemplateView):
    template_name = "registration/password_reset_complete.html"


@public
class InvitationView(PasswordLinkView):
    token_generator = invitation_tokens
    template_name = "accounts/invitation.html"
    success_url = reverse_lazy("login")

    def use_link(self, *, user: User, token: str, password: str) -> None:
        services.accept_invitation(user=user, token=token, password=password)
        messages.success(self.request, _("Your account is ready. Log in with your new password."))


@login_only
class PasswordChangeView(auth_views.PasswordChangeView):
    """Ends the user's other sessions and their API tokens; this session goes on."""

    success_url = reverse_lazy("profile")

    def form_valid(self, form: Any) -> HttpResponse:
        messages.success(self.request, _("Your password was changed."))
        response = super().form_valid(form)
        signins.end_all(user=get_current_user(self.request), keep=row_of(self.request))
        return response


@login_only
class ProfileView(UpdateView[User, ProfileForm]):
    form_class = ProfileForm
    template_name = "accounts/profile.html"
    success_url = reverse_lazy("profile")

    def get_object(self, queryset: Any = None) -> User:
        # A copy of its own: a form with errors must not change what the page's header says.
        return User.objects.get(pk=get_current_user(self.request).pk)

    def form_valid(self, form: ProfileForm) -> HttpResponse:
        services.update_profile(user=get_current_user(self.request), **form.cleaned_data)
        messages.success(self.request, _("Your profile was saved."))
        return HttpResponseRedirect(str(self.success_url))


@public
@require_POST
def set_language(request: HttpRequest) -> HttpResponseBase:
    """Remember the language in a cookie and, for who is signed in, in their profile; then back to the page (`next`)."""
    page = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(page, allowed_hosts={request.get_host()}, require_https=request.is_secure()):
        page = resolve_url(settings.LOGIN_REDIRECT_URL)
    response = HttpResponseRedirect(page)
    language = request.POST.get("language", "")
    if language in dict(settings.LANGUAGES):
        if isinstance(request.user, User):
            services.set_language(user=request.user, language=language)
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            language,
            max_age=settings.LANGUAGE_COOKIE_AGE,
            secure=settings.LANGUAGE_COOKIE_SECURE,
            httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
            samesite="Lax",
        )
    return response
