"""What models do, for Prometheus and for /health: calls, tokens, cost and time of the last day, and which are held back."""

from collections.abc import Iterator

import psycopg
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from llm.catalogue import configured
from voc.core.breaker import breaker_states
from voc.core.database import raw_connection
from voc.core.health import DEGRADED, HEALTHY, State

SECONDS = 2.0
CALLS = """
SELECT model, outcome, count(*), sum(input_tokens), sum(output_tokens), sum(cost)::float8, avg(milliseconds)::float8 / 1000
FROM llm_modelcall WHERE at > now() - interval '1 day' GROUP BY model, outcome ORDER BY model, outcome
"""


class ModelCollector(Collector):
    """Gauges over the last 24 hours: the ledger is the truth, and it is in the database."""

    def describe(self) -> Iterator[Metric]:
        """Nothing in advance: registering must not query."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        try:
            with raw_connection(
                name="voc-llm-metrics", connect_seconds=SECONDS, statement_seconds=SECONDS
            ) as connection:
                rows = connection.execute(CALLS.encode()).fetchall()
        except psycopg.Error:
            return
        calls = _gauge("voc_llm_calls_last_day", "Calls of models in the last 24 hours.", "model", "outcome")
        used = _gauge("voc_llm_tokens_last_day", "Tokens of models in the last 24 hours.", "model", "outcome", "kind")
        cost = _gauge("voc_llm_cost_dollars_last_day", "Cost of models in the last 24 hours.", "model", "outcome")
        seconds = _gauge("voc_llm_seconds_last_day", "Mean time of a call in the last 24 hours.", "model", "outcome")
        for model, outcome, count, input_tokens, output_tokens, dollars, mean in rows:
            calls.add_metric([model, outcome], count)
            used.add_metric([model, outcome, "input"], input_tokens)
            used.add_metric([model, outcome, "output"], output_tokens)
            cost.add_metric([model, outcome], dollars)
            seconds.add_metric([model, outcome], mean)
        yield from (calls, used, cost, seconds)


def _gauge(name: str, words: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, words, labels=labels)


def check_models() -> State:
    """One component, `models`, where any is configured: degraded while calls to one of them are held back."""
    peers = {model.peer for model in configured().values()}
    if not peers:
        return {}
    held = {peer for peer, is_open in breaker_states().items() if is_open}
    return {"models": DEGRADED if peers & held else HEALTHY}
