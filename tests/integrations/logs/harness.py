"""Each adapter with the place where its vendor keeps the lines, so that one test can be about all of them."""

import json
import threading
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx

from integrations.logs.base import LogAdapter
from integrations.logs.cloudwatch import CloudWatchAdapter
from integrations.logs.datadog import DatadogAdapter
from integrations.logs.elasticsearch import ElasticsearchAdapter
from integrations.logs.mock import MockLogAdapter
from integrations.logs.remote import RemoteLogAdapter
from integrations.logs.splunk import SplunkAdapter
from sandbox.client import SandboxClient
from tests.integrations.logs.corpus import Line

GROUP = "/shop/app"


class Harness:
    """One vendor: `store` puts lines there in the vendor's own shape, `adapter` makes what is tested."""

    def __init__(
        self,
        name: str,
        sandbox: SandboxClient,
        make: Callable[[str], RemoteLogAdapter],
        place: str,
        render: Callable[[Line], Any],
    ) -> None:
        self.name = name
        self.sandbox = sandbox
        self._make = make
        self._place = place
        self._render = render

    def adapter(self) -> RemoteLogAdapter:
        """One that waits as long as a busy machine may need."""
        return replace(self._make(self.sandbox.url(f"/{self.name}")), seconds=20)

    def store(self, lines: Iterable[Line]) -> None:
        logs = [
            {"id": line.id, "at": line.at.isoformat(), "place": self._place, "document": self._render(line)}
            for line in lines
        ]
        answer = httpx.post(
            self.sandbox.url(f"/_sandbox/{self.name}/logs"), json={"logs": logs}, timeout=60, trust_env=False
        )
        assert answer.status_code == 201, answer.text


def let_go(sandbox: SandboxClient) -> None:
    """Let calls that still hang end: in the next test their failure would count against their system."""
    sandbox.reset()
    for thread in threading.enumerate():
        if thread.name.startswith("logs-"):
            thread.join(60)


class MockHarness:
    name = "mock"

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def adapter(self) -> LogAdapter:
        return MockLogAdapter(self._directory)

    def store(self, lines: Iterable[Line]) -> None:
        """One scenario a line: the ids that the adapter gives then begin with the line's."""
        for line in lines:
            log = {"timestamp": line.at.isoformat(), "metadata": line.ids, **plain(line)}
            path = self._directory / f"{line.id}.json"
            path.write_text(json.dumps({"scenario_id": line.id, "logs": [log]}), encoding="utf-8")


def native(entry_id: str) -> str:
    """The id that the line has in the corpus."""
    return entry_id.rpartition("~")[2].partition(":")[0]


def plain(line: Line) -> dict[str, Any]:
    return without_nothing(
        {
            "level": line.level.value.lower(),
            "service": line.service,
            "message": line.message,
            "error_code": line.code,
            "stack_trace": line.trace,
            **line.ids,
        }
    )


def ecs(line: Line) -> dict[str, Any]:
    labels = {name: line.ids[name] for name in ("request_id", "order_id") if name in line.ids}
    return without_nothing(
        {
            "@timestamp": line.at.isoformat(),
            "log": {"level": line.level.value.lower()},
            "service.name": line.service,
            "message": line.message,
            "error": without_nothing({"code": line.code, "stack_trace": line.trace}),
            "labels": labels,
            "trace": without_nothing({"id": line.ids.get("trace_id")}),
        }
    )


def datadog(line: Line) -> dict[str, Any]:
    return without_nothing(
        {
            "message": line.message,
            "service": line.service,
            "status": line.level.value.lower(),
            "error": without_nothing({"kind": line.code, "stack": line.trace}),
            **line.ids,
        }
    )


def without_nothing(document: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if value not in (None, {})}


def make_harness(name: str, sandbox: SandboxClient, directory: Path) -> Harness | MockHarness:
    kinds: dict[str, tuple[Callable[[str], RemoteLogAdapter], str, Callable[[Line], Any]]] = {
        "elasticsearch": (
            lambda url: ElasticsearchAdapter(url, api_key="k3y", kibana_url="https://kibana.example.com"),
            "logs-shop",
            ecs,
        ),
        "datadog": (
            lambda url: DatadogAdapter(url, api_key="a", app_key="b", web_url="https://app.datadoghq.com"),
            "main",
            datadog,
        ),
        "cloudwatch": (
            lambda url: CloudWatchAdapter(
                f"{url}/", index=GROUP, region="us-east-1", console_url="https://us-east-1.console.aws.amazon.com"
            ),
            GROUP,
            plain,
        ),
        "splunk": (
            lambda url: SplunkAdapter(url, token="t0ken", web_url="https://splunk.example.com"),
            "main",
            plain,
        ),
    }
    if name == "mock":
        return MockHarness(directory)
    make, place, render = kinds[name]
    return Harness(name, sandbox, make, place, render)
