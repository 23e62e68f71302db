"""Authentication calls of the REST API, version 1."""

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied, Throttled
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import tokens
from accounts.origin import origin_of
from accounts.permissions import get_current_user, login_only, public
from accounts.serializers import CredentialsSerializer, MeSerializer, RefreshSerializer, TokenPairSerializer
from accounts.signin import CodeNeeded, sign_in
from accounts.throttle import TooManyAttempts
from voc.core.errors import NotAllowed

NOT_VALID = OpenApiResponse(description="Not accepted; which part was wrong is not said.")
NO_SECOND_FACTOR = OpenApiResponse(description="A second factor is required of this role and not set up yet.")
TOO_MANY = OpenApiResponse(description="Too many failed attempts; `Retry-After` says when to come back.")


class CredentialsView(APIView):
    """A call that proves who somebody is by its body: an old token in the header must not spoil it."""

    authentication_classes = ()

    def get_authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'  # with no authenticator, REST framework would answer 403 instead of 401


@public
class TokenView(CredentialsView):
    @extend_schema(
        operation_id="auth_token",
        request=CredentialsSerializer,
        responses={200: TokenPairSerializer, 401: NOT_VALID, 403: NO_SECOND_FACTOR, 429: TOO_MANY},
        auth=[],
    )
    def post(self, request: Request) -> Response:
        """Sign in: a username and a password for an access token (15 minutes) and a refresh token (7 days).

        Who has a second factor sends its `code` as well: of their app, or a recovery code.
        """
        body = CredentialsSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        try:
            user = sign_in(request._request, **body.validated_data)
        except TooManyAttempts as error:
            raise Throttled(wait=error.wait) from error
        except CodeNeeded as error:
            raise AuthenticationFailed(error.message) from error
        except NotAllowed as error:
            raise PermissionDenied(error.message) from error
        if user is None:
            raise AuthenticationFailed
        return _pair(tokens.issue(user, origin=origin_of(request._request)))


@public
class TokenRefreshView(CredentialsView):
    @extend_schema(
        operation_id="auth_token_refresh",
        request=RefreshSerializer,
        responses={200: TokenPairSerializer, 401: NOT_VALID},
        auth=[],
    )
    def post(self, request: Request) -> Response:
        """Swap a refresh token for a new pair. It works once."""
        body = RefreshSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        try:
            return _pair(tokens.rotate(body.validated_data["refresh"], origin=origin_of(request._request)))
        except tokens.TokenRefused as error:
            raise AuthenticationFailed(error.message) from error


@public
class TokenRevokeView(CredentialsView):
    @extend_schema(operation_id="auth_token_revoke", request=RefreshSerializer, responses={204: None}, auth=[])
    def post(self, request: Request) -> Response:
        """Sign out: the refresh token works no more. One that did not work before is answered the same."""
        body = RefreshSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        tokens.revoke(body.validated_data["refresh"])
        return Response(status=status.HTTP_204_NO_CONTENT)


@login_only
class MeView(APIView):
    @extend_schema(operation_id="auth_me", responses=MeSerializer)
    def get(self, request: Request) -> Response:
        """The caller, with role and permissions."""
        return Response(MeSerializer(get_current_user(request)).data)


def _pair(pair: tokens.TokenPair) -> Response:
    return Response({"access": pair.access, "refresh": pair.refresh}, headers={"Cache-Control": "no-store"})
