"""Addresses that open an entry where it is kept. Without the address of the vendor's pages there is no link."""

from datetime import datetime, timedelta
from urllib.parse import quote

AROUND = timedelta(minutes=5)


def kibana_link(base: str, *, index: str, native_id: str, moment: datetime) -> str:
    """Kibana's and OpenSearch Dashboards' Discover, with the one document, in the five minutes round it."""
    if not base:
        return ""
    kql = f"_id : {_quoted(native_id)} and _index : {_quoted(index)}"
    time = f"(time:(from:{_rison(_iso(moment - AROUND))},to:{_rison(_iso(moment + AROUND))}))"
    query = f"(query:(language:kuery,query:{_rison(kql)}))"
    return f"{base.rstrip('/')}/app/discover#/?_g={quote(time, safe='(),:!')}&_a={quote(query, safe='(),:!')}"


def datadog_link(base: str, *, native_id: str, service: str, moment: datetime) -> str:
    """The log explorer with the entry's side panel open."""
    if not base:
        return ""
    query = quote(f'service:"{_escaped(service)}"' if service else "*", safe="")
    span = f"from_ts={_ms(moment - AROUND)}&to_ts={_ms(moment + AROUND)}"
    return f"{base.rstrip('/')}/logs?query={query}&event={quote(native_id, safe='')}&{span}&live=false"


def cloudwatch_link(base: str, *, region: str, group: str, stream: str, moment: datetime) -> str:
    """The console's page of the log stream, from a minute before the entry. The console encodes twice, with $ for %."""
    if not (base and group):
        return ""

    def twice(text: str) -> str:
        return quote(quote(text, safe=""), safe="").replace("%", "$")

    span = f"$3Fstart$3D{_ms(moment - timedelta(minutes=1))}$26end$3D{_ms(moment + timedelta(minutes=1))}"
    place = f"log-group/{twice(group)}/log-events" + (f"/{twice(stream)}" if stream else "")
    return f"{base.rstrip('/')}/cloudwatch/home?region={quote(region, safe='')}#logsV2:log-groups/{place}{span}"


def splunk_link(base: str, *, index: str, native_id: str, moment: datetime) -> str:
    """The search app with the one event, found by its address in the index (`_cd`)."""
    if not base:
        return ""
    search = quote(f'search index="{_escaped(index)}" | where _cd="{_escaped(native_id)}"', safe="")
    span = f"earliest={moment.timestamp() - 1:.3f}&latest={moment.timestamp() + 1:.3f}"
    return f"{base.rstrip('/')}/en-US/app/search/search?q={search}&{span}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _quoted(text: str) -> str:
    return f'"{_escaped(text)}"'


def _rison(text: str) -> str:
    """A string in Rison, which Kibana's addresses are written in."""
    return "'" + text.replace("!", "!!").replace("'", "!'") + "'"


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
