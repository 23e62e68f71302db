"""What Jira told us by webhook: one row per telling, however often it was delivered."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class WebhookDelivery(models.Model):
    """A delivery whose signature was right. `digest` is of its body, so that one sent twice is known, whatever its headers say.

    Only hints are kept, never the text of an issue: what is so is read from Jira. `handled_at` says when that was done.
    """

    digest = models.CharField(_("digest"), max_length=64, unique=True)
    identifier = models.CharField(_("Jira's identifier"), max_length=100, blank=True, default="")
    event = models.CharField(_("event"), max_length=60)
    issue_id = models.CharField(_("issue id"), max_length=40)
    issue_key = models.CharField(_("issue"), max_length=64, blank=True, default="")
    received_at = models.DateTimeField(_("received at"))
    handled_at = models.DateTimeField(_("handled at"), null=True, blank=True)

    class Meta:
        verbose_name = _("Jira webhook delivery")
        verbose_name_plural = _("Jira webhook deliveries")
        indexes = [
            models.Index(fields=["issue_id", "id"], name="jira_webhook_open", condition=models.Q(handled_at=None)),
            models.Index(fields=["received_at"], name="jira_webhook_received"),
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.issue_key}"
