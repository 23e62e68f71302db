"""The ticket, its timeline and its comments."""

from typing import Any

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.utils.translation import gettext_lazy as _

from tickets.results import Reason, told, told_fields
from voc.core.vocabulary import Channel, ProblemType, Urgency


class Status(models.TextChoices):
    OPEN = "OPEN", _("Received")
    ANALYZING = "ANALYZING", _("Analysing")
    WAITING_CONFIRM = "WAITING_CONFIRM", _("Awaiting decision")
    MANUAL_REQUIRED = "MANUAL_REQUIRED", _("Needs a person")
    IN_PROGRESS = "IN_PROGRESS", _("In progress")
    DONE = "DONE", _("Done")
    REJECTED = "REJECTED", _("Rejected")


RESTING = (Status.WAITING_CONFIRM, Status.MANUAL_REQUIRED, Status.IN_PROGRESS, Status.DONE, Status.REJECTED)


class RejectCategory(models.TextChoices):
    """Why a decision was rejected, for the statistics; the reason itself is free text."""

    WRONG_TYPE = "wrong_type", _("Wrong problem type")
    WRONG_SYSTEM = "wrong_system", _("Wrong system")
    WEAK_EVIDENCE = "weak_evidence", _("Evidence does not convince")
    WRONG_ACTION = "wrong_action", _("Wrong action")
    NOT_A_PROBLEM = "not_a_problem", _("Not a problem")
    DUPLICATE = "duplicate", _("Duplicate")
    OTHER = "other", _("Other")


class Ticket(models.Model):
    ticket_id = models.CharField(_("ticket id"), max_length=32, unique=True)
    status = models.CharField(_("status"), max_length=20, choices=Status.choices, default=Status.OPEN)
    created_at = models.DateTimeField(_("created at"))
    updated_at = models.DateTimeField(_("updated at"))
    assignee = models.CharField(_("assignee"), max_length=100, null=True, blank=True)
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("submitted by"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )

    raw_voc = models.TextField(_("complaint"), max_length=5000)
    customer_name = models.CharField(_("customer"), max_length=100)
    channel = models.CharField(_("channel"), max_length=10, choices=Channel.choices)
    received_at = models.DateTimeField(_("received at"))
    customer_contact = models.CharField(_("contact"), max_length=200, blank=True, default="")
    external_id = models.CharField(_("external id"), max_length=100, null=True, blank=True)

    summary = models.CharField(_("summary"), max_length=200, blank=True, default="")
    suspected_type_primary = models.CharField(
        _("suspected type"), max_length=30, choices=ProblemType.choices, null=True, blank=True
    )
    suspected_type_secondary = models.CharField(
        _("suspected second type"), max_length=30, choices=ProblemType.choices, null=True, blank=True
    )
    affected_system = models.CharField(_("affected system"), max_length=100, null=True, blank=True)
    urgency = models.CharField(_("urgency"), max_length=10, choices=Urgency.choices, null=True, blank=True)

    agent_decision_primary = models.CharField(
        _("problem type"), max_length=30, choices=ProblemType.choices, null=True, blank=True
    )
    agent_decision_secondary = models.CharField(
        _("second type"), max_length=30, choices=ProblemType.choices, null=True, blank=True
    )
    decision_confidence = models.FloatField(
        _("confidence"), null=True, blank=True, validators=[MinValueValidator(0), MaxValueValidator(1)]
    )
    decision_reason = models.JSONField(_("reasons"), null=True, blank=True)
    action_proposal = models.JSONField(_("proposal"), null=True, blank=True)
    analyzed_at = models.DateTimeField(_("analysed at"), null=True, blank=True)
    analyst = models.CharField(_("analyst"), max_length=60, blank=True, default="")

    # What personal data is behind placeholders such as [PHONE_1] in the analyst's texts above, as {placeholder: [forms]}: as
    # private as the complaint. Models never saw it; `tickets.personal` puts it back for who may see it.
    placeholders = models.JSONField(default=dict, blank=True, editable=False)

    confirmed_at = models.DateTimeField(_("decided at"), null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("decided by"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    reject_reason = models.CharField(_("reason for rejection"), max_length=1000, null=True, blank=True)
    reject_category = models.CharField(
        _("category of rejection"), max_length=20, choices=RejectCategory.choices, null=True, blank=True
    )
    manual_resolution = models.CharField(_("resolution"), max_length=2000, null=True, blank=True)
    # As it was told when it was written; `why_people` tells it in the reader's language, from the cause (tickets.results).
    manual_reason = models.CharField(_("why people must decide"), max_length=500, null=True, blank=True)
    manual_cause = models.JSONField(null=True, blank=True, editable=False)
    # What the manager set against the analyst, as {field: [analyst's, manager's]} with the fields of a decision
    # (primary_type, secondary_type, urgency, affected_system): a label for what learns from verdicts. The agent_decision_*
    # above stay the analyst's; `urgency` and `affected_system`, by which the work is sorted, become the manager's.
    correction = models.JSONField(_("correction"), null=True, blank=True)

    jira_issue_key = models.CharField(_("Jira issue"), max_length=64, null=True, blank=True)
    jira_project_key = models.CharField(_("Jira project"), max_length=32, null=True, blank=True)
    jira_synced_at = models.DateTimeField(_("Jira read at"), null=True, blank=True)

    # Urgency in an order that an index can follow: high 3, medium 2, low 1, unknown 0.
    urgency_rank = models.GeneratedField(
        expression=Case(
            When(urgency=Urgency.HIGH, then=Value(3)),
            When(urgency=Urgency.MEDIUM, then=Value(2)),
            When(urgency=Urgency.LOW, then=Value(1)),
            default=Value(0),
        ),
        output_field=models.SmallIntegerField(),
        db_persist=True,
    )

    class Meta:
        verbose_name = _("ticket")
        verbose_name_plural = _("tickets")
        constraints = [
            models.UniqueConstraint(fields=["channel", "external_id"], name="ticket_external_id_once_per_channel"),
            models.CheckConstraint(condition=Q(status__in=Status.values), name="ticket_status"),
            models.CheckConstraint(condition=Q(channel__in=Channel.values), name="ticket_channel"),
            models.CheckConstraint(condition=Q(urgency=None) | Q(urgency__in=Urgency.values), name="ticket_urgency"),
            models.CheckConstraint(
                condition=Q(decision_confidence=None) | Q(decision_confidence__gte=0, decision_confidence__lte=1),
                name="ticket_confidence",
            ),
            models.CheckConstraint(
                condition=~Q(status=Status.REJECTED) | Q(reject_reason__isnull=False),
                name="ticket_rejected_for_a_reason",
            ),
            models.CheckConstraint(
                condition=~Q(status=Status.WAITING_CONFIRM)
                | Q(agent_decision_primary__isnull=False, decision_confidence__isnull=False),
                name="ticket_waits_with_a_decision",
            ),
        ]
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="ticket_newest"),
            models.Index(fields=["status", "-created_at", "-id"], name="ticket_status_newest"),
            models.Index(fields=["urgency", "-created_at", "-id"], name="ticket_urgency_newest"),
            models.Index(fields=["status", "urgency", "-created_at", "-id"], name="ticket_queue"),
            models.Index(fields=["-urgency_rank", "-created_at", "-id"], name="ticket_most_urgent"),
            models.Index(fields=["submitted_by", "-created_at", "-id"], name="ticket_own_newest"),
            models.Index(fields=["updated_at", "id"], name="ticket_updated"),
            # The review queue: only what waits for people, so that it costs the same however much is finished.
            models.Index(
                -F("urgency_rank"),
                "received_at",
                "id",
                name="ticket_waiting",
                condition=Q(status__in=[Status.WAITING_CONFIRM, Status.MANUAL_REQUIRED]),
            ),
        ]

    def __str__(self) -> str:
        return self.ticket_id

    @property
    def is_resting(self) -> bool:
        return self.status in RESTING

    @property
    def why_people(self) -> str:
        """Why people must decide, in the reader's language; "" when nothing says that they must."""
        return str(self._why_people)

    @property
    def why_people_outside(self) -> str:
        """The same for who handed the complaint in."""
        return str(self._why_people.outside)

    @property
    def _why_people(self) -> Reason:
        return Reason.from_json(self.manual_cause, text=self.manual_reason)

    @property
    def decided_primary(self) -> str | None:
        """The problem type in force: the manager's where one was set, else the analyst's (`agent_decision_primary`)."""
        return self._corrected("primary_type", self.agent_decision_primary)

    @property
    def decided_secondary(self) -> str | None:
        return self._corrected("secondary_type", self.agent_decision_secondary)

    def _corrected(self, name: str, analysts: str | None) -> str | None:
        managers: tuple[str | None, str | None] = (self.correction or {}).get(name, (None, analysts))
        return managers[1]


class EventKind(models.TextChoices):
    SUBMITTED = "submitted", _("Complaint received")
    ANALYSIS_STARTED = "analysis_started", _("Analysis started")
    ANALYSED = "analysed", _("Analysis finished")
    MANUAL_REQUIRED = "manual_required", _("Handed to people")
    CONFIRMED = "confirmed", _("Approved")
    REJECTED = "rejected", _("Rejected")
    COMPLETED = "completed", _("Completed by hand")
    RETRIED = "retried", _("Analysis asked for again")
    UNDONE = "undone", _("Verdict undone")
    ASSIGNED = "assigned", _("Assigned")
    COMMENTED = "commented", _("Comment")
    TOLD = "told", _("Message sent")
    NOT_TOLD = "not_told", _("Message not delivered")
    JIRA_CREATED = "jira_created", _("Jira issue created")
    JIRA_LINKED = "jira_linked", _("Linked to a Jira issue")
    JIRA_UNLINKED = "jira_unlinked", _("Jira issue unlinked")
    JIRA_BLOCKED = "jira_blocked", _("Jira refuses the issue")
    JIRA_RETRIED = "jira_retried", _("Jira issue asked for again")
    JIRA_DUPLICATE = "jira_duplicate", _("Second Jira issue found")
    JIRA_STATUS = "jira_status", _("Changed in Jira")
    JIRA_DONE = "jira_done", _("Done in Jira")
    JIRA_REOPENED = "jira_reopened", _("Reopened in Jira")
    JIRA_COMMENTED = "jira_commented", _("Comment in Jira")
    JIRA_COMMENT_EDITED = "jira_comment_edited", _("Comment changed in Jira")
    JIRA_COMMENT_DELETED = "jira_comment_deleted", _("Comment deleted in Jira")
    JIRA_GONE = "jira_gone", _("Jira issue cannot be read")
    JIRA_BACK = "jira_back", _("Jira issue can be read again")


class TicketEvent(models.Model):
    """A line of the timeline: what happened to a ticket, by whom. Append-only. `data` holds what the kind needs to be told."""

    ticket = models.ForeignKey(Ticket, verbose_name=_("ticket"), on_delete=models.CASCADE, related_name="events")
    kind = models.CharField(_("kind"), max_length=30, choices=EventKind.choices)
    at = models.DateTimeField(_("at"))
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("by"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    actor_name = models.CharField(_("by"), max_length=150, blank=True, default="")
    status_before = models.CharField(_("status before"), max_length=20, blank=True, default="")
    status_after = models.CharField(_("status after"), max_length=20, blank=True, default="")
    data = models.JSONField(_("details"), default=dict, blank=True)

    class Meta:
        verbose_name = _("ticket event")
        verbose_name_plural = _("ticket events")
        ordering = ["id"]
        indexes = [models.Index(fields=["ticket", "id"], name="ticket_event_timeline")]

    def __str__(self) -> str:
        return f"{self.ticket_id}: {self.get_kind_display()}"

    @property
    def told(self) -> dict[str, Any]:
        """`data`, with what is ours to say in the reader's language."""
        if self.kind != EventKind.JIRA_BLOCKED:
            return told(self.data)
        fields = self.data.get("fields")
        return told(self.data, name="error") | ({"fields": told_fields(fields)} if isinstance(fields, dict) else {})


class Comment(models.Model):
    """An internal remark of the staff on a ticket."""

    ticket = models.ForeignKey(Ticket, verbose_name=_("ticket"), on_delete=models.CASCADE, related_name="comments")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("by"), null=True, on_delete=models.SET_NULL, related_name="+"
    )
    author_name = models.CharField(_("by"), max_length=150)
    body = models.TextField(_("comment"), max_length=4000)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("comment")
        verbose_name_plural = _("comments")
        ordering = ["id"]
        indexes = [models.Index(fields=["ticket", "id"], name="comment_of_ticket")]

    def __str__(self) -> str:
        return self.body[:60]
