"""Forms of the account pages."""

from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.models import LANGUAGE_LABELS, User
from accounts.roles import Role, grantable
from accounts.signin import check_credentials
from accounts.throttle import TooManyAttempts

# What each permission lets somebody do, as a form says it.
PERMISSION_LABELS = (
    ("*", _("everything that an admin may")),
    ("voc:submit", _("submit complaints")),
    ("ticket:read", _("read tickets")),
    ("ticket:confirm", _("approve, complete and assign tickets")),
    ("ticket:reject", _("reject tickets")),
    ("ticket:analyze", _("have tickets analysed again")),
)


class LoginForm(AuthenticationForm):
    """`wait` is set to seconds when there were too many failed attempts to look at this one."""

    error_messages = {"invalid_login": _("This username and password do not belong together. Please try again.")}
    wait: int | None = None
    request: HttpRequest

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().__init__(request, *args, **kwargs)
        self.fields["username"].label = _("Username")

    def clean(self) -> dict[str, Any]:
        username, password = self.cleaned_data.get("username"), self.cleaned_data.get("password")
        if username and password:
            try:
                user = check_credentials(self.request, username=username, password=password)
            except TooManyAttempts as error:
                self.wait = error.wait
                raise ValidationError(error.message, code="throttled") from error
            if user is None:
                raise self.get_invalid_login_error()
            self.user_cache = user
        return self.cleaned_data


class ReauthenticateForm(forms.Form):
    password = forms.CharField(
        label=_("Password"),
        max_length=4096,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request

    def clean_password(self) -> str:
        password = str(self.cleaned_data["password"])
        try:
            user = check_credentials(self.request, username=self.request.user.get_username(), password=password)
        except TooManyAttempts as error:
            raise ValidationError(error.message, code="throttled") from error
        if user is None or user.pk != self.request.user.pk:
            raise ValidationError(_("This is not your password."), code="wrong")
        return password


class ResetRequestForm(forms.Form):
    email = forms.EmailField(
        label=_("E-mail address"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )


class ProfileForm(forms.ModelForm[User]):
    language = forms.ChoiceField(
        label=_("Language"), choices=[("", _("As in the browser")), *LANGUAGE_LABELS], required=False
    )

    class Meta:
        model = User
        fields = ["last_name", "first_name", "language"]
        labels = {"last_name": _("Family name"), "first_name": _("Given name")}
        widgets = {
            "last_name": forms.TextInput(attrs={"autocomplete": "family-name"}),
            "first_name": forms.TextInput(attrs={"autocomplete": "given-name"}),
        }


class ApiKeyForm(forms.Form):
    """What a new key may do, from where and for how long. `cleaned_data` is what `api_keys.create` takes."""

    name = forms.CharField(label=_("What it is for"), max_length=100)
    scopes = forms.MultipleChoiceField(label=_("It may"), widget=forms.CheckboxSelectMultiple)
    days = forms.TypedChoiceField(
        label=_("It lasts"),
        coerce=int,
        initial=90,
        choices=[(30, _("30 days")), (90, _("90 days")), (180, _("180 days")), (365, _("a year"))],
    )
    networks = forms.CharField(
        label=_("Only from these networks"),
        required=False,
        max_length=2000,
        help_text=_("One a line, such as 10.20.0.0/16 or 203.0.113.7. Empty: from anywhere."),
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        labels = dict(PERMISSION_LABELS)
        choices = [(each, labels.get(each, each)) for each in grantable(Role(user.role))]
        self.fields["scopes"].choices = choices  # type: ignore[attr-defined]

    def clean_networks(self) -> list[str]:
        return str(self.cleaned_data["networks"]).split()
