"""Anthropic: messages at ``/anthropic/v1/messages``.

Requests and answers are those of Anthropic's API reference, "Create a Message", with structured outputs
(``output_format`` or ``output_config.format``) or a tool that the model has to use.
"""

from __future__ import annotations

import json
import uuid
from typing import Any, ClassVar

from flask import Blueprint, request

from sandbox.vendors.llm import (
    LlmVendor,
    RefusalError,
    check_key,
    joined,
    messages_of,
    model_of,
    post,
    text_of,
)


class Anthropic(LlmVendor):
    name: ClassVar[str] = "anthropic"
    title: ClassVar[str] = "Anthropic"

    def blueprint(self) -> Blueprint:
        return post(self, "anthropic", "/v1/messages")

    def read(self, body: dict[str, Any]) -> tuple[str, str, str, dict[str, Any]]:
        check_key(request.headers.get("x-api-key"))
        if not request.headers.get("anthropic-version"):
            raise RefusalError(400, "invalid_request_error", "anthropic-version: header is required")
        if not isinstance(body.get("max_tokens"), int):
            raise RefusalError(400, "invalid_request_error", "max_tokens: Field required")
        messages = messages_of(body)
        if any(message["role"] == "system" for message in messages):
            raise RefusalError(400, "invalid_request_error", "messages: use the top-level system parameter")
        request.environ["sandbox.tool"] = _tool(body)
        system = text_of(body["system"]) if body.get("system") else ""
        return model_of(body), system, joined(messages, "user"), _schema(body)

    def write(self, model: str, text: str, used: tuple[int, int], *, cut: bool) -> dict[str, Any]:
        tool = request.environ["sandbox.tool"]
        block: dict[str, Any] = {"type": "text", "text": text}
        if tool and not cut:
            try:
                block = {
                    "type": "tool_use",
                    "id": f"toolu_{uuid.uuid4().hex[:20]}",
                    "name": tool,
                    "input": json.loads(text),
                }
            except ValueError:
                block = {"type": "text", "text": text}
        return {
            "id": f"msg_{uuid.uuid4().hex[:24]}",
            "type": "message",
            "role": "assistant",
            "model": model,
            "content": [block],
            "stop_reason": "max_tokens" if cut else "tool_use" if block["type"] == "tool_use" else "end_turn",
            "stop_sequence": None,
            "usage": {
                "input_tokens": used[0],
                "output_tokens": used[1],
                "cache_creation_input_tokens": 0,
                "cache_read_input_tokens": 0,
                "service_tier": "standard",
            },
        }

    def error(self, refusal: RefusalError) -> dict[str, Any]:
        return {
            "type": "error",
            "error": {"type": refusal.kind, "message": str(refusal)},
            "request_id": f"req_{uuid.uuid4().hex[:24]}",
        }

    def refusal(self, status: int, retry_after: float | None) -> tuple[str, str]:
        kind = {429: "rate_limit_error", 529: "overloaded_error"}.get(status, "api_error")
        return json.dumps(self.error(RefusalError(status, kind, f"refused with {status}"))), "application/json"


def _schema(body: dict[str, Any]) -> dict[str, Any]:
    wanted = body.get("output_format") or (body.get("output_config") or {}).get("format") or {}
    if isinstance(wanted.get("schema"), dict):
        schema: dict[str, Any] = wanted["schema"]
        return schema
    tools = body.get("tools") or []
    found: dict[str, Any] = tools[0].get("input_schema", {}) if tools else {}
    return found


def _tool(body: dict[str, Any]) -> str:
    choice = body.get("tool_choice") or {}
    return str(choice.get("name", "")) if choice.get("type") == "tool" else ""
