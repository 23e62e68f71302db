"""What the models did and cost, and which prompts are in force. Rows are keyed by an opaque subject (a ticket's number)."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class PromptActivation(models.Model):
    """Which version of a prompt a label stands for, from this moment on. Rows are added, never changed: the last one counts.

    `share` (0–100) is the part of the subjects that a canary takes; an empty `version` ends it.
    """

    name = models.CharField(_("prompt"), max_length=60)
    label = models.CharField(_("label"), max_length=20)
    version = models.CharField(_("version"), max_length=20, blank=True, default="")
    share = models.PositiveSmallIntegerField(_("share in percent"), default=100)
    at = models.DateTimeField(_("at"))
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("by"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )

    class Meta:
        verbose_name = _("prompt activation")
        verbose_name_plural = _("prompt activations")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=models.Q(share__lte=100), name="activation_share"),
            models.CheckConstraint(condition=models.Q(label__in=["active", "canary"]), name="activation_label"),
        ]
        indexes = [models.Index(fields=["name", "label", "-id"], name="activation_of_label")]

    def __str__(self) -> str:
        return f"{self.name} {self.label} → {self.version or '–'}"


class Outcome(models.TextChoices):
    OK = "ok", _("Answered")
    CACHED = "cached", _("From the cache")
    INVALID = "invalid", _("Answer of the wrong shape")
    BUSY = "busy", _("Asked to wait")
    REFUSED = "refused", _("Refused")
    FAILED = "failed", _("Failed")


class ModelCall(models.Model):
    """The ledger: one attempt to have a model answer, failed and cached ones too. Rows are added, never changed.

    `cost` is in US dollars, of the prices (per million tokens) that stand beside it. `uncertain`: the model may have
    worked, and billed, without its answer arriving.
    """

    at = models.DateTimeField(_("at"))
    subject = models.CharField(_("subject"), max_length=100, blank=True, default="")
    task = models.CharField(_("task"), max_length=40)
    model = models.CharField(_("model"), max_length=100)
    attempt = models.PositiveSmallIntegerField(_("attempt"))
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome.choices)
    prompt = models.CharField(_("prompt"), max_length=60, blank=True, default="")
    prompt_version = models.CharField(_("prompt version"), max_length=20, blank=True, default="")
    input_tokens = models.PositiveIntegerField(_("input tokens"), default=0)
    output_tokens = models.PositiveIntegerField(_("output tokens"), default=0)
    cost = models.DecimalField(_("cost"), default=0, max_digits=14, decimal_places=8)
    input_price = models.DecimalField(_("input price"), max_digits=12, decimal_places=4, default=0)
    output_price = models.DecimalField(_("output price"), max_digits=12, decimal_places=4, default=0)
    milliseconds = models.PositiveIntegerField(_("milliseconds"), default=0)
    uncertain = models.BooleanField(_("cost uncertain"), default=False)
    error = models.CharField(_("error"), max_length=300, blank=True, default="")

    class Meta:
        verbose_name = _("model call")
        verbose_name_plural = _("model calls")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=models.Q(outcome__in=Outcome.values), name="model_call_outcome")
        ]
        indexes = [
            models.Index(fields=["-at"], name="model_call_at"),
            models.Index(fields=["subject", "-id"], name="model_call_of_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.model} {self.outcome} {self.cost}"


class SpendDay(models.Model):
    """What a day of the site cost so far, in US dollars: kept, so that a budget is asked in one row and not in a ledger."""

    day = models.DateField(_("day"), primary_key=True)
    spent = models.DecimalField(_("spent"), default=0, max_digits=14, decimal_places=8)

    class Meta:
        verbose_name = _("spending of a day")
        verbose_name_plural = _("spending by day")
        ordering = ["-day"]
        constraints = [models.CheckConstraint(condition=models.Q(spent__gte=0), name="spend_day_not_negative")]

    def __str__(self) -> str:
        return f"{self.day}: {self.spent}"


class Reservation(models.Model):
    """Money set aside for a call that is under way; after `expires_at` its caller is taken for dead."""

    amount = models.DecimalField(_("amount"), max_digits=14, decimal_places=8)
    expires_at = models.DateTimeField(_("expires at"), db_index=True)

    class Meta:
        verbose_name = _("reservation")
        verbose_name_plural = _("reservations")

    def __str__(self) -> str:
        return f"{self.amount}"
