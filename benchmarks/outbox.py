"""How many jobs a second one worker moves: the outbox's drain against one plain Celery task per job.

    python -m benchmarks.outbox [JOBS]

Starts throw-away servers and one worker with 12 threads. Each job writes one row. Both are timed from the moment when the
work is all queued and the worker may begin until the last row is there.
"""

import importlib
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Callable

import django
from django.core.management import call_command

from voc.dev.embedded import throwaway

JOBS = 3000
WORKER = ("-m", "celery", "-A", "benchmarks.outbox_app", "worker", "--pool", "threads", "--concurrency", "12")


def main() -> None:
    jobs = int(sys.argv[1]) if len(sys.argv) > 1 else JOBS
    with throwaway() as urls:
        os.environ.update(urls, SECRET_KEY=secrets.token_urlsafe(50), ENV_FILE=os.devnull, LOG_LEVEL="ERROR")
        os.environ["DJANGO_SETTINGS_MODULE"] = "voc.settings"
        django.setup()
        # Names the benchmark's flow table; settings are read on import, hence only now.
        importlib.import_module("benchmarks.outbox_app")
        call_command("migrate", verbosity=0, skip_checks=True)
        drained = measure(jobs, queue_outbox)
        print(f"outbox, drained:        {drained:7.0f} jobs/s")
        plain = measure(jobs, queue_plain)
        print(f"one plain task per job: {plain:7.0f} jobs/s")
        print(f"ratio:                  {drained / plain:7.2f}")


def queue_outbox(jobs: int) -> None:
    # Settings and models are there only once Django is set up: so here and below.
    from django.db import transaction

    from voc.core.outbox.api import emit

    for start in range(0, jobs, 500):
        with transaction.atomic():
            for number in range(start, min(jobs, start + 500)):
                emit("bench.job", subject=str(number))


def queue_plain(jobs: int) -> None:
    from benchmarks.outbox_app import plain

    for number in range(jobs):
        plain.delay(number)


def measure(jobs: int, queue: Callable[[int], None]) -> float:
    """Jobs a second."""
    from voc.core.outbox.models import Pulse

    Pulse.objects.all().delete()
    written = Pulse.objects.filter(name__startswith="bench-")
    queue(jobs)
    worker = subprocess.Popen([sys.executable, *WORKER], stdout=subprocess.DEVNULL)
    try:
        wait_for(lambda: written.count() > 0)
        # What was written until now went by before the clock ran.
        before, started = written.count(), time.monotonic()
        wait_for(lambda: written.count() >= jobs)
        return (jobs - before) / (time.monotonic() - started)
    finally:
        worker.terminate()
        worker.wait(20)


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("the worker did not get through")
        time.sleep(0.02)


if __name__ == "__main__":
    main()
