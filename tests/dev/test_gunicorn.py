import os
import signal
import socket
import sys

import pytest

from tests.dev.helpers import all_gone, running
from voc.dev.ports import free_port
from voc.dev.processes import wait_until
from voc.dev.supervise import ROOT, Program, Supervisor


@pytest.fixture
def site(tmp_path):
    """gunicorn as the demo runs it, in the middle of a request that does not end."""
    port = free_port()
    supervisor = Supervisor(logs=tmp_path / "log", say=lambda line: None)
    gunicorn = (
        sys.executable,
        "-m",
        "gunicorn",
        "--config",
        "python:voc.dev.gunicorn_conf",
        "--bind",
        f"127.0.0.1:{port}",
    )
    env = os.environ | {"PYTHONPATH": str(ROOT), "MARK": str(tmp_path)}
    supervisor.start(Program(name="web", argv=(*gunicorn, "tests.dev.slow_site"), env=env, cwd=tmp_path))
    client = socket.socket()
    assert wait_until(lambda: client.connect_ex(("127.0.0.1", port)) == 0, seconds=90)
    client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert wait_until(lambda: len(running(str(tmp_path))) == 3, seconds=90)
    yield supervisor
    client.close()
    supervisor.halt()


def test_a_killed_master_takes_its_workers_along(site, tmp_path):
    os.kill(site.pid("web"), signal.SIGKILL)
    assert all_gone(str(tmp_path)) == []


def test_web_stops_in_time_while_a_request_is_under_way(site, tmp_path):
    assert len(running(str(tmp_path))) == 3
    os.kill(site.pid("web"), signal.SIGTERM)
    assert all_gone(str(tmp_path), seconds=25) == []  # the request would take longer
