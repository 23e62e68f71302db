"""What the API takes and gives. What a value must be like is said in `tickets.cleaning`; this only names the fields."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.fields import empty

from integrations.jira.client import browse_url
from tickets import cleaning, queries
from tickets.models import RejectCategory, Status, Ticket, TicketEvent
from tickets.queries import TicketFilter
from tickets.services import UNSET, CorrectedDecision, JiraChoice
from voc.core.errors import InvalidInput
from voc.core.vocabulary import Channel, ProblemType, Urgency


class Text(serializers.CharField):
    """A text as `clean` takes it: nothing is trimmed, turned into a text or checked beside that."""

    def __init__(self, clean: Callable[[object], str | None], **options: Any) -> None:
        super().__init__(**options)
        self.clean = clean

    def run_validation(self, data: Any = empty) -> Any:
        is_empty, value = self.validate_empty_values(data)
        if is_empty:
            return value
        try:
            return self.clean(value)
        except InvalidInput as error:
            raise serializers.ValidationError(error.message, code=error.code) from error


class Moment(serializers.DateTimeField):
    """A time; without a zone it is site time. One at the very end of what can be counted is refused, not an error of ours."""

    def enforce_timezone(self, value: datetime) -> datetime:
        try:
            moment = super().enforce_timezone(value)
            moment.astimezone(UTC)
        except OverflowError:
            self.fail("overflow")
        return moment


class OptionalText(Text):
    """A text that may be left out; null, which some clients send for what they leave out, is as good as empty."""

    def __init__(self, field: str, most: int, **options: Any) -> None:
        clean = partial(cleaning.text, field, most=most, required=False)
        super().__init__(clean, max_length=most, required=False, allow_null=True, **options)

    def run_validation(self, data: Any = empty) -> Any:
        value = super().run_validation(data)
        return "" if value is None else value


def _text(field: str, most: int, *, required: bool = True, **options: Any) -> Text:
    clean = partial(cleaning.text, field, most=most, required=required)
    return Text(clean, max_length=most, required=required, **options)


def _assignee() -> Text:
    return Text(cleaning.assignee, max_length=cleaning.MAX_ASSIGNEE, required=False, allow_null=True)


class SubmissionSerializer(serializers.Serializer[Any]):
    """A complaint. `received_at` without a zone is site time."""

    raw_voc = Text(cleaning.complaint, max_length=cleaning.MAX_COMPLAINT)
    customer_name = Text(cleaning.customer_name, max_length=cleaning.MAX_NAME)
    channel = serializers.ChoiceField(choices=Channel.choices)
    received_at = Moment()
    customer_contact = OptionalText("customer_contact", cleaning.MAX_CONTACT, default="")
    external_id = Text(
        cleaning.external_id, max_length=cleaning.MAX_EXTERNAL_ID, required=False, allow_null=True, default=None
    )

    def validate_received_at(self, value: Any) -> Any:
        try:
            return cleaning.received_at(value)
        except InvalidInput as error:
            raise serializers.ValidationError(error.message, code=error.code) from error


class SubmittedSerializer(serializers.Serializer[Any]):
    ticket_id = serializers.CharField()
    status = serializers.ChoiceField(choices=Status.choices)
    message = serializers.CharField()


class ArgumentsSerializer(serializers.Serializer[Any]):
    """A body whose fields are a service's arguments."""

    def arguments(self) -> dict[str, Any]:
        return dict(self.validated_data)


class DecisionSerializer(serializers.Serializer[Any]):
    """What the manager says instead; what is left out stays as the analyst said. `secondary_type: null` means none."""

    primary_type = serializers.ChoiceField(choices=ProblemType.choices, required=False, allow_null=True)
    secondary_type = serializers.ChoiceField(choices=ProblemType.choices, required=False, allow_null=True)
    urgency = serializers.ChoiceField(choices=Urgency.choices, required=False, allow_null=True)
    affected_system = _text("affected_system", cleaning.MAX_SYSTEM, required=False, allow_null=True)


class JiraSerializer(serializers.Serializer[Any]):
    """Where the issue goes, where Jira is set up; elsewhere it has no effect."""

    project_key = _text("project_key", 32, required=False, allow_null=True)
    issue_type = _text("issue_type", 60, required=False, allow_null=True)
    issue_key = _text("issue_key", 300, required=False, allow_null=True)

    def choice(self, said: dict[str, str | None] | None) -> JiraChoice | None:
        return None if said is None else JiraChoice(**{name: value or "" for name, value in said.items()})


class IssueSerializer(ArgumentsSerializer):
    """An existing issue by `issue_key` (or its address) is linked; without one, another try is made to create one."""

    issue_key = _text("issue_key", 300, required=False, allow_null=True)
    project_key = _text("project_key", 32, required=False, allow_null=True)
    issue_type = _text("issue_type", 60, required=False, allow_null=True)

    def arguments(self) -> dict[str, Any]:
        said = {name: value or "" for name, value in self.validated_data.items()}
        if said.get("issue_key"):
            return {"key": said["issue_key"]}
        said.pop("issue_key", None)
        return said


class ConfirmSerializer(ArgumentsSerializer):
    assignee = _assignee()
    decision = DecisionSerializer(required=False, allow_null=True)
    jira = JiraSerializer(required=False, allow_null=True)

    def arguments(self) -> dict[str, Any]:
        said = self.validated_data.get("decision")
        decision = None if said is None else CorrectedDecision(**{"secondary_type": UNSET, **said})
        issue = JiraSerializer().choice(self.validated_data.get("jira"))
        return {"assignee": self.validated_data.get("assignee"), "decision": decision, "jira": issue}


class RejectSerializer(ArgumentsSerializer):
    reject_reason = _text("reject_reason", cleaning.MAX_REJECT_REASON)
    reason_category = serializers.ChoiceField(choices=RejectCategory.choices, required=False, allow_null=True)
    assignee = _assignee()


class RetrySerializer(ArgumentsSerializer):
    retry_reason = OptionalText("retry_reason", cleaning.MAX_RETRY_REASON)


class CompleteSerializer(ArgumentsSerializer):
    manual_resolution = _text("manual_resolution", cleaning.MAX_RESOLUTION)
    assignee = _assignee()


class AssignSerializer(ArgumentsSerializer):
    """`null` or an empty text takes the name away."""

    assignee = Text(cleaning.assignee, max_length=cleaning.MAX_ASSIGNEE, allow_null=True)


class CommentSerializer(serializers.Serializer[Any]):
    body = _text("body", cleaning.MAX_COMMENT)


class RowSerializer(serializers.ModelSerializer[Ticket]):
    """A ticket in a list."""

    class Meta:
        model = Ticket
        fields = [
            "ticket_id",
            "status",
            "created_at",
            "updated_at",
            "summary",
            "urgency",
            "customer_name",
            "decision_confidence",
        ]
        read_only_fields = fields

    def get_fields(self) -> dict[str, Any]:
        """A text that the table lets be empty can be null here, and the OpenAPI document says so."""
        fields = super().get_fields()
        for field in self.Meta.model._meta.get_fields():
            if getattr(field, "blank", False) and field.name in fields:
                fields[field.name].allow_null = True
        return fields

    def to_representation(self, ticket: Ticket) -> dict[str, Any]:
        """An empty text is an unknown value, and that is null (see `get_fields`)."""
        flat = super().to_representation(ticket)
        return {name: None if value == "" else value for name, value in flat.items()}


class TicketSerializer(RowSerializer):
    """The flat ticket. `agent_decision_*` is what the analyst said; `correction` holds, as {field: [analyst's, manager's]},
    what a manager set instead. `customer_contact` is null for those who may neither decide on the ticket nor handed it in.

    What the staff does among itself (`INTERNAL`) is null for submitters, and tickets that they may not see are not named."""

    INTERNAL = ("assignee", "correction", "jira_issue_url")

    decision_reason = serializers.DictField(allow_null=True)
    action_proposal = serializers.DictField(allow_null=True)
    correction = serializers.DictField(allow_null=True)
    manual_reason = serializers.CharField(
        source="why_people", allow_null=True, help_text=_("Why people must decide, in the caller's language.")
    )

    jira_issue_url = serializers.SerializerMethodField()

    class Meta(RowSerializer.Meta):
        fields = [
            "ticket_id",
            "status",
            "created_at",
            "updated_at",
            "assignee",
            "raw_voc",
            "customer_name",
            "channel",
            "received_at",
            "customer_contact",
            "external_id",
            "summary",
            "suspected_type_primary",
            "suspected_type_secondary",
            "affected_system",
            "urgency",
            "agent_decision_primary",
            "agent_decision_secondary",
            "decision_confidence",
            "decision_reason",
            "action_proposal",
            "analyzed_at",
            "analyst",
            "confirmed_at",
            "reject_reason",
            "reject_category",
            "manual_resolution",
            "manual_reason",
            "correction",
            "jira_issue_key",
            "jira_project_key",
            "jira_synced_at",
            "jira_issue_url",
        ]
        read_only_fields = fields

    def get_jira_issue_url(self, ticket: Ticket) -> str | None:
        return browse_url(ticket.jira_issue_key) if ticket.jira_issue_key else None

    def to_representation(self, ticket: Ticket) -> dict[str, Any]:
        flat = super().to_representation(ticket)
        user = self.context["user"]
        if not queries.sees_personal_data(user, ticket):
            flat["customer_contact"] = None
        if not queries.sees_internal(user):
            flat |= dict.fromkeys(self.INTERNAL) | {"manual_reason": ticket.why_people_outside or None}
            flat["decision_reason"] = queries.without_hidden_cases(user, ticket.decision_reason)
        return flat


class PageSerializer(serializers.Serializer[Any]):
    """`next_cursor` leads to the following page at the same cost however deep; it is null on the last one."""

    tickets = RowSerializer(many=True)
    total_count = serializers.IntegerField(help_text=_("With q, what is found is counted to 1,000 and no further."))
    total_count_is_capped = serializers.BooleanField(
        source="is_more",
        help_text=_("Whether there may be more than total_count: only next_cursor leads on behind page total_pages."),
    )
    page = serializers.IntegerField()
    limit = serializers.IntegerField()
    total_pages = serializers.IntegerField()
    next_cursor = serializers.CharField(allow_null=True)


class EventSerializer(serializers.ModelSerializer[TicketEvent]):
    class Meta:
        model = TicketEvent
        fields = ["id", "kind", "at", "actor_name", "status_before", "status_after", "data"]
        read_only_fields = fields

    def to_representation(self, event: TicketEvent) -> dict[str, Any]:
        return super().to_representation(event) | {"data": event.told}


class TimelineSerializer(serializers.Serializer[Any]):
    events = EventSerializer(many=True)


class ErrorSerializer(serializers.Serializer[Any]):
    detail = serializers.CharField()


@extend_schema_field({"oneOf": [{"type": "string"}, {"type": "integer"}]})
class Step(serializers.CharField):
    """A step on the way to a value: a field's name, or a place in a list, from 0."""


class ProblemSerializer(serializers.Serializer[Any]):
    loc = serializers.ListField(child=Step(), help_text=_("Where: body, query or header, then the field."))
    msg = serializers.CharField()
    type = serializers.CharField()


class InvalidSerializer(serializers.Serializer[Any]):
    detail = ProblemSerializer(many=True)


class Several(serializers.ListField):
    """A query parameter that may be repeated or hold several values between commas."""

    def get_value(self, dictionary: Any) -> Any:
        name = str(self.field_name)
        sent = dictionary.getlist(name) if hasattr(dictionary, "getlist") else [dictionary.get(name, "")]
        values = [value.strip() for each in sent for value in each.split(",")]
        return list(dict.fromkeys(value for value in values if value)) or empty


class ListQuerySerializer(serializers.Serializer[Any]):
    """The parameters of a list. An empty one is as good as none."""

    status = Several(child=serializers.ChoiceField(choices=Status.choices), default=list)
    urgency = Several(child=serializers.ChoiceField(choices=Urgency.choices), default=list)
    q = serializers.CharField(max_length=200, default="", allow_blank=True)
    updated_since = Moment(required=False)
    sort = serializers.ChoiceField(choices=["created_at", "urgency"], default="created_at")
    order = serializers.ChoiceField(choices=["asc", "desc"], default="desc")
    page = serializers.IntegerField(min_value=1, default=1)
    limit = serializers.IntegerField(min_value=1, max_value=100, default=20)
    cursor = serializers.CharField(max_length=2000, default=None, allow_null=True)

    def wanted(self) -> TicketFilter:
        asked = self.validated_data
        return TicketFilter(
            statuses=tuple(asked["status"]),
            urgencies=tuple(asked["urgency"]),
            q=asked["q"],
            updated_since=asked.get("updated_since"),
        )
