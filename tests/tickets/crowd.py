"""Many threads at once, each with a database connection of its own."""

import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import connection


def at_once(calls: Sequence[Callable[[], Any]], *, seconds: float = 60) -> list[Any]:
    """Start all calls at the same moment and return what each returned, or the exception that it raised."""
    barrier = threading.Barrier(len(calls))

    def run(call: Callable[[], Any]) -> Any:
        try:
            barrier.wait(timeout=seconds)
            return call()
        except Exception as error:  # noqa: BLE001  the caller gets it as a result
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls, timeout=seconds))


def share(threads: int, work: Iterable[Callable[[], Any]], *, seconds: float = 300) -> list[Any]:
    """Work through many calls with so many threads; results in order, an exception in the place of a result."""

    def run(call: Callable[[], Any]) -> Any:
        try:
            return call()
        except Exception as error:  # noqa: BLE001  the caller gets it as a result
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(run, work, timeout=seconds))
