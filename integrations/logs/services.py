"""The log search of this site, as its settings describe it."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from integrations.logs.base import LogPlace
from integrations.logs.mock import MockLogAdapter
from integrations.logs.registry import configured_adapter
from integrations.logs.retrieval import EnhancedRAGService, MockFallback


def get_log_search(places: Mapping[str, LogPlace] | None = None) -> EnhancedRAGService:
    """`places`: service → where it keeps its logs, for those of the catalogue that say so."""
    return EnhancedRAGService(
        mock_logs(Path(settings.MOCK_LOG_DIR)),
        configured_adapter(),
        fallback=MockFallback(settings.LOG_MOCK_FALLBACK),
        places=places,
        seconds=settings.LOG_DEADLINE_SECONDS,
    )


@lru_cache(maxsize=8)
def mock_logs(directory: Path) -> MockLogAdapter:
    """One per directory, so that its files are parsed once per process."""
    return MockLogAdapter(directory)
