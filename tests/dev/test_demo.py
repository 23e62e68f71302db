"""The demo as people run it: through make, with everything real."""

import re
import shutil
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.dev.helpers import all_gone, kill_hard, running, start
from voc.dev.ports import free_port
from voc.dev.processes import wait_until

pytestmark = [pytest.mark.e2e]
COMPLAINTS = """external_id,raw_voc,customer_name,channel
T-1,결제하기를 눌렀는데 한참 멈춰 있다가 결국 실패했어요. 카드는 멀쩡합니다.,김하나,web
T-2,The refund button always shows an error.,Ann Lee,email
T-3,ㅋㅋㅋㅋㅋ,박둘,web
"""
STAYS_UP = "Stays up until Ctrl-C."
ROW = re.compile(r"^\d/3 +(VOC-\d{8}-\d{4}) +(WAITING_CONFIRM|MANUAL_REQUIRED) ", re.MULTILINE)


@dataclass
class Home:
    """Where the demos of these tests live, one after the other."""

    folder: Path
    port: int

    @property
    def output(self) -> Path:
        return self.folder / "out"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, *command: str, **environment: str) -> "subprocess.Popen[bytes]":
        complaints = self.folder / "complaints.csv"
        complaints.write_text(COMPLAINTS, encoding="utf-8")
        given = {"VOC_VAR_DIR": str(self.folder / "var"), "PORT": str(self.port), "INPUT": str(complaints)}
        return start(list(command), output=self.output, **given | environment)

    def wait_for(self, text: str, process: "subprocess.Popen[bytes]") -> str:
        """The output, once the text is in it; fails when the process ends first."""
        wait_until(lambda: text in self.output.read_text() or process.poll() is not None, seconds=400)
        shown = self.output.read_text()
        assert text in shown, shown
        return shown


@pytest.fixture(scope="module")
def home():
    folder = Path(tempfile.mkdtemp(prefix="voc-test-"))
    folder.chmod(0o755)
    yield Home(folder, free_port())
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def killed(home):
    """What a demo had shown when make, which had started it, was killed; what ran then, and what long after."""
    make = home.start("make", "--old-file=venv", "demo", f"IN_VENV={sys.executable}", DEMO_PASSWORD="a demo's password")
    try:
        shown = home.wait_for(STAYS_UP, make)
        token = httpx.post(
            f"{home.url}/api/v1/auth/token", json={"username": "manager", "password": "a demo's password"}, timeout=60
        )
        before = running(str(home.folder))
    finally:
        kill_hard(make)
    return shown, token.status_code, before, all_gone(str(home.folder))


def test_every_complaint_is_shown_with_its_outcome_and_people_can_log_in(killed):
    shown, login, _, _ = killed
    assert len(ROW.findall(shown)) == 3
    assert "3 of 3 complaints at rest" in shown
    assert "admin, manager, viewer, submitter with the password a demo's password" in shown
    assert login == 200


def test_killing_make_leaves_no_process_behind(killed):
    _, _, before, after = killed
    for program in (
        "gunicorn",
        "celery --app voc worker",
        "celery --app voc beat",
        "sandbox",
        "redis-server",
        "postgres",
    ):
        assert any(program in line for line in before), program
    assert after == []


def test_its_programs_run_as_a_role_that_cannot_change_the_audit_trail(killed):
    _, _, before, _ = killed
    sessions = [line for line in before if re.search(r"postgres: voc\S* voc 127", line)]
    assert any("postgres: voc_app voc" in line for line in sessions)
    assert not any("postgres: voc voc" in line for line in sessions)


def test_the_next_demo_takes_over_what_a_killed_one_left_and_shows_the_same_tickets(home, killed):
    demo = home.start(sys.executable, "-m", "voc.dev.demo", DEMO_EXIT="1")
    assert demo.wait(timeout=400) == 0, home.output.read_text()
    assert sorted(ROW.findall(home.output.read_text())) == sorted(ROW.findall(killed[0]))
    assert running(str(home.folder)) == []


def test_ctrl_c_stops_everything(home, killed):
    demo = home.start(sys.executable, "-m", "voc.dev.demo")
    home.wait_for(STAYS_UP, demo)
    demo.send_signal(signal.SIGINT)
    assert demo.wait(timeout=200) == 0, home.output.read_text()
    assert running(str(home.folder)) == []
    assert "did not stop" not in home.output.read_text()
