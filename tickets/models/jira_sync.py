"""How far we have read what changed in Jira."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class JiraSync(models.Model):
    """One row: the poll's state. Everything that changed before `cursor` (in Jira, by its clock) has been read.

    `claimed_until` keeps two polls apart. `error` is why the last one failed, since `failing_since`.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    cursor = models.DateTimeField(_("read up to"), null=True, blank=True)
    claimed_until = models.DateTimeField(_("claimed until"), null=True, blank=True)
    polled_at = models.DateTimeField(_("last poll"), null=True, blank=True)
    seen = models.PositiveIntegerField(_("issues seen"), default=0)
    changed = models.PositiveIntegerField(_("tickets changed"), default=0)
    error = models.TextField(_("error"), blank=True, default="")
    failing_since = models.DateTimeField(_("failing since"), null=True, blank=True)
    reconciled_at = models.DateTimeField(_("last reconciliation"), null=True, blank=True)

    class Meta:
        verbose_name = _("Jira poll")
        verbose_name_plural = _("Jira polls")
        constraints = [models.CheckConstraint(condition=Q(id=1), name="jira_sync_one_row")]

    def __str__(self) -> str:
        return str(self._meta.verbose_name)
