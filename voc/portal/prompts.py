"""The page on which an admin compares two versions of a prompt and puts one in force, without a deploy."""

from dataclasses import dataclass

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from accounts.permissions import get_current_user, login_only
from llm.activation import activate, choice_of, rollback
from llm.models import PromptActivation
from llm.prompts import ACTIVE, CANARY, LATEST, PromptError, prompt_manager
from voc.core.errors import InvalidInput

HISTORY = 10


@dataclass(frozen=True, slots=True)
class Version:
    number: str
    is_active: bool
    share: int


@dataclass(frozen=True, slots=True)
class Listed:
    """A prompt with its versions, newest first."""

    name: str
    active: str
    versions: tuple[Version, ...]


@require_safe
@login_only
@never_cache
def prompts(request: HttpRequest) -> HttpResponse:
    """All prompts; with ?name=&old=&new= also what changed between two versions."""
    _admin(request)
    name, old, new = (request.GET.get(key, "") for key in ("name", "old", "new"))
    difference = None
    if name and old:
        try:
            difference = prompt_manager().diff(name, old, new or LATEST)
        except PromptError as error:
            messages.error(request, str(error))
    context = {
        "prompts": [_listed(each) for each in prompt_manager().names()],
        "name": name,
        "old": old,
        "new": new,
        "difference": difference,
        "history": PromptActivation.objects.select_related("by")[:HISTORY],
    }
    return render(request, "portal/prompts.html", context)


@require_POST
@login_only
def prompt_activate(request: HttpRequest) -> HttpResponse:
    """Put a version in force: for everybody, or as a canary for `share` percent; `version` "" goes back one."""
    actor = _admin(request)
    name, version, share = (request.POST.get(key, "") for key in ("name", "version", "share"))
    try:
        if not version:
            row = rollback(name=name, actor=actor)
        elif share:
            percent = int(share) if share.isdecimal() else -1
            row = activate(name=name, version=version, actor=actor, label=CANARY, share=percent)
        else:
            row = activate(name=name, version=version, actor=actor, label=ACTIVE)
    except InvalidInput as error:
        messages.error(request, error.message)
    else:
        figures = {"name": row.name, "version": row.version}
        messages.success(request, _("%(name)s: version %(version)s was put in force.") % figures)
    return redirect("prompts")


def _admin(request: HttpRequest) -> User:
    user = get_current_user(request)
    if not isinstance(user, User) or not user.is_admin:
        raise PermissionDenied
    return user


def _listed(name: str) -> Listed:
    choice = choice_of(name)
    versions = tuple(
        Version(number, number == choice.active, choice.share if number == choice.canary else 0)
        for number in reversed(prompt_manager().versions(name))
    )
    return Listed(name, choice.active, versions)
