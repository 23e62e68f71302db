"""Who calls the API: the user of the bearer token or of the API key, read from the database with each request."""

from typing import Any

from django.utils import translation
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from rest_framework_simplejwt.authentication import JWTAuthentication
from rest_framework_simplejwt.exceptions import InvalidToken
from rest_framework_simplejwt.tokens import Token

from accounts import api_keys, mfa, tokens
from accounts.models import ApiKey, User
from accounts.throttle import client_address

API_KEY_HEADER = "X-API-Key"


def _answer_in_the_language_of(user: object, request: Request) -> None:
    language = getattr(user, "language", "")
    if language and "Accept-Language" not in request.headers:
        translation.activate(language)


class VocJWTAuthentication(JWTAuthentication):
    """`Authorization: Bearer <access token>`. Anything wrong with it is 401, without saying what.

    Answers are in the language that the call asks for (Accept-Language), else in the user's own, else in the site's.
    """

    def authenticate(self, request: Request) -> tuple[Any, Token] | None:
        found = super().authenticate(request)
        if found:
            _answer_in_the_language_of(found[0], request)
        return found

    def get_validated_token(self, raw_token: bytes) -> Token:
        try:
            return super().get_validated_token(raw_token)
        except InvalidToken as error:
            raise AuthenticationFailed(tokens.TokenRefused().message) from error

    def get_user(self, validated_token: Token) -> User:  # type: ignore[override]
        try:
            user = tokens.user_of(validated_token)
        except tokens.TokenRefused as error:
            raise AuthenticationFailed(error.message) from error
        if mfa.is_missing(user):
            # Whose role has come to need one, or who gave theirs up, since they signed in.
            raise AuthenticationFailed(tokens.TokenRefused().message)
        return user


class ApiKeyAuthentication(BaseAuthentication):
    """`X-API-Key: voc_…`. Anything wrong with it is 401, without saying what. `request.auth` is the key's row."""

    def authenticate(self, request: Request) -> tuple[User, ApiKey] | None:
        presented = request.headers.get(API_KEY_HEADER)
        if presented is None:
            return None
        try:
            key = api_keys.authenticate(presented.strip(), address=client_address(request._request))
        except api_keys.KeyRefused as error:
            raise AuthenticationFailed(error.message) from error
        _answer_in_the_language_of(key.user, request)
        return key.user, key

    def authenticate_header(self, request: Request) -> str:
        return 'ApiKey realm="api"'
