"""What the stand-ins for model providers share: counting, pricing left to the client, faults of their own."""

from __future__ import annotations

from abc import abstractmethod
from collections import deque
from datetime import UTC, datetime
from itertools import islice
from typing import Any, ClassVar

from flask import Blueprint, Response, jsonify, request
from markupsafe import Markup

from sandbox.vendor import Vendor, active_fault, clock, fault_body, note
from sandbox.vendors import llm_mind

KEPT = 10_000


class RefusalError(Exception):
    """A request that the provider refuses, with the status and the words that it uses."""

    def __init__(self, status: int, kind: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.kind = kind


def tokens(text: str) -> int:
    """A tokeniser of its own: a token for every three bytes."""
    return (len(text.encode()) + 2) // 3


class LlmVendor(Vendor):
    """Remembers the newest calls with their tokens, and the sums of all."""

    fault_kinds: ClassVar[tuple[str, ...]] = (
        "cut_json",
        "fenced_json",
        "wrong_schema",
        "invented_citation",
        "obedient",
        "persuaded",
    )

    def __init__(self) -> None:
        super().__init__()
        self._calls: deque[dict[str, Any]] = deque(maxlen=KEPT)
        self._totals: dict[str, dict[str, int]] = {}

    @abstractmethod
    def read(self, body: dict[str, Any]) -> tuple[str, str, str, dict[str, Any]]:
        """Model, system text, user text and the schema asked for; raises RefusalError."""

    @abstractmethod
    def write(self, model: str, text: str, used: tuple[int, int], *, cut: bool) -> dict[str, Any]:
        """The provider's answer around the text."""

    @abstractmethod
    def error(self, refusal: RefusalError) -> dict[str, Any]:
        """The provider's words for a refusal."""

    def respond(self) -> Response:
        """One call, from the request to the answer."""
        try:
            body = request.get_json(force=True, silent=True)
            if not isinstance(body, dict):
                raise RefusalError(400, "invalid_request_error", "the body is not a JSON object")
            model, system, user, schema = self.read(body)
        except RefusalError as refusal:
            note(str(refusal))
            response = jsonify(self.error(refusal))
            response.status_code = refusal.status
            return response
        kind = active_fault()
        text = llm_mind.spoil(kind, llm_mind.answer(schema, system, user), user, wanted=fault_body())
        used = (tokens(system) + tokens(user), tokens(text))
        self._count(model, schema, used)
        return jsonify(self.write(model, text, used, cut=kind == "cut_json"))

    def _count(self, model: str, schema: dict[str, Any], used: tuple[int, int]) -> None:
        with self.lock:
            self._calls.append(
                {
                    "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
                    "model": model,
                    "schema": schema.get("title", ""),
                    "input_tokens": used[0],
                    "output_tokens": used[1],
                }
            )
            total = self._totals.setdefault(model, {"calls": 0, "input_tokens": 0, "output_tokens": 0})
            total["calls"] += 1
            total["input_tokens"] += used[0]
            total["output_tokens"] += used[1]

    def state(self) -> dict[str, Any]:
        with self.lock:
            return {"calls": list(self._calls), "totals": {model: dict(sums) for model, sums in self._totals.items()}}

    def load(self, state: dict[str, Any]) -> None:
        with self.lock:
            self._calls = deque(state["calls"], maxlen=KEPT)
            self._totals = {model: dict(sums) for model, sums in state["totals"].items()}

    def reset(self) -> None:
        with self.lock:
            self._calls.clear()
            self._totals.clear()

    def render(self) -> Markup:
        with self.lock:
            newest = list(islice(reversed(self._calls), 50))
        rows = Markup("").join(
            Markup("<li>{} {} {}: {} + {} tokens</li>").format(
                clock(call["at"]), call["model"], call["schema"], call["input_tokens"], call["output_tokens"]
            )
            for call in newest
        )
        return Markup("<ul>{}</ul>").format(rows) if newest else Markup("")


def post(vendor: LlmVendor, name: str, *paths: str) -> Blueprint:
    """A blueprint on which these paths answer."""
    blueprint = Blueprint(name, __name__)
    for number, path in enumerate(paths):
        blueprint.add_url_rule(path, endpoint=f"chat_{number}", view_func=vendor.respond, methods=["POST"])
    return blueprint


def messages_of(body: dict[str, Any]) -> list[dict[str, Any]]:
    """The messages, checked: at least one, each with a role and a text or a list of parts."""
    found = body.get("messages")
    if not isinstance(found, list) or not found:
        raise RefusalError(400, "invalid_request_error", "messages: a list with at least one message is required")
    for message in found:
        if not isinstance(message, dict) or message.get("role") not in ("system", "user", "assistant"):
            raise RefusalError(400, "invalid_request_error", "messages: unknown role")
    return found


def text_of(content: Any) -> str:
    """A content as plain text: it is one, or a list of parts."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "\n".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    raise RefusalError(400, "invalid_request_error", "content: neither a text nor a list of parts")


def joined(messages: list[dict[str, Any]], *roles: str) -> str:
    return "\n".join(text_of(message.get("content")) for message in messages if message["role"] in roles)


def model_of(body: dict[str, Any]) -> str:
    """The model that is asked for; one whose name begins with "gone" does not exist."""
    model = body.get("model")
    if not isinstance(model, str) or not model:
        raise RefusalError(400, "invalid_request_error", "model is required")
    if model.startswith("gone"):
        raise RefusalError(404, "not_found_error", f"The model {model} does not exist")
    return model


def check_key(key: str | None) -> None:
    """A key is there and is not one that says it is wrong."""
    if not key or "wrong" in key:
        raise RefusalError(401, "authentication_error", "Incorrect API key provided")
