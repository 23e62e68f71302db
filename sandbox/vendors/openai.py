"""OpenAI, and whoever speaks its protocol: chat completions at ``/openai/v1/chat/completions``.

Requests and answers are those of OpenAI's API reference, "Create chat completion", with structured outputs
(``response_format`` of type ``json_schema``). A key with "wrong" in it is refused, a model named "gone…" does not exist.
"""

from __future__ import annotations

import json
import time
import uuid
from typing import Any, ClassVar

from flask import Blueprint, request

from sandbox.vendors.llm import LlmVendor, RefusalError, check_key, joined, messages_of, model_of, post


class OpenAI(LlmVendor):
    name: ClassVar[str] = "openai"
    title: ClassVar[str] = "OpenAI"

    def blueprint(self) -> Blueprint:
        return post(self, "openai", "/v1/chat/completions")

    def read(self, body: dict[str, Any]) -> tuple[str, str, str, dict[str, Any]]:
        check_key(request.headers.get("Authorization", "").removeprefix("Bearer ").strip())
        messages = messages_of(body)
        wanted = body.get("response_format") or {}
        if wanted.get("type") == "json_schema" and not isinstance(wanted.get("json_schema", {}).get("schema"), dict):
            raise RefusalError(400, "invalid_request_error", "response_format.json_schema.schema is required")
        schema = wanted.get("json_schema", {}).get("schema", {})
        return model_of(body), joined(messages, "system"), joined(messages, "user"), schema

    def write(self, model: str, text: str, used: tuple[int, int], *, cut: bool) -> dict[str, Any]:
        return {
            "id": f"chatcmpl-{uuid.uuid4().hex[:24]}",
            "object": "chat.completion",
            "created": int(time.time()),
            "model": model,
            "choices": [
                {
                    "index": 0,
                    "message": {"role": "assistant", "content": text, "refusal": None, "annotations": []},
                    "logprobs": None,
                    "finish_reason": "length" if cut else "stop",
                }
            ],
            "usage": {"prompt_tokens": used[0], "completion_tokens": used[1], "total_tokens": sum(used)},
        }

    def error(self, refusal: RefusalError) -> dict[str, Any]:
        code = {401: "invalid_api_key", 404: "model_not_found"}.get(refusal.status)
        # A wrong key and a model that is gone are invalid requests here, told apart by their code.
        kind = "invalid_request_error" if code else refusal.kind
        return {"error": {"message": str(refusal), "type": kind, "param": None, "code": code}}

    def refusal(self, status: int, retry_after: float | None) -> tuple[str, str]:
        kind = "rate_limit_error" if status == 429 else "server_error"
        return json.dumps(self.error(RefusalError(status, kind, f"refused with {status}"))), "application/json"
