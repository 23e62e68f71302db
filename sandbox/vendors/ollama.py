"""Ollama: chat at ``/ollama/api/chat``, without streaming, with the schema in ``format``.

Requests and answers are those of Ollama's API reference, "Generate a chat message".
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, ClassVar

from flask import Blueprint

from sandbox.vendors.llm import LlmVendor, RefusalError, joined, messages_of, model_of, post


class Ollama(LlmVendor):
    name: ClassVar[str] = "ollama"
    title: ClassVar[str] = "Ollama"

    def blueprint(self) -> Blueprint:
        return post(self, "ollama", "/api/chat")

    def read(self, body: dict[str, Any]) -> tuple[str, str, str, dict[str, Any]]:
        if body.get("stream") is not False:
            raise RefusalError(400, "invalid_request_error", "only stream: false is answered here")
        messages = messages_of(body)
        schema = body.get("format")
        found = schema if isinstance(schema, dict) else {}
        return model_of(body), joined(messages, "system"), joined(messages, "user"), found

    def write(self, model: str, text: str, used: tuple[int, int], *, cut: bool) -> dict[str, Any]:
        return {
            "model": model,
            "created_at": datetime.now(UTC).isoformat(),
            "message": {"role": "assistant", "content": text},
            "done": True,
            "done_reason": "length" if cut else "stop",
            "total_duration": 1_000_000,
            "load_duration": 1_000,
            "prompt_eval_count": used[0],
            "prompt_eval_duration": 1_000,
            "eval_count": used[1],
            "eval_duration": 1_000,
        }

    def error(self, refusal: RefusalError) -> dict[str, Any]:
        return {"error": str(refusal)}

    def refusal(self, status: int, retry_after: float | None) -> tuple[str, str]:
        return json.dumps({"error": f"refused with {status}"}), "application/json"
