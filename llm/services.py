"""Who analyses, and what else the rest of the system may ask of whoever it is."""

from typing import Final

from llm.analyst import ModelAnalyst
from llm.base import Analyst
from llm.catalogue import configured
from llm.offline.analyst import OfflineAnalyst
from llm.offline.reading import identifiers
from llm.offline.systems import rank_systems
from voc.core.vocabulary import SystemInfo

OFFLINE: Final = "offline"
# Keywords and patterns are never certain.
CEILINGS: Final = {OFFLINE: 0.95}


def get_analyst(subject: str = "") -> Analyst:
    """The analyst for one analysis of `subject`. With no model configured that is the built-in one."""
    offline = OfflineAnalyst(OFFLINE)
    return ModelAnalyst(subject=subject, fallback=offline) if configured() else offline


def confidence_ceiling(analyst: str) -> float:
    """The most that a decision of this analyst may be trusted, 0–1."""
    return CEILINGS.get(analyst, 1.0)


def mentioned_systems(text: str, systems: tuple[SystemInfo, ...]) -> tuple[str, ...]:
    """Names of the systems that a complaint speaks of, the likeliest first. By words, so that it costs nothing."""
    return rank_systems(text, systems)


def mentioned_ids(text: str) -> tuple[str, ...]:
    """Order numbers and the like in a complaint, as they may stand in logs."""
    return identifiers(text)
