"""The sandbox as a process: its command line, its signals, its state file, its parent."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import psutil
import pytest
from slack_sdk.webhook import WebhookClient

from sandbox.client import SandboxClient
from sandbox.process import StartError, running

ROOT = Path(__file__).resolve().parents[2]


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "sandbox", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


# A sandbox that would wait for two minutes for requests that cannot be let go.
PATIENT = "import sys, sandbox.server as s; s.GRACE_SECONDS = 120; from sandbox.__main__ import main; sys.exit(main())"


def start(*arguments: str, program: tuple[str, str] = ("-m", "sandbox")) -> tuple[subprocess.Popen[str], str]:
    process = subprocess.Popen(
        [sys.executable, *program, "--port", "0", *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    line = process.stdout.readline()
    assert "listening on http://127.0.0.1:" in line
    return process, line.split()[-1]


def send(base_url: str, text: str) -> None:
    assert WebhookClient(f"{base_url}/slack/services/T0/B0/s", retry_handlers=[]).send(text=text).status_code == 200


def test_help_says_what_it_is_and_what_it_takes() -> None:
    answer = command("--help")

    assert answer.returncode == 0
    for word in ("--port", "--host", "--state-file", "Slack"):
        assert word in answer.stdout


def test_a_busy_port_is_one_line_that_says_what_to_do() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        answer = command("--port", str(port))

    assert answer.returncode == 1
    assert answer.stderr == f"sandbox: port {port} on 127.0.0.1 is in use; choose another with --port\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--port", "70000"], "is not a port"),
        (["--port", "0", "--host", "203.0.113.1"], "cannot listen on 203.0.113.1:0"),
        (["--port", "0", "--state-file", "/nowhere/state.json"], "choose another --state-file"),
    ],
)
def test_what_cannot_be_done_is_one_line(arguments: list[str], words: str) -> None:
    answer = command(*arguments)

    assert answer.returncode == 1
    assert words in answer.stderr
    assert answer.stderr.count("\n") == 1


@pytest.mark.parametrize("content", ["not json", "[]", '{"version": 99}', '{"version": 1, "vendors": {"slack": {}}}'])
def test_a_file_that_is_no_state_is_refused_and_left_alone(tmp_path: Path, content: str) -> None:
    path = tmp_path / "state.json"
    path.write_text(content)

    answer = command("--port", "0", "--state-file", str(path))

    assert answer.returncode == 1
    assert "is not a sandbox's state" in answer.stderr
    assert path.read_text() == content


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_in_order_on_a_signal_even_with_a_request_that_hangs(number: signal.Signals) -> None:
    process, base_url = start(program=("-c", PATIENT))
    with process, SandboxClient(base_url) as client:
        client.fault("slack", "hang", seconds=100)
        with pytest.raises(httpx.ReadTimeout):
            httpx.post(client.url("/slack/services/T0/B0/s"), json={"text": "t"}, timeout=httpx.Timeout(30, read=1.5))

        process.send_signal(number)

        assert process.wait(60) == 0
    with pytest.raises(httpx.ConnectError):
        httpx.get(base_url)


def test_a_state_file_is_taken_up_by_the_next_run(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    with running(state_file=path) as first:
        send(first.base_url, "kept")

    with running(state_file=path) as second:
        send(second.base_url, "new")
        assert [message["text"] for message in second.state("slack")["messages"]] == ["kept", "new"]
        assert [request.id for request in second.requests("slack")] == [1, 2]


def test_a_state_file_is_written_while_it_runs(tmp_path: Path, wait_until) -> None:
    path = tmp_path / "state.json"
    with running(state_file=path) as client:
        send(client.base_url, "soon on disk")

        wait_until(lambda: "soon on disk" in path.read_text())

    assert json.loads(path.read_text())["version"] == 1
    assert [item.name for item in tmp_path.iterdir()] == ["state.json"]


def test_it_dies_with_the_process_that_started_it(wait_until) -> None:
    code = (
        "import signal, sandbox.process as p\n"
        "with p.running() as client:\n"
        "    print(client.base_url, flush=True)\n"
        "    signal.pause()\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True) as parent:
        base_url = parent.stdout.readline().strip()
        [child] = psutil.Process(parent.pid).children()
        assert httpx.get(f"{base_url}/_sandbox/health").json()["ok"]

        parent.kill()
        parent.wait()

        wait_until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)
    with pytest.raises(httpx.ConnectError):
        httpx.get(base_url)


def test_it_does_not_outlive_a_parent_that_was_gone_before_it_looked() -> None:
    not_the_parent = os.getppid()

    answer = command("--port", "0", "--parent", str(not_the_parent))

    assert (answer.returncode, answer.stdout) == (0, "")


def test_a_process_that_does_not_come_up_is_an_error_and_not_a_wait(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    path.write_text("broken")

    with pytest.raises(StartError, match="did not start"), running(state_file=path):
        raise AssertionError("it must not come up")
