"""Rows to start a test from. What a service would do goes through the service; these only set a scene."""

import functools
from datetime import timedelta

import factory
from django.contrib.auth.hashers import make_password
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role, flags_of
from tickets.indexing import index
from tickets.models import Comment, EventKind, Status, System, Ticket, TicketEvent
from voc.core.vocabulary import Channel, ProblemType, Urgency

PASSWORD = "a-long-password-1"


@functools.cache
def hashed_password():
    """Hashing is slow on purpose: once is enough."""
    return make_password(PASSWORD)


class UserFactory(factory.django.DjangoModelFactory):
    """A viewer, unless `role` says otherwise."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    username = factory.Sequence(lambda n: f"user{n}")
    email = factory.LazyAttribute(lambda user: f"{user.username}@example.com")
    role = Role.VIEWER.value
    language = "en"
    is_staff = factory.LazyAttribute(lambda user: flags_of(Role(user.role))["is_staff"])
    is_superuser = factory.LazyAttribute(lambda user: flags_of(Role(user.role))["is_superuser"])
    password = factory.LazyFunction(hashed_password)

    class Params:
        admin = factory.Trait(role=Role.ADMIN.value)
        manager = factory.Trait(role=Role.MANAGER.value)
        submitter = factory.Trait(role=Role.SUBMITTER.value)


class TicketFactory(factory.django.DjangoModelFactory):
    """A ticket that was just received; traits bring it further. `age` (a timedelta) puts its creation back."""

    class Meta:
        model = Ticket
        skip_postgeneration_save = True

    class Params:
        age = timedelta(0)
        open = factory.Trait(status=Status.OPEN)
        analysing = factory.Trait(status=Status.ANALYZING)
        analysed = factory.Trait(
            summary="The refund button fails",
            suspected_type_primary=ProblemType.CODE_ERROR,
            affected_system="RefundService",
            urgency=Urgency.MEDIUM,
            agent_decision_primary=ProblemType.CODE_ERROR,
            decision_confidence=0.9,
            decision_reason={"summary": "NullPointerException in RefundController.java:88"},
            action_proposal={"action_type": "code_fix", "title": "Guard the missing account"},
            analyzed_at=factory.LazyFunction(timezone.now),
            analyst="offline",
        )
        waiting = factory.Trait(analysed=True, status=Status.WAITING_CONFIRM)
        manual = factory.Trait(status=Status.MANUAL_REQUIRED, manual_reason="Not understandable")
        approved = factory.Trait(analysed=True, status=Status.DONE, confirmed_at=factory.LazyFunction(timezone.now))
        rejected = factory.Trait(
            analysed=True,
            status=Status.REJECTED,
            reject_reason="Wrong system",
            confirmed_at=factory.LazyFunction(timezone.now),
        )
        completed = factory.Trait(
            status=Status.DONE,
            manual_resolution="Refunded by hand",
            confirmed_at=factory.LazyFunction(timezone.now),
        )

    ticket_id = factory.Sequence(lambda n: f"VOC-20260101-{n + 1:04d}")
    status = Status.OPEN
    created_at = factory.LazyAttribute(lambda ticket: timezone.now() - ticket.age)
    updated_at = factory.SelfAttribute("created_at")
    raw_voc = "The refund button shows an error every time."
    summary = ""
    external_id = None
    customer_name = "Kim Minji"
    channel = Channel.WEB
    received_at = factory.SelfAttribute("created_at")

    @factory.post_generation
    def entry(ticket, create, extracted, **more):  # noqa: N805
        """As the services do, so that it is found."""
        if create:
            index(ticket)


class TicketEventFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = TicketEvent

    ticket = factory.SubFactory(TicketFactory)
    kind = EventKind.SUBMITTED
    at = factory.LazyFunction(timezone.now)


class CommentFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Comment

    ticket = factory.SubFactory(TicketFactory)
    author_name = "Park Jiho"
    body = "The customer called again."
    at = factory.LazyFunction(timezone.now)


class SystemFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = System
        django_get_or_create = ("name",)

    name = factory.Sequence(lambda n: f"System{n}")
    kind = System.Kind.INTERNAL
    words = factory.LazyFunction(list)
