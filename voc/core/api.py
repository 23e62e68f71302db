"""What the API answers when something is wrong: one shape per status, for every view (see REST_FRAMEWORK)."""

import math
from collections.abc import Iterable, Iterator
from io import BytesIO
from typing import Any

import structlog
from django.conf import settings
from django.core.exceptions import NON_FIELD_ERRORS, ObjectDoesNotExist, RequestDataTooBig
from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.core.exceptions import ValidationError as DjangoValidationError
from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework import exceptions, parsers, serializers, status
from rest_framework.response import Response
from rest_framework.settings import api_settings
from rest_framework.views import set_rollback

from voc.core import clock
from voc.core.errors import Conflict, InvalidInput, NotAllowed, Permanent, Transient, VocError

RETRY_SECONDS = 5
# Far more than any body of ours has; deeper ones cost a stack overflow wherever they are walked through.
MAX_DEPTH = 64
TYPES = {"required": "missing", "null": "missing", "invalid": "value_error"}

log = structlog.get_logger(__name__)


class QueryError(exceptions.ValidationError):
    """Invalid query parameters: 422 whose `loc` begins with "query" instead of "body"."""


class JSONParser(parsers.JSONParser):
    """JSON within the limits that Django sets for forms, and no deeper than anybody needs."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        """The value. Raises ParseError, or RequestDataTooBig before anything is read."""
        body = parser_context["request"]._request.body
        try:
            value = super().parse(BytesIO(body), media_type, parser_context)
        except RecursionError as error:
            raise exceptions.ParseError(too_deep()) from error
        if _is_deep(value):
            raise exceptions.ParseError(too_deep())
        return value


def too_deep() -> str:
    return _("The body is nested more than %(most)d levels deep.") % {"most": MAX_DEPTH}


def _is_deep(value: object) -> bool:
    level = [value]
    for _depth in range(MAX_DEPTH):
        level = [inner for each in level for inner in _inside(each)]
        if not level:
            return False
    return True


def _inside(value: object) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def check_query(serializer: serializers.BaseSerializer[Any]) -> dict[str, Any]:
    """The validated query parameters; raises QueryError."""
    if not serializer.is_valid():
        raise QueryError(dict(serializer.errors))
    validated: dict[str, Any] = serializer.validated_data
    return validated


def exception_handler(error: Exception, context: dict[str, Any]) -> Response:
    """DRF's EXCEPTION_HANDLER. Answers everything in JSON; what nobody expected is logged and says no more than its id."""
    set_rollback()
    if isinstance(error, VocError):
        return _of_ours(error) or _unexpected(error, context)
    return _of_django(error) or _of_drf(error) or _unexpected(error, context)


def _of_ours(error: VocError) -> Response | None:
    match error:
        case NotAllowed():
            return _answer(status.HTTP_400_BAD_REQUEST, error.message)
        case Conflict():
            return _answer(status.HTTP_409_CONFLICT, error.message)
        case InvalidInput():
            loc = ["body", *error.field.split(".")] if error.field else ["body"]
            return _invalid([{"loc": loc, "msg": error.message, "type": error.code}])
        case Transient():
            seconds = math.ceil((error.at - clock.now()).total_seconds()) if error.at else RETRY_SECONDS
            return _answer(
                status.HTTP_503_SERVICE_UNAVAILABLE, error.message, headers={"Retry-After": str(max(1, seconds))}
            )
        case Permanent():
            return _answer(status.HTTP_502_BAD_GATEWAY, error.message)
        case _:
            return None


def _of_django(error: Exception) -> Response | None:
    match error:
        case Http404() | ObjectDoesNotExist():
            return _answer(status.HTTP_404_NOT_FOUND, _("Not found."))
        case RequestDataTooBig():
            return _answer(status.HTTP_413_REQUEST_ENTITY_TOO_LARGE, too_big())
        case DjangoPermissionDenied():
            return _answer(status.HTTP_403_FORBIDDEN, _("You are not allowed to do this."))
        case DjangoValidationError():
            return _invalid(list(_problems(serializers.as_serializer_error(error), ["body"])))
        case _:
            return None


def _of_drf(error: Exception) -> Response | None:
    match error:
        case exceptions.ValidationError():
            start = "query" if isinstance(error, QueryError) else "body"
            return _invalid(list(_problems(error.detail, [start])))
        case exceptions.ParseError():
            return _invalid([{"loc": ["body"], "msg": str(error.detail), "type": "json_invalid"}])
        case exceptions.APIException():
            return _answer(error.status_code, error.detail, headers=_headers(error))
        case _:
            return None


def _headers(error: exceptions.APIException) -> dict[str, str]:
    headers = {}
    if challenge := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if isinstance(error, exceptions.Throttled) and (wait := getattr(error, "wait", None)) is not None:
        headers["Retry-After"] = str(max(1, math.ceil(wait)))
    return headers


def _problems(detail: Any, loc: list[str | int]) -> Iterator[dict[str, Any]]:
    """DRF's nested errors, flat: one entry per message, `loc` the way to it."""
    if isinstance(detail, dict):
        for name, inner in detail.items():
            whole = name in (api_settings.NON_FIELD_ERRORS_KEY, NON_FIELD_ERRORS)
            yield from _problems(inner, loc if whole else [*loc, name])
    elif isinstance(detail, list):
        for index, inner in enumerate(detail):
            # A list of messages belongs to its field; a list of errors is one per item.
            yield from _problems(inner, [*loc, index] if isinstance(inner, dict | list) else loc)
    else:
        code = getattr(detail, "code", "invalid")
        yield {"loc": loc, "msg": _sendable(str(detail)), "type": TYPES.get(code, code)}


def _invalid(problems: list[dict[str, Any]]) -> Response:
    return Response({"detail": problems}, status=status.HTTP_422_UNPROCESSABLE_ENTITY)


def _answer(code: int, detail: Any, *, headers: dict[str, str] | None = None) -> Response:
    text = detail if isinstance(detail, str) else _flat(detail)
    return Response({"detail": _sendable(text)}, status=code, headers=headers or {})


def _sendable(text: str) -> str:
    """A message may quote what was sent; half a character (a lone surrogate) in it has no bytes to be sent as."""
    return text.encode("utf-8", "backslashreplace").decode()


def _flat(detail: Any) -> str:
    """simplejwt's errors are dicts whose `detail` is the sentence."""
    if isinstance(detail, dict) and "detail" in detail:
        return str(detail["detail"])
    return str(detail)


def _unexpected(error: Exception, context: dict[str, Any]) -> Response:
    view = context.get("view")
    log.error("api.failed", view=type(view).__name__, error=type(error).__name__, exc_info=error)
    return Response(something_failed(), status=status.HTTP_500_INTERNAL_SERVER_ERROR)


def too_big() -> str:
    """What a caller learns of a body over the limit."""
    most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    return _("The request is too big: it may have %(most)d bytes at most.") % {"most": most}


def something_failed() -> dict[str, str]:
    """What a caller learns of an error that nobody expected."""
    request_id = str(structlog.contextvars.get_contextvars().get("request_id", ""))
    return {"detail": _("Something went wrong on our side; it has been recorded."), "request_id": request_id}
