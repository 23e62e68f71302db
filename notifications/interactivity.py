"""What people press in Slack: checked, kept as a job, and answered after the request, which Slack gives 3 seconds.

Source: docs.slack.dev/interactivity/handling-user-interaction and …/authentication/verifying-requests-from-slack. What a button
means is not known here: the handler of `slack.action` does.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any, Final

import structlog
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from slack_sdk.signature import Clock, SignatureVerifier

from accounts.models import User
from accounts.permissions import public
from notifications.channels import slack_api
from notifications.routing.audience import user_in_slack
from voc.core import clock
from voc.core.database import release_connection
from voc.core.errors import Permanent
from voc.core.outbox.api import RunningJob, emit

ACTION: Final = "slack.action"
ANSWER: Final = "slack.answer"
# Slack's ids and our own values are far shorter.
MAX_VALUE: Final = 500
MAX_TEXT: Final = 3000

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Click:
    """A button that was pressed, or a dialog that was handed in (`texts`: its inputs by name).

    `user`, `channel` and `trigger` are Slack's ids; a trigger opens a dialog within 3 seconds. `action` and `value` are what
    the button or the dialog was made with.
    """

    action: str
    value: str
    user: str
    channel: str = ""
    trigger: str = ""
    texts: dict[str, str] | None = None


class _SiteClock(Clock):
    def now(self) -> float:
        return clock.now().timestamp()


@csrf_exempt
@require_POST
@public
def slack_actions(request: HttpRequest) -> HttpResponse:
    """Slack's callback: 401 unless Slack signed just this body within the last 5 minutes. The same request twice counts once."""
    if not settings.SLACK_SIGNING_SECRET:
        return HttpResponse(status=404)
    if not is_from_slack(request):
        log.warning("slack.refused")
        return HttpResponse(status=401)
    try:
        click = read(json.loads(request.POST["payload"]))
    except (KeyError, TypeError, ValueError, IndexError, AttributeError):
        return HttpResponse(status=400)
    if click:
        signed = request.headers["X-Slack-Signature"].encode()
        with transaction.atomic():
            emit(
                ACTION,
                subject=f"slack:{click.user}",
                payload=asdict(click),
                key=f"{ACTION}:{hashlib.sha256(signed).hexdigest()}",
            )
    return HttpResponse()


def is_from_slack(request: HttpRequest) -> bool:
    """Whether the raw body carries Slack's signature of it, not older than 5 minutes."""
    verifier = SignatureVerifier(settings.SLACK_SIGNING_SECRET, clock=_SiteClock())
    try:
        return verifier.is_valid(
            body=request.body,
            timestamp=request.headers.get("X-Slack-Request-Timestamp"),
            signature=request.headers.get("X-Slack-Signature"),
        )
    except (ValueError, TypeError, OverflowError):
        # A time that is no number, a body that is not UTF-8, a signature that is not ASCII.
        return False


def read(payload: dict[str, Any]) -> Click | None:
    """What was pressed; None for what needs no act of ours (a link, a dialog that was closed). Raises for another shape."""
    user = str(payload["user"]["id"])[:MAX_VALUE]
    if payload["type"] == "block_actions":
        action = payload["actions"][0]
        if "value" not in action:
            return None
        return Click(
            action=str(action["action_id"])[:MAX_VALUE],
            value=str(action["value"])[:MAX_VALUE],
            user=user,
            channel=str(payload.get("channel", {}).get("id", ""))[:MAX_VALUE],
            trigger=str(payload["trigger_id"])[:MAX_VALUE],
        )
    if payload["type"] == "view_submission":
        view = payload["view"]
        # Made by us when the dialog was opened, see `open_dialog`.
        origin = json.loads(view["private_metadata"])
        return Click(
            action=str(view["callback_id"])[:MAX_VALUE],
            value=str(origin["value"])[:MAX_VALUE],
            user=user,
            channel=str(origin["channel"])[:MAX_VALUE],
            texts=_inputs(view["state"]["values"]),
        )
    return None


def _inputs(values: dict[str, dict[str, dict[str, Any]]]) -> dict[str, str]:
    found = {}
    for block in values.values():
        for name, entry in block.items():
            chosen = (entry.get("selected_option") or {}).get("value")
            found[name] = str(entry.get("value") or chosen or "").replace("\x00", "")[:MAX_TEXT]
    return found


def who(slack_id: str) -> User | None:
    """The user behind a Slack user: whom an admin has said him to be, else who has the address that Slack has confirmed.

    Guests of other workspaces, bots and those who have left are nobody. Asks Slack: not inside a transaction.
    """
    if known := user_in_slack(slack_id):
        return known
    api = slack_api.from_settings()
    if api is None:
        return None
    release_connection()
    try:
        found = api.call("users.info", user=slack_id)["user"]
    except Permanent as error:
        log.warning("slack.unknown_user", error=error.message)
        return None
    email = str((found.get("profile") or {}).get("email") or "")
    stranger = any(found.get(flag) for flag in ("deleted", "is_bot", "is_stranger"))
    if not email or stranger or found.get("is_email_confirmed") is not True:
        return None
    return User.objects.filter(email__iexact=email, is_active=True).first()


def open_dialog(
    click: Click, *, action: str, title: str, submit: str, close: str, blocks: list[dict[str, Any]]
) -> bool:
    """Open a dialog before who clicked; False when that took too long for Slack. Not inside a transaction."""
    api = slack_api.from_settings()
    if api is None:
        return False
    view = {
        "type": "modal",
        "callback_id": action,
        "private_metadata": json.dumps({"value": click.value, "channel": click.channel}),
        "title": {"type": "plain_text", "text": title[:24]},
        "submit": {"type": "plain_text", "text": submit[:24]},
        "close": {"type": "plain_text", "text": close[:24]},
        "blocks": blocks,
    }
    release_connection()
    try:
        api.call("views.open", trigger_id=click.trigger, view=view)
    except Permanent as error:
        log.warning("slack.dialog_refused", error=error.message)
        return False
    return True


def say(click: Click, text: str, *, key: str) -> None:
    """Answer who clicked, for his eyes only; in a transaction."""
    if click.channel:
        payload = {"channel": click.channel, "user": click.user, "text": text}
        emit(ANSWER, subject=f"slack-answer:{click.user}", payload=payload, key=f"{ANSWER}:{key}")


def answer(job: RunningJob) -> None:
    """Carry an answer to Slack. One that Slack refuses is let go: it is worth nothing later, and nothing depends on it."""
    api = slack_api.from_settings()
    if api is None:
        return
    release_connection()
    try:
        api.call("chat.postEphemeral", **job.payload)
    except Permanent as error:
        log.warning("slack.answer_refused", error=error.message)
