"""`make audit` and the checks of `make test` that look for what is unsafe."""

import json
import os
import subprocess
import sys

import pytest

from voc.dev import check, vulnerabilities
from voc.dev.ports import free_port
from voc.dev.supervise import ROOT


def test_an_audit_that_cannot_ask_its_lists_fails():
    """Silence is not safety."""
    nowhere = f"http://127.0.0.1:{free_port()}"
    environment = os.environ | dict.fromkeys(("HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy"), nowhere)
    for name in ("NO_PROXY", "no_proxy", "PIP_INDEX_URL"):
        environment.pop(name, None)
    done = subprocess.run(
        ["make", "--old-file=venv", "audit", f"IN_VENV={sys.executable}"],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode != 0
    (line,) = [each for each in done.stderr.splitlines() if not each.startswith("make")]
    assert line.startswith("The lists of known vulnerabilities could not be asked, so nothing is known: ")
    assert "No known vulnerabilities found" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("said", "code", "shown"),
    [
        (
            {"dependencies": [{"name": "a", "version": "1", "vulns": []}]},
            0,
            "No known vulnerabilities in the 1 packages",
        ),
        (
            {"dependencies": [{"name": "a", "version": "1", "vulns": [{"id": "PYSEC-1", "fix_versions": ["2"]}]}]},
            1,
            "a 1: PYSEC-1, mended in 2",
        ),
    ],
)
def test_what_the_lists_know_is_shown_and_counts(monkeypatch, capsys, said, code, shown):
    answer = subprocess.CompletedProcess([], code, stdout=json.dumps(said), stderr="")
    monkeypatch.setattr(subprocess, "run", lambda *_args, **_options: answer)
    assert vulnerabilities.main() == code
    assert shown in capsys.readouterr().out


def test_the_checks_look_at_the_deployment_and_for_unsafe_code():
    steps = {step.name: step for step in check.STATIC}
    assert "--deploy" in steps["deployment check"].command
    assert steps["deployment check"].env["SITE_URL"].startswith("https://")
    assert {"accounts", "tickets", "voc", "llm", "integrations", "notifications"} <= set(steps["security lint"].command)


def test_a_step_is_told_what_it_alone_needs(tmp_path):
    said = tmp_path / "said"
    checks = check.Checks(dict(os.environ))
    script = f"import os, pathlib; pathlib.Path({str(said)!r}).write_text(os.environ['ONLY_HERE'])"
    checks.static((check.Step(name="one", command=(sys.executable, "-c", script), env={"ONLY_HERE": "yes"}),))
    assert said.read_text() == "yes"
    assert checks.results[0].ok
