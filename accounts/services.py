"""What can be done with people. Every entry point (portal, Django admin, commands) goes through here.

Errors: InvalidInput for a value that is refused, NotAllowed for an act that the present state forbids.
"""

import logging

from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext as _

from accounts import signins
from accounts.links import invitation_tokens, reset_tokens
from accounts.models import TokenFamily, User
from accounts.roles import Role, flags_of
from accounts.tokens import revoke_all
from voc.core import clock
from voc.core.errors import InvalidInput, NotAllowed
from voc.core.outbox.api import emit

log = logging.getLogger(__name__)
INVITATION = "invitation"
RESET = "reset"
# At most one reset mail per account in each span of so many seconds: nobody's mailbox is filled by a stranger.
RESET_MAIL_SPACING = 300
# Reserved for examples: what is mailed there reaches nobody.
DEMO_DOMAIN = "demo.example"


def invite_user(
    *,
    email: str,
    role: Role | str,
    language: str = "",
    invited_by: User | None,
    username: str = "",
    first_name: str = "",
    last_name: str = "",
) -> User:
    """Make a user who has no password yet and mail them a link to set one. Their username is the address unless given."""
    email = _checked_email(email)
    username = username.strip() or email.lower()
    if User.objects.filter(username__iexact=username).exists():
        raise InvalidInput(field="username", message=_("Somebody has this username already."), code="unique")
    with transaction.atomic():
        user = User.objects.create_user(
            username, email, role=role, language=language, first_name=first_name, last_name=last_name
        )
        mail_invitation(user=user, invited_by=invited_by)
    return user


def mail_invitation(*, user: User, invited_by: User | None) -> None:
    """Mail the link to somebody who has not set a password yet (once more, if need be)."""
    if user.has_usable_password():
        raise NotAllowed(_("%(name)s has a password already.") % {"name": user.get_username()})
    payload = {"user_id": user.pk, "kind": INVITATION, "by": invited_by.pk if invited_by else None}
    with transaction.atomic():
        emit("account.mail", subject=f"user:{user.pk}", payload=payload)


def accept_invitation(*, user: User, token: str, password: str) -> User:
    """Set the invited user's first password. Raises NotAllowed when the link was used meanwhile or is too old."""
    return _set_password_by_link(user=user, token=token, password=password, tokens=invitation_tokens)


def request_password_reset(*, email: str) -> None:
    """Mail a link to the account with this address, if there is one; the caller must answer the same either way.

    Somebody who never accepted their invitation gets that again.
    """
    user = User.objects.filter(email__iexact=email.strip(), is_active=True).first() if email.strip() else None
    if user is None:
        return
    kind = RESET if user.has_usable_password() else INVITATION
    span = int(clock.now().timestamp()) // RESET_MAIL_SPACING
    with transaction.atomic():
        emit(
            "account.mail",
            subject=f"user:{user.pk}",
            payload={"user_id": user.pk, "kind": kind},
            key=f"account.mail:{kind}:{user.pk}:{span}",
        )


def reset_password(*, user: User, token: str, password: str) -> User:
    """Set a new password; sessions and API tokens of the old one end. Raises NotAllowed like accept_invitation."""
    return _set_password_by_link(user=user, token=token, password=password, tokens=reset_tokens)


def set_role(*, user: User, role: Role | str, actor: User | None) -> User:
    """Change what a user may do, from their next request on; refresh tokens of the old role end.

    Raises NotAllowed for the last active admin.
    """
    return _change(user, actor, role=Role(role).value, **flags_of(Role(role)))


def deactivate_user(*, user: User, actor: User | None) -> User:
    """End a user's access with their next request; what they did stays theirs. NotAllowed for the last active admin.

    Switched on again, they sign in anew: no old session or token comes back to life.
    """
    with transaction.atomic():
        changed = _change(user, actor, is_active=False)
        revoke_all(user, TokenFamily.End.DISABLED)
        signins.end_all(user=user)
    return changed


def activate_user(*, user: User, actor: User | None) -> User:
    return _change(user, actor, is_active=True)


def update_profile(*, user: User, first_name: str, last_name: str, language: str) -> User:
    return _change(user, user, first_name=first_name, last_name=last_name, language=language)


def set_language(*, user: User, language: str) -> User:
    return _change(user, user, language=language)


def create_admin(*, username: str, email: str, password: str, language: str = "", another: bool = False) -> User:
    """The first admin, or one more with `another`. Raises NotAllowed, InvalidInput."""
    if not another and User.objects.active_admins().exists():
        raise NotAllowed(_("There is an admin already."))
    if User.objects.filter(username__iexact=username).exists():
        raise InvalidInput(field="username", message=_("Somebody has this username already."), code="unique")
    email = _checked_email(email) if email else ""
    _check_password(password, User(username=username, email=email))
    return User.objects.create_user(username, email, password, role=Role.ADMIN, language=language)


def ensure_demo_user(*, role: Role, password: str) -> bool:
    """One user named after the role, with this password and an address that leads nowhere. Returns whether anything had to
    be changed."""
    with transaction.atomic():
        user = User.objects.select_for_update().filter(username=role.value).first()
        if user is None:
            User.objects.create_user(role.value, f"{role.value}@{DEMO_DOMAIN}", password=password, role=role)
            return True
        as_it_should_be = user.check_password(password) and user.role == role and user.is_active and user.email
        if not as_it_should_be:
            user.set_password(password)
            user.role = role.value
            user.is_active = True
            user.email = user.email or f"{role.value}@{DEMO_DOMAIN}"
            user.is_staff, user.is_superuser = flags_of(role)["is_staff"], flags_of(role)["is_superuser"]
            user.save()
        return not as_it_should_be


def _change(user: User, actor: User | None, **values: str | bool) -> User:
    """Write the fields that differ, under a lock that keeps one active admin whatever happens at the same time."""
    with transaction.atomic():
        admins = list(User.objects.active_admins().select_for_update().order_by("pk"))
        stays_admin = values.get("role", Role.ADMIN) == Role.ADMIN and values.get("is_active", True)
        if not stays_admin and [admin.pk for admin in admins] == [user.pk]:
            raise NotAllowed(_("The last active admin has to stay one."))
        for name, value in values.items():
            setattr(user, name, value)
        user.save(update_fields=list(values))
    log.info("user changed", extra={"changed": user.pk, "by": actor.pk if actor else None, "fields": sorted(values)})
    return user


def _set_password_by_link(*, user: User, token: str, password: str, tokens: PasswordResetTokenGenerator) -> User:
    _check_password(password, user)
    with transaction.atomic():
        # Locked and read again: of two who use one link at once, the second finds it used.
        locked = User.objects.select_for_update().get(pk=user.pk)
        if not locked.is_active or not tokens.check_token(locked, token):
            raise NotAllowed(_("This link was used already or is too old. Ask for a new one."))
        locked.set_password(password)
        locked.save(update_fields=["password"])
        # They are worthless already; nor shall they be shown as if somebody were signed in there.
        signins.end_all(user=locked)
    return locked


def _checked_email(email: str) -> str:
    email = email.strip()
    try:
        validate_email(email)
    except ValidationError as error:
        raise InvalidInput(field="email", message=" ".join(error.messages)) from error
    if User.objects.filter(email__iexact=email).exists():
        raise InvalidInput(field="email", message=_("Somebody has this e-mail address already."), code="unique")
    return email


def _check_password(password: str, user: User) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise InvalidInput(field="password", message=" ".join(error.messages)) from error
