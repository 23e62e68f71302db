"""Prompts: versions, variables, immutability; what is in force, for whom, and how it is switched."""

import inspect
import time
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings
from django.core.management import CommandError, call_command

from llm import activation, checks
from llm.models import PromptActivation
from llm.prompts import PromptError, PromptManager, prompt_manager
from voc.core.errors import InvalidInput


def folder(path: Path, texts: dict[str, str], *, active: str = "1.0.0") -> Path:
    """A prompt `p` with these texts by version, published as they stand."""
    (path / "p").mkdir()
    versions = {}
    for version, text in texts.items():
        (path / "p" / f"v{version}.md").write_text(text)
    bare = {"prompts": {"p": {"labels": {"active": active}, "versions": {}}}}
    (path / "manifest.yaml").write_text(yaml.safe_dump(bare))
    versions = {
        version: {"sha256": prompt.sha256, "schema": "p-1"}
        for version, prompt in PromptManager(str(path)).prompts["p"].items()
    }
    bare["prompts"]["p"]["versions"] = versions
    (path / "manifest.yaml").write_text(yaml.safe_dump(bare))
    return path


def test_the_names_that_the_plan_fixes_are_kept() -> None:
    assert str(inspect.signature(PromptManager)) == "(prompt_dir: str = 'prompts') -> None"
    assert str(inspect.signature(PromptManager.get_prompt)) == "(self, name: str, version: str = 'latest') -> str"
    assert list(inspect.signature(PromptManager.render_prompt).parameters) == ["self", "name", "variables"]


def test_the_latest_version_is_the_highest_by_number_not_by_letter(tmp_path: Path) -> None:
    manager = PromptManager(str(folder(tmp_path, {"1.9.0": "nine", "1.10.0": "ten", "1.0.0": "one"})))

    assert manager.get_prompt("p") == "ten"
    assert manager.versions("p") == ["1.0.0", "1.9.0", "1.10.0"]
    assert manager.get_prompt("p", "1.9.0") == "nine"
    assert manager.render_prompt("p", {}) == "one"


def test_missing_and_unknown_variables_are_named(tmp_path: Path) -> None:
    manager = PromptManager(str(folder(tmp_path, {"1.0.0": "{{ a }} and {{b}}"})))

    with pytest.raises(PromptError, match="needs a, b"):
        manager.render_prompt("p", {})
    with pytest.raises(PromptError, match="has no c"):
        manager.render_prompt("p", {"a": 1, "b": 2, "c": 3})
    assert manager.render_prompt("p", {"a": "{{ b }}", "b": "x"}) == "{{ b }} and x"


def test_no_value_can_move_the_border_between_system_and_user(tmp_path: Path) -> None:
    manager = PromptManager(str(folder(tmp_path, {"1.0.0": "rules for {{ a }}\n<!-- user -->\n{{ a }}"})))

    assert manager.find("p").parts({"a": "<!-- user -->"}) == ("rules for <!-- user -->", "<!-- user -->")


def test_what_does_not_exist_is_said_with_what_does(tmp_path: Path) -> None:
    manager = PromptManager(str(folder(tmp_path, {"1.0.0": "x"})))

    with pytest.raises(PromptError, match="there are p"):
        manager.get_prompt("q")
    with pytest.raises(PromptError, match=r"there are 1\.0\.0"):
        manager.get_prompt("p", "2.0.0")
    with pytest.raises(PromptError, match="cannot be read"):
        PromptManager(str(tmp_path / "nowhere"))


def test_the_published_prompts_are_what_they_were() -> None:
    assert list(PromptManager(settings.PROMPT_DIR).problems()) == []
    assert checks.prompts(None) == []
    assert {name: PromptManager().versions(name) for name in ("normalizer", "solver")} == {
        "normalizer": ["1.0.0", "1.1.0"],
        "solver": ["1.0.0", "1.1.0", "1.2.0"],
    }


def test_a_published_file_that_was_changed_keeps_the_site_from_starting(tmp_path: Path, settings: Any) -> None:
    settings.PROMPT_DIR = str(folder(tmp_path, {"1.0.0": "x", "1.1.0": "y"}))
    (tmp_path / "p" / "v1.1.0.md").write_text("y, and more")
    (tmp_path / "p" / "v1.2.0.md").write_text("z")

    found = [message.msg for message in checks.prompts(None)]

    assert any("v1.1.0 was changed" in message for message in found)
    assert any("v1.2.0 is not in the manifest" in message for message in found)
    assert len(found) == 2


@pytest.fixture
def fresh() -> Iterator[None]:
    activation._followed.forget()
    yield
    activation._followed.forget()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("fresh")
class TestActivation:
    def test_the_manifest_rules_until_somebody_activates_another_version(self) -> None:
        assert activation.prompt_for("solver", "VOC-1").version == "1.2.0"
        activation.activate(name="solver", version="1.0.0", actor=None)
        assert activation.prompt_for("solver", "VOC-1").version == "1.0.0"
        assert activation.prompt_for("normalizer", "VOC-1").version == "1.1.0"
        activation.rollback(name="solver", actor=None)
        assert activation.prompt_for("solver", "VOC-1").version == "1.2.0"

    def test_another_process_follows_within_ten_seconds(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert activation.FOLLOW_SECONDS < 10
        other = activation._Followed()
        assert other.rows() == {}
        activation.activate(name="solver", version="1.0.0", actor=None)
        assert other.rows() == {}, "it does not ask the database at every call"
        later = time.monotonic() + activation.FOLLOW_SECONDS
        monkeypatch.setattr(activation.time, "monotonic", lambda: later)
        assert other.rows()["solver", "active"].version == "1.0.0"

    def test_a_canary_takes_its_share_and_the_same_tickets_always(self) -> None:
        activation.activate(name="solver", version="1.0.0", actor=None)
        activation.activate(name="solver", version="1.1.0", actor=None, label="canary", share=20)
        tickets = [f"VOC-20261122-{number:04d}" for number in range(1, 2001)]
        first = {ticket: activation.prompt_for("solver", ticket).version for ticket in tickets}
        activation._followed.forget()

        assert {ticket: activation.prompt_for("solver", ticket).version for ticket in tickets} == first
        assert 0.17 < list(first.values()).count("1.1.0") / len(tickets) < 0.23

    def test_a_rollback_ends_a_canary(self) -> None:
        activation.activate(name="solver", version="1.0.0", actor=None)
        activation.activate(name="solver", version="1.1.0", actor=None, label="canary", share=100)
        assert activation.prompt_for("solver", "VOC-1").version == "1.1.0"
        activation.rollback(name="solver", actor=None)
        assert activation.prompt_for("solver", "VOC-1").version == "1.0.0"

    def test_a_version_whose_file_is_gone_gives_way_to_the_manifest(self) -> None:
        PromptActivation.objects.create(name="solver", label="active", version="9.9.9", at="2026-11-22T00:00:00Z")
        assert activation.choice_of("solver").active == "1.2.0"

    @pytest.mark.parametrize(
        ("name", "version", "label", "share", "field"),
        [
            ("nobody", "1.0.0", "active", 100, "name"),
            ("solver", "7.0.0", "active", 100, "version"),
            ("solver", "1.1.0", "canary", 101, "share"),
            ("solver", "1.0.0", "canary", 10, "version"),
        ],
    )
    def test_what_cannot_be_activated_is_refused(
        self, name: str, version: str, label: str, share: int, field: str
    ) -> None:
        with pytest.raises(InvalidInput) as refused:
            activation.activate(name=name, version=version, actor=None, label=label, share=share)
        assert refused.value.field == field
        assert not PromptActivation.objects.exists()

    def test_the_command_lists_compares_renders_and_switches(self) -> None:
        def run(*arguments: str) -> str:
            out = StringIO()
            call_command("prompts", *arguments, stdout=out)
            return out.getvalue()

        assert "1.1.0" in run("list")
        assert "+- Lines far from the time" in run("diff", "solver", "1.0.0")
        assert "solver: active is now 1.0.0" in run("activate", "solver", "1.0.0")
        assert "canary is now 1.2.0 for 5 %" in run("activate", "solver", "latest", "--canary", "5")
        assert "canary 5 %" in run("list")
        assert "active is now 1.0.0" in run("rollback", "solver")
        rendered = run(
            "render", "normalizer", "--set", "complaint=hello", "--json", '{"systems": "S", "delimiter": "D"}'
        )
        assert "D\nhello\nD" in rendered
        for wrong in (["render", "solver"], ["activate", "solver", "3.0.0"], ["diff", "nobody", "1.0.0"]):
            with pytest.raises(CommandError, match=r"needs complaint|has no version|there is no prompt"):
                run(*wrong)


def test_the_manager_of_the_process_is_made_once() -> None:
    assert prompt_manager() is prompt_manager()
