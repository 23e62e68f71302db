"""Forms of the account pages."""

from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.models import LANGUAGE_LABELS, User
from accounts.signin import check_credentials
from accounts.throttle import TooManyAttempts


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
