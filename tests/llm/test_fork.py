"""A worker that forks after it has called a model and Redis: no child shares a connection, and none gets another's answer."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

CHILDREN, TURNS = 4, 4
# Long enough for all children to have asked before the first of them is answered.
SECONDS = 0.1
# Run in a process of its own: the parent calls first, then forks as a prefork worker does.
WORKER = """
import json, os, sys, threading
import django
django.setup()
from llm import providers
from llm.catalogue import catalogue
from llm.schemas import NormaliserAnswer
from voc.core.redis import door

model = catalogue().find("openai/gpt-6.1-sol")
children, turns = int(sys.argv[1]), int(sys.argv[2])

started = os.pipe()

def ask(text):
    messages = [{"role": "system", "content": "-"}, {"role": "user", "content": text}]
    return json.loads(providers.call(model, messages, schema=NormaliserAnswer, max_tokens=500, seconds=20).text)["summary"]

def connection():
    return door().call(lambda client: client.client_id())

assert ask("parent") == "parent"
parents = connection()
pipes = []
for child in range(children):
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        wrong = []
        def work(thread):
            for turn in range(turns):
                text = f"child {child} thread {thread} turn {turn}"
                try:
                    said = ask(text)
                except Exception as error:
                    said = repr(error)
                if said != text:
                    wrong.append([text, said])
        os.close(started[1])
        # The parent closes its end when all are there: they ask at the same moment.
        os.read(started[0], 1)
        threads = [threading.Thread(target=work, args=(number,)) for number in range(2)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        os.write(write, json.dumps({"wrong": wrong, "redis": connection()}).encode())
        os._exit(0)
    os.close(write)
    pipes.append((pid, read))
os.close(started[1])
found = []
for pid, read in pipes:
    with os.fdopen(read) as stream:
        found.append(json.loads(stream.read()))
    os.waitpid(pid, 0)
assert ask("parent again") == "parent again"
print(json.dumps({"parent": parents, "again": connection(), "children": found}))
"""


class Keeping(BaseHTTPRequestHandler):
    """A model that repeats what the user said, on connections that stay open: the sandbox closes each after its answer."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        threading.Event().wait(SECONDS)
        said = {"understood": True, "summary": asked["messages"][-1]["content"]}
        choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": json.dumps(said)}}
        whole = {"id": "1", "object": "chat.completion", "created": 1, "model": asked["model"], "choices": [choice]}
        body = json.dumps(whole).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: Any) -> None:
        pass


@pytest.fixture
def model() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Keeping)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/v1"
    server.shutdown()
    thread.join()
    server.server_close()


def environment(address: str, settings: Any) -> dict[str, str]:
    return os.environ | {
        "OPENAI_API_KEY": "a-key",
        "OPENAI_BASE_URL": address,
        "OUTBOUND_ALLOWED_NETWORKS": "127.0.0.0/8",
        "REDIS_URL": settings.REDIS_URL,
        "DJANGO_SETTINGS_MODULE": "voc.settings",
    }


@pytest.mark.django_db
@pytest.mark.usefixtures("clean_redis")
def test_children_of_a_fork_get_their_own_answers_over_connections_of_their_own(model: str, settings: Any) -> None:
    arguments = [sys.executable, "-W", "ignore", "-c", WORKER, str(CHILDREN), str(TURNS)]
    done = subprocess.run(arguments, env=environment(model, settings), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    told = json.loads(done.stdout.splitlines()[-1])

    assert [child["wrong"] for child in told["children"]] == [[]] * CHILDREN
    ids = [told["parent"], *(child["redis"] for child in told["children"])]
    assert len(set(ids)) == CHILDREN + 1
    assert told["again"] == told["parent"], "the parent's own connection is as it was"
