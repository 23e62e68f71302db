"""Users in the Django admin: invite, change the role, switch off. Admins only; nobody is deleted, what they did stays."""

from typing import Any

import allauth.account.admin
import allauth.mfa.admin
import allauth.socialaccount.admin
import django.contrib.auth.admin
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from accounts import mfa, services, signins
from accounts.links import invitation_link, reset_link
from accounts.mails import is_mail_on
from accounts.models import User
from accounts.permissions import Role, get_current_user
from voc.core.errors import VocError

# Roles are all there is: groups and Django's own permissions mean nothing here. Nor is anything of allauth's for people to edit:
# providers stand in the settings, and a second factor is its owner's.
# The imports above have registered them; autodiscovery finds the modules loaded and leaves it at that.
REGISTERED_BY = (allauth.account.admin, allauth.mfa.admin, allauth.socialaccount.admin, django.contrib.auth.admin)
for model in (Group, SocialApp, SocialToken, SocialAccount, EmailAddress, Authenticator):
    if admin.site.is_registered(model):
        admin.site.unregister(model)


class InviteForm(forms.ModelForm[User]):
    username = forms.CharField(
        label=_("Username"), max_length=150, required=False, help_text=_("Empty: the e-mail address.")
    )
    email = forms.EmailField(label=_("E-mail address"), max_length=254)

    class Meta:
        model = User
        fields = ["email", "username", "last_name", "first_name", "role", "language"]

    def clean_username(self) -> str:
        username = str(self.cleaned_data["username"]).strip()
        wanted = username or str(self.cleaned_data.get("email", "")).lower()
        if User.objects.filter(username__iexact=wanted).exists():
            raise ValidationError(_("Somebody has this username already."), code="unique")
        return username


class ChangeForm(forms.ModelForm[User]):
    class Meta:
        model = User
        fields = ["username", "email", "last_name", "first_name", "role", "language", "is_active"]
        help_texts = {"is_active": _("Switched off, nobody can sign in with this account, from the next request on.")}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        stays = cleaned.get("role") == Role.ADMIN and cleaned.get("is_active")
        others = User.objects.active_admins().exclude(pk=self.instance.pk)
        if not stays and User.objects.active_admins().filter(pk=self.instance.pk).exists() and not others.exists():
            raise ValidationError(_("The last active admin has to stay one."))
        return cleaned


@admin.register(User)
class UserAdmin(admin.ModelAdmin[User]):
    list_display = ["username", "full_name", "email", "role", "is_active", "language", "last_login"]
    list_filter = ["role", "is_active", "language"]
    search_fields = ["username", "email", "first_name", "last_name"]
    ordering = ["username"]
    readonly_fields = ["last_login", "date_joined"]
    actions = ["send_link", "end_access", "deactivate", "activate", "take_second_step_away"]

    @admin.display(description=_("Name"))
    def full_name(self, user: User) -> str:
        return user.get_full_name()

    def get_form(self, request: HttpRequest, obj: User | None = None, change: bool = False, **kwargs: Any) -> Any:
        return super().get_form(request, obj, change=change, **kwargs | {"form": ChangeForm if change else InviteForm})

    def get_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        return [*ChangeForm.Meta.fields, *self.readonly_fields] if obj else InviteForm.Meta.fields

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        return self.readonly_fields if obj else []

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        actor = get_current_user(request)
        if change:
            role, active = obj.role, obj.is_active
            plain = [name for name in form.changed_data if name not in ("role", "is_active")]
            obj.save(update_fields=plain) if plain else None
            services.set_role(user=obj, role=role, actor=actor)
            (services.activate_user if active else services.deactivate_user)(user=obj, actor=actor)
            return
        fields = {name: form.cleaned_data[name] for name in InviteForm.Meta.fields}
        invited = services.invite_user(**fields, invited_by=actor)
        obj.__dict__.update(invited.__dict__)
        self._show_link(request, obj)

    @admin.action(description=_("Send a link to set a password"))
    def send_link(self, request: HttpRequest, users: QuerySet[User]) -> None:
        for user in users.filter(is_active=True):
            if user.has_usable_password():
                services.request_password_reset(email=user.email)
            else:
                services.mail_invitation(user=user, invited_by=get_current_user(request))
            self._show_link(request, user)

    @admin.action(description=_("Log out everywhere and revoke all keys"))
    def end_access(self, request: HttpRequest, users: QuerySet[User]) -> None:
        for user in users:
            ended, keys = signins.end_access(user=user, actor=get_current_user(request))
            text = _t("%(name)s: %(ended)d logins ended, %(keys)d keys revoked.")
            messages.success(request, text % {"name": user.get_username(), "ended": ended, "keys": keys})

    @admin.action(description=_("Switch off"))
    def deactivate(self, request: HttpRequest, users: QuerySet[User]) -> None:
        for user in users:
            try:
                services.deactivate_user(user=user, actor=get_current_user(request))
            except VocError as error:
                messages.error(request, f"{user}: {error.message}")

    @admin.action(description=_("Switch on"))
    def activate(self, request: HttpRequest, users: QuerySet[User]) -> None:
        for user in users:
            services.activate_user(user=user, actor=get_current_user(request))

    @admin.action(description=_("Take the second step away"))
    def take_second_step_away(self, request: HttpRequest, users: QuerySet[User]) -> None:
        """For who has lost phone and recovery codes; make sure who asks for it."""
        for user in users:
            mfa.take_away(user=user, actor=get_current_user(request))
            messages.success(request, _t("%(name)s logs in without a second step now.") % {"name": user.get_username()})

    @staticmethod
    def _show_link(request: HttpRequest, user: User) -> None:
        """Once, on this page only: mail may be switched off, or slow."""
        link = reset_link(user) if user.has_usable_password() else invitation_link(user)
        text = (
            _t("A mail with this link goes to %(name)s. You can also hand it over yourself:")
            if is_mail_on() and user.email
            else _t("No mail goes to %(name)s: hand over this link yourself.")
        )
        messages.warning(request, format_html("{} <code>{}</code>", text % {"name": user.get_username()}, link))

    def has_module_permission(self, request: HttpRequest) -> bool:
        return isinstance(request.user, User) and request.user.is_active and request.user.is_admin

    def has_view_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return self.has_module_permission(request)

    has_add_permission = has_module_permission
    has_change_permission = has_view_permission

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False
