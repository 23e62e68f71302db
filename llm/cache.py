"""Answers that were validated once, kept in Redis: the same question again costs nothing. Redis away is a miss, no more.

Of many who ask the same at once, one goes and the others wait for what it brings.
"""

import hashlib
import json
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from django.conf import settings

from voc.core.redis import RedisAway, door

PREFIX: Final = "voc:llm:answer:"
LOCK: Final = "voc:llm:asking:"
LOOK_EVERY: Final = 0.05
# KEYS: lock. ARGV: token. Only whoever holds the lock may free it.
FREE: Final = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"


def key_of(**parts: Any) -> str:
    """One key for all that decides an answer: task, prompt, schema, model, parameters, redaction, input."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def get(key: str) -> str | None:
    if not settings.LLM_CACHE_SECONDS:
        return None
    try:
        found = door().call(lambda client: client.get(PREFIX + key))
    except RedisAway:
        return None
    return None if found is None else str(found)


def put(key: str, answer: str) -> None:
    if not settings.LLM_CACHE_SECONDS:
        return
    try:
        door().call(lambda client: client.set(PREFIX + key, answer, ex=settings.LLM_CACHE_SECONDS))
    except RedisAway:
        return


def clear() -> int:
    """Forget all answers, of which nobody can say whose words they hold; how many there were."""
    try:
        return door().call(
            lambda client: sum(int(client.delete(key)) for key in client.scan_iter(f"{PREFIX}*", count=500))
        )
    except RedisAway:
        return 0


@contextmanager
def turn(key: str, *, deadline: float) -> Iterator[str | None]:
    """What is cached under the key; None for the one who is to ask. The others wait here until it has, or `deadline`."""
    token = uuid.uuid4().hex
    found = get(key)
    held = False
    while found is None and not (held := _take(key, token, deadline)):
        if time.monotonic() >= deadline:
            break
        threading.Event().wait(LOOK_EVERY)
        found = get(key)
    try:
        yield found if found is not None else get(key) if held else None
    finally:
        if held:
            _free(key, token)


def _take(key: str, token: str, deadline: float) -> bool:
    seconds = max(1, int(deadline - time.monotonic()) + 1)
    try:
        return bool(door().call(lambda client: client.set(LOCK + key, token, nx=True, ex=seconds)))
    except RedisAway:
        return True


def _free(key: str, token: str) -> None:
    try:
        door().run_script(FREE, [LOCK + key], [token])
    except RedisAway:
        return
