"""Who is told what, where and when: rules, targets, people, and what is held back until its time."""

import zoneinfo
from datetime import time
from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from voc.core.vocabulary import ProblemType, Urgency

LANGUAGES = [("ko", _("Korean")), ("en", _("English"))]
TARGET_LENGTH = 220


class Digest(models.TextChoices):
    EACH = "each", _("Each message at once")
    BUSY = "busy", _("At once, and together when there are many")
    DAILY = "daily", _("Together, once a day")


class PersonalChannel(models.TextChoices):
    EMAIL = "email", _("E-mail")
    SLACK = "slack", _("Slack")


def check_zone(name: str) -> None:
    """Raises ValidationError unless this is a time zone, such as Asia/Seoul."""
    if name not in zoneinfo.available_timezones():
        raise ValidationError(_("There is no time zone named %(name)s."), params={"name": name})


class Timing(models.Model):
    """In which language and when messages reach a place or a person. Urgent ones are never held back."""

    language = models.CharField(_("language"), max_length=5, choices=LANGUAGES, blank=True, default="")
    quiet_from = models.TimeField(_("quiet from"), null=True, blank=True)
    quiet_to = models.TimeField(_("quiet until"), null=True, blank=True)
    zone = models.CharField(
        _("time zone"),
        max_length=60,
        blank=True,
        default="",
        validators=[check_zone],
        help_text=_("Such as Asia/Seoul; empty: the site's."),
    )
    digest = models.CharField(_("how"), max_length=10, choices=Digest.choices, default=Digest.EACH)
    daily_at = models.TimeField(_("daily at"), default=time(9))
    busy_over = models.PositiveSmallIntegerField(
        _("many are more than"), default=10, validators=[MinValueValidator(1)], help_text=_("Messages in the window.")
    )
    busy_minutes = models.PositiveSmallIntegerField(
        _("window in minutes"), default=15, validators=[MinValueValidator(1)]
    )

    class Meta:
        abstract = True

    def clean(self) -> None:
        if (self.quiet_from is None) != (self.quiet_to is None):
            raise ValidationError(_("Quiet hours have a beginning and an end."))


class Target(Timing):
    """A place that messages go to. One that has no row is told each message at once."""

    name = models.CharField(
        _("target"),
        max_length=TARGET_LENGTH,
        unique=True,
        help_text=_("channel:target, such as slack:C0123ABCD or email:ops@example.com"),
    )

    class Meta:
        verbose_name = _("target")
        verbose_name_plural = _("targets")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        super().clean()
        channel, _colon, target = self.name.partition(":")
        if not channel or not target:
            raise ValidationError({"name": _("Write channel:target.")})


class Rule(models.Model):
    """What matches is told to the targets of this rule, and of every other one that it matches. Empty lists match all."""

    name = models.CharField(_("name"), max_length=100)
    is_active = models.BooleanField(_("active"), default=True)
    events = ArrayField(models.CharField(max_length=60), verbose_name=_("occasions"), default=list, blank=True)
    urgencies = ArrayField(
        models.CharField(max_length=10, choices=Urgency.choices), verbose_name=_("urgencies"), default=list, blank=True
    )
    problem_types = ArrayField(
        models.CharField(max_length=30, choices=ProblemType.choices),
        verbose_name=_("problem types"),
        default=list,
        blank=True,
    )
    systems = ArrayField(
        models.CharField(max_length=100),
        verbose_name=_("systems"),
        default=list,
        blank=True,
        help_text=_("Names, separated by commas."),
    )
    targets = ArrayField(models.CharField(max_length=TARGET_LENGTH), verbose_name=_("targets"), default=list)
    remind_minutes = models.PositiveIntegerField(
        _("remind every (minutes)"),
        default=0,
        help_text=_("While an urgent ticket that this rule matches waits for a decision; 0: never."),
    )
    escalate_minutes = models.PositiveIntegerField(
        _("escalate after (minutes)"), default=0, help_text=_("When an urgent ticket has waited so long; 0: never.")
    )
    escalate_to = ArrayField(
        models.CharField(max_length=TARGET_LENGTH), verbose_name=_("escalate to"), default=list, blank=True
    )

    class Meta:
        verbose_name = _("rule")
        verbose_name_plural = _("rules")
        ordering = ["name", "id"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        if self.escalate_minutes and not self.escalate_to:
            raise ValidationError({"escalate_to": _("Say to whom it is escalated.")})


class Person(Timing):
    """How one user is told in person, and who he is in Slack."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, verbose_name=_("user"), on_delete=models.CASCADE, related_name="told_as"
    )
    slack_id = models.CharField(
        _("Slack user id"),
        max_length=40,
        blank=True,
        default="",
        help_text=_("Such as U0123ABCD. Who clicks in Slack with this id acts as this user."),
    )

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        ordering = ["user__username"]
        constraints = [
            models.UniqueConstraint(
                fields=["slack_id"],
                condition=~models.Q(slack_id=""),
                name="person_one_per_slack_id",
                violation_error_message=_("Somebody has this Slack user id already."),
            ),
        ]

    def __str__(self) -> str:
        return str(self.user)


class Subscription(models.Model):
    """A user wants to hear of this occasion by this channel."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("user"), on_delete=models.CASCADE, related_name="+"
    )
    event = models.CharField(_("occasion"), max_length=60)
    channel = models.CharField(_("channel"), max_length=20, choices=PersonalChannel.choices)

    class Meta:
        verbose_name = _("subscription")
        verbose_name_plural = _("subscriptions")
        constraints = [models.UniqueConstraint(fields=["user", "event", "channel"], name="subscription_once")]
        indexes = [models.Index(fields=["event"], name="subscription_event")]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.event} → {self.channel}"


class Mute(models.Model):
    """Nothing more is told of this subject (a ticket's id)."""

    subject = models.CharField(_("subject"), max_length=120, unique=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("by"), null=True, on_delete=models.SET_NULL, related_name="+"
    )
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("muted subject")
        verbose_name_plural = _("muted subjects")

    def __str__(self) -> str:
        return self.subject


class Held(models.Model):
    """A message that waits for its time. The row goes in the transaction that queues what was made of it."""

    target = models.CharField(_("target"), max_length=TARGET_LENGTH)
    key = models.CharField(_("key"), max_length=200)
    event = models.CharField(_("occasion"), max_length=60)
    subject = models.CharField(_("subject"), max_length=120)
    message: "models.Field[Any, Any]" = models.JSONField(_("message"))
    reason = models.CharField(_("reason"), max_length=200)
    created_at = models.DateTimeField(_("created at"))
    due_at = models.DateTimeField(_("due at"))

    class Meta:
        verbose_name = _("held message")
        verbose_name_plural = _("held messages")
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["target", "key"], name="held_once_per_target")]
        indexes = [
            models.Index(fields=["due_at"], name="held_due"),
            models.Index(fields=["target", "id"], name="held_target"),
            models.Index(fields=["subject"], name="held_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.target}: {self.key}"
