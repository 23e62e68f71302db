"""What intake needs: the day's base for ticket numbers, answers to replay, and counts that are kept, not counted."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class TicketDay(models.Model):
    """The value of the number sequence when the day began: a ticket's serial is its own value minus this one."""

    day = models.DateField(_("day"), primary_key=True)
    base = models.BigIntegerField(_("base"))

    class Meta:
        verbose_name = _("ticket day")
        verbose_name_plural = _("ticket days")

    def __str__(self) -> str:
        return str(self.day)


class IdempotencyKey(models.Model):
    """The first answer to a request, to be given again when the same caller sends the same key."""

    caller = models.CharField(_("caller"), max_length=100)
    key = models.CharField(_("key"), max_length=200)
    fingerprint = models.CharField(_("fingerprint of the request"), max_length=64)
    status_code = models.PositiveSmallIntegerField(_("status code"))
    answer = models.JSONField(_("answer"))
    created_at = models.DateTimeField(_("created at"))

    class Meta:
        verbose_name = _("idempotency key")
        verbose_name_plural = _("idempotency keys")
        constraints = [models.UniqueConstraint(fields=["caller", "key"], name="idempotency_key_once_per_caller")]
        indexes = [models.Index(fields=["created_at"], name="idempotency_key_age")]

    def __str__(self) -> str:
        return self.key


class TicketCount(models.Model):
    """A difference to the number of tickets of one status and urgency, written by a database trigger.

    The sum over a (status, urgency) is exact at any moment; `tickets.tasks.compact_counts` folds the rows together.
    """

    status = models.CharField(_("status"), max_length=20)
    urgency = models.CharField(_("urgency"), max_length=10, blank=True, default="")
    delta = models.BigIntegerField(_("difference"))

    class Meta:
        verbose_name = _("ticket count")
        verbose_name_plural = _("ticket counts")

    def __str__(self) -> str:
        return f"{self.status}/{self.urgency}: {self.delta:+d}"
