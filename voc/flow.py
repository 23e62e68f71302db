"""What happens after anything: event → the jobs that follow it.

This table imports nothing: handlers are dotted paths, checked at boot by `voc.core.outbox.flow`. Each row names

- `queue`: a key of `VOC_QUEUES`, whose value caps the threads that one process gives to it;
- `handler`: called with the claimed job;
- `on_dead` (optional): called in the transaction that gives the job up, so that nothing is stranded;
- `max_seconds`: how long the handler may run before its lease is left to lapse;
- `max_attempts`: failures before the job is dead (interruptions by a dying process count apart).
"""

from typing import Any

# The channels of `notifications.channels`: each has a queue of its own, so that one which is dead delays no other.
CHANNELS = ("slack", "email", "teams", "pagerduty")

FLOW: dict[str, list[dict[str, Any]]] = {
    "ticket.received": [
        {
            "queue": "analysis",
            "handler": "tickets.handlers.analyse",
            "on_dead": "tickets.handlers.give_up",
            "max_seconds": 150,
            "max_attempts": 5,
        },
    ],
    "ticket.reanalyse": [
        {
            "queue": "analysis",
            "handler": "tickets.handlers.analyse",
            "on_dead": "tickets.handlers.give_up",
            "max_seconds": 150,
            "max_attempts": 5,
        },
    ],
    "ticket.urgent": [
        {
            "queue": "notify",
            "handler": "tickets.notify.tell",
            "max_seconds": 30,
            "max_attempts": 12,
        },
    ],
    "ticket.decided": [
        {
            "queue": "notify",
            "handler": "tickets.notify.tell",
            "max_seconds": 30,
            "max_attempts": 12,
        },
        {
            "queue": "jira",
            "handler": "tickets.jira.handlers.create_issue",
            "on_dead": "tickets.jira.handlers.give_up",
            "max_seconds": 120,
            "max_attempts": 8,
        },
    ],
    "jira.create": [
        {
            "queue": "jira",
            "handler": "tickets.jira.handlers.create_issue",
            "on_dead": "tickets.jira.handlers.give_up",
            "max_seconds": 120,
            "max_attempts": 8,
        },
    ],
    "jira.link_back": [
        {"queue": "jira", "handler": "tickets.jira.handlers.link_back", "max_seconds": 120, "max_attempts": 12},
    ],
    "jira.duplicate": [
        {"queue": "jira", "handler": "tickets.jira.handlers.report_duplicate", "max_seconds": 120, "max_attempts": 12},
    ],
    "jira.told": [
        {"queue": "jira", "handler": "tickets.jira.inbound.hear", "max_seconds": 60, "max_attempts": 8},
    ],
    "jira.comment": [
        {
            "queue": "jira",
            "handler": "tickets.jira.comments.carry",
            "on_dead": "tickets.jira.comments.give_up",
            "max_seconds": 60,
            "max_attempts": 20,
        },
    ],
    **{
        event: [{"queue": "notify", "handler": handler, "max_seconds": 30, "max_attempts": 12}]
        for event, handler in {
            "ticket.analysed": "tickets.notify.tell",
            "ticket.resolved": "tickets.notify.tell",
            "ticket.jira_created": "tickets.notify.tell",
            "ticket.jira_blocked": "tickets.notify.tell",
            "ticket.moved": "tickets.notify.show_standing",
            "ticket.waits": "tickets.notify.remind",
            "customer.received": "tickets.customers.confirm_receipt",
            "alert.raised": "notifications.routing.alerts.tell_alert",
            "alert.cleared": "notifications.routing.alerts.tell_alert",
            "digest.due": "notifications.routing.digests.gather",
            "slack.action": "tickets.slack.act",
            "slack.answer": "notifications.interactivity.answer",
        }.items()
    },
    **{
        f"notification.{channel}": [
            {
                "queue": channel,
                "handler": "notifications.handlers.deliver",
                "on_dead": "notifications.handlers.give_up",
                "max_seconds": 60,
                "max_attempts": 60,
            },
        ]
        for channel in CHANNELS
    },
    "thread.changed": [
        {"queue": "slack", "handler": "notifications.handlers.show_status", "max_seconds": 60, "max_attempts": 12},
    ],
    "delivery.settled": [
        {"queue": "notify", "handler": "tickets.notify.note", "max_seconds": 30, "max_attempts": 12},
    ],
    "account.mail": [
        {"queue": "mail", "handler": "accounts.handlers.send_mail", "max_seconds": 30, "max_attempts": 12},
    ],
}
