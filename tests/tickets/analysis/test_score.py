from dataclasses import replace
from datetime import UTC, datetime

import pytest

from llm.base import Evidence, Grades, PastCase, Solution
from tickets.analysis.calibration import Calibration
from tickets.analysis.score import confidence_of, past_verdicts, weigh
from voc.core.vocabulary import ProblemType, Urgency

CODE, WISH = ProblemType.CODE_ERROR, ProblemType.BUSINESS_IMPROVEMENT
IDENTITY = Calibration()
GRADES = Grades(log_evidence=0.8, pattern_match=0.6, correlation=0.5, type_consistency=1.0)
EVIDENCE = Evidence(
    quote="x", entry_id="1", source="mock", timestamp=datetime(2026, 1, 1, tzinfo=UTC), why="", mock=True
)
SOLUTION = Solution(
    primary=CODE,
    secondary=None,
    affected_system="RefundService",
    urgency=Urgency.MEDIUM,
    summary="",
    root_cause="",
    evidence=(EVIDENCE,),
    ruled_out=(),
    evidence_summary="",
    log_summary="",
    grades=GRADES,
    analyst="offline",
)


def past(outcome, kind=CODE, similarity=0.8):
    return PastCase("VOC-20260101-0001", "", "", kind, "", outcome, similarity)


def test_confidence_weighs_evidence_patterns_correlation_and_consistency():
    raw, confidence = confidence_of(GRADES, analyst="a model", calibration=IDENTITY)
    assert raw == confidence == 0.7


def test_the_offline_analyst_is_never_surer_than_its_ceiling():
    perfect = Grades(1.0, 1.0, 1.0, 1.0)
    assert confidence_of(perfect, analyst="offline", calibration=IDENTITY) == (1.0, 0.95)
    assert confidence_of(perfect, analyst="a model", calibration=IDENTITY) == (1.0, 1.0)
    eager = Calibration("eager", ((0.0, 1.0),))
    assert confidence_of(GRADES, analyst="offline", calibration=eager)[1] == 0.95


@pytest.mark.parametrize(("score", "calibrated"), [(0.0, 0.1), (0.4, 0.1), (0.6, 0.3), (0.8, 0.5), (1.0, 0.5)])
def test_a_calibration_is_a_line_through_its_points(score, calibrated):
    assert Calibration("learnt", ((0.8, 0.5), (0.4, 0.1))).apply(score) == pytest.approx(calibrated)
    assert IDENTITY.apply(score) == score


@pytest.mark.parametrize(
    ("case", "sign"),
    [
        (past("approved"), 1),
        (past("completed"), 1),
        (past("corrected"), 1),
        (past("approved", WISH), -1),
        (past("rejected"), -1),
        (past("rejected", WISH), 0),
        (past("open"), 0),
        (past("approved", None), 0),
        (past("approved", similarity=0.2), 0),
    ],
)
def test_only_verdicts_on_similar_tickets_speak_for_or_against(case, sign):
    spoken = past_verdicts(CODE, (case,))
    assert (spoken > 0) - (spoken < 0) == sign


def test_more_verdicts_say_more_but_never_more_than_everything():
    one, many = past_verdicts(CODE, (past("approved"),)), past_verdicts(CODE, (past("approved"),) * 5)
    assert 0 < one < many < 1
    assert past_verdicts(CODE, (past("approved", WISH),) * 5) == -many


def test_past_verdicts_move_the_pattern_match_within_its_bounds():
    assert weigh(SOLUTION, (), has_real_source=False).pattern_match == 0.6
    assert weigh(SOLUTION, (past("approved"),), has_real_source=False).pattern_match > 0.6
    sure = replace(SOLUTION, grades=replace(GRADES, pattern_match=1.0))
    assert weigh(sure, (past("approved"),), has_real_source=False).pattern_match == 1.0


def test_mock_evidence_counts_for_less_only_where_a_real_source_is_configured():
    real = replace(SOLUTION, evidence=(replace(EVIDENCE, mock=False),))
    assert weigh(SOLUTION, (), has_real_source=False).log_evidence == 0.8
    assert weigh(SOLUTION, (), has_real_source=True).log_evidence == pytest.approx(0.56)
    assert weigh(real, (), has_real_source=True).log_evidence == 0.8
