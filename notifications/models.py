"""Deliveries: one row for each message that was to reach one target, with what became of it; and the threads they stand in."""

import uuid

from django.contrib.postgres.functions import RandomUUID
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
    SUPERSEDED = "superseded", _("Overtaken by events")


SETTLED = (DeliveryState.ACCEPTED, DeliveryState.UNKNOWN, DeliveryState.SUPPRESSED, DeliveryState.SUPERSEDED)


class Delivery(models.Model):
    """`subject` is opaque here (a ticket's id); `key` names the event that is told. One row per (key, channel, target).

    `sending` is committed before anything leaves: a row that is still so after `lease_until` may have arrived. `pending`
    has cost no attempt since it last changed; `retry` has. A `dead` one is sent again only when its job is. `message` is
    what `NotificationMessage.to_json` made; `uuid` travels with it, so that it can be found at the other side.
    """

    # The database makes one for each row that was there before the column was.
    uuid = models.UUIDField(_("id for the other side"), db_default=RandomUUID(), unique=True, editable=False)
    subject = models.CharField(_("subject"), max_length=120)
    event = models.CharField(_("event"), max_length=60)
    key = models.CharField(_("key"), max_length=200)
    channel = models.CharField(_("channel"), max_length=20)
    target = models.CharField(_("target"), max_length=200, help_text=_("A name for where it goes; never a secret."))
    title = models.CharField(_("title"), max_length=300)
    message = models.JSONField(_("message"), default=dict, blank=True)
    state = models.CharField(_("state"), max_length=12, choices=DeliveryState.choices, default=DeliveryState.PENDING)
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    ambiguous = models.PositiveIntegerField(
        _("ambiguous tries"),
        default=0,
        help_text=_("Tries whose outcome could not be known."),
    )
    doubles = models.PositiveIntegerField(
        _("possible doubles"),
        default=0,
        help_text=_("Times that it was sent again though an earlier try may have arrived."),
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
        indexes = [
            models.Index(fields=["subject", "id"], name="delivery_subject"),
            # notifications.queries says why they end so.
            models.Index("state", models.F("id") * -1, name="delivery_by_state"),
            models.Index("channel", "state", models.F("id") * -2, name="delivery_by_channel"),
            models.Index("event", "state", models.F("id") * -3, name="delivery_by_event"),
            models.Index("channel", "event", "state", models.F("id") * -4, name="delivery_by_channel_event"),
            # How many a target was told lately.
            models.Index(fields=["channel", "target", "created_at"], name="delivery_target_lately"),
            models.Index(fields=["-id"], condition=models.Q(ambiguous__gt=0), name="delivery_ambiguous"),
        ]

    def __str__(self) -> str:
        return f"{self.channel} → {self.target}: {self.title}"


class DeliveryAttempt(models.Model):
    """What came of one try. Rows are added and never changed."""

    delivery = models.ForeignKey(Delivery, verbose_name=_("delivery"), on_delete=models.CASCADE, related_name="tries")
    number = models.PositiveIntegerField(_("number"))
    at = models.DateTimeField(_("at"))
    outcome = models.CharField(_("outcome"), max_length=12, choices=DeliveryState.choices)
    ambiguous = models.BooleanField(_("outcome unknown"), default=False)
    vendor_id = models.CharField(_("vendor's id"), max_length=200, blank=True, default="")
    error = models.TextField(_("error"), blank=True, default="")

    class Meta:
        verbose_name = _("delivery attempt")
        verbose_name_plural = _("delivery attempts")
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.delivery_id}/{self.number}: {self.outcome}"


class Thread(models.Model):
    """One conversation at one target: what is told of one `key` (a ticket's id) in one Slack channel.

    `root_id` is the vendor's id of its first message, "" until there is one. `opener` (a delivery's uuid) is making it, until
    `lease_until`; after that, or while `doubtful`, it may be there without our knowing. The first message shows `status` and
    `buttons`, which are as of `status_at`; every change of them counts `version` up.
    """

    key = models.CharField(_("key"), max_length=120)
    channel = models.CharField(_("channel"), max_length=20)
    target = models.CharField(_("target"), max_length=200)
    uuid = models.UUIDField(_("id for the other side"), default=uuid.uuid4, unique=True, editable=False)
    root_id = models.CharField(_("first message"), max_length=60, blank=True, default="")
    root_of = models.UUIDField(_("delivery of the first message"), null=True, blank=True)
    place = models.CharField(_("place"), max_length=60, blank=True, default="")
    opener = models.UUIDField(_("who opens it"), null=True, blank=True)
    lease_until = models.DateTimeField(_("lease until"), null=True, blank=True)
    doubtful = models.BooleanField(_("may have been opened already"), default=False)
    status = models.CharField(_("status"), max_length=200, blank=True, default="")
    buttons = models.JSONField(_("buttons"), default=list, blank=True)
    status_at = models.DateTimeField(_("status as of"), null=True, blank=True)
    version = models.PositiveIntegerField(_("version"), default=0)
    created_at = models.DateTimeField(_("created at"))

    class Meta:
        verbose_name = _("thread")
        verbose_name_plural = _("threads")
        constraints = [models.UniqueConstraint(fields=["key", "channel", "target"], name="thread_one_per_target")]
        indexes = [models.Index(fields=["channel", "place", "root_id"], name="thread_root")]

    def __str__(self) -> str:
        return f"{self.channel}:{self.target} {self.key}"
