"""What a status of Jira's means for the ticket."""

import pytest

from tickets.jira.statuses import meaning
from tickets.models import Status


@pytest.mark.parametrize(
    ("project", "status", "category", "expected"),
    [
        ("VOC", "Whatever", "new", Status.IN_PROGRESS),
        ("VOC", "Whatever", "indeterminate", Status.IN_PROGRESS),
        ("VOC", "Whatever", "done", Status.DONE),
        ("VOC", "Released", "indeterminate", Status.DONE),
        ("VOC", "RELEASED", "indeterminate", Status.DONE),
        ("OPS", "Released", "indeterminate", Status.IN_PROGRESS),
        ("OPS", "Parked", "done", Status.IN_PROGRESS),
        ("VOC", "Parked", "done", Status.IN_PROGRESS),
        ("VOC", "Whatever", "", None),
    ],
)
def test_a_status_means_what_the_project_says_and_else_what_its_category_says(
    settings, project, status, category, expected
):
    settings.JIRA_STATUS_MAP = {"VOC": {"Released": "DONE"}, "*": {"Parked": "IN_PROGRESS"}}

    assert meaning(project_key=project, status=status, category=category) == expected
