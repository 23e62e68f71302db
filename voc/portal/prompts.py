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
from llm.activation import activate, choice_of, has_version_before, rollback
from llm.models import PromptActivation
from llm.prompts import ACTIVE, CANARY, LATEST, PromptError, prompt_manager, version_key
from voc.core.errors import InvalidInput

HISTORY = 10


@dataclass(frozen=True, slots=True)
class Version:
    """`share` is the percentage of a trial, 0 without one; `is_newer` than the one in force."""

    number: str
    is_active: bool
    is_newer: bool
    share: int


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a comparison; `kind` is same, added, removed or gap, which stands for what is alike."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Listed:
    """A prompt with its versions, newest first; `old` and `new` are those that are compared, or offered for it."""

    name: str
    versions: tuple[Version, ...]
    canary: str
    may_go_back: bool
    old: str
    new: str


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
            difference = _lines(prompt_manager().diff(name, old, new or LATEST))
        except PromptError as error:
            messages.error(request, str(error))
    context = {
        "prompts": [_listed(each, *((old, new) if each == name else ("", ""))) for each in prompt_manager().names()],
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
        figures = {"name": row.name, "version": row.version, "share": row.share}
        said = (
            _("%(name)s: version %(version)s is tried on %(share)d %% of the tickets.")
            if row.label == CANARY
            else _("%(name)s: version %(version)s was put in force.")
        )
        messages.success(request, said % figures)
    return redirect("prompts")


def _admin(request: HttpRequest) -> User:
    user = get_current_user(request)
    if not isinstance(user, User) or not user.is_admin:
        raise PermissionDenied
    return user


def _listed(name: str, old: str, new: str) -> Listed:
    choice, numbers = choice_of(name), prompt_manager().versions(name)
    active = version_key(choice.active)
    versions = tuple(
        Version(
            number=number,
            is_active=number == choice.active,
            is_newer=version_key(number) > active,
            share=choice.share if number == choice.canary else 0,
        )
        for number in reversed(numbers)
    )
    return Listed(
        name=name,
        versions=versions,
        canary=choice.canary,
        may_go_back=bool(choice.canary) or has_version_before(name),
        old=old or next((number for number in reversed(numbers) if number != choice.active), numbers[0]),
        new=new or choice.active,
    )


def _lines(difference: str) -> list[Line]:
    """A unified diff without its heading; gaps between its parts, not before the first."""
    kinds = {"+": "added", "-": "removed", "@": "gap"}
    lines = [Line(kinds.get(line[:1], "same"), line[1:].strip("\n")) for line in difference.splitlines()[2:]]
    return lines[1:] if lines and lines[0].kind == "gap" else lines
