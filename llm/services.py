"""Who analyses."""

from llm.base import Analyst
from llm.offline.analyst import OfflineAnalyst

OFFLINE = "offline"


def get_analyst() -> Analyst:
    """The analyst of this site. With no model configured that is the built-in one."""
    return OfflineAnalyst(OFFLINE)
