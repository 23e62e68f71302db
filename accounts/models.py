"""The user: one role each, from which everything else follows."""

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.permissions import Role

ROLE_LABELS = [
    (Role.ADMIN.value, _("Admin")),
    (Role.MANAGER.value, _("Manager")),
    (Role.VIEWER.value, _("Viewer")),
    (Role.SUBMITTER.value, _("Submitter")),
]
STAFF_ROLES = (Role.ADMIN.value, Role.MANAGER.value)


class User(AbstractUser):
    """`is_staff` and `is_superuser` follow the role (the database holds them together), so that there is one thing to set."""

    role = models.CharField(_("role"), max_length=10, choices=ROLE_LABELS, default=Role.SUBMITTER.value)
    language = models.CharField(
        _("language"), max_length=5, choices=[("ko", _("Korean")), ("en", _("English"))], blank=True, default=""
    )

    class Meta(AbstractUser.Meta):
        constraints = [
            models.CheckConstraint(condition=models.Q(role__in=[role.value for role in Role]), name="user_role"),
            models.CheckConstraint(
                condition=models.Q(role="admin", is_staff=True, is_superuser=True)
                | models.Q(role="manager", is_staff=True, is_superuser=False)
                | (~models.Q(role__in=STAFF_ROLES) & models.Q(is_staff=False, is_superuser=False)),
                name="user_flags_follow_role",
            ),
        ]

    @property
    def is_admin(self) -> bool:
        return self.role == Role.ADMIN
