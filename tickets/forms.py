"""The forms of the ticket pages. They shape and name the fields; what a value must be like is checked by the services,
whose `InvalidInput` a view puts beside its field."""

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.roles import STAFF_ROLES
from tickets import cleaning
from tickets.lifecycle import name_of
from tickets.models import RejectCategory, Status, System, Ticket
from tickets.paging import Order, Sort
from tickets.queries import TicketFilter
from tickets.services import UNSET, CorrectedDecision, JiraChoice
from voc.core.errors import InvalidInput
from voc.core.vocabulary import Channel, ProblemType, Urgency

Choices = list[tuple[str, str | Promise]]


class _LongText(forms.CharField):
    """Several lines with a counter of characters. Browsers send line ends as CR LF, which nobody typed."""

    def __init__(self, *, most: int, rows: int, strip: bool = True, **kwargs: Any) -> None:
        self.most = most
        super().__init__(widget=forms.Textarea(attrs={"rows": rows, "data-most": most}), strip=strip, **kwargs)

    def to_python(self, value: Any) -> str:
        text = super().to_python(value) or ""
        return text.replace("\r\n", "\n")


def _assignee() -> forms.CharField:
    return forms.CharField(
        label=_("Assignee"),
        required=False,
        max_length=cleaning.MAX_ASSIGNEE,
        widget=forms.TextInput(attrs={"list": "people", "autocomplete": "off"}),
    )


class ActForm(forms.Form):
    """Base of the forms on the ticket page: ids of their own, so that several fit on one page."""

    name = ""

    def __init__(self, data: QueryDict | None = None, *, initial: Mapping[str, Any] | None = None) -> None:
        super().__init__(data, auto_id=f"id_{self.name}_%s", initial=dict(initial or {}), use_required_attribute=True)

    def typed_text(self) -> str:
        """What was typed in sentences, so that it can be offered again when the ticket has moved on."""
        long = (name for name, field in self.fields.items() if isinstance(field, _LongText))
        return "\n\n".join(filter(None, (str(self.cleaned_data.get(name, "")) for name in long)))

    def refuse(self, error: InvalidInput) -> None:
        """Put a service's refusal beside its field, or above the form when it is about none of them."""
        field = error.field.removeprefix("decision.").removeprefix("jira.")
        self.add_error(field if field in self.fields else None, error.message)


class AnswerForm(ActForm):
    """Base of the forms that close a ticket: where the customer can be told, also what he is told."""

    customer_answer = _LongText(
        label=_("Answer to the customer"),
        most=cleaning.MAX_ANSWER,
        rows=4,
        required=False,
        help_text=_(
            "Goes to the customer by e-mail, just as it stands, once the ticket is closed. Empty: nothing goes."
        ),
    )

    def __init__(
        self,
        data: QueryDict | None = None,
        *,
        initial: Mapping[str, Any] | None = None,
        answers: bool = False,
    ) -> None:
        super().__init__(data, initial=initial)
        if answers:
            self.order_fields([name for name in self.fields if name != "customer_answer"])
        else:
            del self.fields["customer_answer"]

    def answer(self) -> str:
        return str(self.cleaned_data.get("customer_answer") or "")


class SubmitForm(ActForm):
    name = "submit"
    raw_voc = _LongText(
        label=_("Complaint"),
        most=cleaning.MAX_COMPLAINT,
        rows=9,
        strip=False,
        help_text=_("In the customer's own words. It is kept exactly as you enter it."),
    )
    customer_name = forms.CharField(label=_("Customer"), max_length=cleaning.MAX_NAME)
    customer_contact = forms.CharField(
        label=_("Contact"),
        max_length=cleaning.MAX_CONTACT,
        required=False,
        help_text=_("An e-mail address or a phone number."),
    )
    channel = forms.ChoiceField(label=_("Channel"), choices=Channel.choices, initial=Channel.WEB)
    received_at = forms.DateTimeField(
        label=_("Received at"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text=_("Leave empty for now."),
    )
    # Which showing of the form this is: a second click sends the same one again.
    once = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    def __init__(self, data: QueryDict | None = None) -> None:
        super().__init__(data, initial={"once": uuid.uuid4().hex})

    def values(self) -> dict[str, Any]:
        """What the service takes."""
        return {name: value for name, value in self.cleaned_data.items() if name != "once"}

    def fingerprint(self) -> str:
        """The same for the same showing of the form with the same words in it; "" where nobody was shown one."""
        if not self.cleaned_data["once"]:
            return ""
        sent = sorted((name, str(value)) for name, value in self.cleaned_data.items())
        return f"form:{hashlib.sha256(repr(sent).encode('utf-8', 'surrogatepass')).hexdigest()}"


@dataclass(frozen=True, slots=True)
class IssueOffer:
    """What an approval leads to in Jira: the usual place and kind, and issues (key, label) that it could share instead."""

    usual: JiraChoice
    shareable: Sequence[tuple[str, str]] = ()


def _project(**kwargs: Any) -> forms.CharField:
    return forms.CharField(label=_("Jira project"), required=False, max_length=32, **kwargs)


def _issue_type(**kwargs: Any) -> forms.CharField:
    return forms.CharField(label=_("Issue type"), required=False, max_length=60, **kwargs)


class ConfirmForm(AnswerForm):
    """The decision in force, to be changed where it is wrong; and the Jira issue, where one follows."""

    name = "confirm"
    primary_type = forms.ChoiceField(label=_("Problem type"))
    secondary_type = forms.ChoiceField(label=_("Second type"), required=False)
    urgency = forms.ChoiceField(label=_("Urgency"), required=False)
    affected_system = forms.ChoiceField(label=_("System"), required=False)
    assignee = _assignee()
    issue_key = forms.ChoiceField(
        label=_("Jira issue"), required=False, help_text=_("Tickets of one outage can share an issue.")
    )
    project_key = _project(help_text=_("Left empty, what system and problem type say."))
    issue_type = _issue_type()

    def __init__(
        self,
        data: QueryDict | None = None,
        *,
        ticket: Ticket,
        systems: list[str],
        issue: IssueOffer | None = None,
        answers: bool = False,
    ) -> None:
        super().__init__(
            data,
            answers=answers,
            initial={
                "primary_type": ticket.agent_decision_primary or ticket.suspected_type_primary,
                "secondary_type": ticket.agent_decision_secondary,
                "urgency": ticket.urgency,
                "affected_system": ticket.affected_system,
                "assignee": ticket.assignee,
            },
        )
        unknown: Choices = [("", "–")]
        choices: dict[str, Choices] = {
            "primary_type": ([] if ticket.agent_decision_primary else unknown) + list(ProblemType.choices),
            "secondary_type": [("", _("None")), *ProblemType.choices],
            "urgency": ([] if ticket.urgency else unknown) + list(Urgency.choices),
            "affected_system": ([] if ticket.affected_system else unknown) + _systems(systems, ticket.affected_system),
        }
        for name, values in choices.items():
            field = self.fields[name]
            if isinstance(field, forms.ChoiceField):
                field.choices = values
        self._offer_issue(issue)

    def _offer_issue(self, issue: IssueOffer | None) -> None:
        if issue is None:
            for name in ("issue_key", "project_key", "issue_type"):
                del self.fields[name]
            return
        self.fields["project_key"].widget.attrs["placeholder"] = issue.usual.project_key
        self.fields["issue_type"].widget.attrs["placeholder"] = issue.usual.issue_type
        shared = self.fields["issue_key"]
        if isinstance(shared, forms.ChoiceField):
            shared.choices = [("", _("A new one")), *issue.shareable]
        if not issue.shareable:
            del self.fields["issue_key"]

    def jira(self) -> JiraChoice:
        said = {name: self.cleaned_data.get(name, "") for name in ("project_key", "issue_type", "issue_key")}
        return JiraChoice(**said)

    def decision(self) -> CorrectedDecision:
        """What the form says. A field that is not in the form (an approval by one click) stays as the analyst set it."""
        sent = {name: value for name, value in self.cleaned_data.items() if name in self.data}
        return CorrectedDecision(
            primary_type=sent.get("primary_type") or None,
            secondary_type=(sent["secondary_type"] or None) if "secondary_type" in sent else UNSET,
            urgency=sent.get("urgency") or None,
            affected_system=sent.get("affected_system") or None,
        )


class RejectForm(AnswerForm):
    name = "reject"
    reject_reason = _LongText(label=_("Reason"), most=cleaning.MAX_REJECT_REASON, rows=3)
    reason_category = forms.ChoiceField(
        label=_("Category"), required=False, choices=[("", "–"), *RejectCategory.choices]
    )


class RetryForm(ActForm):
    name = "retry"
    retry_reason = _LongText(label=_("Reason"), most=cleaning.MAX_RETRY_REASON, rows=2, required=False)


class CompleteForm(AnswerForm):
    name = "complete"
    manual_resolution = _LongText(label=_("What was done"), most=cleaning.MAX_RESOLUTION, rows=4)


class IssueForm(ActForm):
    """Another try to have an issue made."""

    name = "issue"
    project_key = _project()
    issue_type = _issue_type()


class LinkForm(ActForm):
    name = "link"
    issue_key = forms.CharField(
        label=_("Key or address of the issue"), max_length=300, widget=forms.TextInput(attrs={"placeholder": "PAY-12"})
    )


class AssignForm(ActForm):
    name = "assign"
    assignee = _assignee()


class CommentForm(ActForm):
    name = "comment"
    body = _LongText(label=_("Internal comment"), most=cleaning.MAX_COMMENT, rows=2)
    share = forms.BooleanField(label=_("Share with Jira"), required=False)


SORTS: dict[str, tuple[Sort, Order, str | Promise]] = {
    "waiting": ("waiting", "asc", _("Most urgent, longest waiting first")),
    "newest": ("created_at", "desc", _("Newest first")),
    "oldest": ("created_at", "asc", _("Oldest first")),
    "urgency": ("urgency", "desc", _("Most urgent, newest first")),
}
# What a list offers; the first is how it is sorted by itself.
LIST_SORTS = ("newest", "oldest", "urgency")
QUEUE_SORTS = ("waiting", "urgency", "oldest", "newest")


class FilterForm(forms.Form):
    """The filters of a list, as they stand in the address. A value that is not known is no filter.

    `people` None leaves the assignee out, for those who may not see who works on what: not even a guess filters by it.
    """

    q = forms.CharField(
        label=_("Search"),
        required=False,
        widget=forms.TextInput(
            attrs={"type": "search", "data-key": "/", "placeholder": _("Search complaints, customers, ids")}
        ),
    )
    status = forms.ChoiceField(label=_("Status"), required=False)
    urgency = forms.ChoiceField(label=_("Urgency"), required=False)
    type = forms.ChoiceField(label=_("Problem type"), required=False)
    system = forms.ChoiceField(label=_("System"), required=False)
    assignee = forms.ChoiceField(label=_("Assignee"), required=False)
    sort = forms.ChoiceField(label=_("Order"), required=False)

    def __init__(
        self,
        data: QueryDict,
        *,
        statuses: tuple[Status, ...],
        systems: list[str],
        people: list[str] | None,
        sorts: tuple[str, ...],
    ) -> None:
        super().__init__(data, auto_id="filter_%s")
        self._statuses = statuses
        self._default_sort, *others = sorts
        self._offer("status", _("Any status"), [(each.value, each.label) for each in statuses] + self._several())
        self._offer("urgency", _("Any urgency"), list(Urgency.choices))
        self._offer("type", _("Any type"), list(ProblemType.choices))
        self._offer("system", _("Any system"), _systems(systems, data.get("system")))
        if people is None:
            del self.fields["assignee"]
        else:
            self._offer("assignee", _("Anybody"), _systems(people, data.get("assignee")))
        self._offer("sort", SORTS[self._default_sort][2], [(name, SORTS[name][2]) for name in others])

    def _offer(self, name: str, anything: str | Promise, choices: Choices) -> None:
        field = self.fields[name]
        if isinstance(field, forms.ChoiceField):
            field.choices = [("", anything), *choices]

    def _several(self) -> Choices:
        """The choice that stands for an address naming more than one status."""
        named = self._named_statuses()
        if len(named) < 2:
            return []
        return [(self.data.get("status", ""), ", ".join(str(each.label) for each in named))]

    @property
    def choices_fields(self) -> list[forms.BoundField]:
        names = ("status", "urgency", "type", "system", "assignee", "sort")
        return [self[name] for name in names if name in self.fields]

    def wanted(self) -> TicketFilter:
        self.is_valid()
        given = self.cleaned_data
        every = self._statuses if len(self._statuses) < len(Status) else ()
        return TicketFilter(
            statuses=self._named_statuses() or every,
            urgencies=_one(given, "urgency"),
            problem_types=_one(given, "type"),
            systems=_one(given, "system"),
            assignee=given.get("assignee", ""),
            q=given.get("q", ""),
        )

    @property
    def chosen_sort(self) -> str:
        """A name in SORTS; "" for the list's own."""
        self.is_valid()
        return str(self.cleaned_data.get("sort", ""))

    def sorting(self) -> tuple[Sort, Order]:
        column, order, _label = SORTS[self.chosen_sort or self._default_sort]
        return column, order

    def _named_statuses(self) -> tuple[Status, ...]:
        """Several may be given, repeated or comma-separated, as in the API; the form itself offers one."""
        values = self.data.getlist("status") if isinstance(self.data, QueryDict) else []
        named = {part for value in values for part in value.split(",")}
        return tuple(each for each in self._statuses if each.value in named)


def _one(given: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = given.get(name, "")
    return (value,) if value else ()


def _systems(known: list[str], present: str | None) -> Choices:
    """Known names, and the present one even if it is none of them."""
    names = known if not present or present in known else [present, *known]
    return [(name, name) for name in names]


def system_names() -> list[str]:
    return list(System.objects.filter(is_active=True).values_list("name", flat=True))


def people_names() -> list[str]:
    """Those who can be named as assignees without typing: active staff, as the timeline names them."""
    staff = User.objects.filter(is_active=True, role__in=STAFF_ROLES)
    return sorted(name_of(user) for user in staff.only("username", "first_name", "last_name"))
