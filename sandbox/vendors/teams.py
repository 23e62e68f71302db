"""Microsoft Teams: a Workflows webhook at ``/teams/workflows/<id>/triggers/manual/paths/invoke?…&sig=…``.

The flow "Post to a channel when a webhook request is received" takes one or more Adaptive Cards and answers 202 without a
body as soon as it has accepted them; posting comes later and may still fail (learn.microsoft.com, "Create incoming webhooks
with Workflows"). A body over 28 KB is refused, so is a card of the older connectors, so is an address without its signature.
A signature with "wrong" in it is 401.
"""

from __future__ import annotations

import itertools
import json
from collections import deque
from datetime import UTC, datetime
from typing import Any, ClassVar

from flask import Blueprint, Response, jsonify, request
from markupsafe import Markup

from sandbox.vendor import Vendor, clock, note

KEPT = 10_000
MAX_BYTES = 28 * 1024
CARD = "application/vnd.microsoft.card.adaptive"
VERSIONS = ("1.0", "1.1", "1.2", "1.3", "1.4", "1.5")


class CardError(Exception):
    """A body that the flow cannot post."""


class Teams(Vendor):
    """Keeps the cards that were accepted, the newest 10,000."""

    name: ClassVar[str] = "teams"
    title: ClassVar[str] = "Microsoft Teams"

    def __init__(self) -> None:
        super().__init__()
        self._ids = itertools.count(1)
        self._cards: deque[dict[str, Any]] = deque(maxlen=KEPT)

    def blueprint(self) -> Blueprint:
        blueprint = Blueprint("teams", __name__)
        blueprint.post("/workflows/<flow>/triggers/manual/paths/invoke")(self._invoke)
        return blueprint

    def state(self) -> dict[str, Any]:
        with self.lock:
            return {"cards": list(self._cards)}

    def load(self, state: dict[str, Any]) -> None:
        with self.lock:
            self._cards = deque(state["cards"], maxlen=KEPT)
            self._ids = itertools.count(max((card["id"] for card in self._cards), default=0) + 1)

    def reset(self) -> None:
        with self.lock:
            self._cards.clear()

    def refusal(self, status: int, retry_after: float | None) -> tuple[str, str]:
        code = "WorkflowTriggerIsNotEnabled" if status == 400 else str(status)
        return json.dumps(
            {"error": {"code": code, "message": f"The request failed with status {status}."}}
        ), "application/json"

    def render(self) -> Markup:
        with self.lock:
            newest = list(itertools.islice(reversed(self._cards), 30))
        return Markup("").join(_card(card) for card in newest)

    def _invoke(self, flow: str) -> Response:
        signature = request.args.get("sig", "")
        if not signature or "wrong" in signature:
            return _error(
                401, "DirectApiAuthorizationRequired", "The request must be authenticated by Shared Access scheme."
            )
        raw = request.get_data()
        if len(raw) > MAX_BYTES:
            return _error(413, "RequestEntityTooLarge", f"{len(raw)} bytes are more than {MAX_BYTES}")
        try:
            cards = _cards(raw)
        except CardError as error:
            return _error(400, "ActionBranchingConditionNotSatisfied", str(error))
        with self.lock:
            for content in cards:
                at = datetime.now(UTC).isoformat(timespec="milliseconds")
                self._cards.append({"id": next(self._ids), "flow": flow, "received_at": at, "card": content})
        return Response(status=202)


def _cards(raw: bytes) -> list[dict[str, Any]]:
    try:
        body = json.loads(raw)
    except ValueError as error:
        raise CardError(f"not JSON: {error}") from error
    attachments = body.get("attachments") if isinstance(body, dict) and body.get("type") == "message" else None
    if not isinstance(attachments, list) or not attachments:
        raise CardError("the body is no message with attachments: connectors' cards are not understood")
    found = []
    for item in attachments:
        content = item.get("content") if isinstance(item, dict) and item.get("contentType") == CARD else None
        if (
            not isinstance(content, dict)
            or content.get("type") != "AdaptiveCard"
            or content.get("version") not in VERSIONS
        ):
            raise CardError("an attachment is no Adaptive Card")
        if not isinstance(content.get("body"), list):
            raise CardError("a card has a body")
        found.append(content)
    return found


def _error(status: int, code: str, message: str) -> Response:
    note(message)
    response = jsonify({"error": {"code": code, "message": message}})
    response.status_code = status
    return response


def _card(card: dict[str, Any]) -> Markup:
    body = Markup("").join(_element(element) for element in card["card"]["body"])
    actions = Markup(" ").join(
        Markup('<a class="button" href="{}" rel="noreferrer noopener">{}</a>').format(
            action["url"], action.get("title", "")
        )
        for action in card["card"].get("actions", [])
        if str(action.get("url", "")).startswith(("http://", "https://"))
    )
    return Markup(
        '<article class="slack"><div class="avatar" aria-hidden="true">T</div><div class="bubble">'
        '<p class="who"><b>Workflows</b> <time datetime="{at}">{clock}</time> <span class="hint">{flow}</span></p>'
        '{body}<p class="actions">{actions}</p></div></article>'
    ).format(at=card["received_at"], clock=clock(card["received_at"]), flow=card["flow"], body=body, actions=actions)


def _element(element: dict[str, Any]) -> Markup:
    if element.get("type") == "FactSet":
        rows = Markup("").join(
            Markup("<dt>{}</dt><dd>{}</dd>").format(fact.get("title", ""), fact.get("value", ""))
            for fact in element.get("facts", [])
        )
        return Markup("<dl>{}</dl>").format(rows)
    style = "header" if element.get("weight") == "Bolder" else "text"
    return Markup('<p class="{}">{}</p>').format(style, element.get("text", ""))
