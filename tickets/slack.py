"""Approve and Reject in Slack: the same services as in the portal, for the same people."""

from collections.abc import Callable
from typing import Any, Final

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.permissions import has_permission
from notifications.interactivity import Click, open_dialog, say, who
from tickets import cleaning, lifecycle, services
from tickets.lifecycle import Act
from tickets.messages import APPROVE, REJECT, button_value
from tickets.models import RejectCategory, Status, Ticket
from voc.core.errors import InvalidInput, NotAllowed
from voc.core.outbox.api import RunningJob

REASON: Final = "voc.reject.reason"
NEEDED: Final = {APPROVE: "ticket:confirm", REJECT: "ticket:reject", REASON: "ticket:reject"}


def act(job: RunningJob) -> None:
    """Do what somebody pressed, and tell him what came of it."""
    click = Click(**job.payload)
    user = who(click.user)
    language = (user.language if user else "") or settings.SLACK_LANGUAGE
    with translation.override(language):
        if click.action not in NEEDED:
            return
        if user is None:
            text = _("VOC does not know you: ask an admin to enter your Slack user id (%(id)s).")
            _refuse(job, click, text % {"id": click.user})
        elif not has_permission(user, NEEDED[click.action]):
            _refuse(job, click, _("You are not allowed to do this."))
        else:
            _try(job, click, user)


def _try(job: RunningJob, click: Click, user: User) -> None:
    try:
        ACTS[click.action](job, click, user)
    except (NotAllowed, InvalidInput) as error:
        _refuse(job, click, error.message)
    except Ticket.DoesNotExist:
        _refuse(job, click, _("This ticket is gone."))


def _approve(job: RunningJob, click: Click, user: User) -> None:
    with job.fenced():
        ticket = _seen(click)
        services.confirm_ticket(ticket_id=ticket.ticket_id, actor=user)
        say(click, _("You approved %(ticket)s.") % {"ticket": ticket.ticket_id}, key=job.key)


def _ask_for_a_reason(job: RunningJob, click: Click, _user: User) -> None:
    ticket = Ticket.objects.get(ticket_id=_ticket_id(click))
    lifecycle.check(ticket, Act.REJECT)
    title = _("Reject %(ticket)s") % {"ticket": ticket.ticket_id}
    opened = open_dialog(
        click,
        action=REASON,
        title=title if len(title) <= MAX_TITLE else _("Reject"),
        submit=_("Reject"),
        close=_("Cancel"),
        blocks=_reason_blocks(),
    )
    if not opened:
        _refuse(job, click, _("Slack waited too long for us. Please press the button again."))


def _reject(job: RunningJob, click: Click, user: User) -> None:
    texts = click.texts or {}
    with job.fenced():
        ticket = _seen(click)
        services.reject_ticket(
            ticket_id=ticket.ticket_id,
            actor=user,
            reject_reason=texts.get("reason", ""),
            reason_category=texts.get("category") or None,
        )
        say(click, _("You rejected %(ticket)s.") % {"ticket": ticket.ticket_id}, key=job.key)


def _seen(click: Click) -> Ticket:
    """The ticket, locked. Raises NotAllowed when it awaits another decision than the one that was seen."""
    ticket = lifecycle.lock(_ticket_id(click))
    if ticket.status == Status.WAITING_CONFIRM and button_value(ticket) != click.value:
        raise NotAllowed(_("It was analysed anew since: look at the new decision first."))
    return ticket


def _ticket_id(click: Click) -> str:
    return click.value.partition("/")[0]


def _refuse(job: RunningJob, click: Click, text: str) -> None:
    with job.fenced():
        say(click, text, key=job.key)


def _reason_blocks() -> list[dict[str, Any]]:
    reason = {
        "type": "input",
        "block_id": "reason",
        "label": _plain(_("Reason")),
        "element": {
            "type": "plain_text_input",
            "action_id": "reason",
            "multiline": True,
            "min_length": 1,
            "max_length": cleaning.MAX_REJECT_REASON,
        },
    }
    options = [{"text": _plain(str(each.label)), "value": each.value} for each in RejectCategory]
    category = {
        "type": "input",
        "block_id": "category",
        "optional": True,
        "label": _plain(_("Category")),
        "element": {"type": "static_select", "action_id": "category", "options": options},
    }
    return [reason, category]


def _plain(text: str) -> dict[str, str]:
    return {"type": "plain_text", "text": text}


# What Slack's dialogs can show.
MAX_TITLE: Final = 24
ACTS: Final[dict[str, Callable[[RunningJob, Click, User], None]]] = {
    APPROVE: _approve,
    REJECT: _ask_for_a_reason,
    REASON: _reject,
}
