"""How the OpenAPI document describes our credentials, and what every call may answer beside its own answers."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension


class VocJWTScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "accounts.authentication.VocJWTAuthentication"
    name = "jwt"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "accounts.authentication.ApiKeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "apiKey", "in": "header", "name": "X-API-Key"}


# Status → what it says. With a body, and with credentials, there are some more.
ALWAYS = {"429": "Too many requests or failed attempts; `Retry-After` says when to come back."}
WITH_CREDENTIALS = {
    "401": "No credentials, or none that are valid.",
    "403": "Whoever calls may not do this.",
}
WITH_BODY = {
    "413": "The body is too big.",
    "415": "The body is of a type that is not read here.",
    "422": "A value is refused; `detail` names each one.",
}


def add_common_answers(result: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
    """drf-spectacular's hook: the answers that come before a view is asked. A call's own description goes before these."""
    for path in result["paths"].values():
        for call in path.values():
            answers = dict(ALWAYS)
            if any(call.get("security", [])):
                answers |= WITH_CREDENTIALS
            if "requestBody" in call:
                answers |= WITH_BODY
            for status, text in answers.items():
                call["responses"].setdefault(status, {"description": text})
    return result
