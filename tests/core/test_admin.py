"""The machine room in the admin: jobs, gates and alerts, for admins alone."""

import pytest
from django.contrib.admin.models import LogEntry
from django.db import transaction
from django.test import Client
from django.urls import reverse

from tests.core import handlers
from tests.core.handlers import effects
from tests.factories import UserFactory
from voc.core import clock
from voc.core.alerts import raise_alert
from voc.core.models import Alert
from voc.core.outbox.api import drain_all, emit
from voc.core.outbox.claim import claim
from voc.core.outbox.models import Gate, Job, JobState

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("flow")]
JOBS, GATES, ALERTS = "admin:outbox_job_changelist", "admin:outbox_gate_changelist", "admin:core_alert_changelist"


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(UserFactory(role="admin", username="kim"))
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client


def make(event: str = "thing.scripted", subject: str = "VOC-1", **columns: object) -> Job:
    with transaction.atomic():
        job = emit(event, subject=subject)[0]
    Job.objects.filter(pk=job.pk).update(**columns)
    return job


def act(client: Client, name: str, *rows: Job | Gate | Alert, page: str = JOBS) -> str:
    data = {"action": name, "_selected_action": [row.pk for row in rows]}
    response = client.post(reverse(page), data, follow=True)
    assert response.status_code == 200
    return response.content.decode()


class TestJobs:
    def test_are_listed_with_the_reason_and_can_be_filtered_and_searched(self, admin: Client) -> None:
        make(subject="VOC-1", state="dead", error="the vendor says no")
        make("thing.told", subject="VOC-2")
        page = admin.get(reverse(JOBS)).content.decode()
        assert "the vendor says no" in page
        assert "VOC-2" in page
        for query in ("state__exact=dead", "queue__exact=analysis", "event__exact=thing.scripted", "q=VOC-1"):
            page = admin.get(f"{reverse(JOBS)}?{query}").content.decode()
            assert "VOC-1" in page
            assert "VOC-2" not in page.split('id="result_list"')[1].split("</table>")[0]

    def test_are_only_read(self, admin: Client) -> None:
        job = make()
        page = admin.get(reverse("admin:outbox_job_change", args=[job.pk]))
        assert page.status_code == 200
        assert "_save" not in page.content.decode()
        assert admin.get(reverse("admin:outbox_job_add")).status_code == 403
        assert admin.post(reverse("admin:outbox_job_delete", args=[job.pk])).status_code == 403

    def test_one_page_takes_the_same_queries_however_many_there_are(self, admin, django_assert_max_num_queries) -> None:
        for number in range(30):
            make(subject=f"VOC-{number}")
        with django_assert_max_num_queries(12):
            admin.get(reverse(JOBS))

    @pytest.mark.parametrize("state", [JobState.DEAD, JobState.BLOCKED])
    def test_what_was_given_up_is_tried_again(self, admin: Client, state: JobState) -> None:
        raise_alert("jobs-given-up:analysis", title="given up")
        job = make(state=state, error="the vendor says no", attempts=3, interruptions=2, finished_at=clock.now())
        assert "1 job" in act(admin, "try_again", job)
        job.refresh_from_db()
        assert (job.state, job.attempts, job.interruptions) == (JobState.PENDING, 0, 0)
        assert job.error.startswith("the vendor says no\n[")
        assert job.error.endswith("tried again by kim]")
        assert not Alert.objects.filter(cleared_at=None).exists()
        assert LogEntry.objects.filter(object_id=str(job.pk)).count() == 1
        handlers.scripts["VOC-1"] = handlers.nothing
        [job] = drain_all()
        job.refresh_from_db()
        assert (job.state, job.error) == (JobState.DONE, "")

    @pytest.mark.parametrize("state", [JobState.DONE, JobState.CANCELLED, JobState.PENDING])
    def test_others_are_not_tried_again(self, admin: Client, state: JobState) -> None:
        job = make(state=state)
        before = Job.objects.values().get(pk=job.pk)
        act(admin, "try_again", job)
        assert Job.objects.values().get(pk=job.pk) == before

    def test_a_running_one_is_left_alone(self, admin: Client) -> None:
        job = make()
        claim("analysis")
        act(admin, "try_again", job)
        act(admin, "cancel", job)
        job.refresh_from_db()
        assert job.state == JobState.RUNNING

    def test_a_pending_one_that_is_cancelled_is_given_up_so_that_nothing_is_stranded(self, admin: Client) -> None:
        job = make()
        act(admin, "cancel", job)
        job.refresh_from_db()
        assert job.state == JobState.CANCELLED
        assert effects() == ["dead VOC-1: cancelled by kim"]
        assert drain_all(include_delayed=True) == []

    def test_a_dead_one_that_is_cancelled_is_not_given_up_twice(self, admin: Client) -> None:
        job = make(state=JobState.DEAD)
        act(admin, "cancel", job)
        job.refresh_from_db()
        assert job.state == JobState.CANCELLED
        assert effects() == []


class TestGates:
    def test_adding_one_closes_the_queue_and_opening_it_lets_it_go_on(self, admin: Client) -> None:
        make("thing.told")
        data = {"queue": "notify", "reason": "maintenance", "closed_until_0": "", "closed_until_1": ""}
        assert admin.post(reverse("admin:outbox_gate_add"), data).status_code == 302
        gate = Gate.objects.get()
        assert (gate.queue, gate.reason, gate.closed_until) == ("notify", "maintenance", None)
        assert claim("notify") is None
        assert "maintenance" in admin.get(reverse(GATES)).content.decode()
        act(admin, "open_gates", gate, page=GATES)
        assert not Gate.objects.exists()
        assert claim("notify") is not None

    def test_deleting_one_opens_it(self, admin: Client) -> None:
        gate = Gate.objects.create(queue="notify", reason="x", closed_at=clock.now())
        admin.post(reverse("admin:outbox_gate_delete", args=[gate.pk]), {"post": "yes"})
        assert not Gate.objects.exists()

    def test_only_queues_that_exist_can_be_closed(self, admin: Client) -> None:
        page = admin.post(reverse("admin:outbox_gate_add"), {"queue": "nobody", "reason": "x"})
        assert page.status_code == 200
        assert not Gate.objects.exists()


class TestAlerts:
    def test_are_listed_and_cleared(self, admin: Client) -> None:
        raise_alert("disk", title="Disk full")
        assert "Disk full" in admin.get(f"{reverse(ALERTS)}?open=yes").content.decode()
        act(admin, "clear", Alert.objects.get(), page=ALERTS)
        assert Alert.objects.get().cleared_at is not None
        rows = admin.get(f"{reverse(ALERTS)}?open=yes").content.decode()
        assert "Disk full</a>" not in rows


@pytest.mark.parametrize("page", [JOBS, GATES, ALERTS])
@pytest.mark.parametrize("role", ["manager", "viewer", "submitter"])
def test_others_than_admins_see_none_of_it(client: Client, role: str, page: str) -> None:
    client.force_login(UserFactory(role=role))
    job = make(state=JobState.DEAD)
    assert client.get(reverse(page)).status_code == 403
    client.post(reverse(page), {"action": "try_again", "_selected_action": [job.pk]})
    job.refresh_from_db()
    assert job.state == JobState.DEAD
