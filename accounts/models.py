"""The user: one role each, from which everything else follows; what they sign in with; and failed sign-ins."""

import re
from typing import Any, ClassVar

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import AbstractUser
from django.contrib.auth.models import UserManager as DjangoUserManager
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from accounts.roles import STAFF_ROLES, Role, flags_of

ROLE_LABELS = [
    (Role.ADMIN.value, _("Admin")),
    (Role.MANAGER.value, _("Manager")),
    (Role.VIEWER.value, _("Viewer")),
    (Role.SUBMITTER.value, _("Submitter")),
]
LANGUAGE_LABELS = [("ko", _("Korean")), ("en", _("English"))]
HANGUL = re.compile("[가-힣]+")
STAFF_VALUES = tuple(role.value for role in STAFF_ROLES)


def folded(username: str) -> str:
    """What all spellings have in common by which the database finds one user: its UPPER() takes ı for i, casefold() does not."""
    return username.upper().casefold()


class UserManager(DjangoUserManager["User"]):
    use_in_migrations = False

    def create_user(
        self,
        username: str,
        email: str | None = None,
        password: str | None = None,
        *,
        role: Role | str = Role.SUBMITTER,
        **fields: Any,
    ) -> "User":
        """A new user. Without a password there is none that fits, until an invitation is accepted."""
        if not username:
            raise ValueError("A user needs a username")
        user = self.model(
            **fields
            | flags_of(Role(role))
            | {
                "username": self.model.normalize_username(username),
                "email": self.normalize_email(email),
                "role": Role(role).value,
                "password": make_password(password),
            }
        )
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> "User":
        """Usernames differ in more than capitals (the database sees to it), so nobody has to remember those."""
        return self.get(username__iexact=username)

    def active_admins(self) -> "models.QuerySet[User]":
        return self.filter(role=Role.ADMIN, is_active=True)

    def create_superuser(
        self, username: str, email: str | None = None, password: str | None = None, **fields: Any
    ) -> "User":
        return self.create_user(username, email, password, **fields | {"role": Role.ADMIN})


class User(AbstractUser):
    """`is_staff` and `is_superuser` follow the role (the database holds them together), so that there is one thing to set."""

    role = models.CharField(_("role"), max_length=10, choices=ROLE_LABELS, default=Role.SUBMITTER.value)
    language = models.CharField(_("language"), max_length=5, choices=LANGUAGE_LABELS, blank=True, default="")

    objects: ClassVar[UserManager] = UserManager()

    # What an API key that acts for this user may do at most, set on the instance of one request; None for everything.
    scopes: frozenset[str] | None = None

    class Meta(AbstractUser.Meta):
        constraints = [
            models.CheckConstraint(condition=models.Q(role__in=[role.value for role in Role]), name="user_role"),
            models.CheckConstraint(
                condition=models.Q(role="admin", is_staff=True, is_superuser=True)
                | models.Q(role="manager", is_staff=True, is_superuser=False)
                | (~models.Q(role__in=STAFF_VALUES) & models.Q(is_staff=False, is_superuser=False)),
                name="user_flags_follow_role",
            ),
            models.UniqueConstraint(
                Lower("username"),
                name="user_one_per_username",
                violation_error_message=_("Somebody has this username already."),
            ),
            models.UniqueConstraint(
                Lower("email"),
                condition=~models.Q(email=""),
                name="user_one_per_email",
                violation_error_message=_("Somebody has this e-mail address already."),
            ),
        ]

    def get_full_name(self) -> str:
        """The name as it is written where it comes from: Korean family names stand first, without a space."""
        if self.first_name and self.last_name and HANGUL.fullmatch(self.first_name + self.last_name):
            return f"{self.last_name}{self.first_name}"
        return super().get_full_name()

    @property
    def is_admin(self) -> bool:
        return self.role == Role.ADMIN and (self.scopes is None or "*" in self.scopes)


class LoginAttempt(models.Model):
    """A failed sign-in, or one that is being tried. Rows are written and counted by `accounts.throttle` alone.

    `key` is a keyed hash of account and address: what people type by mistake as their username is no business of ours.
    """

    key = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("failed sign-in")
        verbose_name_plural = _("failed sign-ins")
        indexes = [
            models.Index(fields=["key", "at"], name="loginattempt_key_at"),
            models.Index(fields=["at"], name="loginattempt_at"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S}"


class BrowserSession(models.Model):
    """A visitor's session. Written by `accounts.sessions` alone: a row is named by a hash of the cookie, its data is encrypted.

    `user` is empty until somebody has signed in. `seen_at`, `address` and `agent` (the program, by its own account) are of the
    last use, to the minute.
    """

    session_key = models.CharField(primary_key=True, max_length=40)
    session_data = models.TextField()
    expire_date = models.DateTimeField(db_index=True)
    # Without a constraint: Django takes a row that cannot be written for a key that is taken, and tries new keys for ever.
    user = models.ForeignKey(
        User, on_delete=models.CASCADE, null=True, related_name="browser_sessions", db_constraint=False
    )
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    address = models.CharField(max_length=64, blank=True, default="")
    agent = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        verbose_name = _("session")
        verbose_name_plural = _("sessions")

    def __str__(self) -> str:
        return f"{self.user_id} {self.started_at:%Y-%m-%d %H:%M:%S}"


class TokenFamily(models.Model):
    """One sign-in to the API with all token pairs that came of it. Written by `accounts.tokens` alone.

    `current` and `previous` are SHA-256 of refresh tokens' ids, of which none can be made. `role` is the user's at the time:
    whoever has another one by now signs in anew. `address` and `agent` are those of the last refresh.
    """

    class End(models.TextChoices):
        SIGNED_OUT = "signed_out", _("signed out")
        REUSED = "reused", _("a used token came back")
        DISABLED = "disabled", _("switched off")

    id = models.CharField(primary_key=True, max_length=32)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="token_families")
    role = models.CharField(max_length=10)
    address = models.CharField(max_length=64, blank=True, default="")
    agent = models.CharField(max_length=200, blank=True, default="")
    current = models.CharField(max_length=64)
    previous = models.CharField(max_length=64, blank=True, default="")
    started_at = models.DateTimeField()
    rotated_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    end_reason = models.CharField(max_length=10, choices=End, blank=True, default="")

    class Meta:
        verbose_name = _("sign-in to the API")
        verbose_name_plural = _("sign-ins to the API")
        indexes = [models.Index(fields=["expires_at"], name="tokenfamily_expires_at")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.started_at:%Y-%m-%d %H:%M:%S}"


class ApiKey(models.Model):
    """A key by which a machine acts as a user, within `scopes`. Written by `accounts.api_keys` alone; rows are never deleted.

    `prefix` finds the row, `digest` is SHA-256 of the whole key: of 192 random bits nothing can be guessed, and a slow hash
    would only slow every call down. `networks` are those it may be used from; none for anywhere.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_keys", verbose_name=_("user"))
    name = models.CharField(_("name"), max_length=100)
    prefix = models.CharField(max_length=12, unique=True)
    digest = models.CharField(max_length=64)
    scopes = models.JSONField(_("permissions"), default=list)
    networks = models.JSONField(_("networks"), default=list, blank=True)
    per_minute = models.PositiveIntegerField(_("calls a minute"), null=True, blank=True)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    expires_at = models.DateTimeField(_("ends"))
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")
        ordering = ["-created_at", "-id"]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"
