"""Pages for API keys: one's own, and for admins everybody's."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST

from accounts import api_keys
from accounts.forms import ApiKeyForm
from accounts.permissions import get_current_user, login_only
from voc.core import clock
from voc.core.errors import InvalidInput

MOST_SHOWN = 200


@require_http_methods(["GET", "HEAD", "POST"])
@login_only
@never_cache
@sensitive_variables("new")
def keys(request: HttpRequest) -> HttpResponse:
    """The keys, and a form for a new one. A new key is in the answer to its form, and in no other."""
    user = get_current_user(request)
    form = ApiKeyForm(request.POST if request.method == "POST" else None, user=user)
    new = None
    if request.method == "POST" and form.is_valid():
        try:
            new = api_keys.create(user=user, created_by=user, **form.cleaned_data)
        except InvalidInput as error:
            form.add_error(error.field if error.field in form.fields else None, error.message)
        else:
            form = ApiKeyForm(None, user=user)
    context = {
        "form": form,
        "new": new,
        "keys": api_keys.visible_to(user)[:MOST_SHOWN],
        "sees_all": user.is_admin,
        "now": clock.now(),
    }
    return render(request, "accounts/keys.html", context, status=422 if form.errors else 200)


@require_POST
@login_only
def key_revoke(request: HttpRequest, pk: int) -> HttpResponse:
    user = get_current_user(request)
    key = get_object_or_404(api_keys.visible_to(user), pk=pk)
    api_keys.revoke(key=key, actor=user)
    messages.success(request, _("The key %(name)s works no more.") % {"name": str(key)})
    return redirect("api_keys")
