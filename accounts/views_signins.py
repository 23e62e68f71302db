"""The page that shows where somebody is signed in, and ends it."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts import signins
from accounts.permissions import get_current_user, login_only
from accounts.sessions import row_of

MOST_SHOWN = 100


@require_safe
@login_only
@never_cache
def sign_ins(request: HttpRequest) -> HttpResponse:
    found = signins.sign_ins_of(get_current_user(request), here=row_of(request))
    context = {"sign_ins": found[:MOST_SHOWN], "others": any(not each.here for each in found)}
    return render(request, "accounts/sign_ins.html", context)


@require_POST
@login_only
def sign_ins_end(request: HttpRequest) -> HttpResponse:
    """One of them (`kind`, `number`), or with neither all but this one. What is over already is answered the same."""
    user = get_current_user(request)
    kind, number = request.POST.get("kind", ""), request.POST.get("number", "")
    if number:
        signins.end_one(user=user, kind=kind, number=number)
        messages.success(request, _("Logged out there."))
    else:
        ended = signins.end_all(user=user, keep=row_of(request))
        text = ngettext("Logged out in one other place.", "Logged out in %(count)d other places.", ended)
        messages.success(request, text % {"count": ended})
    return redirect("sign_ins")
