"""Jobs: what must happen, written in the transaction that decided it. PostgreSQL holds them, Redis only wakes workers."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class JobState(models.TextChoices):
    PENDING = "pending", _("Pending")
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    BLOCKED = "blocked", _("Blocked")
    DEAD = "dead", _("Dead")
    CANCELLED = "cancelled", _("Cancelled")


OPEN_STATES = (JobState.PENDING, JobState.RUNNING)
GIVEN_UP_STATES = (JobState.BLOCKED, JobState.DEAD)


class Job(models.Model):
    """One handler of one event.

    `subject` says what it is about (a ticket id); jobs of one queue and subject run in the order of their ids. `key`
    names the effect: one job per (key, handler). `attempts` counts failures' tries, `interruptions` the times that the
    process died under it. `lease` is the claim's token: results are written only while it is still the row's.
    """

    event = models.CharField(_("event"), max_length=60)
    queue = models.CharField(_("queue"), max_length=30)
    handler = models.CharField(_("handler"), max_length=120)
    subject = models.CharField(_("subject"), max_length=120)
    key = models.CharField(_("key"), max_length=200)
    payload = models.JSONField(_("payload"), default=dict, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=JobState.choices, default=JobState.PENDING)
    due_at = models.DateTimeField(_("due at"))
    lease = models.UUIDField(_("lease"), null=True, blank=True)
    lease_until = models.DateTimeField(_("lease until"), null=True, blank=True)
    worker = models.CharField(_("worker"), max_length=80, blank=True, default="")
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    interruptions = models.PositiveIntegerField(_("interruptions"), default=0)
    error = models.TextField(_("last error"), blank=True, default="")
    request_id = models.CharField(_("request id"), max_length=80, blank=True, default="")
    created_at = models.DateTimeField(_("created at"))
    started_at = models.DateTimeField(_("started at"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)

    class Meta:
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        constraints = [
            models.UniqueConstraint(fields=["key", "handler"], name="job_one_per_effect"),
            models.CheckConstraint(condition=models.Q(state__in=JobState.values), name="job_state"),
            models.CheckConstraint(
                condition=models.Q(state=JobState.RUNNING, lease__isnull=False, lease_until__isnull=False)
                | (~models.Q(state=JobState.RUNNING) & models.Q(lease=None)),
                name="job_runs_only_under_a_lease",
            ),
            models.UniqueConstraint(
                fields=["queue", "subject"], condition=models.Q(state=JobState.RUNNING), name="job_one_running_per_lane"
            ),
        ]
        indexes = [
            models.Index(fields=["queue", "due_at", "id"], condition=models.Q(state="pending"), name="job_pending"),
            models.Index(fields=["lease_until"], condition=models.Q(state="running"), name="job_running"),
            models.Index(
                fields=["queue", "subject", "id"], condition=models.Q(state__in=["pending", "running"]), name="job_lane"
            ),
            models.Index(fields=["subject", "id"], name="job_subject"),
            models.Index(
                fields=["finished_at"], condition=models.Q(state__in=["done", "cancelled"]), name="job_finished"
            ),
            models.Index(
                fields=["state", "-id"], condition=models.Q(state__in=["dead", "blocked"]), name="job_given_up"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event} → {self.handler} ({self.subject})"


class Gate(models.Model):
    """A queue that is paused without spending attempts: until a time, or until a person opens it (`closed_until` empty)."""

    queue = models.CharField(_("queue"), max_length=30, unique=True)
    reason = models.TextField(_("reason"))
    closed_at = models.DateTimeField(_("closed at"))
    closed_until = models.DateTimeField(_("closed until"), null=True, blank=True)

    class Meta:
        verbose_name = _("closed queue")
        verbose_name_plural = _("closed queues")

    def __str__(self) -> str:
        return self.queue


class Pulse(models.Model):
    """When something that should run again and again last ran: beat, Redis and a worker are alive if the sweep did."""

    name = models.CharField(_("name"), max_length=40, primary_key=True)
    seen_at = models.DateTimeField(_("seen at"))

    class Meta:
        verbose_name = _("pulse")
        verbose_name_plural = _("pulses")

    def __str__(self) -> str:
        return self.name
