"""`manage.py prompts activate` reaches workers that run already: real processes."""

import re
import time
from pathlib import Path

import pytest

from tests.chaos.models import settings_of
from tests.chaos.storm import Submitter, complaints
from tests.stack import Database, Stack
from tests.stack_fixtures import database, template  # noqa: F401 - fixtures

pytestmark = pytest.mark.e2e
SECONDS = 10
VERSION = """
    SELECT coalesce(max(result->>'prompt'), '') FROM tickets_analysisrun r JOIN tickets_ticket t ON t.id = r.ticket_id
    WHERE t.ticket_id = %s AND r.state = 'finished'
"""


def test_running_workers_decide_by_the_new_version_within_ten_seconds_and_go_back(
    tmp_path: Path,
    database: Database,  # noqa: F811 - the fixture
) -> None:
    batch = iter(complaints(60, seed=11))
    with Stack(tmp_path / "stack", database=database, settings=settings_of(tmp_path), models=True) as stack:
        submitter = Submitter(stack)

        def decided_by() -> str:
            complaint = next(batch)
            submitter.submit(complaint)
            ticket_id = submitter.ids[complaint.external_id]
            stack.until(lambda: database.value(VERSION, ticket_id) != "", seconds=180, what="a decision by a model")
            return str(database.value(VERSION, ticket_id))

        def follows(command: list[str], wanted: str) -> None:
            done = stack.manage("prompts", *command)
            assert done.returncode == 0, done.stderr
            since = time.monotonic()
            # A ticket that was handed in after so many seconds is decided by the new version, and none later by the old.
            stack.until(lambda: decided_by() == wanted or time.monotonic() - since > SECONDS, seconds=300, what=wanted)
            assert decided_by() == wanted

        worker = stack.supervisor.pid("worker")
        assert decided_by() == "solver 1.2.0"
        follows(["activate", "solver", "1.0.0"], "solver 1.0.0")
        follows(["rollback", "solver"], "solver 1.2.0")
        assert stack.supervisor.pid("worker") == worker, "nobody was restarted"
        assert re.search(r"1\.0\.0", stack.manage("prompts", "list").stdout)
