"""OpenID Connect for django-allauth, with what its own provider leaves out: a nonce, and a signature that is always checked.

allauth finds this module, and `provider_classes` in it, by its name.
"""

import secrets
from typing import Any

from allauth.account.models import EmailAddress
from allauth.socialaccount.providers.github.provider import GitHubProvider
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from django.http import HttpRequest, HttpResponse

from accounts.sso.views import GitHubAdapter, OIDCAdapter

TRUE = (True, "true", "1", 1)


class OIDCProvider(OpenIDConnectProvider):  # type: ignore[misc]  # allauth is not typed through and through
    """`app.provider_id` names which of the configured providers it is: oidc, google, microsoft, okta."""

    id = "oidc"
    name = "OpenID Connect"
    pkce_enabled_default = True
    oauth2_adapter_class = OIDCAdapter
    supports_token_authentication = False

    def redirect(
        self, request: HttpRequest, process: str, next_url: str | None = None, data: Any = None, **kwargs: Any
    ) -> HttpResponse:
        # Kept with the state, in the session; the ID token has to repeat it.
        nonce = secrets.token_urlsafe(24)
        kwargs["auth_params"] = self.get_auth_params() | {"nonce": nonce}
        kwargs["scope"] = self.get_scope()
        answer: HttpResponse = super().redirect(request, "login", next_url, data, nonce=nonce, **kwargs)
        return answer

    def extract_uid(self, data: dict[str, Any]) -> str:
        return str(data["sub"])

    def extract_extra_data(self, data: dict[str, Any]) -> dict[str, Any]:
        """Nothing is kept of what a provider tells: what is needed of it goes into the user."""
        return {}

    def extract_common_fields(self, data: dict[str, Any]) -> dict[str, Any]:
        names = {"email": "email", "name": "name", "first_name": "given_name", "last_name": "family_name"}
        return {ours: str(data[theirs]) for ours, theirs in names.items() if data.get(theirs)}

    def extract_email_addresses(self, data: dict[str, Any]) -> list[EmailAddress]:
        """Microsoft has no `email_verified`; its optional claim `xms_edov` says that the domain's owner gave the address."""
        if not data.get("email"):
            return []
        verified = data.get("email_verified") in TRUE or data.get("xms_edov") in TRUE
        return [EmailAddress(email=str(data["email"]), verified=verified, primary=True)]


class PlainGitHubProvider(GitHubProvider):  # type: ignore[misc]
    """Its users are known by their verified addresses, which it is asked for; of what else it tells nothing is kept."""

    oauth2_adapter_class = GitHubAdapter

    def extract_extra_data(self, data: dict[str, Any]) -> dict[str, Any]:
        return {}


provider_classes = [OIDCProvider, PlainGitHubProvider]
