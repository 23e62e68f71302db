from datetime import timedelta

import pytest
from django.test import Client

from notifications.models import Delivery, DeliveryState
from tests.factories import UserFactory
from voc.core import clock

pytestmark = pytest.mark.django_db

PAGE = "/admin/notifications/delivery/"


def row(**values: object) -> Delivery:
    given = {
        "key": f"k{Delivery.objects.count()}",
        "channel": "slack",
        "target": "T1/B1",
        "event": "ticket.urgent",
        "subject": "VOC-20260101-0001",
        "title": "Urgent complaint",
        "created_at": clock.now(),
    }
    return Delivery.objects.create(**{**given, **values})


def test_a_manager_reads_the_deliveries_and_filters_them(client: Client) -> None:
    row(state=DeliveryState.DEAD, error="channel_is_archived", subject="VOC-20260101-0001")
    row(state=DeliveryState.ACCEPTED, subject="VOC-20260101-0002")
    client.force_login(UserFactory(manager=True))

    everything = client.get(PAGE).content.decode()
    dead = client.get(PAGE, {"state__exact": "dead"}).content.decode()

    assert "VOC-20260101-0002" in everything
    assert "channel_is_archived" in dead
    assert "VOC-20260101-0002" not in dead


def test_messages_that_may_have_arrived_twice_can_be_found(client: Client) -> None:
    row(ambiguous=1, subject="VOC-20260101-0001")
    row(subject="VOC-20260101-0002")
    client.force_login(UserFactory(manager=True))

    twice = client.get(PAGE, {"ambiguous": "yes"}).content.decode()
    once = client.get(PAGE, {"ambiguous": "no"}).content.decode()

    assert ("VOC-20260101-0001" in twice, "VOC-20260101-0002" in twice) == (True, False)
    assert ("VOC-20260101-0001" in once, "VOC-20260101-0002" in once) == (False, True)


def test_nobody_changes_a_delivery_by_hand(client: Client) -> None:
    delivery = row(state=DeliveryState.UNKNOWN)
    client.force_login(UserFactory(admin=True))

    assert client.get(f"{PAGE}{delivery.pk}/change/").status_code == 200
    assert client.post(f"{PAGE}{delivery.pk}/change/", {"state": "accepted"}).status_code == 403
    assert client.post(f"{PAGE}{delivery.pk}/delete/", {"post": "yes"}).status_code == 403
    assert client.get(f"{PAGE}add/").status_code == 403
    delivery.refresh_from_db()
    assert delivery.state == DeliveryState.UNKNOWN


def test_a_row_that_is_sent_is_held_by_a_lease(client: Client) -> None:
    held = row(state=DeliveryState.SENDING, lease_until=clock.now() + timedelta(seconds=20))

    assert held.pk
    with pytest.raises(Exception, match="delivery_sends_only_under_a_lease"):
        row(state=DeliveryState.SENDING)
