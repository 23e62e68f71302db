import os
import signal
import sys
from pathlib import Path

import pytest

from tests.dev.helpers import all_gone, kill_hard, python, running, start
from voc.dev.errors import CannotRun
from voc.dev.processes import Register, is_alive, started_at, wait_until
from voc.dev.supervise import Supervisor

FOREVER = "import signal\nwhile True: signal.pause()"
STUBBORN = "import signal\nfor n in (signal.SIGTERM, signal.SIGINT): signal.signal(n, signal.SIG_IGN)\n"
SAYS_ITS_END = """
import pathlib, signal, sys
def end(*_):
    with open({log!r}, "a") as file: file.write({name!r} + "\\n")
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
pathlib.Path({ready!r}).touch()
while True: signal.pause()
"""


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def supervisor(tmp_path, said):
    made = Supervisor(logs=tmp_path / "log", say=said.append, register=Register(tmp_path / "processes.json"))
    yield made
    made.halt()


def test_a_program_that_dies_is_started_again_and_people_are_told_in_one_line(supervisor, said):
    supervisor.start(python("worker", FOREVER))
    first = supervisor.pid("worker")
    os.kill(first, signal.SIGKILL)

    def back() -> bool:
        supervisor.tick()
        return supervisor.pid("worker") not in (None, first)

    assert wait_until(back, seconds=90)
    assert len(said) == 1
    assert "worker died (killed by SIGKILL)" in said[0]


def test_a_program_that_keeps_dying_is_started_after_ever_longer_waits(supervisor, said):
    supervisor.start(python("worker", "raise SystemExit(3)"))

    def told_thrice() -> bool:
        supervisor.tick()
        return len(said) == 3

    assert wait_until(told_thrice, seconds=90)
    assert [line.split(" in ")[1].split(" s.")[0] for line in said] == ["0.5", "1", "2"]


def test_programs_stop_in_the_opposite_order_of_their_start(supervisor, tmp_path):
    log = tmp_path / "ends"
    names = ["postgres", "redis", "sandbox", "beat", "worker", "web"]
    for name in names:
        ready = tmp_path / f"{name}.ready"
        supervisor.start(python(name, SAYS_ITS_END.format(log=str(log), name=name, ready=str(ready))))
        assert wait_until(ready.exists, seconds=90)
    supervisor.stop()
    assert log.read_text().split() == names[::-1]


def test_a_program_that_does_not_want_to_stop_is_killed_with_all_it_started(supervisor, said, tmp_path):
    ready = tmp_path / "ready"
    grandchild = f"{STUBBORN}import pathlib; pathlib.Path({str(ready)!r}).touch()\n{FOREVER}"
    code = f"{STUBBORN}import subprocess, sys\nsubprocess.run([sys.executable, '-c', {grandchild!r}])"
    supervisor.start(python("web", code, stop_seconds=0.3, cwd=tmp_path))
    assert wait_until(ready.exists, seconds=90)
    supervisor.stop()
    assert all_gone(str(tmp_path)) == []
    assert "web did not stop" in said[0]


def test_a_program_that_ends_while_starting_is_reported_with_its_last_words(supervisor):
    supervisor.start(python("web", "raise RuntimeError('no more room')"))
    with pytest.raises(CannotRun, match=r"web ended while starting \(exit 1\): RuntimeError: no more room"):
        supervisor.wait_for("web", lambda: False, seconds=90)


def test_halting_ends_even_stubborn_programs_within_two_seconds(supervisor, tmp_path):
    ready = tmp_path / "ready"
    supervisor.start(python("worker", f"{STUBBORN}import pathlib; pathlib.Path({str(ready)!r}).touch()\n{FOREVER}"))
    assert wait_until(ready.exists, seconds=90)
    pid = supervisor.pid("worker")
    supervisor.halt(seconds=0.2)
    assert not is_alive(pid)


OWNER = """
import pathlib, sys, time
from voc.dev.supervise import Program, Supervisor
from tests.dev.helpers import python
supervisor = Supervisor(logs=pathlib.Path(sys.argv[1]) / "log")
for name in ("one", "two", "three"):
    supervisor.start(python(name, sys.argv[2], cwd=pathlib.Path(sys.argv[1])))
while True:
    supervisor.tick(); time.sleep(0.05)
"""


def test_killing_the_supervisor_takes_all_its_programs_along(tmp_path):
    owner = start([sys.executable, "-c", OWNER, str(tmp_path), FOREVER], output=tmp_path / "out")
    try:
        assert wait_until(lambda: len(running(str(tmp_path))) == 4, seconds=90), (tmp_path / "out").read_text()
    finally:
        kill_hard(owner)
    assert all_gone(str(tmp_path)) == []


def test_a_program_whose_supervisor_died_before_it_got_ready_does_not_start(tmp_path):
    proof = tmp_path / "started"
    shim = Path("voc/dev/child.py").resolve()
    code = f"import pathlib; pathlib.Path({str(proof)!r}).touch()"
    nobodys = [sys.executable, str(shim), "--parent", "999999", "--death", "15", "--", sys.executable, "-c", code]
    assert start(nobodys, output=tmp_path / "out").wait(timeout=120) == 0
    assert not proof.exists()


def test_what_a_killed_run_left_behind_is_ended_by_the_next(supervisor, tmp_path):
    stray = start([sys.executable, "-c", FOREVER], output=tmp_path / "out")
    register = Register(tmp_path / "left.json")
    register.write([stray.pid])
    assert register.end_leftovers(patience=0.2) == [stray.pid]
    assert stray.wait(timeout=60) == -signal.SIGKILL


def test_a_process_that_got_the_number_of_an_old_one_is_left_alone(tmp_path):
    other = start([sys.executable, "-c", FOREVER], output=tmp_path / "out")
    register = Register(tmp_path / "left.json")
    register.path.write_text(f'{{"{other.pid}": "12345"}}')
    try:
        assert register.end_leftovers(patience=0.2) == []
        assert started_at(other.pid)
    finally:
        kill_hard(other)
