"""What joins a ticket to Jira: its issue, and the comments that both sides have."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from tickets.models.ticket import Comment, Ticket
from tickets.results import Reason, told_fields

LABEL_PREFIX = "voc-"


class JiraState(models.TextChoices):
    """How far a ticket's issue is. `sending` and `unknown` mean that Jira may have made it without our hearing of it."""

    WAITING = "waiting", _("To be created")
    SENDING = "sending", _("Being created")
    UNKNOWN = "unknown", _("Created or not: being looked for")
    LINKED = "linked", _("Linked")
    BLOCKED = "blocked", _("Refused by Jira")
    UNLINKED = "unlinked", _("Unlinked")


class JiraOrigin(models.TextChoices):
    """How the issue came to the ticket."""

    CREATED = "created", _("Created")
    ADOPTED = "adopted", _("Found again after its creation was cut off")
    LINKED = "linked", _("Linked by hand")


def new_label() -> str:
    """A label that one issue in the world carries: it is how an issue is found whose key never reached us."""
    return f"{LABEL_PREFIX}{uuid.uuid4().hex}"


class JiraLink(models.Model):
    """A ticket's one issue. Several tickets may share an issue (`issue_id`), when one outage led to all of them.

    What stands below `issue_summary` is Jira's and only read here. `error`, `cause` and `field_errors` are why no issue was
    made; `refusal` and `field_refusals` tell it. `posts` counts how often the issue was sent, at `posted_at` last;
    `looks` how often it was looked for since. `comments_read` is the signature of the comments that were read last.
    """

    ticket = models.OneToOneField(Ticket, verbose_name=_("ticket"), on_delete=models.CASCADE, related_name="jira_link")
    state = models.CharField(_("state"), max_length=10, choices=JiraState.choices, default=JiraState.WAITING)
    label = models.CharField(_("label"), max_length=40, unique=True, default=new_label)
    project_key = models.CharField(_("project"), max_length=32)
    issue_type = models.CharField(_("issue type"), max_length=60)
    origin = models.CharField(_("origin"), max_length=10, choices=JiraOrigin.choices, blank=True, default="")
    issue_id = models.CharField(_("issue id"), max_length=40, blank=True, default="")
    issue_key = models.CharField(_("issue"), max_length=64, blank=True, default="")
    error = models.TextField(_("error"), blank=True, default="")
    cause = models.JSONField(null=True, blank=True, editable=False)
    field_errors = models.JSONField(_("errors by field"), default=dict, blank=True)
    posts = models.PositiveSmallIntegerField(_("times sent"), default=0)
    posted_at = models.DateTimeField(_("sent at"), null=True, blank=True)
    looks = models.PositiveSmallIntegerField(_("times looked for"), default=0)
    remote_linked_at = models.DateTimeField(_("link back made at"), null=True, blank=True)
    duplicates = models.JSONField(_("duplicates"), default=list, blank=True)
    created_at = models.DateTimeField(_("created at"))
    updated_at = models.DateTimeField(_("updated at"))

    issue_summary = models.CharField(_("summary"), max_length=300, blank=True, default="")
    status = models.CharField(_("status in Jira"), max_length=100, blank=True, default="")
    status_category = models.CharField(_("status category"), max_length=20, blank=True, default="")
    resolution = models.CharField(_("resolution"), max_length=100, blank=True, default="")
    issue_assignee = models.CharField(_("assignee in Jira"), max_length=150, blank=True, default="")
    issue_priority = models.CharField(_("priority in Jira"), max_length=60, blank=True, default="")
    due_on = models.DateField(_("due on"), null=True, blank=True)
    issue_updated_at = models.DateTimeField(_("changed in Jira at"), null=True, blank=True)
    comments_read = models.CharField(max_length=40, blank=True, default="", editable=False)
    gone_at = models.DateTimeField(_("not readable since"), null=True, blank=True)
    gone_reason = models.CharField(_("not readable because"), max_length=300, blank=True, default="")

    class Meta:
        verbose_name = _("Jira issue")
        verbose_name_plural = _("Jira issues")
        constraints = [
            models.CheckConstraint(condition=Q(state__in=JiraState.values), name="jira_link_state"),
            models.CheckConstraint(
                condition=~Q(state=JiraState.LINKED) | (~Q(issue_id="") & ~Q(issue_key="")),
                name="jira_linked_to_an_issue",
            ),
        ]
        indexes = [
            models.Index(fields=["issue_id"], name="jira_link_issue", condition=~Q(issue_id="")),
            models.Index(fields=["state", "id"], name="jira_link_state_order"),
        ]

    def __str__(self) -> str:
        return self.issue_key or self.label

    @property
    def refusal(self) -> str:
        """Why no issue was made: in Jira's words, or in ours and the reader's language."""
        return str(Reason.from_json(self.cause, text=self.error))

    @property
    def field_refusals(self) -> dict[str, str]:
        """The same, by the names of fields."""
        return told_fields(self.field_errors)


class JiraComment(models.Model):
    """A comment that both sides have, or will have, once per ticket.

    `ours` is set when it began here; then `marker` tells it apart from others before its `comment_id` is known.
    Those that were deleted in Jira stay, marked.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("To be sent")
        SENDING = "sending", _("Being sent")
        UNKNOWN = "unknown", _("Sent or not: being looked for")
        SENT = "sent", _("Sent")
        RECEIVED = "received", _("Received")
        BLOCKED = "blocked", _("Refused by Jira")

    ticket = models.ForeignKey(Ticket, verbose_name=_("ticket"), on_delete=models.CASCADE, related_name="jira_comments")
    state = models.CharField(_("state"), max_length=10, choices=State.choices)
    ours = models.OneToOneField(
        Comment,
        verbose_name=_("our comment"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="jira_comment",
    )
    marker = models.UUIDField(_("marker"), unique=True, default=uuid.uuid4)
    issue_id = models.CharField(_("issue id"), max_length=40)
    comment_id = models.CharField(_("comment id in Jira"), max_length=40, blank=True, default="")
    author_id = models.CharField(_("account in Jira"), max_length=128, blank=True, default="")
    author_name = models.CharField(_("by"), max_length=150, blank=True, default="")
    body = models.TextField(_("comment"), blank=True, default="")
    error = models.TextField(_("error"), blank=True, default="")
    posted_at = models.DateTimeField(_("sent at"), null=True, blank=True)
    written_at = models.DateTimeField(_("written at"), null=True, blank=True)
    edited_at = models.DateTimeField(_("edited at"), null=True, blank=True)
    deleted_at = models.DateTimeField(_("deleted at"), null=True, blank=True)
    created_at = models.DateTimeField(_("created at"))

    class Meta:
        verbose_name = _("Jira comment")
        verbose_name_plural = _("Jira comments")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["ticket", "comment_id"], name="jira_comment_once_per_ticket", condition=~Q(comment_id="")
            )
        ]
        indexes = [models.Index(fields=["issue_id", "comment_id"], name="jira_comment_issue")]

    def __str__(self) -> str:
        return self.body[:60]
