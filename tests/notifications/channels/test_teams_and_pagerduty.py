"""What is Teams' and PagerDuty's own."""

import json

import httpx
import pytest

from notifications.channels.pagerduty import dedup_key_of
from notifications.channels.teams import MAX_BYTES, payload
from notifications.message import Incident, NotificationMessage
from notifications.models import DeliveryState
from notifications.services import NotificationService
from sandbox.client import SandboxClient
from tests.notifications.channels.harness import PagerDutyPeer, TeamsPeer
from tests.notifications.conftest import message, parcel
from voc.core.errors import Permanent, Transient
from voc.core.vocabulary import Urgency


@pytest.fixture
def teams(sandbox: SandboxClient) -> TeamsPeer:
    return TeamsPeer(sandbox)


@pytest.fixture
def pagerduty(sandbox: SandboxClient) -> PagerDutyPeer:
    return PagerDutyPeer(sandbox)


def tell(pagerduty: PagerDutyPeer, notification: NotificationMessage) -> None:
    pagerduty.channel.deliver(parcel(notification, target=pagerduty.target))


def incidents(pagerduty: PagerDutyPeer) -> list[dict[str, object]]:
    return pagerduty.sandbox.state("pagerduty")["incidents"]


def test_a_card_over_28_kb_is_cut_to_size_and_arrives(teams: TeamsPeer) -> None:
    long = message(body="결제 " * 20_000, fields=tuple((f"Field {n}", "값 " * 2_000) for n in range(10)))

    assert len(json.dumps(payload(long)).encode()) <= MAX_BYTES
    teams.channel.deliver(parcel(long, target=teams.target))

    assert len(teams.seen()) == 1


def test_the_stand_in_refuses_what_workflows_refuses(teams: TeamsPeer) -> None:
    url = teams.sandbox.url("/teams/workflows/1/triggers/manual/paths/invoke")
    old = {"@type": "MessageCard", "text": "a connector's card"}

    assert httpx.post(url, params={"sig": "s"}, json=old).status_code == 400
    assert httpx.post(url, json=payload(message())).status_code == 401
    too_large = payload(message(body="x")) | {"more": "x" * 30_000}
    assert httpx.post(url, params={"sig": "s"}, json=too_large).status_code == 413


def test_a_flow_that_is_gone_says_what_to_do_and_shows_no_signature(teams: TeamsPeer) -> None:
    teams.fault("status", status=404, body='{"error": {"code": "WorkflowNotFound"}}')

    with pytest.raises(Permanent, match=r"WorkflowNotFound.*TEAMS_WEBHOOKS"):
        teams.channel.deliver(parcel(message(), target=teams.target))


def test_only_an_urgent_card_is_repeated_when_it_may_have_arrived(teams: TeamsPeer) -> None:
    assert teams.channel.repeats(message(urgency=Urgency.HIGH))
    assert not teams.channel.repeats(message(urgency=Urgency.LOW))


def test_an_event_whose_answer_was_lost_makes_one_incident_however_often_it_is_sent(pagerduty: PagerDutyPeer) -> None:
    urgent = message()
    pagerduty.fault("drop_after", count=2)
    for _ in range(2):
        with pytest.raises(Transient):
            tell(pagerduty, urgent)
    tell(pagerduty, urgent)

    assert [(each["status"], each["triggers"]) for each in incidents(pagerduty)] == [("triggered", 3)]


def test_an_incident_is_acknowledged_and_resolved_with_its_ticket(pagerduty: PagerDutyPeer) -> None:
    for act in Incident:
        tell(pagerduty, message(incident=act))

    assert [each["status"] for each in incidents(pagerduty)] == ["resolved"]


def test_what_ended_and_comes_again_is_a_new_incident(pagerduty: PagerDutyPeer) -> None:
    for act in (Incident.TRIGGER, Incident.RESOLVE, Incident.TRIGGER):
        tell(pagerduty, message(incident=act))

    assert [each["status"] for each in incidents(pagerduty)] == ["resolved", "triggered"]


def test_a_deduplication_key_is_a_text_of_at_most_255_characters_and_tells_subjects_apart() -> None:
    long = [message(subject=f"{'x' * 300}{number}") for number in range(2)]

    keys = {dedup_key_of(each) for each in [*long, message(subject="VOC-1"), message(subject="VOC-2")]}

    assert len(keys) == 4
    assert all(len(key) <= 255 for key in keys)


def test_a_key_that_pagerduty_does_not_know_is_refused_for_good(sandbox: SandboxClient) -> None:
    peer = PagerDutyPeer(sandbox)
    peer.channel._keys = {"core": "wrong" * 6 + "xx"}  # type: ignore[attr-defined]

    with pytest.raises(Permanent, match="routing_key") as caught:
        tell(peer, message())

    assert "wrongwrong" not in caught.value.message


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("urgency", [Urgency.MEDIUM, Urgency.LOW, None])
def test_what_is_not_urgent_does_not_go_to_pagerduty_and_the_log_says_why(
    pagerduty: PagerDutyPeer, urgency: Urgency | None
) -> None:
    service = NotificationService(None)
    service.channels["pagerduty"] = pagerduty.channel

    delivery = service.send("pagerduty", message(urgency=urgency))

    assert delivery.state == DeliveryState.SUPPRESSED
    assert "urgent" in delivery.error
    assert pagerduty.posts() == 0
    resolved = service.send("pagerduty", message(urgency=urgency, incident=Incident.RESOLVE))
    assert resolved.state == DeliveryState.ACCEPTED
