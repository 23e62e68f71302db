"""Who somebody is here whom an identity provider vouches for, and what they may do."""

import logging
from collections.abc import Iterable
from typing import Any

from allauth.socialaccount.models import SocialLogin
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from accounts import services
from accounts.models import User
from accounts.roles import Role
from voc.core.errors import NotAllowed, VocError

log = logging.getLogger(__name__)


class NotKnownHere(VocError):
    """The identity provider knows them; this site does not let them in. The message says what they can do."""


def admit(login: SocialLogin) -> User:
    """The user of this login: known by the provider's id for them, by a verified e-mail address, or new.

    Raises NotKnownHere. New ones are made for addresses in SSO_DOMAINS only. With SSO_ROLES the provider's groups decide the
    role, each time; else it stays what it is.
    """
    with transaction.atomic():
        user = _found(login) or _made(login)
        if not user.is_active:
            raise NotKnownHere(_("This account is switched off. Ask an admin."))
        _follow_groups(user, getattr(login, "claims", None))
    return user


def role_of(groups: Iterable[str]) -> Role:
    """The most that SSO_ROLES (role=group pairs) gives to these groups, else SSO_DEFAULT_ROLE."""
    theirs = set(groups)
    given = {role for role, group in _pairs() if group in theirs}
    return next((role for role in Role if role in given), Role(settings.SSO_DEFAULT_ROLE))


def _found(login: SocialLogin) -> User | None:
    if isinstance(login.user, User) and login.user.pk:
        return User.objects.get(pk=login.user.pk)
    for address in _verified(login):
        user = User.objects.filter(email__iexact=address).first()
        if user is not None:
            _link(login, user)
            return user
    return None


def _made(login: SocialLogin) -> User:
    addresses = _verified(login)
    allowed = [each for each in addresses if each.rpartition("@")[2].lower() in _domains()]
    if not allowed:
        raise NotKnownHere(
            _("There is no account for you here. Ask an admin for an invitation.")
            if addresses
            else _("Your identity provider does not say that your e-mail address is verified.")
        )
    email = allowed[0]
    if User.objects.filter(username__iexact=email).exists():
        raise NotKnownHere(_("There is no account for you here. Ask an admin for an invitation."))
    # Without what could make it more: set below, where the groups are known.
    user = User.objects.create_user(
        email.lower(),
        email,
        role=Role(settings.SSO_DEFAULT_ROLE),
        first_name=str(getattr(login.user, "first_name", ""))[:150],
        last_name=str(getattr(login.user, "last_name", ""))[:150],
    )
    _link(login, user)
    log.info("a user came by single sign-on", extra={"new": user.pk, "provider": login.account.provider})
    return user


def _link(login: SocialLogin, user: User) -> None:
    login.account.user = user
    login.account.save()
    login.user = user


def _follow_groups(user: User, claims: dict[str, Any] | None) -> None:
    """A provider without claims (GitHub) knows no groups and decides nothing."""
    if not settings.SSO_ROLES or claims is None:
        return
    told = claims.get(settings.SSO_GROUPS_CLAIM) or []
    groups = [told] if isinstance(told, str) else list(told) if isinstance(told, list | dict) else []
    role = role_of(str(each) for each in groups)
    if role == user.role:
        return
    try:
        services.set_role(user=user, role=role, actor=None)
    except NotAllowed:
        log.warning("the last active admin keeps the role that the groups would take", extra={"user": user.pk})
        user.refresh_from_db()


def _verified(login: SocialLogin) -> list[str]:
    return [each.email for each in login.email_addresses if each.verified]


def _domains() -> set[str]:
    return {each.strip().lower().lstrip("@") for each in settings.SSO_DOMAINS}


def _pairs() -> list[tuple[Role, str]]:
    parts = [each.partition("=") for each in settings.SSO_ROLES]
    return [(Role(role.strip()), group.strip()) for role, _sign, group in parts]
