"""Dockerfile and docker-compose.yml, as far as they can be checked without an engine."""

import os
import re
import shlex
import stat
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from runpy import run_path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from celery import Celery
from django.conf import settings
from django.core.management import get_commands, load_command_class
from django.db import connection
from pytest_django.live_server_helper import LiveServer

from tests.project.test_configuration import variables
from voc.celery import app as celery_app
from voc.core import crypto
from voc.dev.ports import free_port
from voc.dev.processes import wait_until

ROOT = Path(__file__).resolve().parent.parent.parent
BIN = Path(sys.executable).parent
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, Any] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if "build" in service}
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")


def run(*command: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60, **options)


def test_compose_follows_its_specification() -> None:
    checked = run(BIN / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", "docker-compose.yml")

    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_the_specification_would_find_a_mistake(tmp_path: Path) -> None:
    wrong = tmp_path / "docker-compose.yml"
    wrong.write_text(yaml.safe_dump(COMPOSE | {"services": {"web": {"imagine": "voc"}}}))

    assert run(BIN / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", wrong).returncode == 1


def test_the_dockerfile_passes_hadolint() -> None:
    checked = run(BIN / "hadolint", "Dockerfile")

    assert (checked.returncode, checked.stdout) == (0, "")


def test_the_installation_has_the_parts_that_the_architecture_names() -> None:
    assert set(SERVICES) == {"web", "worker", "beat", "migrate", "postgres", "redis"}
    assert set(OURS) == {"web", "worker", "beat", "migrate"}


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_every_service_is_hardened_and_limited(name: str) -> None:
    service = SERVICES[name]

    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["read_only"] is True
    assert "privileged" not in service
    assert "cap_add" not in service
    assert set(service["deploy"]["resources"]["limits"]) == {"cpus", "memory", "pids"}
    assert service["restart"] == ("no" if name == "migrate" else "unless-stopped")


def test_only_the_web_server_can_be_reached_and_only_from_this_machine() -> None:
    assert {name: service["ports"] for name, service in SERVICES.items() if "ports" in service} == {
        "web": ["127.0.0.1:8000:8000"]
    }
    assert COMPOSE["networks"]["inside"]["internal"] is True
    for name in ("postgres", "redis"):
        assert SERVICES[name]["networks"] == ["inside"]


def test_no_secret_stands_in_the_file_and_each_is_made_by_the_script(tmp_path: Path) -> None:
    script = tmp_path / "make-secrets.sh"
    script.write_bytes((ROOT / "deploy/make-secrets.sh").read_bytes())

    first = run("sh", script)
    made = {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()}
    second = run("sh", script)

    assert first.returncode == second.returncode == 0, first.stderr
    assert second.stdout == ""
    assert set(made) == {Path(secret["file"]).name for secret in COMPOSE["secrets"].values()}
    assert made == {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()}
    assert stat.S_IMODE((tmp_path / "secrets").stat().st_mode) == 0o700
    assert len({made["secret_key"], made["postgres_password"], made["redis_password"]}) == 3
    assert all(re.fullmatch(r"[0-9a-f]{64}", made[name]) for name in ("secret_key", "postgres_password"))
    assert len(crypto.read_keys([made["encryption_keys"]]).keys) == 1
    assert made["postgres_password"] in made["database_owner_url"]
    assert made["postgres_password"] not in made["database_url"]
    assert made["database_app_password"] in made["database_url"]
    assert f"requirepass {made['redis_password']}" in made["redis_conf"]
    assert "appendonly yes" in made["redis_conf"]
    assert "maxmemory-policy noeviction" in made["redis_conf"]


def test_the_generated_redis_configuration_is_one_that_redis_takes(tmp_path: Path) -> None:
    script = tmp_path / "make-secrets.sh"
    script.write_bytes((ROOT / "deploy/make-secrets.sh").read_bytes())
    run("sh", script)
    known = re.findall(r"^(\S+) ", (tmp_path / "secrets/redis_conf").read_text(), re.MULTILINE)

    assert known == ["requirepass", "dir", "appendonly", "appendfsync", "maxmemory", "maxmemory-policy"]
    assert SERVICES["redis"]["command"] == ["redis-server", "/run/secrets/redis_conf"]
    assert "/data" in SERVICES["redis"]["volumes"][0]


@pytest.mark.parametrize("name", sorted(OURS))
def test_the_settings_that_a_service_is_given_are_settings(name: str) -> None:
    given = {variable.removesuffix("_FILE") for variable in OURS[name]["environment"]}

    assert given - {"WEB_CONCURRENCY", "PROMETHEUS_MULTIPROC_DIR"} <= set(variables())
    secrets = {"DATABASE_URL", "REDIS_URL", "SECRET_KEY", "ENCRYPTION_KEYS"}
    assert secrets <= given
    assert not secrets & set(OURS[name]["environment"]), "as files only"
    mounted = {each.lower() for each in secrets}
    if name == "migrate":
        mounted = mounted - {"database_url"} | {"database_owner_url", "database_app_password"}
    assert set(OURS[name]["secrets"]) == mounted


def words(service: dict[str, Any]) -> list[str]:
    """The command of a service, a shell's script taken apart."""
    command = [str(word).replace("$$", "$") for word in service["command"]]
    return shlex.split(command[2]) if command[:2] == ["sh", "-c"] else command


def test_the_web_server_serves_an_application_that_exists() -> None:
    command = words(OURS["web"])

    assert command[0] == "gunicorn"
    assert (ROOT / command[command.index("--config") + 1]).is_file()
    assert find_spec(command[-1])
    assert shlex.split(DOCKERFILE.rpartition("CMD ")[2].strip().strip("[]").replace(",", " ")) == command


def test_gunicorn_takes_its_configuration(tmp_path: Path) -> None:
    environment = os.environ | {"WEB_CONCURRENCY": "3", "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    checked = run(
        BIN / "gunicorn", "--config", "deploy/gunicorn_conf.py", "--print-config", "voc.wsgi", env=environment
    )

    assert checked.returncode == 0, checked.stderr
    assert re.search(r"^bind\s+= \['0\.0\.0\.0:8000'\]$", checked.stdout, re.MULTILINE)
    assert re.search(r"^workers\s+= 3$", checked.stdout, re.MULTILINE)


@pytest.mark.django_db(transaction=True)
def test_the_site_serves_as_the_container_starts_it(tmp_path: Path) -> None:
    """The image's command, on this machine's database: healthy by the image's own check, and it ends when told to."""
    port, metrics = free_port(), tmp_path / "metrics"
    environment = os.environ | {
        "DATABASE_URL": database_url(),
        "SECRET_KEY": "of-this-test-alone-" * 3,
        "ALLOWED_HOSTS": "voc.example.com",
        "SITE_URL": "https://voc.example.com",
        "TRUST_PROXY": "true",
        "WEB_CONCURRENCY": "2",
        "GUNICORN_CMD_ARGS": f"--bind 127.0.0.1:{port}",
        "PROMETHEUS_MULTIPROC_DIR": str(metrics),
    }
    check = run_path(str(ROOT / "deploy/healthcheck.py"))
    with (tmp_path / "log").open("w") as log:
        server = subprocess.Popen(
            [BIN / words(OURS["web"])[0], *words(OURS["web"])[1:]], cwd=ROOT, env=environment, stderr=log
        )
        try:
            assert wait_until(lambda: check_with(check, environment, port) == 0, seconds=90), (
                tmp_path / "log"
            ).read_text()
            assert list(metrics.glob("*.db"))
        finally:
            server.terminate()
            code = server.wait(30)

    assert code == 0


def check_with(check: dict[str, Any], environment: dict[str, str], port: int) -> int:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ALLOWED_HOSTS", environment["ALLOWED_HOSTS"])
        result: int = check["main"](port)
    return result


def database_url() -> str:
    """The address of the database that this test has, whatever the run called it."""
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}").geturl()


def test_metrics_of_an_earlier_run_are_gone_when_the_server_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    earlier = tmp_path / "metrics" / "counter_1.db"
    earlier.parent.mkdir()
    earlier.touch()
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(earlier.parent))
    monkeypatch.setenv("SECRET_KEY", "of-this-test-alone-" * 3)

    run_path(str(ROOT / "deploy/gunicorn_conf.py"))["on_starting"](None)

    assert list((tmp_path / "metrics").iterdir()) == []


@pytest.mark.parametrize("name", ["worker", "beat"])
def test_celery_is_started_on_the_application_that_exists(name: str) -> None:
    command = [word for word in words(OURS[name]) if word != "exec"]

    assert command[:4] == ["celery", "--app", "voc", name]
    assert isinstance(celery_app, Celery)
    assert find_spec(command[2])
    assert run(BIN / "celery", "--app", "voc", name, "--help").returncode == 0


def test_the_worker_has_as_many_threads_as_its_database_pool_expects() -> None:
    script = OURS["worker"]["command"][2]

    assert f"${{WORKER_THREADS:-{variables()['WORKER_THREADS'].default}}}" in script
    assert "--pool threads" in script
    assert sum(settings.VOC_QUEUES.values()) <= settings.WORKER_THREADS - 2


def test_there_is_exactly_one_beat() -> None:
    beats = [service for service in SERVICES.values() if " beat" in " ".join(map(str, service.get("command", [])))]

    assert len(beats) == 1
    assert beats[0]["deploy"]["replicas"] == 1


def test_the_database_is_migrated_before_anything_starts() -> None:
    first, then = " ".join(words(OURS["migrate"])).split(" && exec ")

    assert first.split() == ["python", "manage.py", "migrate", "--noinput"]
    assert then.split() == ["python", "manage.py", "setup_database_roles"]
    for command in (first.split()[2], then.split()[2]):
        assert load_command_class(get_commands()[command], command)
    for name in ("web", "worker", "beat"):
        assert OURS[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
    assert OURS["migrate"]["depends_on"]["postgres"] == {"condition": "service_healthy"}


def test_whatever_runs_on_is_watched() -> None:
    watched = {name for name, service in SERVICES.items() if service.get("healthcheck", {}).get("test")}

    assert watched == {"worker", "postgres", "redis"}
    assert "HEALTHCHECK" in DOCKERFILE, "that of the web server"


def test_images_of_others_are_pinned_and_supported() -> None:
    assert re.fullmatch(r"postgres:1[5-8]\.\d+-\w+", SERVICES["postgres"]["image"])
    assert re.fullmatch(r"redis:7\.\d+-alpine", SERVICES["redis"]["image"])
    bases = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    assert set(bases) == {"python:3.12-slim-bookworm"}
    assert len(bases) == 2


def test_the_image_holds_pinned_packages_and_runs_as_nobody_in_particular() -> None:
    assert "--require-hashes" in DOCKERFILE
    assert "requirements-dev" not in DOCKERFILE
    assert re.search(r"^USER [1-9]\d*:[1-9]\d*$", DOCKERFILE, re.MULTILINE)
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    pinned = [line for line in lines if re.match(r"[A-Za-z0-9]", line)]
    assert len(pinned) > 30
    assert [line for line in pinned if "==" not in line] == []


def test_all_that_runs_gets_into_the_image_and_nothing_else() -> None:
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    let_in = {line[1:] for line in ignored if line.startswith("!")}
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")}

    assert ignored[1] == "*"
    assert packages - let_in == {"tests", "sandbox", "benchmarks"}
    assert {"manage.py", "requirements.txt", "templates", "static", "locale"} <= let_in
    assert [path for path in sorted(let_in) if not (ROOT / path).exists()] == []
    assert "**/.env*" in ignored


@pytest.mark.parametrize(
    ("hosts", "name"),
    [
        ("voc.example.com,127.0.0.1", "voc.example.com"),
        (".example.com", "example.com"),
        ("*", "127.0.0.1"),
        ("", "127.0.0.1"),
    ],
)
def test_the_health_check_asks_under_a_name_that_the_site_answers_to(hosts: str, name: str) -> None:
    asked = run(
        sys.executable,
        "-c",
        "from deploy.healthcheck import host; print(host())",
        env=os.environ | {"ALLOWED_HOSTS": hosts},
    )

    assert asked.stdout.strip() == name, asked.stderr


def test_the_health_check_fails_where_nothing_listens() -> None:
    checked = run(sys.executable, "-c", f"from deploy.healthcheck import main; exit(main({free_port()}))")

    assert checked.returncode == 1
    assert "refused" in checked.stderr


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("path", "code"), [("/health", 0), ("/nothing-here", 1)])
def test_the_health_check_believes_what_the_server_answers(live_server: LiveServer, path: str, code: int) -> None:
    check = run_path(str(ROOT / "deploy/healthcheck.py"))

    assert check["main"](urlsplit(live_server.url).port, path) == code
