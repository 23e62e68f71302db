"""The keys that sign and verify our tokens: a ring, so that a key can be replaced without signing anybody out.

The first of JWT_KEYS signs, all of them verify. A token's header names its key (`kid`), which is a fingerprint of the key
and tells nothing about it.
"""

import hashlib
from typing import Any

import jwt
from django.conf import settings
from rest_framework_simplejwt.backends import TokenBackend
from rest_framework_simplejwt.exceptions import TokenBackendError
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken


def fingerprint(key: str) -> str:
    return hashlib.sha256(b"voc.jwt\n" + key.encode()).hexdigest()[:16]


def keys() -> list[str]:
    """The ring, signing key first. Without JWT_KEYS it is SECRET_KEY and its predecessors."""
    return list(settings.JWT_KEYS) or [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]


class KeyRing(TokenBackend):
    """simplejwt's backend over several keys. The settings are read at each use: a test or a reload may change them."""

    def __init__(self) -> None:
        super().__init__(api_settings.ALGORITHM, issuer=api_settings.ISSUER, leeway=api_settings.LEEWAY)

    def encode(self, payload: dict[str, Any]) -> str:
        key = keys()[0]
        return jwt.encode(
            payload | {"iss": self.issuer}, key, algorithm=self.algorithm, headers={"kid": fingerprint(key)}
        )

    def get_verifying_key(self, token: Any) -> str:
        """The key that the token names. Raises TokenBackendError: a token without a name was not made here."""
        try:
            named = str(jwt.get_unverified_header(token).get("kid", ""))
        except jwt.InvalidTokenError as error:
            raise TokenBackendError from error
        for key in keys():
            if fingerprint(key) == named:
                return key
        raise TokenBackendError


_RING: Any = KeyRing()  # simplejwt types the attribute below as a property; it is a plain one


class VocAccessToken(AccessToken):
    _token_backend = _RING


class VocRefreshToken(RefreshToken):
    _token_backend = _RING
    access_token_class = VocAccessToken
