"""Comments of both sides: what is written in Jira stands in the ticket's timeline, what is shared here goes to Jira once.

Each is known by Jira's id of it. Ours carry a marker, with which they are recognised even before Jira's answer told their id:
they never come back as somebody else's. Nothing that is read here is sent.
"""

import uuid
from typing import Final

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.models import User
from integrations.jira.base import JiraComment as Told
from integrations.jira.base import JiraIssue, JiraRefused, JiraUnauthorised
from integrations.jira.client import JiraClient, get_client
from integrations.jira.document import Document, Paragraph, plain
from integrations.jira.reading import signature
from tickets import lifecycle
from tickets.erasure import ERASED
from tickets.jira.outage import minded, require_jira
from tickets.models import Comment, EventKind, JiraComment, JiraLink, JiraState, Ticket
from tickets.services import add_comment
from voc.core import clock
from voc.core.errors import NotAllowed, Transient
from voc.core.outbox import by_hand
from voc.core.outbox.api import RunningJob, emit
from voc.core.outbox.models import Job

EVENT: Final = "jira.comment"
State = JiraComment.State
# Jira may have it, or may not.
IN_THE_AIR: Final = (State.SENDING, State.UNKNOWN)


@transaction.atomic
def share_comment(*, ticket_id: str, actor: User | None, body: str) -> Comment:
    """A comment that Jira gets too. Raises NotAllowed while the ticket has no issue, and what `add_comment` raises."""
    link = JiraLink.objects.filter(ticket__ticket_id=ticket_id, state=JiraState.LINKED).first()
    if link is None:
        raise NotAllowed(_("This ticket has no Jira issue."))
    comment = add_comment(ticket_id=ticket_id, actor=actor, body=body, shared=True)
    row = JiraComment.objects.create(
        ticket=comment.ticket,
        state=State.WAITING,
        ours=comment,
        issue_id=link.issue_id,
        author_name=comment.author_name,
        body=comment.body,
        created_at=comment.at,
    )
    emit(EVENT, subject=ticket_id, payload={"comment": row.pk}, key=f"{EVENT}:{row.marker}")
    return comment


def carry(job: RunningJob) -> None:
    """Handler of `jira.comment`: one POST. After one whose outcome is not known, look for the marker before another."""
    row = JiraComment.objects.select_related("ticket").get(pk=job.payload["comment"])
    if row.state in (State.WAITING, *IN_THE_AIR, State.BLOCKED):
        require_jira()
        with minded(job):
            # One that was given up may have been so while nobody knew.
            told = _found(row) if row.state != State.WAITING and row.posted_at else None
            told = told or _post(job, row)
        with job.fenced():
            _sent(row, told)
        return
    with job.fenced():
        return


def try_again(*, comment_id: int, by: str) -> None:
    """Send once more what Jira refused. Raises JiraComment.DoesNotExist."""
    row = JiraComment.objects.get(pk=comment_id, state=State.BLOCKED)
    by_hand.try_again(Job.objects.filter(key=f"{EVENT}:{row.marker}"), by=by)


def give_up(job: RunningJob) -> None:
    """It will not be tried again: say so. Runs in the transaction that gives the job up."""
    JiraComment.objects.filter(pk=job.payload["comment"], comment_id="").update(state=State.BLOCKED, error=job.error)


def differ(link: JiraLink, issue: JiraIssue) -> bool:
    """Whether the comments have to be read to know them."""
    return link.comments_read != _version(issue)


def _version(issue: JiraIssue, told: list[Told] | None = None) -> str:
    """What `comments_read` holds: the signature of so many comments as Jira tells at once, else the issue's last change."""
    if issue.comments and told is not None:
        return signature((comment.id, comment.updated) for comment in told)
    return issue.comments or f"at {issue.updated.timestamp() if issue.updated else 0:.3f}"


def take(issue: JiraIssue, *, client: JiraClient) -> int:
    """Read the issue's comments if they changed, into every ticket that is linked to it. How many tickets changed."""
    linked = JiraLink.objects.filter(issue_id=issue.id, state=JiraState.LINKED)
    # What was erased does not come back from where it still stands.
    links = list(linked.exclude(ticket__raw_voc=ERASED).select_related("ticket"))
    if not any(differ(link, issue) for link in links):
        return 0
    known = {link.pk: _known(link) for link in links}
    told = client.comments(issue.id)
    return sum(_read(link, told, known[link.pk], issue) for link in links)


def _known(link: JiraLink) -> set[str]:
    """Ids of the comments that we know before Jira is asked: only of those can its answer say that they are deleted."""
    rows = JiraComment.objects.filter(ticket=link.ticket_id, issue_id=link.issue_id, deleted_at=None)
    return set(rows.exclude(comment_id="").values_list("comment_id", flat=True))


@transaction.atomic
def _read(link: JiraLink, told: list[Told], known: set[str], issue: JiraIssue) -> bool:
    ticket = lifecycle.lock(link.ticket.ticket_id)
    if ticket.raw_voc == ERASED:
        return False  # while Jira was answering
    rows = JiraComment.objects.filter(ticket=ticket, issue_id=link.issue_id)
    by_id = {row.comment_id: row for row in rows if row.comment_id}
    changed = False
    for comment in told:
        row = by_id.get(comment.id) or _ours(rows, comment)
        changed |= _update(ticket, row, comment) if row else _receive(ticket, link, comment)
    for gone in known - {comment.id for comment in told}:
        changed |= _delete(ticket, by_id.get(gone))
    seen = _version(issue, told)
    if link.comments_read != seen:
        JiraLink.objects.filter(pk=link.pk).update(comments_read=seen)
    if changed:
        lifecycle.update(ticket, {"jira_synced_at": clock.now()})
    return changed


def _ours(rows: QuerySet[JiraComment], comment: Told) -> JiraComment | None:
    """Our comment whose POST's answer has not come yet, or never will."""
    marker = _marker(comment)
    return next((row for row in rows if row.marker == marker and not row.comment_id), None) if marker else None


def _update(ticket: Ticket, row: JiraComment, comment: Told) -> bool:
    """What Jira says of a comment that we have: its id, or that it was edited since. Whether people are told."""
    if row.deleted_at is not None:
        return False  # an answer from before the deletion
    if not row.comment_id:
        _sent(row, comment)
    known = row.edited_at or row.written_at
    if known is not None and comment.updated <= known:
        return False
    before, row.body, row.edited_at = row.body, comment.body, comment.updated
    row.save(update_fields=["body", "edited_at"])
    data = {"author": row.author_name, "body": comment.body, "before": before}
    lifecycle.record(ticket, kind=EventKind.JIRA_COMMENT_EDITED, data={"comment_id": comment.id, **data})
    return True


def _receive(ticket: Ticket, link: JiraLink, comment: Told) -> bool:
    author = comment.author
    if comment.marker:
        # Ours: shared from another ticket of this issue, or nobody's words but the system's.
        from_other = JiraComment.objects.filter(marker=_marker(comment) or uuid.uuid4()).first()
        if from_other is None:
            return False
        author = from_other.author_name
    JiraComment.objects.create(
        ticket=ticket,
        state=State.RECEIVED,
        issue_id=link.issue_id,
        comment_id=comment.id,
        author_id=comment.author_id[:128],
        author_name=author[:150],
        body=comment.body,
        written_at=comment.created,
        edited_at=comment.updated if comment.updated > comment.created else None,
        created_at=clock.now(),
    )
    data = {"comment_id": comment.id, "author": author[:150], "body": comment.body}
    lifecycle.record(ticket, kind=EventKind.JIRA_COMMENTED, data=data)
    return True


def _delete(ticket: Ticket, row: JiraComment | None) -> bool:
    if row is None or row.deleted_at is not None:
        return False
    row.deleted_at = clock.now()
    row.save(update_fields=["deleted_at"])
    data = {"comment_id": row.comment_id, "author": row.author_name, "body": row.body}
    lifecycle.record(ticket, kind=EventKind.JIRA_COMMENT_DELETED, data=data)
    return True


def _found(row: JiraComment) -> Told | None:
    """Our comment among those that Jira has."""
    return next((told for told in get_client().comments(row.issue_id) if _marker(told) == row.marker), None)


def _post(job: RunningJob, row: JiraComment) -> Told:
    _note(job, row, State.SENDING, posted_at=clock.now())
    try:
        return get_client().add_comment(row.issue_id, _document(row), marker=str(row.marker))
    except JiraUnauthorised:
        _note(job, row, State.WAITING)
        raise
    except JiraRefused as error:
        _note(job, row, State.BLOCKED, error=error.message)
        raise
    except Transient as error:
        _note(job, row, State.UNKNOWN if error.ambiguous else State.WAITING)
        raise


def _note(job: RunningJob, row: JiraComment, state: str, **values: object) -> None:
    """Written before and after the request, in transactions of their own: a process that dies leaves `sending` behind."""
    with job.checkpoint():
        # A webhook may have told its id meanwhile.
        JiraComment.objects.filter(pk=row.pk, comment_id="").update(state=state, **values)


def _sent(row: JiraComment, told: Told) -> None:
    values = {"comment_id": told.id, "author_id": told.author_id[:128], "written_at": told.created}
    JiraComment.objects.filter(pk=row.pk, comment_id="").update(state=State.SENT, error="", **values)
    row.comment_id, row.written_at, row.state = told.id, told.created, State.SENT


def _document(row: JiraComment) -> Document:
    """Our account writes for all of us: the comment says whose it is."""
    return (Paragraph(f"{row.author_name} · {row.ticket.ticket_id}"), *plain(row.body))


def _marker(comment: Told) -> uuid.UUID | None:
    try:
        return uuid.UUID(comment.marker)
    except ValueError:
        return None
