"""The audit trail's tables. Rows come from the database's triggers; the application can read them, and that is all."""

from typing import Final

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _


class Act(models.TextChoices):
    INSERT = "I", _("added")
    UPDATE = "U", _("changed")
    DELETE = "D", _("deleted")
    TRUNCATE = "T", _("emptied")
    EXPORT = "X", _("exported")


# Among a million entries there may be a dozen of these: they are found by an index of their own.
RARE: Final = (Act.DELETE.value, Act.TRUNCATE.value, Act.EXPORT.value)


class Entry(models.Model):
    """One change of one row, or an export, which is told and not seen by a trigger. `before` and `after` hold what changed, but
    for `personal` columns, whose values are sealed apart.

    `role` is the database's own word for who did it; actor, address, request and `entry` (how it came: portal, API, admin, a
    job, a command) are what the application says, and are empty for SQL that came past it. `seal` is SHA-256 of the personal
    values with a random number that is sealed with them: it proves them, and tells nothing about them.
    """

    at = models.DateTimeField(_("at"))
    table = models.CharField(_("table"), max_length=63)
    row = models.CharField(_("row"), max_length=64, blank=True)
    act = models.CharField(_("act"), max_length=1, choices=Act.choices)
    subject = models.CharField(_("subject"), max_length=64, blank=True)
    actor = models.BigIntegerField(_("user's number"), null=True)
    actor_name = models.CharField(_("by"), max_length=150, blank=True)
    entry = models.CharField(_("by way of"), max_length=200, blank=True)
    address = models.CharField(_("from"), max_length=64, blank=True)
    request_id = models.CharField(_("request id"), max_length=80, blank=True)
    role = models.CharField(_("database role"), max_length=63)
    before = models.JSONField(_("before"), null=True)
    after = models.JSONField(_("after"), null=True)
    personal = ArrayField(models.CharField(max_length=63), verbose_name=_("sealed"), default=list)
    seal = models.BinaryField(null=True)

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit trail")
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["subject", "-at", "-id"], condition=~models.Q(subject=""), name="audit_subject"),
            models.Index(fields=["actor_name", "-at", "-id"], condition=~models.Q(actor_name=""), name="audit_actor"),
            models.Index(fields=["table", "-at", "-id"], name="audit_table"),
            models.Index(fields=["-at", "-id"], name="audit_at"),
            models.Index(fields=["act", "-at", "-id"], condition=models.Q(act__in=RARE), name="audit_rare"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.table} {self.row} {self.act}"


class Unsealed(models.Model):
    """Personal values as a trigger saw them, for the seconds until `audit.sealing` has put them under the customer's key."""

    entry_id = models.BigIntegerField(primary_key=True)
    subject = models.CharField(max_length=64, blank=True)
    contact_before = models.TextField(blank=True)
    contact_after = models.TextField(blank=True)
    # Text, not jsonb: the seal is over these very characters.
    before = models.TextField(null=True)
    after = models.TextField(null=True)
    nonce = models.TextField()

    class Meta:
        verbose_name = _("unsealed values")
        verbose_name_plural = _("unsealed values")
        indexes = [models.Index(fields=["subject"], name="audit_unsealed_subject")]

    def __str__(self) -> str:
        return str(self.entry_id)


class Sealed(models.Model):
    """Personal values of an entry, encrypted under the keys of the customers behind the two handles."""

    entry_id = models.BigIntegerField(primary_key=True)
    before = models.TextField(blank=True)
    after = models.TextField(blank=True)
    handle_before = models.CharField(max_length=80, blank=True)
    handle_after = models.CharField(max_length=80, blank=True)

    class Meta:
        verbose_name = _("sealed values")
        verbose_name_plural = _("sealed values")

    def __str__(self) -> str:
        return str(self.entry_id)
