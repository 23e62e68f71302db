"""Alerts, and the keys under which what is kept of customers is encrypted."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from voc.core.fields import EncryptedTextField


class Alert(models.Model):
    """What the admins must know, raised once by any part of the system and open until it is mended."""

    class Level(models.TextChoices):
        INFO = "info", _("Info")
        WARNING = "warning", _("Warning")
        CRITICAL = "critical", _("Critical")

    key = models.CharField(_("key"), max_length=200, help_text=_("What it is about; one open alert per key."))
    level = models.CharField(_("level"), max_length=10, choices=Level.choices, default=Level.WARNING)
    title = models.CharField(_("title"), max_length=200)
    body = models.TextField(_("details"), blank=True, default="")
    raised_at = models.DateTimeField(_("raised at"))
    last_seen_at = models.DateTimeField(_("last seen at"))
    times = models.PositiveIntegerField(_("times"), default=1)
    cleared_at = models.DateTimeField(_("cleared at"), null=True, blank=True)

    class Meta:
        verbose_name = _("alert")
        verbose_name_plural = _("alerts")
        ordering = ["-raised_at"]
        constraints = [
            models.UniqueConstraint(fields=["key"], condition=models.Q(cleared_at=None), name="alert_one_open_per_key"),
            models.CheckConstraint(condition=models.Q(level__in=["info", "warning", "critical"]), name="alert_level"),
        ]

    def __str__(self) -> str:
        return self.title


class CustomerKey(models.Model):
    """A key of one customer's; written and read by `voc.core.customers` alone. Without it, what it encrypted is gone for good."""

    handle = models.CharField(_("handle"), max_length=80, unique=True, help_text=_("A fingerprint; it names nobody."))
    secret = EncryptedTextField(_("key"), editable=False)
    created_at = models.DateTimeField(_("created at"))

    class Meta:
        verbose_name = _("customer's key")
        verbose_name_plural = _("customers' keys")

    def __str__(self) -> str:
        return self.handle
