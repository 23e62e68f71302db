"""Asking Jira what has changed: every few minutes one search for all of it, every night each issue by its id."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

import structlog
from django.conf import settings
from django.db.models import Q
from django.utils.translation import gettext as _

from integrations.jira.base import JiraGone, JiraIssue
from integrations.jira.client import PEER, JiraClient, get_client, is_configured
from tickets.jira import comments, following, inbound, outage
from tickets.models import JiraLink, JiraState, JiraSync, Status
from tickets.models.jira import LABEL_PREFIX
from voc.core import clock
from voc.core.alerts import clear_alert, open_alerts, raise_alert
from voc.core.errors import VocError
from voc.core.outages import outage_key

# Search is behind by minutes at times, and clocks differ: so much is asked for twice.
OVERLAP: Final = timedelta(minutes=10)
CLAIM: Final = timedelta(minutes=10)
PAGE: Final = 100
MOST_PAGES: Final = 1_000
BATCH: Final = 100
# A done ticket's issue may be reopened; after so long without a change only a webhook or the poll tells of it.
STILL_WATCHED: Final = timedelta(days=90)
# Tickets that silently stay behind are worse than an error that somebody sees.
SILENT_FOR: Final = timedelta(minutes=30)
ALERT: Final = "jira-poll"

log = structlog.get_logger(__name__)


def poll() -> int | None:
    """Read all that changed since the last time; how many tickets changed. None: there was nothing to ask, or no answer.

    While the queue is paused nothing is asked: not before the time that Jira named, and no wrong token again and again.

    The cursor moves only after every page was taken, so that what fails is asked for again.
    """
    if not is_configured() or outage.paused() or not JiraLink.objects.exists() or not _claim():
        return None
    started = clock.now()
    sync = JiraSync.objects.get(pk=1)
    since = sync.cursor or started - OVERLAP
    changed = seen = 0
    try:
        client = get_client()
        for page in _pages(client, jql_for(since)):
            seen += len(page)
            changed += _take(page, client)
    except VocError as error:
        _failed(sync, error)
        return None
    clear_alert(ALERT)
    JiraSync.objects.filter(pk=1).update(
        cursor=started - OVERLAP,
        claimed_until=None,
        polled_at=clock.now(),
        seen=seen,
        changed=changed,
        error="",
        failing_since=None,
    )
    return changed


def jql_for(since: datetime) -> str:
    """By label, not by project: an issue that was moved to another project is still ours.

    Milliseconds, unquoted: a quoted time would be in the account's time zone, and to the minute only. The latest first: what
    changes while pages are turned by number goes to the front, and pushes nothing past the page that is asked for next.
    """
    label = settings.JIRA_LABELS[0].replace("\\", "\\\\").replace('"', '\\"')
    return f'labels = "{label}" AND updated >= {int(since.timestamp() * 1000)} ORDER BY updated DESC'


def reconcile() -> int | None:
    """Fetch every issue that is still watched by its id: finds what was deleted, moved, hidden or lost its label, whatever
    the poll may have missed. How many tickets changed; None when Jira is not configured or does not answer."""
    if not is_configured() or outage.paused():
        return None
    changed = 0
    try:
        client = get_client()
        for ids in _watched():
            changed += _reconcile(ids, client)
    except VocError as error:
        _failed(JiraSync.objects.get_or_create(pk=1)[0], error)
        return None
    JiraSync.objects.get_or_create(pk=1)
    JiraSync.objects.filter(pk=1).update(reconciled_at=clock.now())
    return changed


def _pages(client: JiraClient, jql: str) -> Iterator[tuple[JiraIssue, ...]]:
    token, tokens = "", set[str]()
    for _page in range(MOST_PAGES):
        page = client.search(jql, page_token=token, limit=PAGE)
        yield page.issues
        token = page.next_token
        if not token or token in tokens:
            return
        tokens.add(token)


def _take(page: tuple[JiraIssue, ...], client: JiraClient) -> int:
    """Most of what a poll sees agrees already, through a webhook or the overlap: it costs one query for all."""
    changed = 0
    for issue in _named_after_tickets(page):
        inbound.recognise(issue, client=client)
    links = following.linked_to(page)
    for issue in page:
        ours = links.get(issue.id, [])
        if not all(following.agrees(link, issue) for link in ours):
            changed += following.apply(issue)
        if any(comments.differ(link, issue) for link in ours):
            changed += comments.take(issue, client=client)
    return changed


def _named_after_tickets(page: tuple[JiraIssue, ...]) -> list[JiraIssue]:
    """Those that carry the label of a ticket which is not linked to them."""
    labels = {label for issue in page for label in issue.labels if label.startswith(LABEL_PREFIX)}
    known = dict(JiraLink.objects.filter(label__in=labels, posts__gt=0).values_list("label", "issue_id"))
    return [issue for issue in page if any(known.get(label, issue.id) != issue.id for label in issue.labels)]


def _watched() -> Iterator[list[str]]:
    """Ids of issues, a hundred at a time, in their order."""
    watched = JiraLink.objects.filter(state=JiraState.LINKED).filter(
        ~Q(ticket__status=Status.DONE) | Q(issue_updated_at__gte=clock.now() - STILL_WATCHED)
    )
    ids = sorted(set(watched.values_list("issue_id", flat=True)))
    for start in range(0, len(ids), BATCH):
        yield ids[start : start + BATCH]


def _reconcile(ids: list[str], client: JiraClient) -> int:
    found = client.issues(ids)
    changed = _take(tuple(found), client)
    for issue in found:
        if settings.JIRA_LABELS[0] not in issue.labels:
            # Somebody took it away: without it the poll would not see the issue.
            client.add_labels(issue.id, settings.JIRA_LABELS[:1])
    for missing in set(ids) - {issue.id for issue in found}:
        changed += _look_at(missing, client)
    return changed


def _look_at(issue_id: str, client: JiraClient) -> int:
    """Fetching many leaves out what it may not show without a word: ask for the one, which says why."""
    try:
        issue = client.issue(issue_id)
    except JiraGone as error:
        return following.lose(issue_id, reason=error.message)
    return inbound.take(issue, client=client)


def _claim() -> bool:
    JiraSync.objects.get_or_create(pk=1)
    now = clock.now()
    free = JiraSync.objects.filter(Q(claimed_until=None) | Q(claimed_until__lt=now), pk=1)
    return bool(free.update(claimed_until=now + CLAIM))


def _failed(sync: JiraSync, error: VocError) -> None:
    log.warning("jira.poll_failed", error=error.message)
    outage.heed(error)
    since = sync.failing_since or clock.now()
    JiraSync.objects.filter(pk=1).update(claimed_until=None, error=error.message[:2000], failing_since=since)
    # An outage that is told already explains it.
    if clock.now() - since >= SILENT_FOR and not open_alerts(outage_key(PEER)):
        raise_alert(ALERT, title=_("Tickets do not follow their Jira issues"), body=error.message)
