import pytest
from django.test import Client
from django.urls import reverse

from tests.factories import TicketFactory, UserFactory
from tickets.models import AnalysisRun, AnalysisStep, RunState
from voc.core import clock

ROW = {
    "kind": "code",
    "key": "PG_TIMEOUT",
    "count": 7,
    "first": "2026-11-01T01:00:00+00:00",
    "last": "2026-11-01T02:00:00+00:00",
    "services": ["PaymentService"],
    "sample": "gateway timed out for 010-9876-5432",
}


@pytest.mark.django_db
def test_the_page_shows_what_repeats_among_the_failing_lines_to_the_staff_without_personal_data_for_viewers():
    ticket = TicketFactory(waiting=True)
    run = AnalysisRun.objects.create(
        ticket=ticket, job_id=1, state=RunState.FINISHED, analyst="offline", threshold=0.6, started_at=clock.now()
    )
    AnalysisStep.objects.create(
        run=run,
        stage="retrieve",
        position=1,
        analyst="logs",
        started_at=clock.now(),
        milliseconds=1,
        input={},
        output={"patterns": [ROW]},
    )
    for role, shown in (("manager", True), ("viewer", False)):
        client = Client()
        client.force_login(UserFactory(role=role, language="en"))
        page = client.get(reverse("ticket", args=[ticket.ticket_id])).content.decode()
        assert "PG_TIMEOUT" in page
        assert 'max="7" value="7"' in page
        assert ("010-9876-5432" in page) is shown
