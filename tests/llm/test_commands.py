"""Commands, metrics and health of the models; and that no web process loads the client of the models."""

import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from prometheus_client import CollectorRegistry, generate_latest

from llm import catalogue, metrics, providers
from llm.models import ModelCall
from sandbox.client import SandboxClient
from voc.core.breaker import Breaker, Policy
from voc.core.errors import Transient


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("llm", *arguments, stdout=out)
    return out.getvalue()


@pytest.mark.parametrize("module", ["voc.wsgi", "voc.urls", "voc.celery"])
def test_no_process_loads_litellm_before_it_calls_a_model(module: str) -> None:
    code = (
        f"import django; django.setup(); import {module}, sys; from django.core.management import call_command; "
        "import llm.gateway, tickets.handlers; assert 'litellm' not in sys.modules; print('clean')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert done.stdout.strip() == "clean", done.stderr[-1000:]


@pytest.mark.django_db(transaction=True)
class TestCheck:
    def test_each_configured_model_is_tried_and_priced(self, site: Any) -> None:
        said = run("check")

        assert [line.split()[2] for line in said.splitlines()] == ["ok", "ok", "ok"]
        assert "$0.00" in said
        assert ModelCall.objects.count() == 3

    def test_what_is_wrong_with_a_model_is_said(self, site: Any, sandbox: SandboxClient) -> None:
        site.ANTHROPIC_API_KEY = "wrong"
        out = StringIO()
        with pytest.raises(CommandError, match="1 of 3"):
            call_command("llm", "check", stdout=out)

        assert "refuses the request (401" in out.getvalue()

    def test_a_site_without_models_is_told_so(self) -> None:
        assert "No model is configured" in run("check")

    def test_the_ledger_is_in_the_metrics(self, site: Any) -> None:
        run("check")
        registry = CollectorRegistry()
        registry.register(metrics.ModelCollector())

        shown = generate_latest(registry).decode()

        assert 'voc_llm_calls_last_day{model="openai/gpt-6.1-sol",outcome="ok"} 1.0' in shown
        assert "voc_llm_cost_dollars_last_day" in shown

    def test_health_tells_of_models_that_are_held_back(self, site: Any) -> None:
        assert metrics.check_models() == {"models": "healthy"}
        with pytest.raises(Transient), Breaker("llm:openai/gpt-6.1-sol", policy=Policy(failures=1)).guard():
            raise Transient("down")
        assert metrics.check_models() == {"models": "degraded"}


def test_a_site_without_models_has_no_such_component() -> None:
    assert metrics.check_models() == {}


def test_the_model_file_is_renewed_from_litellms_map(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "models.yaml"
    file.write_text(catalogue.FILE.read_text())
    monkeypatch.setattr(catalogue, "FILE", file)
    facts = {
        "max_input_tokens": 5000,
        "max_output_tokens": 100,
        "input_cost_per_token": 2.5e-06,
        "output_cost_per_token": 1e-05,
        "deprecation_date": "2027-01-31",
    }
    monkeypatch.setattr(providers, "model_map", lambda: {"gpt-6.1-sol": facts})

    assert "1 of 9 models changed. openai/gpt-6.1-sol" in run("refresh")
    renewed = catalogue.read(file)
    model = renewed.models["openai/gpt-6.1-sol"]
    assert (model.window, str(model.input_price), str(model.switched_off)) == (5000, "2.5", "2027-01-31")
    assert renewed.models["ollama_chat/mistral"] == catalogue.catalogue().models["ollama_chat/mistral"]
    assert renewed.aliases == catalogue.catalogue().aliases
    assert file.read_text().startswith("# What the models can do")


def test_the_bundled_model_file_agrees_with_litellms_map() -> None:
    known = providers.model_map()
    for name in ("gpt-6.1-sol", "gpt-6-luna", "claude-sonnet-5-5", "claude-haiku-5-5"):
        [model] = [model for full, model in catalogue.catalogue().models.items() if full.endswith(f"/{name}")]
        assert (model.window, model.max_output) == (known[name]["max_input_tokens"], known[name]["max_output_tokens"])
        assert float(model.input_price) == pytest.approx(known[name]["input_cost_per_token"] * 1_000_000)
