"""Three hundred hostile strings through every adapter: what arrives is the same query, with the string as data."""

import json
import random
import re
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from integrations.logs.base import LogQuery
from integrations.logs.remote import RemoteLogAdapter
from sandbox.client import SandboxClient
from tests.integrations.logs.conftest import REAL
from tests.integrations.logs.corpus import DAY, LINES
from tests.integrations.logs.harness import Harness, make_harness
from voc.core.vocabulary import LogLevel

BY_HAND = (
    '"',
    "'",
    "`",
    "\\",
    "\\\\",
    '\\"',
    "\\'",
    "/",
    "//",
    "*",
    "?",
    "%",
    "_",
    "[",
    "]",
    "[[",
    "(",
    ")",
    "{",
    "}",
    "|",
    "||",
    "&&",
    ":",
    ";",
    ",",
    "=",
    "!=",
    "<",
    ">",
    "~",
    "^",
    "$",
    "#",
    "@",
    "!",
    "+",
    "-",
    "--",
    ".",
    "..",
    "\t",
    "\n",
    "\r\n",
    "\x00",
    "\x1b[31m",
    '" OR "1"="1',
    '" OR *',
    '") OR (service:*',
    "* OR *:*",
    "x AND NOT x",
    "NOT service:PaymentService",
    "-service:PaymentService",
    'PaymentService" OR service:"RefundService',
    "@order_id:*",
    "status:error OR status:info",
    "service:(a OR b)",
    "a:[* TO *]",
    '" | delete',
    '" | outputlookup users.csv',
    '"] | search index=* [search "',
    "| makeresults",
    "`macro(1)`",
    "$token$",
    'x") | search index="_internal',
    '" | sendemail to="a@b.c" | where match(x, "',
    "| collect index=main",
    "[| inputlookup x]",
    "/ or @message like /.*",
    "/) or (1 = 1",
    "x/ | limit 10000 | filter @message like /.",
    "| fields @ptr",
    '" or @message like "',
    "| stats count(*) by service",
    "`@message`",
    "#comment",
    "# | limit 1",
    "(?i)",
    "(?s).*",
    "(a+)+$",
    ".*",
    "^$",
    "[a-z",
    "\\Q.*\\E",
    "\\x{41}",
    '"}},{"match_all":{}}',
    '{"match_all": {}}',
    '"}]}},"size":10000',
    "' or '1'='1",
    "'; DROP TABLE logs; --",
    "${jndi:ldap://x/a}",
    "{{7*7}}",
    "<script>alert(1)</script>",
    "../../etc/passwd",
    "%22%20OR%20",
    "&quot;",
    "\\u0022 OR",
    "“quoted”",
    "‘single’",
    "«x»",
    '결제가 안 돼요" OR *',
    "환불; 취소|주문",
    '쿠폰\'이 "안" 됨\\',
    "ㅋㅋㅋㅋ*?",
    "한\u200b글",
    "\u202eevil",
    "\ufeffbom",
    '😀" | delete',
    "\ud800",
    "ﬁ＂full＂",
    "AND",
    "OR",
    "NOT",
    "and",
    "or",
    "not",
    "like",
    "in",
    "by",
    "true",
    "null",
    "where",
    "search",
    "fields",
    "limit 1",
    "sort -_time",
    "head 1",
    "",
    "  ",
    "a" * 5000,
    '"' * 500,
    "\\" * 501,
    "[" * 300,
    "e\u0301",
    "İstanbul",
    "ß",
    "١٢٣",
    "²",
    "a\u0000b",
    "index=*",
    "_time>0",
    "earliest=0",
    "eventtype=*",
)


def hostile_strings() -> tuple[str, ...]:
    dice = random.Random(20260310)
    pieces = [
        '"',
        "'",
        "\\",
        "/",
        "*",
        "|",
        ")",
        "(",
        "[",
        "]",
        "{",
        "}",
        ":",
        "`",
        "$",
        "\n",
        " OR ",
        " AND ",
        " NOT ",
        " | ",
        "x",
        "결제",
        "7",
        "😀",
    ]
    made = ["".join(dice.choices(pieces, k=dice.randint(2, 14))) for _ in range(300)]
    return tuple(dict.fromkeys([*BY_HAND, *made]))[:300]


HOSTILE = hostile_strings()
CALM = "zebra"


def sent(harness: Harness) -> dict[str, Any]:
    """The query that arrived, as its vendor's protocol carries it."""
    for request in reversed(harness.sandbox.requests(harness.name)):
        if harness.name == "elasticsearch":
            return {"query": request.json["query"], **{k: request.json[k] for k in ("size", "sort")}}
        if harness.name == "datadog":
            return {
                "query": request.json["filter"]["query"],
                "page": request.json["page"],
                "sort": request.json["sort"],
            }
        if harness.name == "cloudwatch" and "queryString" in request.body:
            return {"query": request.json["queryString"], "groups": request.json["logGroupNames"]}
        if harness.name == "splunk" and request.method == "POST":
            return {"query": parse_qs(request.body)["search"][0]}
    raise AssertionError("no query arrived")


LITERALS = {
    # In each language a literal ends where its own rules say; what is left is the query.
    "datadog": re.compile(r'"(?:[^"\\]|\\.)*"|\*(?:[^\s()"*?\\]|\\.)*\*', re.DOTALL),
    "cloudwatch": re.compile(r"/(?:[^/\\]|\\.)*/", re.DOTALL),
    "splunk": re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL),
}


def shape(name: str, request: dict[str, Any], values: set[str]) -> str:
    """The request with every literal's content taken out."""
    if name == "elasticsearch":
        return json.dumps(blanked(request, values), sort_keys=True, ensure_ascii=False)
    return json.dumps(
        {**request, "query": LITERALS[name].sub("§", request["query"])}, sort_keys=True, ensure_ascii=False
    )


def blanked(part: Any, values: set[str]) -> Any:
    if isinstance(part, dict):
        return {key: blanked(value, values) for key, value in part.items()}
    if isinstance(part, list):
        return [blanked(value, values) for value in part]
    return "§" if part in values else part


def cleaned(text: str) -> str:
    return text.encode("utf-8", "replace").decode().replace("\0", " ").strip()


def ask(adapter: RemoteLogAdapter, harness: Harness, query: LogQuery) -> dict[str, Any]:
    adapter.search_logs(query, DAY, 10)
    return sent(harness)


@pytest.mark.parametrize("name", REAL)
@pytest.mark.parametrize("part", range(6))
def test_hostile_text_is_data(name: str, part: int, sandbox: SandboxClient, tmp_path: Path) -> None:
    harness = make_harness(name, sandbox, tmp_path)
    assert isinstance(harness, Harness)
    harness.store(LINES[:1])
    adapter = replace(harness.adapter(), seconds=20)
    calm = LogQuery(service="PaymentService", levels=(LogLevel.ERROR,), text=CALM, ids=(CALM,))
    want = shape(name, ask(adapter, harness, calm), {CALM})
    words = re.compile(r'\((?:\("§"(?: "§")*\)|\(§(?: §)*\))\) ?')

    for text in HOSTILE[part::6]:
        value = cleaned(text)
        if not value:
            continue
        arrived = ask(adapter, harness, replace(calm, text=text, ids=(text,)))

        # The sandbox parsed it (it refuses what it does not know), and it is the same query with other literals.
        got = shape(name, arrived, {value[:200].strip(), value[:100]})
        if name == "splunk":
            # The words of an id in the search itself: as many as it has, or none.
            got, expected = words.sub("", got), words.sub("", want)
        else:
            expected = want
        assert got == expected, text


@pytest.mark.parametrize("name", REAL)
def test_hostile_names_of_services_are_data_too(name: str, sandbox: SandboxClient, tmp_path: Path) -> None:
    harness = make_harness(name, sandbox, tmp_path)
    assert isinstance(harness, Harness)
    harness.store(LINES)
    adapter = harness.adapter()

    for text in HOSTILE[:120:3]:
        if not cleaned(text):
            continue
        found = adapter.search_logs(LogQuery(service=text), DAY)
        assert found == [], text


def test_there_are_three_hundred_of_them() -> None:
    assert len(HOSTILE) == len(set(HOSTILE)) == 300


@pytest.mark.parametrize("name", REAL)
def test_a_text_that_a_log_holds_is_found_whatever_it_is_made_of(
    name: str, sandbox: SandboxClient, tmp_path: Path
) -> None:
    """Data means more than harmless: the quoting must not change what is looked for."""
    harness = make_harness(name, sandbox, tmp_path)
    assert isinstance(harness, Harness)
    harness.store(LINES)

    found = harness.adapter().search_logs(LogQuery(text='"carrier down" C:\\ship\\api 100% [x] a/b'), DAY)

    assert {entry.service for entry in found} == {"ShippingAPI"}
