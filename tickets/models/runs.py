"""Analysis runs: what went into each stage, what came out, how long it took, by whom."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from tickets.models.ticket import Ticket


class RunState(models.TextChoices):
    RUNNING = "running", _("Running")
    FINISHED = "finished", _("Finished")
    FAILED = "failed", _("Failed")
    INTERRUPTED = "interrupted", _("Interrupted")


class AnalysisRun(models.Model):
    """One analysis of a ticket. `asked_by` is who asked for it again; `threshold` is the one in force, `result` the decision."""

    ticket = models.ForeignKey(Ticket, verbose_name=_("ticket"), on_delete=models.CASCADE, related_name="runs")
    job_id = models.BigIntegerField(_("job"), help_text=_("The outbox job that ran it."))
    state = models.CharField(_("state"), max_length=12, choices=RunState.choices, default=RunState.RUNNING)
    analyst = models.CharField(_("analyst"), max_length=60)
    started_at = models.DateTimeField(_("started at"))
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)
    confidence = models.FloatField(_("confidence"), null=True, blank=True)
    threshold = models.FloatField(_("threshold"))
    result = models.JSONField(_("result"), null=True, blank=True)
    error = models.TextField(_("error"), blank=True, default="")
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("asked for by"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    asked_reason = models.CharField(_("asked because"), max_length=500, blank=True, default="")

    class Meta:
        verbose_name = _("analysis run")
        verbose_name_plural = _("analysis runs")
        ordering = ["-id"]
        constraints = [models.CheckConstraint(condition=models.Q(state__in=RunState.values), name="run_state")]
        indexes = [models.Index(fields=["ticket", "-id"], name="run_of_ticket")]

    def __str__(self) -> str:
        return f"{self.ticket_id} #{self.pk}"


class AnalysisStep(models.Model):
    """One stage of a run (normalise, retrieve, solve, score)."""

    run = models.ForeignKey(AnalysisRun, verbose_name=_("run"), on_delete=models.CASCADE, related_name="steps")
    stage = models.CharField(_("stage"), max_length=20)
    position = models.PositiveSmallIntegerField(_("position"))
    analyst = models.CharField(_("by"), max_length=60, blank=True, default="")
    started_at = models.DateTimeField(_("started at"))
    milliseconds = models.PositiveIntegerField(_("milliseconds"))
    input = models.JSONField(_("input"), default=dict)
    output = models.JSONField(_("output"), default=dict)
    error = models.TextField(_("error"), blank=True, default="")

    class Meta:
        verbose_name = _("analysis step")
        verbose_name_plural = _("analysis steps")
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["run", "stage"], name="step_once_per_run")]

    def __str__(self) -> str:
        return self.stage
