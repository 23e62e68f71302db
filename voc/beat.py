"""What happens by the clock: the table that beat works by. It names tasks by dotted path and imports none, like the flow.

A task that no worker took in time is worth nothing where the next one does the same work: `expire_seconds` keeps such ones from
piling up while no worker runs.
"""

from typing import Any

from celery.schedules import crontab


def schedule(*, sweep_seconds: float, jira_seconds: float) -> dict[str, dict[str, Any]]:
    """The rows of CELERY_BEAT_SCHEDULE; times of day are the site's, and apart from each other."""
    return {
        "outbox-sweep": {
            "task": "voc.core.outbox.tasks.sweep",
            "schedule": sweep_seconds,
            "options": {"expire_seconds": max(10, round(3 * sweep_seconds))},
        },
        "outages": {"task": "voc.core.tasks.review_outages", "schedule": 10.0, "options": {"expire_seconds": 30}},
        "audit-seal": {"task": "voc.core.audit.tasks.seal", "schedule": 15.0, "options": {"expire_seconds": 60}},
        "audit-prune": {"task": "voc.core.audit.tasks.prune", "schedule": crontab(minute=7, hour=4)},
        "retention": {"task": "tickets.tasks.erase_old", "schedule": crontab(minute=57, hour=3)},
        "outbox-prune": {"task": "voc.core.outbox.tasks.prune", "schedule": crontab(minute=17, hour=3)},
        "llm-budget-alerts": {"task": "llm.tasks.clear_budget_alerts", "schedule": 60.0},
        "ticket-counts": {"task": "tickets.tasks.compact_counts", "schedule": 60.0},
        "ticket-cases": {"task": "tickets.tasks.seal_cases", "schedule": 60.0, "options": {"expire_seconds": 60}},
        "jira-poll": {
            "task": "tickets.tasks.poll_jira",
            "schedule": jira_seconds,
            "options": {"expire_seconds": max(10, round(jira_seconds))},
        },
        "jira-reconcile": {"task": "tickets.tasks.reconcile_jira", "schedule": crontab(minute=47, hour=3)},
        "accounts-prune": {"task": "accounts.tasks.prune", "schedule": crontab(minute=37, hour=3)},
        "held-messages": {
            "task": "notifications.routing.tasks.release",
            "schedule": 30.0,
            "options": {"expire_seconds": 30},
        },
        "waiting-tickets": {"task": "tickets.tasks.remind", "schedule": 60.0, "options": {"expire_seconds": 60}},
        "idempotency-prune": {"task": "tickets.tasks.prune_idempotency_keys", "schedule": crontab(minute=27, hour=3)},
    }
