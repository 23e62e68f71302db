"""The system catalogue: what complaints can be about."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class System(models.Model):
    class Kind(models.TextChoices):
        INTERNAL = "internal", _("Internal")
        EXTERNAL = "external", _("External")

    name = models.CharField(
        _("name"), max_length=100, unique=True, help_text=_("As the logs name it, e.g. PaymentService.")
    )
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices, default=Kind.INTERNAL)
    description = models.CharField(_("description"), max_length=300, blank=True, default="")
    words = models.JSONField(
        _("words"), default=list, blank=True, help_text=_("The words customers use for it, one per line.")
    )
    contact = models.CharField(
        _("contact"), max_length=200, blank=True, default="", help_text=_("Who answers for it: a name and an address.")
    )
    recent_incidents = models.JSONField(_("recent incidents"), default=list, blank=True)
    log_source = models.CharField(
        _("log source"),
        max_length=30,
        blank=True,
        default="",
        help_text=_("Which log system keeps its logs, e.g. elasticsearch. Empty: all of the site's are asked."),
    )
    log_index = models.CharField(
        _("log index"),
        max_length=500,
        blank=True,
        default="",
        help_text=_("Index or log groups, comma-separated, when they are not the site's usual ones."),
    )
    log_fields = models.CharField(
        _("log fields"),
        max_length=1000,
        blank=True,
        default="",
        help_text=_(
            "A schema (ecs, datadog, otel, plain) and differences from it, e.g. ecs,service=app.name,ids=order.id"
        ),
    )
    jira_project = models.CharField(
        _("Jira project"),
        max_length=32,
        blank=True,
        default="",
        help_text=_("The key of the project that its issues go to, e.g. PAY. Empty: the site's own."),
    )
    jira_issue_type = models.CharField(
        _("Jira issue type"),
        max_length=60,
        blank=True,
        default="",
        help_text=_("For all its issues, e.g. Incident. Empty: what the problem type says."),
    )
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("system")
        verbose_name_plural = _("systems")
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(condition=models.Q(kind__in=["internal", "external"]), name="system_kind")
        ]

    def __str__(self) -> str:
        return self.name
