"""The REST API of tickets, version 1."""

from collections.abc import Callable
from typing import Any, TypeVar

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework import status
from rest_framework.authentication import SessionAuthentication
from rest_framework.exceptions import ErrorDetail
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from accounts.authentication import VocJWTAuthentication
from accounts.models import User
from accounts.permissions import get_current_user, login_only, public, require_permission
from tickets import queries, serializers, services
from tickets.idempotency import HEADER, Answer, check_key, once
from tickets.models import Ticket
from tickets.paging import page_of
from voc.core.api import QueryError, check_query
from voc.core.errors import InvalidInput

INVALID = OpenApiResponse(serializers.InvalidSerializer, description="A value is refused; each one is named.")
NOT_ALLOWED = OpenApiResponse(serializers.ErrorSerializer, description="The ticket's status does not allow it.")
NOT_FOUND = OpenApiResponse(serializers.ErrorSerializer, description="No such ticket, or not yours to see.")
CONFLICT = OpenApiResponse(
    serializers.ErrorSerializer, description="The key came with another body before, or the external id is taken."
)
TOO_BIG = OpenApiResponse(serializers.ErrorSerializer, description="The body is over the limit.")
ON_A_TICKET = {400: NOT_ALLOWED, 404: NOT_FOUND, 413: TOO_BIG, 422: INVALID}


Body = TypeVar("Body", bound=Serializer[Any])


@require_permission("voc:submit")
class SubmitView(APIView):
    @extend_schema(
        operation_id="voc_submit",
        request=serializers.SubmissionSerializer,
        responses={201: serializers.SubmittedSerializer, 409: CONFLICT, 413: TOO_BIG, 422: INVALID},
        parameters=[
            OpenApiParameter(
                HEADER,
                location=OpenApiParameter.HEADER,
                description="1–200 visible ASCII characters of your own. The same key again gets the first answer again, "
                "marked `Idempotent-Replay: true`, and makes no second ticket.",
            )
        ],
    )
    def post(self, request: Request) -> Response:
        """Hand in a complaint. It is analysed at once; ask for the ticket to see what came of it."""
        user = get_current_user(request)

        def submit() -> Answer:
            body = _body(serializers.SubmissionSerializer, request)
            ticket = services.submit_voc(**body.validated_data, submitted_by=user)
            message = _("The complaint was received and will be analysed.")
            return Answer(201, {"ticket_id": ticket.ticket_id, "status": ticket.status, "message": message})

        key = request.headers.get(HEADER)
        if key is None:
            return _answer(submit())
        try:
            check_key(key)
        except InvalidInput as error:
            problem = {"loc": ["header", HEADER], "msg": error.message, "type": error.code}
            return Response({"detail": [problem]}, status=status.HTTP_422_UNPROCESSABLE_ENTITY)
        return _answer(once(caller=f"user:{user.pk}", key=key, request=request.data, make=submit))


@require_permission("ticket:read")
class TicketListView(APIView):
    @extend_schema(
        operation_id="tickets_list",
        parameters=[serializers.ListQuerySerializer],
        responses={200: serializers.PageSerializer, 422: INVALID},
    )
    def get(self, request: Request) -> Response:
        """The tickets that you may see: newest first, or by urgency. `q` is a part of complaint, summary, name or id."""
        # An empty parameter is as good as none: the address of a form that was sent with empty fields.
        sent = request.query_params.copy()
        for name in [name for name, values in sent.lists() if not any(values)]:
            del sent[name]
        query = serializers.ListQuerySerializer(data=sent)
        asked = check_query(query)
        how = {name: asked[name] for name in ("sort", "order", "page", "limit", "cursor")}
        try:
            page = page_of(get_current_user(request), query.wanted(), **how)
        except InvalidInput as error:
            raise QueryError({error.field: [ErrorDetail(error.message, code=error.code)]}) from error
        return Response(serializers.PageSerializer(page).data)


class TicketView(APIView):
    """Base of the calls on one ticket."""

    def ticket(self, request: Request, ticket_id: str) -> Ticket:
        try:
            return queries.get_visible(get_current_user(request), ticket_id)
        except Ticket.DoesNotExist as error:
            raise Http404 from error

    def act(
        self,
        request: Request,
        ticket_id: str,
        service: Callable[..., Ticket],
        kind: type[serializers.ArgumentsSerializer] | None = None,
    ) -> Response:
        """Call the service, with what the body says, on a ticket that the caller may see; answer the flat ticket."""
        user = get_current_user(request)
        ticket = self.ticket(request, ticket_id)
        arguments = _body(kind, request).arguments() if kind else {}
        changed = service(ticket_id=ticket.ticket_id, actor=user, **arguments)
        return self.flat(queries.as_seen_by(user, changed), user)

    def flat(self, ticket: Ticket, user: User) -> Response:
        return Response(serializers.TicketSerializer(ticket, context={"user": user}).data)


@require_permission("ticket:read")
class TicketDetailView(TicketView):
    @extend_schema(operation_id="tickets_get", responses={200: serializers.TicketSerializer, 404: NOT_FOUND})
    def get(self, request: Request, ticket_id: str) -> Response:
        """The flat ticket. For submitters `assignee` and `correction` are null, and `similar_cases_used` names only
        tickets that they may see."""
        return self.flat(self.ticket(request, ticket_id), get_current_user(request))


@require_permission("ticket:confirm")
class ConfirmView(TicketView):
    @extend_schema(
        operation_id="tickets_confirm",
        request=serializers.ConfirmSerializer,
        responses={200: serializers.TicketSerializer, **ON_A_TICKET},
    )
    def post(self, request: Request, ticket_id: str) -> Response:
        """Approve the decision, with corrections. A ticket that was handed to people needs a `primary_type`."""
        return self.act(request, ticket_id, services.confirm_ticket, serializers.ConfirmSerializer)


@require_permission("ticket:reject")
class RejectView(TicketView):
    @extend_schema(
        operation_id="tickets_reject",
        request=serializers.RejectSerializer,
        responses={200: serializers.TicketSerializer, **ON_A_TICKET},
    )
    def post(self, request: Request, ticket_id: str) -> Response:
        """Refuse the decision for good."""
        return self.act(request, ticket_id, services.reject_ticket, serializers.RejectSerializer)


@require_permission("ticket:analyze")
class RetryView(TicketView):
    @extend_schema(
        operation_id="tickets_retry",
        request=serializers.RetrySerializer,
        responses={200: serializers.TicketSerializer, **ON_A_TICKET},
    )
    def post(self, request: Request, ticket_id: str) -> Response:
        """Have it analysed again. The body may be left out."""
        return self.act(request, ticket_id, services.retry_ticket, serializers.RetrySerializer)


class AnalyzeView(RetryView):
    @extend_schema(
        operation_id="tickets_analyze",
        request=serializers.RetrySerializer,
        responses={200: serializers.TicketSerializer, **ON_A_TICKET},
    )
    def post(self, request: Request, ticket_id: str) -> Response:
        """The same as retry, under its older name."""
        return super().post(request, ticket_id)


@require_permission("ticket:confirm")
class CompleteView(TicketView):
    @extend_schema(
        operation_id="tickets_complete",
        request=serializers.CompleteSerializer,
        responses={200: serializers.TicketSerializer, **ON_A_TICKET},
    )
    def post(self, request: Request, ticket_id: str) -> Response:
        """Close it by hand, with what was done."""
        return self.act(request, ticket_id, services.complete_ticket, serializers.CompleteSerializer)


@require_permission("ticket:confirm")
class UndoView(TicketView):
    @extend_schema(
        operation_id="tickets_undo", request=None, responses={200: serializers.TicketSerializer, **ON_A_TICKET}
    )
    def post(self, request: Request, ticket_id: str) -> Response:
        """Take the last verdict back, within the grace in which nothing of it has left the house."""
        return self.act(request, ticket_id, services.undo_verdict)


@require_permission("ticket:confirm")
class IssueView(TicketView):
    @extend_schema(
        operation_id="tickets_issue",
        request=serializers.IssueSerializer,
        responses={200: serializers.TicketSerializer, **ON_A_TICKET},
    )
    def post(self, request: Request, ticket_id: str) -> Response:
        """Link an existing Jira issue, or have another one made where Jira refused it or it was unlinked. It happens after
        the answer; `jira_issue_key` shows it."""
        body = _body(serializers.IssueSerializer, request).arguments()
        service = services.link_issue if "key" in body else services.create_issue_again
        return self.act(request, ticket_id, service, serializers.IssueSerializer)

    @extend_schema(
        operation_id="tickets_unlink",
        request=None,
        responses={200: serializers.TicketSerializer, 400: NOT_ALLOWED, 404: NOT_FOUND},
    )
    def delete(self, request: Request, ticket_id: str) -> Response:
        """Unlink the Jira issue, which stays as it is."""
        return self.act(request, ticket_id, services.unlink_issue)


@require_permission("ticket:confirm")
class AssignView(TicketView):
    @extend_schema(
        operation_id="tickets_assign",
        request=serializers.AssignSerializer,
        responses={200: serializers.TicketSerializer, 404: NOT_FOUND, 413: TOO_BIG, 422: INVALID},
    )
    def post(self, request: Request, ticket_id: str) -> Response:
        """Name who works on it, without a decision."""
        return self.act(request, ticket_id, services.assign_ticket, serializers.AssignSerializer)


@require_permission("ticket:confirm")
class CommentView(TicketView):
    @extend_schema(
        operation_id="tickets_comment",
        request=serializers.CommentSerializer,
        responses={201: serializers.TimelineSerializer, 404: NOT_FOUND, 413: TOO_BIG, 422: INVALID},
    )
    def post(self, request: Request, ticket_id: str) -> Response:
        """Add an internal remark. The answer is the timeline."""
        ticket = self.ticket(request, ticket_id)
        body = _body(serializers.CommentSerializer, request)
        services.add_comment(
            ticket_id=ticket.ticket_id, actor=get_current_user(request), body=body.validated_data["body"]
        )
        return Response(
            serializers.TimelineSerializer({"events": queries.timeline(ticket)}).data, status=status.HTTP_201_CREATED
        )


@require_permission("ticket:read")
class TimelineView(TicketView):
    @extend_schema(operation_id="tickets_timeline", responses={200: serializers.TimelineSerializer, 404: NOT_FOUND})
    def get(self, request: Request, ticket_id: str) -> Response:
        """What happened to the ticket, oldest first. Submitters do not see what the staff says and does among itself: nobody's
        name but their own, and of a verdict its reason or resolution alone."""
        ticket = self.ticket(request, ticket_id)
        user = get_current_user(request)
        events = queries.timeline(
            ticket, internal=queries.sees_internal(user), personal=queries.sees_personal_data(user, ticket)
        )
        return Response(serializers.TimelineSerializer({"events": events}).data)


@login_only
class SchemaView(SpectacularAPIView):
    """The OpenAPI document; the page below reads it with the browser's session."""

    authentication_classes = (VocJWTAuthentication, SessionAuthentication)


@public
class _SwaggerView(SpectacularSwaggerSplitView):
    url_name = "api_schema"


_swagger = _SwaggerView.as_view()


# A page, though its address is one of the API: who is not signed in is led to the login instead of getting a 401.
@public
@login_required
def docs(request: HttpRequest) -> HttpResponseBase:
    """The API to read and try out, without anything from elsewhere."""
    return _swagger(request)


def _answer(answer: Answer) -> Response:
    headers = {"Idempotent-Replay": "true"} if answer.replayed else None
    return Response(answer.body, status=answer.status_code, headers=headers)


def _body(kind: type[Body], request: Request) -> Body:
    # `null` is as good as no body.
    body = kind(data={} if request.data is None else request.data)
    body.is_valid(raise_exception=True)
    return body
