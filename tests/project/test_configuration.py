"""Every variable that the settings read is explained where people look for it: .env.example and the README's table."""

import ast
import os
import re
import secrets
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
SETTINGS = sorted((ROOT / "voc" / "settings").glob("*.py"))
UNSHOWN = object()


@dataclass(frozen=True)
class Variable:
    """A variable as the settings read it; `default` is UNSHOWN where it is not a plain value."""

    name: str
    kind: str
    default: object


def variables() -> dict[str, Variable]:
    found = {}
    for node in (node for path in SETTINGS for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id == "env"
        ):
            [name] = [argument.value for argument in node.args if isinstance(argument, ast.Constant)]
            found[name] = Variable(name, node.func.attr, default_of(node))
    return found


def default_of(call: ast.Call) -> object:
    for keyword in call.keywords:
        if keyword.arg == "default":
            try:
                return ast.literal_eval(keyword.value)
            except ValueError:
                return UNSHOWN
    raise AssertionError(f"line {call.lineno}: a variable without a default stops tools that do not need it")


@dataclass(frozen=True)
class Line:
    name: str
    value: str
    shown_only: bool
    explained: bool


def example() -> dict[str, Line]:
    found: dict[str, Line] = {}
    explained = False
    for line in (ROOT / ".env.example").read_text(encoding="utf-8").splitlines():
        if match := re.fullmatch(r"(#?)([A-Z][A-Z0-9_]*)=(.*)", line):
            assert match[2] not in found, f"{match[2]} stands there twice"
            found[match[2]] = Line(match[2], match[3], match[1] == "#", explained)
        else:
            explained = line.startswith("# ") and not line.startswith("# ---")
    return found


def readme_rows() -> dict[str, tuple[str, str]]:
    """Variable → (default, meaning), from the table in the README."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return {
        match[1]: (match[2].strip(), match[3].strip())
        for match in re.finditer(r"^\| `([A-Z][A-Z0-9_]*)` \|(.*?)\|(.*)\|$", text, re.MULTILINE)
    }


def test_the_settings_are_read_as_expected() -> None:
    names = variables()

    assert names["SLACK_LANGUAGE"] == Variable("SLACK_LANGUAGE", "str", "ko")
    assert names["VOC_VAR_DIR"].default is UNSHOWN
    assert len(names) > 30


def test_the_example_names_every_variable_and_no_other() -> None:
    assert sorted(example()) == sorted(variables())


def test_the_readme_names_every_variable_and_no_other() -> None:
    assert sorted(readme_rows()) == sorted(variables())


def test_every_variable_is_explained() -> None:
    assert [line.name for line in example().values() if not line.explained] == []
    assert [name for name, (_default, meaning) in readme_rows().items() if len(meaning) < 10] == []


def as_written(value: object) -> str:
    """A default as one would write it into the file."""
    match value:
        case bool():
            return str(value).lower()
        case list():
            return ",".join(as_written(each) for each in value)
        case dict() if value:
            return ",".join(f"{key}={each}" for key, each in value.items())
        case float():
            return f"{value:g}"
    return str(value)


@pytest.mark.parametrize("name", sorted(variables()))
def test_what_the_example_shows_as_a_default_is_the_default(name: str) -> None:
    line, default = example()[name], variables()[name].default
    if line.shown_only and default is not UNSHOWN:
        assert line.value == as_written(default)


@pytest.mark.parametrize("name", sorted(variables()))
def test_what_the_readme_shows_as_a_default_is_the_default(name: str) -> None:
    shown, default = readme_rows()[name][0], variables()[name].default
    if default is not UNSHOWN:
        assert shown == (f"`{as_written(default)}`" if as_written(default) else "–")


def test_the_example_holds_no_secret() -> None:
    secret = [line for line in example().values() if re.search(r"SECRET|PASSWORD|TOKEN|WEBHOOK|_KEYS", line.name)]

    assert len(secret) >= 5
    assert [line.name for line in secret if line.value and not line.name.startswith("PASSWORD_RESET")] == []


def test_the_example_starts_the_system_with_every_line_switched_on(tmp_path: Path) -> None:
    filled_in = {
        "SECRET_KEY": "of this test alone " * 3,
        "ENCRYPTION_KEYS": secrets.token_urlsafe(32),
        "DATABASE_URL": "postgres://voc:of-this-test-alone@127.0.0.1:5432/voc",
    }
    lines = [f"{line.name}={filled_in.get(line.name, line.value)}" for line in example().values()]
    file = tmp_path / "env"
    file.write_text("\n".join(lines), encoding="utf-8")
    environment = {"PATH": os.environ["PATH"], "ENV_FILE": str(file)}

    checked = subprocess.run(
        [sys.executable, "manage.py", "check", "--fail-level", "WARNING"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_a_webhook_that_cannot_work_stops_the_system_with_a_line_that_says_what_to_set(tmp_path: Path) -> None:
    environment = os.environ | {"SLACK_WEBHOOK_URL": "http://hooks.slack.com/services/T1/B1/s3cretS3cret"}

    checked = subprocess.run(
        [sys.executable, "manage.py", "check"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )

    assert checked.returncode == 1
    assert "SLACK_WEBHOOK_URL would send in the clear" in checked.stderr
    assert "s3cretS3cret" not in checked.stderr


def secret_key(file: Path) -> subprocess.CompletedProcess[str]:
    """What the settings read where SECRET_KEY_FILE names the file."""
    environment = {"PATH": os.environ["PATH"], "ENV_FILE": os.devnull, "SECRET_KEY_FILE": str(file), "SECRET_KEY": "x"}
    program = "from voc.settings.environment import env; print(repr(env.str('SECRET_KEY')))"
    return subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


def test_a_secret_in_a_file_is_what_stands_there_without_the_end_of_its_line(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(" kept as it is \n", encoding="utf-8")
    assert secret_key(file).stdout == "' kept as it is '\n"


def test_a_secrets_file_that_is_not_there_stops_the_system_with_a_line_that_names_the_variable(tmp_path: Path) -> None:
    ended = secret_key(tmp_path / "nowhere")
    assert ended.returncode == 3
    assert ended.stderr == (
        "Cannot start: the file that SECRET_KEY_FILE names cannot be read (No such file or directory).\n"
    )


def test_with_https_every_cookie_is_this_hosts_alone() -> None:
    environment = {"PATH": os.environ["PATH"], "ENV_FILE": os.devnull, "SITE_URL": "https://voc.example.com"}
    program = (
        "import os; os.environ['DJANGO_SETTINGS_MODULE'] = 'voc.settings'; import django; django.setup(); "
        "from django.conf import settings as s; from accounts import devices; "
        "print(s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME, s.LANGUAGE_COOKIE_NAME, devices._name())"
    )
    ended = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ended.stdout.split(), ended.stderr
    assert all(name.startswith("__Host-") for name in ended.stdout.split())
