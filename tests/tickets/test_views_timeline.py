"""What the lines of a timeline say."""

import pytest
from django.urls import reverse
from django.utils import translation

from tests.factories import TicketFactory, UserFactory
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


@pytest.mark.parametrize(("comments", "folded"), [(3, 0), (14, 0), (50, 40)])
def test_of_a_long_timeline_the_newest_lines_show_and_the_others_are_folded_away(client, comments, folded):
    ticket, manager = TicketFactory(), UserFactory(manager=True, language="en")
    for number in range(comments):
        services.add_comment(ticket_id=ticket.ticket_id, actor=manager, body=f"Remark {number}.")
    client.force_login(manager)
    html = client.get(reverse("ticket", args=[ticket.ticket_id])).content.decode()
    assert [html.count(f"Remark {number}.") for number in range(comments)] == [1] * comments
    assert (f"{folded} earlier" in html) == bool(folded)
    assert html.find("Remark 0.") < html.find(f"Remark {comments - 1}.")
