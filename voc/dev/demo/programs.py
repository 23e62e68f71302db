"""What the demo runs beside the two servers: web, worker, beat and the sandbox that stands in for the vendors."""

import os
import secrets
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

import httpx

from voc.dev.demo.options import Kept, Options
from voc.dev.ports import free_port, is_free
from voc.dev.supervise import Program

# What make tells its children is not meant for ours.
NOT_PASSED_ON = (
    "MAKEFLAGS",
    "MAKELEVEL",
    "MFLAGS",
    "VOC_DEV_PARENT",
    "PORT",
    "INPUT",
    "DEMO_EXIT",
    "DEMO_MODELS",
    "DEMO_JIRA",
    "PYTHON",
)
THREADS = 18


def sandbox_port(options: Options) -> int:
    """The next port, so that the sandbox's page stays where it was; any other if that is taken."""
    beside = options.port + 1
    return beside if beside <= 65535 and is_free(beside) else free_port()


def environment(options: Options, kept: Kept, servers: Mapping[str, str], *, sandbox: int) -> dict[str, str]:
    """Settings of the demo; what the user exported otherwise stays as it is."""
    own = {name: value for name, value in os.environ.items() if name not in NOT_PASSED_ON}
    return own | {
        **servers,
        "DEMO": "1",
        "DEBUG": "0",
        "DEMO_PASSWORD": kept.password,
        "SECRET_KEY": kept.secret_key,
        "SITE_URL": options.url,
        "ALLOWED_HOSTS": "127.0.0.1,localhost,[::1]",
        "VOC_VAR_DIR": str(options.var),
        "WORKER_THREADS": str(THREADS),
        "SLACK_WEBHOOK_URL": f"http://127.0.0.1:{sandbox}/slack/services/TDEMO/BDEMO/demo",
        "OUTBOUND_ALLOWED_NETWORKS": "127.0.0.1/32",
        "PYTHONUNBUFFERED": "1",
        **(sandbox_models(sandbox) if options.models else {}),
        **(sandbox_jira(sandbox) if options.jira else {}),
    }


def sandbox_models(sandbox: int) -> dict[str, str]:
    """Models of two providers for every role, all of them the sandbox: they cost nothing but in the ledger."""
    address = f"http://127.0.0.1:{sandbox}"
    return {
        "LLM_PRECISE_MODEL": "gpt-4",
        "LLM_FAST_MODEL": "gpt-4-turbo",
        "LLM_LONG_MODEL": "claude-3",
        "OPENAI_API_KEY": "sandbox",
        "ANTHROPIC_API_KEY": "sandbox",
        "OPENAI_BASE_URL": f"{address}/openai/v1",
        "ANTHROPIC_BASE_URL": f"{address}/anthropic",
    }


def sandbox_jira(sandbox: int) -> dict[str, str]:
    """The sandbox's Jira, as Cloud. Where its webhooks go, `connect_jira` tells it."""
    return {
        "JIRA_BASE_URL": f"http://127.0.0.1:{sandbox}/jira",
        "JIRA_BROWSE_URL": f"http://127.0.0.1:{sandbox}/jira",
        "JIRA_EMAIL": "voc@example.com",
        "JIRA_API_TOKEN": "sandbox",
        "JIRA_WEBHOOK_SECRET": secrets.token_urlsafe(24),
        "JIRA_POLL_SECONDS": "15",
    }


def connect_jira(env: Mapping[str, str], *, sandbox: int) -> bool:
    """Have the sandbox's Jira tell this system what changes there. False when it cannot be reached yet."""
    settings = {"webhook_url": f"{env['SITE_URL']}/hooks/jira/", "webhook_secret": env["JIRA_WEBHOOK_SECRET"]}
    try:
        answer = httpx.post(
            f"http://127.0.0.1:{sandbox}/_sandbox/jira/config", json=settings, timeout=5, trust_env=False
        )
    except httpx.HTTPError:
        return False
    return answer.is_success


def programs(options: Options, env: Mapping[str, str], *, sandbox: int, folder: Path) -> list[Program]:
    """In the order of their start, which is the opposite of the order in which they stop."""
    python = sys.executable
    gunicorn = (python, "-m", "gunicorn", "--config", "python:voc.dev.gunicorn_conf")
    celery = (python, "-m", "celery", "--app", "voc")
    return [
        Program(
            name="sandbox",
            argv=(python, "-m", "sandbox", "--port", str(sandbox), "--state-file", str(folder / "sandbox.json")),
            env=env,
        ),
        Program(
            name="beat",
            argv=(*celery, "beat", "--loglevel", "INFO", "--pidfile="),
            env=env,
            death_signal=signal.SIGKILL,
        ),
        # A handler may run for minutes and Celery waits for it. Its job is safe without that: the lease lapses and
        # another worker takes it, which is what a killed supervisor counts on.
        Program(
            name="worker",
            argv=(*celery, "worker", "--pool", "threads", "--concurrency", str(THREADS), "--loglevel", "INFO"),
            env=env,
            stop_seconds=10,
            death_signal=signal.SIGKILL,
        ),
        Program(
            name="web",
            argv=(*gunicorn, "--bind", f"127.0.0.1:{options.port}", "voc.wsgi"),
            env=env,
        ),
    ]
