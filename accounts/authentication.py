"""Who calls the API: the bearer token's user, read from the database with each request."""

from typing import Any

from django.utils import translation
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from rest_framework_simplejwt.authentication import JWTAuthentication
from rest_framework_simplejwt.exceptions import InvalidToken
from rest_framework_simplejwt.tokens import Token

from accounts import tokens
from accounts.models import User


class VocJWTAuthentication(JWTAuthentication):
    """`Authorization: Bearer <access token>`. Anything wrong with it is 401, without saying what.

    Answers are in the language that the call asks for (Accept-Language), else in the user's own, else in the site's.
    """

    def authenticate(self, request: Request) -> tuple[Any, Token] | None:
        found = super().authenticate(request)
        language = getattr(found[0], "language", "") if found else ""
        if language and "Accept-Language" not in request.headers:
            translation.activate(language)
        return found

    def get_validated_token(self, raw_token: bytes) -> Token:
        try:
            return super().get_validated_token(raw_token)
        except InvalidToken as error:
            raise AuthenticationFailed(tokens.TokenRefused().message) from error

    def get_user(self, validated_token: Token) -> User:  # type: ignore[override]
        try:
            return tokens.user_of(validated_token)
        except tokens.TokenRefused as error:
            raise AuthenticationFailed(error.message) from error
