"""GET /metrics for Prometheus: django-prometheus' own, and what the database knows at the moment of the scrape.

For the machine itself and for whoever holds METRICS_TOKEN.
"""

import ipaddress
import secrets
from collections.abc import Iterator

import psycopg
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from django_prometheus.exports import ExportToDjangoView
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from voc.core import vitals
from voc.core.breaker import breaker_states
from voc.core.models import Alert

SECONDS = 2.0
STATES = ("pending", "running", "blocked", "dead")
# Written by proxies: then the address that we see is the proxy's, and loopback proves nothing.
FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP")


class SystemCollector(Collector):
    """Gauges of the outbox, alerts and breakers."""

    def describe(self) -> Iterator[Metric]:
        """Nothing in advance: registering must not query."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        breakers = _gauge("voc_breaker_open", "1 while calls to this peer are held back.", "peer")
        for peer, is_open in breaker_states().items():
            breakers.add_metric([peer], is_open)
        yield breakers
        up = GaugeMetricFamily("voc_database_up", "1 when the database answers.")
        try:
            found = vitals.read(seconds=SECONDS)
        except psycopg.Error:
            up.add_metric([], 0)
            yield up
            return
        up.add_metric([], 1)
        yield up
        yield from _jobs(found)
        alerts = _gauge("voc_alerts_open", "Open alerts.", "level")
        for level in Alert.Level.values:
            alerts.add_metric([level], found.alerts.get(level, 0))
        yield alerts
        pulses = _gauge("voc_pulse_age_seconds", "Time since a recurring task last ran.", "name")
        for name, age in found.pulses.items():
            pulses.add_metric([name], age)
        yield pulses


def _jobs(found: vitals.Vitals) -> Iterator[Metric]:
    queues = sorted({*settings.VOC_QUEUES, *(queue for queue, _ in found.jobs)})
    jobs = _gauge("voc_jobs", "Jobs that are not finished, by state.", "queue", "state")
    oldest = _gauge("voc_jobs_oldest_due_seconds", "How long the oldest due job has waited.", "queue")
    lapsed = _gauge("voc_jobs_lapsed_leases", "Running jobs whose lease has lapsed.", "queue")
    closed = _gauge("voc_gate_closed", "1 while the queue is paused.", "queue")
    for queue in queues:
        for state in STATES:
            jobs.add_metric([queue, state], found.jobs.get((queue, state), 0))
        oldest.add_metric([queue], found.oldest_due.get(queue, 0))
        lapsed.add_metric([queue], found.lapsed.get(queue, 0))
        closed.add_metric([queue], queue in found.closed)
    yield from (jobs, oldest, lapsed, closed)


def _gauge(name: str, words: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, words, labels=labels)


registry = CollectorRegistry()
registry.register(SystemCollector())


# Nothing is changed here, and machines are told that in a line, not by a page about cookies.
@csrf_exempt
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus' text format. 403 for others than the machine itself and the bearer of METRICS_TOKEN."""
    if not _may_read(request):
        return HttpResponseForbidden("Metrics are for this machine and for the bearer of METRICS_TOKEN.\n")
    response: HttpResponse = ExportToDjangoView(request)
    response.content += generate_latest(registry)
    return response


metrics.voc_permission = "public"  # type: ignore[attr-defined]


def _may_read(request: HttpRequest) -> bool:
    token = str(settings.METRICS_TOKEN)
    given = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
    if token and secrets.compare_digest(given.encode(), token.encode()):
        return True
    if any(name in request.META for name in FORWARDED):
        return False
    try:
        return ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False
