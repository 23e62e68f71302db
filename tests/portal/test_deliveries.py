"""The list of messages and one's own messages."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from notifications.models import Delivery, DeliveryState
from notifications.queries import page_of
from notifications.routing.models import Person, Subscription
from tests.factories import TicketFactory, UserFactory
from voc.core import clock
from voc.core.outbox.models import Job

pytestmark = pytest.mark.django_db


@pytest.fixture
def manager():
    return UserFactory(manager=True)


@pytest.fixture
def signed_in(client, manager):
    client.force_login(manager)
    return client


def deliver(number=1, **values):
    rows = [
        Delivery(
            **{
                "subject": "VOC-1",
                "event": "ticket.decided",
                "key": f"k{Delivery.objects.count() + index}",
                "channel": "slack",
                "target": "C01",
                "title": f"Message {index}",
                "state": DeliveryState.ACCEPTED,
                "created_at": clock.now(),
            }
            | values
        )
        for index in range(number)
    ]
    return Delivery.objects.bulk_create(rows)


def page(client, query=""):
    answer = client.get(f"/messages/{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def test_admins_and_managers_read_it_and_nobody_else(client):
    for user, code in (
        (UserFactory(admin=True), 200),
        (UserFactory(manager=True), 200),
        (UserFactory(), 403),
        (UserFactory(submitter=True), 403),
    ):
        client.force_login(user)
        assert client.get("/messages/").status_code == code


def test_it_shows_what_became_of_each_message_and_leads_to_its_ticket(signed_in):
    ticket = TicketFactory()
    deliver(subject=ticket.ticket_id, title="<b>Urgent</b>", state=DeliveryState.DEAD, error="channel_is_archived")
    shown = page(signed_in)
    assert "&lt;b&gt;Urgent&lt;/b&gt;" in shown
    assert "Given up" in shown
    assert "channel_is_archived" in shown
    assert f'href="/tickets/{ticket.ticket_id}/"' in shown


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("?state=dead", ["dead"]),
        ("?channel=email", ["mail"]),
        ("?event=digest", ["digest"]),
        ("?ticket=VOC-9", ["nine"]),
        ("?state=dead&channel=email", []),
        ("?state=nonsense", ["dead", "mail", "digest", "nine"]),
    ],
)
def test_it_is_narrowed_by_state_channel_occasion_and_ticket(signed_in, query, titles):
    deliver(title="title-dead", state=DeliveryState.DEAD)
    deliver(title="title-mail", channel="email")
    deliver(title="title-digest", event="digest")
    deliver(title="title-nine", subject="VOC-9")
    shown = page(signed_in, query)
    assert [name for name in ("dead", "mail", "digest", "nine") if f"title-{name}" in shown] == titles


@pytest.mark.parametrize("narrowed", ["", "&channel=slack", "&channel=slack&event=ticket.decided", "&ticket=VOC-1"])
def test_one_walks_to_the_oldest_and_back_and_misses_none(signed_in, narrowed):
    rows = deliver(60) + deliver(60, state=DeliveryState.DEAD)
    newest_first = [row.pk for row in reversed(rows)]

    def shown(query="?"):
        text = page(signed_in, query + narrowed)
        return [pk for pk in newest_first if f'id="delivery-{pk}"' in text], text

    first, text = shown()
    assert first == newest_first[:50]
    assert "Newer" not in text
    second, _text = shown(f"?before={first[-1]}")
    third, text = shown(f"?before={second[-1]}")
    assert first + second + third == newest_first
    assert "Older" not in text
    assert shown(f"?after={third[0]}")[0] == second
    assert shown(f"?after={second[0]}")[0] == first


def test_its_cost_does_not_grow_with_the_messages(signed_in):
    def queries():
        with CaptureQueriesContext(
            connection,
        ) as seen:
            page(signed_in)
        return len(seen)

    deliver(1)
    few = queries()
    deliver(200, subject="VOC-2")
    assert queries() == few


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        ({}, "notifications_delivery_pkey"),
        ({"state": "dead"}, "delivery_by_state"),
        ({"channel": "slack"}, "delivery_by_channel"),
        ({"channel": "slack", "state": "dead"}, "delivery_by_channel"),
        ({"event": "digest"}, "delivery_by_event"),
        ({"event": "digest", "state": "dead"}, "delivery_by_event"),
        ({"channel": "slack", "event": "digest"}, "delivery_by_channel_event"),
        ({"channel": "slack", "event": "digest", "state": "dead"}, "delivery_by_channel_event"),
    ],
)
@pytest.mark.parametrize("edge", ["before", "after"])
def test_however_it_is_narrowed_one_index_has_the_rows_in_order(wanted, index, edge):
    with CaptureQueriesContext(connection) as seen:
        page_of(wanted, size=50, **{edge: 5})
    with connection.cursor() as cursor:
        # So few rows would rather be sorted.
        cursor.execute("SET LOCAL enable_sort = off; SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
        cursor.execute(f"EXPLAIN {seen.captured_queries[0]['sql']}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert set(re.findall(r"Index \w*\s?Scan (?:Backward )?using (\w+)", plan)) == {index}
    assert "Sort" not in plan


def test_what_was_given_up_can_be_tried_again_and_what_arrived_cannot(signed_in):
    [dead] = deliver(state=DeliveryState.DEAD)
    answer = signed_in.post(f"/messages/{dead.pk}/retry/", {"query": "state=dead"})
    assert answer.headers["Location"] == "/messages/?state=dead"
    dead.refresh_from_db()
    assert dead.state == DeliveryState.PENDING
    assert Job.objects.filter(event="notification.slack").count() == 1

    [there] = deliver(key="there")
    answer = signed_in.post(f"/messages/{there.pk}/retry/", follow=True)
    assert "has arrived" in answer.content.decode()
    assert signed_in.post("/messages/999999/retry/").status_code == 302


def test_a_viewer_cannot_try_again(client):
    [dead] = deliver(state=DeliveryState.DEAD)
    client.force_login(UserFactory())
    assert client.post(f"/messages/{dead.pk}/retry/").status_code == 403
    dead.refresh_from_db()
    assert dead.state == DeliveryState.DEAD


# --- my messages ------------------------------------------------------------------------------------------------------


def preferences(**changes):
    return {
        "wanted": ["ticket.urgent/email", "ticket.decided/slack"],
        "language": "ko",
        "quiet_from": "22:00",
        "quiet_to": "08:00",
        "zone": "Asia/Seoul",
        "digest": "daily",
        "daily_at": "09:00",
        "busy_over": "10",
        "busy_minutes": "15",
    } | changes


def test_each_chooses_what_to_hear_and_by_which_channel(signed_in, manager):
    assert signed_in.post("/messages/mine/", preferences()).status_code == 302
    stored = set(Subscription.objects.filter(user=manager).values_list("event", "channel"))
    assert stored == {("ticket.urgent", "email"), ("ticket.decided", "slack")}
    person = Person.objects.get(user=manager)
    assert (person.language, str(person.quiet_from), person.digest) == ("ko", "22:00:00", "daily")

    shown = signed_in.get("/messages/mine/").content.decode()
    boxes = [part.partition(">")[0] for part in shown.split('name="wanted"')[1:]]
    assert [box.endswith("checked") for box in boxes].count(True) == 2

    signed_in.post("/messages/mine/", preferences(wanted=[]))
    assert not Subscription.objects.exists()


def test_nobody_says_himself_who_he_is_in_slack(signed_in, manager):
    signed_in.post("/messages/mine/", preferences(slack_id="UBOSS"))
    assert Person.objects.get(user=manager).slack_id == ""


@pytest.mark.parametrize(
    "wrong", [{"zone": "Sea/Atlantis"}, {"quiet_to": ""}, {"digest": "never"}, {"wanted": ["ticket.urgent/fax"]}]
)
def test_what_cannot_be_is_refused_and_nothing_is_stored(signed_in, wrong):
    assert signed_in.post("/messages/mine/", preferences(**wrong)).status_code == 422
    assert not Subscription.objects.exists()


def test_submitters_have_no_such_page(client):
    client.force_login(UserFactory(submitter=True))
    assert client.get("/messages/mine/").status_code == 403
