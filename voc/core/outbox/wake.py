"""Tell the workers that a queue has work. It may get lost (the sweep finds the job), but neither fails nor delays its caller.

A key per queue makes one message of many wake-ups; the drain that the message starts deletes it. Messages go out
through a connection of their own with short timeouts: Celery's `delay()` waits over 40 s for a Redis that hangs.
"""

import math
import threading
from datetime import datetime, timedelta

import celery
import kombu
import redis
import structlog
from django.conf import settings
from kombu.exceptions import KombuError

from voc.core import clock
from voc.core.redis import RedisAway, door

DRAIN_TASK = "voc.core.outbox.tasks.drain"
KEY_SECONDS = 5
MESSAGE_SECONDS = 30
BROKER_SECONDS = 0.5
# What is due later is left to the sweep: a message that waits longer than the broker's visibility timeout is sent again.
LOOKAHEAD_SECONDS = 45

log = structlog.get_logger(__name__)
_local = threading.local()


def wake(queue: str, *, at: datetime | None = None) -> None:
    """Start a drain of `queue`, now or at the moment `at`. Never raises for a Redis that is away."""
    wait = 0 if at is None else math.ceil((at - clock.now()).total_seconds())
    if wait > LOOKAHEAD_SECONDS:
        return
    try:
        if wait <= 0:
            if door().call(lambda client: client.set(_key(queue), "1", nx=True, ex=KEY_SECONDS)):
                _send(queue, wait=0)
            return
        # One message a second and queue, however many jobs become due in it.
        second = math.ceil((clock.now() + timedelta(seconds=wait)).timestamp())
        if door().call(lambda client: client.set(f"{_key(queue)}:{second}", "1", nx=True, ex=wait + KEY_SECONDS)):
            _send(queue, wait=wait)
    except RedisAway:
        log.debug("outbox.wake_lost", queue=queue)


def woken(queue: str) -> None:
    """A drain has begun: what is emitted from here on needs a message of its own."""
    try:
        door().call(lambda client: client.delete(_key(queue)))
    except RedisAway:
        log.debug("outbox.wake_key_left", queue=queue)


def _key(queue: str) -> str:
    return f"voc:wake:{queue}"


def _send(queue: str, *, wait: int) -> None:
    try:
        celery.current_app.send_task(
            DRAIN_TASK,
            args=[queue],
            connection=_connection(),
            retry=False,
            ignore_result=True,
            countdown=wait or None,
            expires=wait + MESSAGE_SECONDS,
        )
    except (KombuError, redis.RedisError, OSError) as error:
        _forget_connection()
        door().shut(error)
        raise RedisAway(str(error)) from error


def _connection() -> kombu.Connection:
    """This thread's connection to the broker."""
    connection: kombu.Connection | None = getattr(_local, "connection", None)
    if connection is None or _local.url != settings.CELERY_BROKER_URL:
        connection = kombu.Connection(
            settings.CELERY_BROKER_URL,
            transport_options={
                "socket_timeout": BROKER_SECONDS,
                "socket_connect_timeout": BROKER_SECONDS,
                "max_retries": 0,
            },
        )
        _local.connection, _local.url = connection, settings.CELERY_BROKER_URL
    return connection


def _forget_connection() -> None:
    _local.connection = None
