"""Deliveries: one row for each message that was to reach one target, with what became of it."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class DeliveryState(models.TextChoices):
    PENDING = "pending", _("Pending")
    SENDING = "sending", _("Sending")
    ACCEPTED = "accepted", _("Accepted")
    RETRY = "retry", _("Will be tried again")
    UNKNOWN = "unknown", _("Outcome unknown")
    DEAD = "dead", _("Given up")
    SUPPRESSED = "suppressed", _("Not sent")


SETTLED = (DeliveryState.ACCEPTED, DeliveryState.UNKNOWN, DeliveryState.SUPPRESSED)


class Delivery(models.Model):
    """`subject` is opaque here (a ticket's id); `key` names the event that is told. One row per (key, channel, target).

    `sending` is committed before anything leaves: a row that is still so after `lease_until` may have arrived. `pending`
    has cost no attempt since it last changed; `retry` has. A `dead` one is sent again only when its job is.
    """

    subject = models.CharField(_("subject"), max_length=120)
    event = models.CharField(_("event"), max_length=60)
    key = models.CharField(_("key"), max_length=200)
    channel = models.CharField(_("channel"), max_length=20)
    target = models.CharField(_("target"), max_length=200, help_text=_("A name for where it goes; never a secret."))
    title = models.CharField(_("title"), max_length=300)
    state = models.CharField(_("state"), max_length=12, choices=DeliveryState.choices, default=DeliveryState.PENDING)
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    ambiguous = models.PositiveIntegerField(
        _("ambiguous tries"),
        default=0,
        help_text=_("Tries whose outcome could not be known, so that it may have arrived twice."),
    )
    vendor_id = models.CharField(_("vendor's id"), max_length=200, blank=True, default="")
    error = models.TextField(_("last error"), blank=True, default="")
    created_at = models.DateTimeField(_("created at"))
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True)
    lease_until = models.DateTimeField(_("lease until"), null=True, blank=True)
    next_attempt_at = models.DateTimeField(_("next attempt at"), null=True, blank=True)

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["key", "channel", "target"], name="delivery_once_per_target"),
            models.CheckConstraint(condition=models.Q(state__in=DeliveryState.values), name="delivery_state"),
            models.CheckConstraint(
                condition=~models.Q(state=DeliveryState.SENDING) | models.Q(lease_until__isnull=False),
                name="delivery_sends_only_under_a_lease",
            ),
        ]
        indexes = [models.Index(fields=["subject", "id"], name="delivery_subject")]

    def __str__(self) -> str:
        return f"{self.channel} → {self.target}: {self.title}"
