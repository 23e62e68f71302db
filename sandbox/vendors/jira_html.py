"""The Jira site's own pages: a board, an issue with what a person may do on it. Everything is escaped."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from markupsafe import Markup

from sandbox.vendors.jira_site import ACCOUNT, PEOPLE, STATUSES, TRANSITIONS, TYPES
from sandbox.vendors.jira_store import Issue
from sandbox.vendors.jira_text import plain

SHOWN = 50
_SHELL = Markup(
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, '
    'initial-scale=1"><meta name="color-scheme" content="light dark"><title>{title}</title>'
    '<link rel="stylesheet" href="/_sandbox/static/page.css"></head><body><header class="top"><div><h1>{title}</h1>'
    '<p><a href="/_sandbox/jira/">Board</a> · <a href="/">Sandbox</a></p></div></header><main>{body}</main></body></html>'
)
_TONES = {"new": "", "indeterminate": "s3", "done": "s2"}


def summary(issues: list[Issue]) -> Markup:
    """The newest issues, for the sandbox's first page."""
    if not issues:
        return Markup("")
    rows = Markup("").join(_row(issue) for issue in _newest(issues))
    return Markup(
        '<p><a href="/_sandbox/jira/">Open the board</a> to move an issue or comment on it.</p><ul class="faults">{}</ul>'
    ).format(rows)


def board(issues: list[Issue]) -> Markup:
    """A column per status, the newest issues first."""
    columns = Markup("").join(
        _column(STATUSES[status][0], [issue for issue in issues if issue.status == status]) for status in STATUSES
    )
    return _SHELL.format(title="Jira", body=Markup('<div class="board">{}</div>').format(columns))


def issue(one: Issue) -> Markup:
    """One issue: what is known of it, its transitions, its comments, and forms for a person."""
    facts = [
        ("Type", TYPES[one.type]),
        ("Status", _badge(one)),
        ("Resolution", one.resolution or "Unresolved"),
        ("Priority", one.priority),
        ("Assignee", _name(one.assignee) if one.assignee else "Nobody"),
        ("Labels", ", ".join(one.labels) or "None"),
        ("Updated", _moment(one.updated)),
    ]
    links = Markup("").join(
        Markup('<li><a href="{url}" rel="noreferrer noopener">{title}</a></li>').format(**_link(link))
        for link in one.links
    )
    body = Markup(
        '<section class="card"><h2>{summary}</h2><dl>{facts}</dl>{links}{moves}</section>'
        '<section class="card"><h3>Description</h3><pre>{description}</pre></section>'
        '<section class="card"><h3>Comments</h3>{comments}{form}</section>'
    ).format(
        summary=one.summary,
        facts=Markup("").join(Markup("<dt>{}</dt><dd>{}</dd>").format(*fact) for fact in facts),
        links=Markup("<h3>Linked from</h3><ul>{}</ul>").format(links) if one.links else "",
        moves=_moves(one),
        description=plain(one.description),
        comments=Markup("").join(
            Markup(
                '<article class="slack"><div class="bubble"><p class="who"><b>{}</b> <time>{}</time></p>'
                "<pre>{}</pre></div></article>"
            ).format(_name(comment.author), _moment(comment.created), plain(comment.body))
            for comment in one.comments
        ),
        form=_comment_form(one),
    )
    return _SHELL.format(title=one.key, body=body)


def _column(name: str, issues: list[Issue]) -> Markup:
    cards = Markup("").join(
        Markup('<div class="card"><p>{row}</p>{moves}</div>').format(row=_title(issue), moves=_moves(issue))
        for issue in _newest(issues)
    )
    return Markup(
        '<section aria-label="{name}"><h2>{name} <span class="hint">{count}</span></h2>{cards}</section>'
    ).format(name=name, count=len(issues), cards=cards)


def _row(one: Issue) -> Markup:
    return Markup("<li><span>{} {}</span>{}</li>").format(_title(one), _badge(one), _moves(one))


def _title(one: Issue) -> Markup:
    return Markup('<a href="/_sandbox/jira/issues/{key}">{key}</a> {summary}').format(key=one.key, summary=one.summary)


def _badge(one: Issue) -> Markup:
    name, category = STATUSES[one.status]
    return Markup('<span class="badge {}">{}</span>').format(_TONES[category], name)


def _moves(one: Issue) -> Markup:
    buttons = Markup("").join(
        Markup('<button class="quiet" name="transition" value="{}">{}</button>').format(number, name)
        for number, name, before, *_ in TRANSITIONS
        if one.status in before
    )
    return Markup('<form method="post" action="/_sandbox/jira/issues/{}/form" class="moves">{}</form>').format(
        one.key, buttons
    )


def _comment_form(one: Issue) -> Markup:
    people = Markup("").join(Markup('<option value="{}">{}</option>').format(*person) for person in PEOPLE.items())
    return Markup(
        '<form method="post" action="/_sandbox/jira/issues/{}/form" class="fault">'
        '<label>As<select name="who">{}</select></label>'
        '<label class="wide">Comment<textarea name="comment" rows="3" required></textarea></label>'
        '<div class="submit"><button>Comment</button></div></form>'
    ).format(one.key, people)


def _newest(issues: list[Issue]) -> Iterable[Issue]:
    return sorted(issues, key=lambda issue: int(issue.id), reverse=True)[:SHOWN]


def _name(who: str) -> str:
    return PEOPLE.get(who, "VOC Bot" if who == ACCOUNT else who)


def _moment(ms: int) -> str:
    return f"{datetime.fromtimestamp(ms / 1000).astimezone():%Y-%m-%d %H:%M:%S}"


def _link(link: dict[str, dict[str, str]]) -> dict[str, str]:
    url, title = link["object"]["url"], link["object"]["title"]
    return {"url": url if url.startswith(("http://", "https://")) else "#", "title": title}
