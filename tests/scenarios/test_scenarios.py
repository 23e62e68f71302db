"""The acceptance scenarios on the analysis itself, each in many variants."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.scenarios.deciding import decide, write_logs
from tests.scenarios.generator import SCENARIOS, Variant, variants
from tickets.results import AnalysisResult

THRESHOLD = 0.6
SEED = 20261005
FAILING = ("ERROR", "FATAL", "CRITICAL")


def _cases() -> list[Variant]:
    return list(_all())


def _all() -> Iterator[Variant]:
    for scenario in SCENARIOS:
        yield from variants(scenario, 50 if scenario in ("S1", "S2", "S3", "S4") else 12, SEED)


def _status(result: AnalysisResult) -> str:
    decided = not result.manual_reason and result.confidence is not None and result.confidence >= THRESHOLD
    return "WAITING_CONFIRM" if decided else "MANUAL_REQUIRED"


def check(variant: Variant, result: AnalysisResult) -> None:
    wanted = variant.expectation
    told = (
        variant.raw_voc,
        [
            entry["message"]
            for entry in (variant.log or {"logs": []})["logs"]
            if entry["level"] in ("ERROR", "FATAL", "CRITICAL")
        ],
        result.confidence,
    )
    assert _status(result) == wanted.status, told
    if wanted.primary:
        assert (result.primary, result.secondary) == (wanted.primary, wanted.secondary), told
        assert result.urgency == wanted.urgency, told
        assert result.affected_system == wanted.system, told
        assert result.action_proposal is not None
        assert result.action_proposal["action_type"] == wanted.action
        proposal = json.dumps(result.action_proposal, ensure_ascii=False)
        assert all(name in proposal for name in wanted.names), (wanted.names, proposal)
    if result.confidence is not None:
        low, high = wanted.confidence
        assert low <= result.confidence <= high, told


@pytest.mark.parametrize("variant", _cases(), ids=lambda variant: variant.name)
def test_every_variant_ends_as_its_scenario_must(variant: Variant, tmp_path: Path) -> None:
    write_logs(tmp_path, [variant.log] if variant.log else [])
    result = decide(variant.raw_voc, variant.received_at, tmp_path)
    check(variant, result)
    if variant.scenario == "S6":
        assert result.manual_reason
        assert result.primary is None


@pytest.mark.parametrize("number", range(25))
def test_scenarios_are_told_apart_when_all_their_logs_lie_together(number: int, tmp_path: Path) -> None:
    received = variants("S1", 1, SEED)[0].received_at
    together = [variants(scenario, number + 1, SEED, received_at=received)[number] for scenario in SCENARIOS]
    write_logs(tmp_path, [variant.log for variant in together if variant.log])
    for variant in together:
        check(variant, decide(variant.raw_voc, variant.received_at, tmp_path))


def test_variants_are_the_same_for_the_same_seed_and_differ_among_themselves() -> None:
    once, again = variants("S2", 50, 7), variants("S2", 50, 7)
    assert once == again
    assert len({variant.raw_voc for variant in once}) > 20
    assert len({variant.expectation.names for variant in once}) > 40
