"""A worker that forks after it has called a model and Redis: no child shares a connection, and none gets another's answer."""

import os
import subprocess
import sys
from typing import Any

import pytest

from sandbox.client import SandboxClient

CHILDREN, TURNS = 4, 12
# Run in a process of its own: the parent calls first, then forks as a prefork worker does.
WORKER = """
import json, os, sys, threading
import django
django.setup()
from llm import providers
from llm.catalogue import catalogue
from llm.schemas import NormaliserAnswer
import voc.core.redis
voc.core.redis.TIMEOUT_SECONDS = 10.0
from voc.core.redis import door

model = catalogue().find("openai/gpt-6.1-sol")
children, turns = int(sys.argv[1]), int(sys.argv[2])

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
                said = ask(text)
                if said != text:
                    wrong.append([text, said])
        threads = [threading.Thread(target=work, args=(number,)) for number in range(2)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        os.write(write, json.dumps({"wrong": wrong, "redis": connection()}).encode())
        os._exit(0)
    os.close(write)
    pipes.append((pid, read))
found = []
for pid, read in pipes:
    with os.fdopen(read) as stream:
        found.append(json.loads(stream.read()))
    os.waitpid(pid, 0)
assert ask("parent again") == "parent again"
print(json.dumps({"parent": parents, "again": connection(), "children": found}))
"""


def environment(sandbox: SandboxClient, settings: Any) -> dict[str, str]:
    return os.environ | {
        "OPENAI_API_KEY": "sandbox-key",
        "OPENAI_BASE_URL": sandbox.url("/openai/v1"),
        "OUTBOUND_ALLOWED_NETWORKS": "127.0.0.0/8",
        "REDIS_URL": settings.REDIS_URL,
        "DJANGO_SETTINGS_MODULE": "voc.settings",
    }


@pytest.mark.django_db
def test_children_of_a_fork_get_their_own_answers_over_connections_of_their_own(
    sandbox: SandboxClient, settings: Any
) -> None:
    import json

    arguments = [sys.executable, "-W", "ignore", "-c", WORKER, str(CHILDREN), str(TURNS)]
    done = subprocess.run(arguments, env=environment(sandbox, settings), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    told = json.loads(done.stdout.splitlines()[-1])

    assert [child["wrong"] for child in told["children"]] == [[]] * CHILDREN
    ids = [told["parent"], *(child["redis"] for child in told["children"])]
    assert len(set(ids)) == CHILDREN + 1
    assert told["again"] == told["parent"], "the parent's own connection is as it was"
    assert len(sandbox.requests("openai")) == 2 + CHILDREN * TURNS * 2
