"""The vendors that the sandbox stands in for: one file and one line here each."""

from __future__ import annotations

from sandbox.vendor import Vendor
from sandbox.vendors.anthropic import Anthropic
from sandbox.vendors.cloudwatch import CloudWatch
from sandbox.vendors.datadog import Datadog
from sandbox.vendors.elasticsearch import Elasticsearch
from sandbox.vendors.jira import Jira
from sandbox.vendors.ollama import Ollama
from sandbox.vendors.openai import OpenAI
from sandbox.vendors.pagerduty import PagerDuty
from sandbox.vendors.slack import Slack
from sandbox.vendors.splunk import Splunk
from sandbox.vendors.teams import Teams

VENDORS: tuple[type[Vendor], ...] = (
    Slack,
    Jira,
    Teams,
    PagerDuty,
    Elasticsearch,
    Datadog,
    CloudWatch,
    Splunk,
    OpenAI,
    Anthropic,
    Ollama,
)


def create_vendors() -> list[Vendor]:
    """A fresh one of each."""
    return [vendor() for vendor in VENDORS]
