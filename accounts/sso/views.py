"""The two addresses of each identity provider: there, and back."""

import hmac
from typing import Any

import jwt
from allauth.socialaccount.helpers import render_authentication_error
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.github.views import GitHubOAuth2Adapter
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView, OAuth2LoginView
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.permissions import public
from accounts.sso.door import DoorSession

# Signatures with the provider's public key. Neither "none" nor one that is made with our own client secret.
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
LEEWAY_SECONDS = 60
WANTED = ("iss", "aud", "exp", "iat", "sub", "nonce")
DISCOVERED = ("issuer", "authorization_endpoint", "token_endpoint", "jwks_uri")
GITHUB = "https://github.com"
# The only thing that a link to the login may decide; allauth would take scopes and parameters of the request as well.
FROM_THE_LINK = "next"


class OIDCAdapter(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]  # allauth is not typed through and through
    """Checks all that OpenID Connect Core 3.1.3.7 names, whichever way the token came."""

    state: dict[str, Any] | None = None

    @property
    def openid_config(self) -> dict[str, Any]:
        if not hasattr(self, "_checked_config"):
            config: dict[str, Any] = super().openid_config
            if not isinstance(config, dict) or any(not isinstance(config.get(each), str) for each in DISCOVERED):
                raise OAuth2Error("The provider's own configuration is not complete")
            expected = str(self.get_provider().app.settings["server_url"]).rstrip("/")
            if str(config.get("issuer", "")).rstrip("/") != expected:
                raise OAuth2Error("The provider's own configuration names another issuer")
            self._checked_config = config
        return self._checked_config

    def parse_token(self, data: dict[str, Any]) -> Any:
        """Only the ID token is of use here, and for user information the access token; how long that lives is not."""
        return super().parse_token({"access_token": str(data["access_token"])})

    def complete_login(self, request: HttpRequest, app: SocialApp, token: Any, **kwargs: Any) -> Any:
        self._check_sender(request)
        claims = self._claims_of(kwargs["response"].get("id_token"), app)
        if not claims.get("email"):
            told = self._fetch_user_info(token.token)
            if not isinstance(told, dict) or told.get("sub") != claims["sub"]:
                raise OAuth2Error("The user information is about somebody else")
            claims = told | claims
        login = self.get_provider().sociallogin_from_response(request, claims)
        login.claims = claims
        return login

    def get_callback_url(self, request: HttpRequest, app: SocialApp) -> str:
        return request.build_absolute_uri(reverse("oidc_callback", args=[self.provider_id]))

    def _check_sender(self, request: HttpRequest) -> None:
        """RFC 9207: a provider that says who it is must be the one that was asked."""
        sender = request.GET.get("iss")
        if sender is not None and sender != self.openid_config["issuer"]:
            raise OAuth2Error("The answer comes from another issuer")

    def _claims_of(self, id_token: Any, app: SocialApp) -> dict[str, Any]:
        if not isinstance(id_token, str):
            raise OAuth2Error("There is no ID token")
        try:
            claims: dict[str, Any] = jwt.decode(
                id_token,
                self._key_of(id_token),
                algorithms=ALGORITHMS,
                issuer=self.openid_config["issuer"],
                audience=app.client_id,
                leeway=LEEWAY_SECONDS,
                options={"require": list(WANTED), "strict_aud": False},
            )
        except jwt.PyJWTError as error:
            raise OAuth2Error(f"The ID token is not valid ({type(error).__name__})") from error
        nonce = str((self.state or {}).get("nonce", ""))
        if not nonce or not hmac.compare_digest(nonce.encode(), str(claims["nonce"]).encode()):
            raise OAuth2Error("The ID token was made for another login")
        if claims.get("azp", app.client_id) != app.client_id or (
            isinstance(claims["aud"], list) and len(claims["aud"]) > 1 and "azp" not in claims
        ):
            raise OAuth2Error("The ID token was made for another client")
        return claims

    def _key_of(self, id_token: str) -> Any:
        header = jwt.get_unverified_header(id_token)
        with DoorSession() as session:
            answer = session.get(str(self.openid_config["jwks_uri"]))
            answer.raise_for_status()
            found = answer.json()
        keys = jwt.PyJWKSet.from_dict(found if isinstance(found, dict) else {}).keys
        named = [key for key in keys if key.key_id == header.get("kid")] if header.get("kid") else keys
        fitting = [key for key in named if key.public_key_use in (None, "sig") and key.key_type != "oct"]
        if len(fitting) != 1:
            raise OAuth2Error("The ID token names no key of the provider's")
        return fitting[0].key


class GitHubAdapter(GitHubOAuth2Adapter):  # type: ignore[misc]
    """OAuth 2.0 without ID tokens: whoever it is, GitHub's API says so. github.com, or a GitHub Enterprise Server of one's own.

    Source: docs.github.com, "Authorizing OAuth apps" and "REST API endpoints for emails".
    """

    @property
    def access_token_url(self) -> str:
        return f"{self._site}/login/oauth/access_token"

    @property
    def authorize_url(self) -> str:
        return f"{self._site}/login/oauth/authorize"

    @property
    def profile_url(self) -> str:
        return f"{self._api}/user"

    @property
    def emails_url(self) -> str:
        return f"{self._api}/user/emails"

    def parse_token(self, data: dict[str, Any]) -> Any:
        return super().parse_token({"access_token": str(data["access_token"])})

    def complete_login(self, request: HttpRequest, app: SocialApp, token: Any, **_kwargs: Any) -> Any:
        headers = {"Authorization": f"Bearer {token.token}"}
        profile, emails = self._asked(self.profile_url, headers), self._asked(self.emails_url, headers)
        if not isinstance(profile, dict) or not isinstance(profile.get("id"), int):
            raise OAuth2Error("GitHub does not say who it is")
        if not isinstance(emails, list):
            raise OAuth2Error("GitHub does not tell any address")
        named = [each for each in emails if isinstance(each, dict) and isinstance(each.get("email"), str)]
        # The address first that they go by; one that is not said to be verified is not.
        named.sort(key=lambda each: each.get("primary") is not True)
        told = [
            {"email": each["email"], "primary": each.get("primary") is True, "verified": each.get("verified") is True}
            for each in named
        ]
        return self.get_provider().sociallogin_from_response(request, profile | {"emails": told})

    def _asked(self, url: str, headers: dict[str, str]) -> Any:
        with DoorSession() as session:
            answer = session.get(url, headers=headers)
            answer.raise_for_status()
            return answer.json()

    @property
    def _site(self) -> str:
        return str(self.get_provider().app.settings["server_url"])

    @property
    def _api(self) -> str:
        return "https://api.github.com" if self._site == GITHUB else f"{self._site}/api/v3"


class CallbackView(OAuth2CallbackView):  # type: ignore[misc]
    """Hands what was kept for this login to the adapter, which has to compare the nonce."""

    def _get_state(self, request: HttpRequest, provider: Any) -> Any:
        state, response = super()._get_state(request, provider)
        self.adapter.state = state
        return state, response


@public
@require_safe
@never_cache
def oidc_login(request: HttpRequest, provider_id: str) -> HttpResponse:
    return _run(OAuth2LoginView, OIDCAdapter(request, provider_id), _plain(request))


@public
@require_safe
@never_cache
def oidc_callback(request: HttpRequest, provider_id: str) -> HttpResponse:
    return _run(CallbackView, OIDCAdapter(request, provider_id), request)


@public
@require_safe
@never_cache
def github_login(request: HttpRequest) -> HttpResponse:
    return _run(OAuth2LoginView, GitHubAdapter(request), _plain(request))


@public
@require_safe
@never_cache
def github_callback(request: HttpRequest) -> HttpResponse:
    return _run(OAuth2CallbackView, GitHubAdapter(request), request)


def _run(view: Any, adapter: Any, request: HttpRequest) -> HttpResponse:
    """404 for a provider that is not set up, a page of ours for one that fails before somebody is sent there."""
    try:
        provider = adapter.get_provider()
    except SocialApp.DoesNotExist as error:
        raise Http404 from error
    try:
        response: HttpResponse = view.adapter_view(adapter)(request)
    except OAuth2Error as error:
        response = render_authentication_error(request, provider, exception=error)
    return response


def _plain(request: HttpRequest) -> HttpRequest:
    kept = QueryDict(mutable=True)
    if FROM_THE_LINK in request.GET:
        kept[FROM_THE_LINK] = request.GET[FROM_THE_LINK]
    request.GET = kept  # type: ignore[assignment]
    return request
