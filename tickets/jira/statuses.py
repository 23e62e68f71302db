"""What a status in Jira means for a ticket: JIRA_STATUS_MAP by project, else Jira's own category."""

from typing import Final

from django.conf import settings

from tickets.models import Status

ANY_PROJECT: Final = "*"
MEANINGS: Final = (Status.IN_PROGRESS, Status.DONE)


def meaning(*, project_key: str, status: str, category: str) -> Status | None:
    """IN_PROGRESS or DONE; None when nothing is known of the status.

    `JIRA_STATUS_MAP` is {project key, or "*": {name of the status: "IN_PROGRESS" or "DONE"}}; names in any case.
    """
    for project in (project_key, ANY_PROJECT):
        by_name = {name.casefold(): means for name, means in settings.JIRA_STATUS_MAP.get(project, {}).items()}
        if found := by_name.get(status.casefold()):
            return Status(found)
    if not category:
        return None
    return Status.DONE if category == "done" else Status.IN_PROGRESS
