"""CloudWatch's protocol as somebody else implements it. What a query finds is shown against the sandbox: moto does not filter."""

from collections.abc import Iterator
from datetime import timedelta

import boto3
import pytest
from moto.server import ThreadedMotoServer

from integrations.logs.base import LogQuery, LogSourceError
from integrations.logs.cloudwatch import CloudWatchAdapter
from tests.integrations.logs.corpus import LINES
from voc.core import clock
from voc.core.vocabulary import TimeRange


@pytest.fixture
def moto() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


def test_a_query_is_started_polled_and_read_as_aws_documents_it(moto: str) -> None:
    now = clock.now()
    logs = boto3.client("logs", region_name="us-east-1", endpoint_url=moto)
    logs.create_log_group(logGroupName="/shop/app")
    logs.create_log_stream(logGroupName="/shop/app", logStreamName="one")
    stamp = round(now.timestamp() * 1000) - 60_000
    events = [{"timestamp": stamp, "message": '{"level": "error", "message": "boom"}'}]
    logs.put_log_events(logGroupName="/shop/app", logStreamName="one", logEvents=events)
    adapter = CloudWatchAdapter(moto, index="/shop/app", region="us-east-1")

    found = adapter.search_logs(LogQuery(), TimeRange(now - timedelta(hours=1), now))

    assert [(entry.message, entry.level) for entry in found] == [("boom", "ERROR")]
    assert abs(found[0].timestamp - (now - timedelta(minutes=1))) < timedelta(seconds=1)


def test_a_log_group_that_is_not_there_is_refused(moto: str) -> None:
    adapter = CloudWatchAdapter(moto, index="/nowhere", region="us-east-1")

    with pytest.raises(LogSourceError, match="ResourceNotFoundException"):
        adapter.search_logs(LogQuery(), TimeRange(LINES[0].at, LINES[-1].at))
