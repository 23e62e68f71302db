"""Whatever has a breaker and does not answer is an alert: once for each outage, and cleared when it answers again."""

import threading
from typing import Any
from uuid import uuid4

import pytest
from django.conf import LazySettings

from tests.core.peers import refused_port
from voc.core.breaker import Breaker, Policy, outages
from voc.core.errors import Permanent, Transient
from voc.core.models import Alert
from voc.core.outages import outage_key, review
from voc.core.redis import door

pytestmark = pytest.mark.django_db

# Its time to rest is over when it begins: the next call is let through at once.
QUIET = Policy(failures=3, window=0.001, open_seconds=-1)


@pytest.fixture
def peer() -> str:
    return f"logs.{uuid4().hex[:8]}"


def fail(peer: str, times: int = 1, *, why: str = "no answer", policy: Policy = QUIET) -> None:
    for _ in range(times):
        with pytest.raises(Transient), Breaker(peer, policy=policy).guard():
            raise Transient(why)


def answer(peer: str) -> None:
    with Breaker(peer, policy=QUIET).guard():
        pass


def told(peer: str) -> list[tuple[str, bool]]:
    """The title of each alert about this peer, and whether it is open."""
    alerts = Alert.objects.filter(key=outage_key(peer)).order_by("id")
    return [(alert.title, alert.cleared_at is None) for alert in alerts]


def test_three_failures_in_a_row_are_told_once_and_so_is_the_end(peer: str) -> None:
    fail(peer, 3, why="Elasticsearch gave no answer.")
    for _ in range(3):
        review()
        fail(peer)

    [alert] = Alert.objects.filter(key=outage_key(peer))
    assert (alert.times, alert.cleared_at) == (1, None)
    assert "Elasticsearch gave no answer" in alert.body

    answer(peer)
    review()
    review()
    assert told(peer) == [(alert.title, False)]


def test_the_next_outage_is_told_anew(peer: str) -> None:
    for _ in range(2):
        fail(peer, 3)
        review()
        answer(peer)
        review()

    assert [is_open for _title, is_open in told(peer)] == [False, False]


def test_failures_far_apart_count_as_long_as_nothing_succeeds_between_them(peer: str) -> None:
    """A log system that is asked once an hour never fails three times within the breaker's window."""
    fail(peer, 2)
    assert peer not in outages()
    fail(peer)
    assert peer in outages()


def test_a_success_between_starts_the_count_anew(peer: str) -> None:
    fail(peer, 2)
    answer(peer)
    fail(peer, 2)
    review()

    assert told(peer) == []


def test_a_refusal_is_an_answer(peer: str) -> None:
    fail(peer, 3)
    with pytest.raises(Permanent), Breaker(peer, policy=QUIET).guard():
        raise Permanent("no such index")

    assert peer not in outages()


def test_what_somebody_else_tells_is_left_to_him(peer: str) -> None:
    fail(peer, 3, policy=Policy(failures=1, open_seconds=-1, told=False))
    review()

    assert told(peer) == []


def test_no_secret_gets_into_the_alert(peer: str) -> None:
    fail(peer, 3, why="https://user:pa55word-long@logs.example.com does not answer")
    review()

    assert "pa55word" not in Alert.objects.get(key=outage_key(peer)).body


def test_while_redis_is_away_an_alert_stays_as_it_is(peer: str, settings: LazySettings) -> None:
    fail(peer, 3)
    review()
    settings.REDIS_URL = f"redis://127.0.0.1:{refused_port()}/0"
    review()
    assert [is_open for _title, is_open in told(peer)] == [True]
    door().reopen()


def test_helper_threads_report_without_touching_the_database(peer: str, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        thread = threading.Thread(target=fail, args=(peer, 3))
        thread.start()
        thread.join()

    assert peer in outages()
