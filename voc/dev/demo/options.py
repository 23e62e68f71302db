"""What the demo was asked for, and what it remembers from run to run."""

import json
import os
import secrets
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from voc.dev.errors import CannotRun
from voc.dev.supervise import ROOT

BUNDLED = ROOT / "tickets" / "data" / "demo_vocs.csv"
SUPPORTED = ((3, 11), (3, 12), (3, 13))
TRUE = {"1", "true", "yes", "on"}


@dataclass(frozen=True, kw_only=True)
class Options:
    """`input`: the complaints; `exit_after`: end after the table; `password`: the one asked for, "" for any.

    `models`: have the sandbox's stand-ins for language models decide, instead of the built-in analyst. `jira`: an approved
    ticket becomes an issue of the sandbox's Jira, and follows it.
    """

    port: int
    input: Path
    exit_after: bool
    var: Path
    password: str
    models: bool = False
    jira: bool = False

    @property
    def folder(self) -> Path:
        return self.var / "demo"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def check_python(version: tuple[int, int]) -> None:
    if version not in SUPPORTED:
        found = ".".join(str(part) for part in version)
        raise CannotRun(
            f"Python 3.11, 3.12 or 3.13 is needed, this is {found}: run `make clean demo PYTHON=python3.12`."
        )


def read_options(environment: Mapping[str, str]) -> Options:
    """Raises CannotRun for what makes no sense."""
    check_python(sys.version_info[:2])
    port = environment.get("PORT") or "8000"
    if not port.isdecimal() or not 1 <= int(port) <= 65535:
        raise CannotRun(f"PORT={port} is not a port: give a number from 1 to 65535.")
    source = Path(environment.get("INPUT") or BUNDLED)
    if not source.is_file():
        raise CannotRun(f"INPUT={source} is not a file: give a CSV or JSONL file of complaints.")
    return Options(
        port=int(port),
        input=source.resolve(),
        exit_after=environment.get("DEMO_EXIT", "").lower() in TRUE,
        var=Path(environment.get("VOC_VAR_DIR") or ROOT / "var").resolve(),
        password=environment.get("DEMO_PASSWORD", ""),
        models=environment.get("DEMO_MODELS", "").lower() in TRUE,
        jira=environment.get("DEMO_JIRA", "1").lower() in TRUE,
    )


@dataclass(frozen=True, kw_only=True)
class Kept:
    """What stays the same over runs, in a file that only its owner may read."""

    secret_key: str
    password: str


def keep(path: Path, *, password: str) -> Kept:
    """Read what was kept, make what is missing, and keep the password that was asked for, if one was."""
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        known = {}
    kept = Kept(
        secret_key=known.get("secret_key") or secrets.token_urlsafe(50),
        password=password or known.get("password") or secrets.token_urlsafe(9),
    )
    with open(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        json.dump({"secret_key": kept.secret_key, "password": kept.password}, file)
    return kept
