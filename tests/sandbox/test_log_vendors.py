"""The vendors of logs: what they know they do, and what they do not know they refuse, whether or not anything is stored."""

from typing import Any

import httpx
import pytest

from sandbox.client import SandboxClient

AT = "2026-03-10T12:00:00Z"
RANGE = {"from": "2026-03-10T00:00:00Z", "to": "2026-03-11T00:00:00Z"}


def store(sandbox: SandboxClient, vendor: str, document: dict[str, Any], place: str = "main") -> None:
    logs = [{"id": "one", "at": AT, "place": place, "document": document}]
    assert httpx.post(sandbox.url(f"/_sandbox/{vendor}/logs"), json={"logs": logs}).status_code == 201


def search_elasticsearch(sandbox: SandboxClient, body: Any, index: str = "main", **params: str) -> httpx.Response:
    address = sandbox.url(f"/elasticsearch/{index}/_search")
    return httpx.post(address, json=body, params=params, headers={"authorization": "ApiKey x"})


def search_datadog(sandbox: SandboxClient, query: str, **page: Any) -> httpx.Response:
    body = {"filter": {"query": query, **RANGE}, **({"page": page} if page else {})}
    keys = {"DD-API-KEY": "a", "DD-APPLICATION-KEY": "b"}
    return httpx.post(sandbox.url("/datadog/api/v2/logs/events/search"), json=body, headers=keys)


def start_insights(sandbox: SandboxClient, query: str, group: str = "main") -> httpx.Response:
    body = {"logGroupNames": [group], "startTime": 1773100800, "endTime": 1773187200, "queryString": query}
    headers = {"X-Amz-Target": "Logs_20140328.StartQuery", "Authorization": "AWS4-HMAC-SHA256 x"}
    return httpx.post(sandbox.url("/cloudwatch/"), json=body, headers=headers)


def make_job(sandbox: SandboxClient, search: str) -> httpx.Response:
    form = {"search": search, "earliest_time": "1773100800", "latest_time": "1773187200", "output_mode": "json"}
    return httpx.post(sandbox.url("/splunk/services/search/v2/jobs"), data=form, headers={"Authorization": "Bearer x"})


@pytest.mark.parametrize(
    "query",
    [
        {"match": {"message": "x"}},
        {"query_string": {"query": "*"}},
        {"script": {"script": "true"}},
        {"bool": {"filtre": []}},
        {"bool": {"filter": [{"wildcard": {"message": "*"}}]}},
        {"term": {"a": {"value": "x", "fuzzy": True}}},
        {"term": {"a": {"value": ["x"]}}},
        {"multi_match": {"query": "x", "fields": ["message"]}},
        {"range": {"price": {"gte": 1}}},
        {"range": {"@timestamp": {"gte": "yesterday-ish"}}},
        {"range": {"@timestamp": {"from": 1}}},
        {"match_all": {}, "term": {"a": "b"}},
        "x",
    ],
)
@pytest.mark.parametrize("stored", [True, False])
def test_elasticsearch_refuses_what_it_does_not_know(sandbox: SandboxClient, query: Any, stored: bool) -> None:
    if stored:
        store(sandbox, "elasticsearch", {"message": "x"})

    answer = search_elasticsearch(sandbox, {"query": query}, ignore_unavailable="true")

    assert (answer.status_code, answer.json()["error"]["type"]) == (400, "parsing_exception")


@pytest.mark.parametrize("body", [{"sise": 3}, {"size": 10_001}, {"sort": ["message"]}, {"aggs": {}}, []])
def test_elasticsearch_refuses_a_request_that_it_does_not_know(sandbox: SandboxClient, body: Any) -> None:
    assert search_elasticsearch(sandbox, body, ignore_unavailable="true").status_code == 400


def test_elasticsearch_wants_credentials_a_known_index_and_known_parameters(sandbox: SandboxClient) -> None:
    store(sandbox, "elasticsearch", {"message": "x"})

    assert httpx.post(sandbox.url("/elasticsearch/main/_search"), json={}).status_code == 401
    assert search_elasticsearch(sandbox, {}, "elsewhere").status_code == 404
    assert search_elasticsearch(sandbox, {}, "else*").json()["hits"]["hits"] == []
    assert search_elasticsearch(sandbox, {}, "ma*,x*").json()["hits"]["hits"][0]["_id"] == "one"
    assert search_elasticsearch(sandbox, {}, speed="fast").status_code == 400


@pytest.mark.parametrize(
    "query",
    [
        '"open',
        "(a",
        "a)",
        "service:",
        "service:(a",
        "a:[1 TO 2]",
        "a ^ b",
        "~x",
        "x && y",
        "unknown:tag",
        "OR a",
        "a OR",
        "NOT",
        "{}",
        "@a:>5",
    ],
)
def test_datadog_refuses_what_it_does_not_know(sandbox: SandboxClient, query: str) -> None:
    answer = search_datadog(sandbox, query)

    assert answer.status_code == 400
    assert isinstance(answer.json()["errors"][0], str)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("*", True),
        ("gateway", True),
        ('"payment gateway"', True),
        ('"gateway payment"', False),
        ("gate", False),
        ("gate*", True),
        ("service:Pay*", True),
        ("-service:Pay", False),
        ("NOT service:Other", True),
        ("service:(Other OR Pay)", True),
        ("status:ERROR", True),
        ("@kind:A", True),
        ("@kind:a", False),
        (r"@stack:*at\ x\(y\)*", True),
        ("gateway AND nothing", False),
        ("gateway OR nothing", True),
        ("nothing OR (payment gateway)", True),
        (r"service:Pay @kind:A", True),
    ],
)
def test_datadog_means_what_its_syntax_says(sandbox: SandboxClient, query: str, found: bool) -> None:
    document = {
        "message": "Payment gateway timeout",
        "service": "Pay",
        "status": "error",
        "kind": "A",
        "stack": "at x(y) z",
    }
    store(sandbox, "datadog", document)

    assert bool(search_datadog(sandbox, query).json()["data"]) is found


def test_datadog_wants_keys_and_pages_within_its_limit(sandbox: SandboxClient) -> None:
    assert httpx.post(sandbox.url("/datadog/api/v2/logs/events/search"), json={}).status_code == 403
    assert search_datadog(sandbox, "*", limit=1001).status_code == 400
    assert search_datadog(sandbox, "*", cursor="nonsense").status_code == 400


@pytest.mark.parametrize(
    "query",
    [
        "",
        "fields",
        "filter a",
        "filter a = ",
        "filter (a = 1",
        "filter a like",
        "filter a like /(/",
        "filter a ~ 1",
        "stats count(*)",
        "fields a | | limit 1",
        "sort a",
        "limit x",
        "filter a like /x",
        'filter a = "x',
        "parse @message '*' as a",
        "filter strlen(a) = 1",
    ],
)
def test_insights_refuses_what_it_does_not_know(sandbox: SandboxClient, query: str) -> None:
    store(sandbox, "cloudwatch", {"a": "x"})

    answer = start_insights(sandbox, query)

    assert (answer.status_code, answer.json()["__type"]) == (400, "MalformedQueryException")


def test_insights_wants_a_signature_and_a_log_group_that_is_there(sandbox: SandboxClient) -> None:
    assert start_insights(sandbox, "fields a").json()["__type"] == "ResourceNotFoundException"
    assert httpx.post(sandbox.url("/cloudwatch/"), json={}).json()["__type"] == "MissingAuthenticationTokenException"


@pytest.mark.parametrize(
    "search",
    [
        "index=main",
        "search",
        "search (a",
        "search a)",
        'search "a',
        "search a | stats count",
        "search a | where",
        "search a | where b",
        'search a | where match(b "c")',
        'search a | where match(b, "(")',
        "search a | sort b",
        "search a | delete",
        "search a [search b]",
        "search a | | head 1",
        "search `macro`",
        'search a | where x="1" y="2"',
    ],
)
def test_splunk_refuses_what_it_does_not_know(sandbox: SandboxClient, search: str) -> None:
    answer = make_job(sandbox, search)

    assert (answer.status_code, answer.json()["messages"][0]["type"]) == (400, "FATAL")


def test_splunk_wants_a_token_and_known_arguments(sandbox: SandboxClient) -> None:
    address = sandbox.url("/splunk/services/search/v2/jobs")
    headers = {"Authorization": "Bearer x"}

    assert httpx.post(address, data={}).status_code == 401
    assert httpx.post(address, data={"search": "search a", "sped_up": "1"}, headers=headers).status_code == 400
    assert httpx.get(f"{address}/unknown", headers=headers).status_code == 404


@pytest.mark.parametrize("vendor", ["elasticsearch", "datadog", "cloudwatch", "splunk"])
@pytest.mark.parametrize(
    "logs",
    [
        None,
        [{"id": "x"}],
        [{"id": "x", "at": "2026-03-10", "place": "a", "document": {}}],
        [{"id": "x", "at": AT, "place": "a", "document": []}],
    ],
)
def test_lines_that_cannot_be_stored_are_refused(sandbox: SandboxClient, vendor: str, logs: Any) -> None:
    answer = httpx.post(sandbox.url(f"/_sandbox/{vendor}/logs"), json={"logs": logs})

    assert (answer.status_code, answer.json()["field"]) == (422, "logs")


def test_stored_lines_are_on_the_page_and_survive_a_state_file(sandbox: SandboxClient) -> None:
    store(sandbox, "splunk", {"message": "<b>boom</b>"})

    page = httpx.get(sandbox.base_url).text

    assert "&lt;b&gt;boom" in page
    assert sandbox.state("splunk")["lines"][0]["document"] == {"message": "<b>boom</b>"}
