"""A server whose configuration cannot work says what to set, and ends."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.checks import Tags, registry

from voc.core import boot
from voc.dev.ports import free_port

ROOT = Path(__file__).resolve().parent.parent.parent
CELERY = (sys.executable, "-m", "celery", "--app", "voc")
SERVERS = {
    "web": (sys.executable, "-m", "gunicorn", "--config", "deploy/gunicorn_conf.py", "voc.wsgi"),
    "worker": (*CELERY, "worker", "--pool", "threads", "--concurrency", "2"),
    "beat": (*CELERY, "beat", "--pidfile="),
}


def start(*command, **environment):
    """Runs it to its end. Nothing listens where its database and its Redis should be."""
    nowhere = f"127.0.0.1:{free_port()}"
    env = os.environ | {
        "ENV_FILE": os.devnull,
        "DATABASE_URL": f"postgres://voc:voc@{nowhere}/voc",
        "REDIS_URL": f"redis://{nowhere}/0",
        "GUNICORN_CMD_ARGS": f"--bind 127.0.0.1:{free_port()}",
        "WEB_CONCURRENCY": "2",
        **environment,
    }
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False, timeout=120)


@pytest.mark.parametrize("server", SERVERS)
def test_without_a_secret_key_no_server_starts(server):
    ended = start(*SERVERS[server], SECRET_KEY="", DEBUG="false", WORKER_THREADS="3")
    refusals = [line for line in ended.stderr.splitlines() if line.startswith("Cannot start: ")]
    assert ended.returncode == boot.EXIT_CODE, ended.stderr
    assert any("SECRET_KEY is not set. Set SECRET_KEY (or SECRET_KEY_FILE)" in line for line in refusals)
    assert any(
        re.search(r"The queues may use \d+ threads.* WORKER_THREADS .*\(outbox\.E005\)$", line) for line in refusals
    )
    assert "Traceback" not in ended.stderr
    assert len(refusals) == 2, "each is said once, by one process"


def test_a_worker_of_gunicorn_that_refuses_is_not_started_again():
    """Without our configuration of it, too."""
    ended = start(sys.executable, "-m", "gunicorn", "--workers", "1", "voc.wsgi", SECRET_KEY="")
    assert ended.returncode == boot.EXIT_CODE, ended.stderr
    assert ended.stderr.count("Cannot start: ") == 1
    assert "Worker failed to boot." in ended.stderr


@pytest.mark.parametrize(
    ("settings_", "said"),
    [
        ({"SECRET_KEY_IS_SET": False}, "SECRET_KEY is not set."),
        ({"SECRET_KEY": "short", "SECRET_KEY_IS_SET": True}, "SECRET_KEY is too short or too simple."),
        ({"WORKER_THREADS": 3}, "of the worker's 3 are theirs"),
        ({"VOC_FLOW": "voc.flow.NOTHING"}, "The flow table voc.flow.NOTHING cannot be read"),
        ({"LOG_MOCK_FALLBACK": "maybe"}, "LOG_MOCK_FALLBACK is 'maybe'."),
        ({"SLACK_LANGUAGE": "xx"}, "SLACK_LANGUAGE is 'xx'."),
        ({"OUTBOUND_ALLOWED_NETWORKS": ["10.0.0.0/99"]}, "OUTBOUND_ALLOWED_NETWORKS"),
    ],
)
def test_what_cannot_work_is_refused_with_one_line_that_says_what_to_set(settings, capsys, settings_, said):
    settings.SECRET_KEY_IS_SET = True
    settings.SECRET_KEY = "of-this-test-alone-" * 3
    assert boot.problems() == []
    for name, value in settings_.items():
        setattr(settings, name, value)
    with pytest.raises(SystemExit) as ended:
        boot.refuse_if_misconfigured()
    (line,) = capsys.readouterr().err.splitlines()
    assert ended.value.code not in (0, None)
    assert line.startswith("Cannot start: ")
    assert said in line


def test_a_check_that_was_silenced_or_only_warns_stops_nothing(settings, capsys):
    settings.SECRET_KEY_IS_SET = False
    settings.SILENCED_SYSTEM_CHECKS = ["accounts.E001"]
    boot.refuse_if_misconfigured()
    settings.SILENCED_SYSTEM_CHECKS = []
    settings.DEBUG = True
    boot.refuse_if_misconfigured()
    assert capsys.readouterr().err == ""


@pytest.mark.django_db
def test_no_check_at_the_start_asks_the_database_and_all_of_ours_are_among_them(django_assert_num_queries):
    with django_assert_num_queries(0):
        boot.problems()
    ours = ("voc.", "accounts.", "integrations.", "notifications.", "tickets.", "llm.")
    left_out = [
        check
        for check in registry.registry.get_checks()
        if check.__module__.startswith(ours) and check.tags and Tags.security not in check.tags
    ]
    assert left_out == []


def test_a_worker_knows_every_task_that_beat_starts():
    program = (
        "from voc.celery import app; app.loader.import_default_modules(); from django.conf import settings; "
        "print({row['task'] for row in settings.CELERY_BEAT_SCHEDULE.values()} - set(app.tasks))"
    )
    ended = start(sys.executable, "-c", program, SECRET_KEY="k3y-of-this-test-that-is-long-enough-0123456789")
    assert ended.stdout.splitlines()[-1:] == ["set()"], ended.stderr
