"""What the lines of a timeline say."""

import pytest
from django.utils import translation

from tests.factories import TicketFactory
from tickets import queries, services
from tickets.views_timeline import lines_of

pytestmark = pytest.mark.django_db


def details(ticket, *, language="en", internal=True):
    with translation.override(language):
        return [line.detail for line in lines_of(queries.timeline(ticket, internal=internal))]


@pytest.mark.parametrize(
    ("channel", "language", "shown"),
    [
        ("slack", "en", "urgent complaint · Slack"),
        ("slack", "ko", "긴급 VOC · Slack"),
        ("email", "en", "urgent complaint · E-mail"),
        ("pigeon", "en", "urgent complaint · pigeon"),
    ],
)
def test_a_message_is_told_with_the_name_of_its_channel(channel, language, shown):
    ticket = TicketFactory()
    services.record_told(ticket_id=ticket.ticket_id, event="ticket.urgent", channel=channel)
    assert details(ticket, language=language) == [shown]
