"""The labelled complaints: how many primary types the offline analyst gets right. What is held back is only counted."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.scenarios.deciding import decide, write_logs
from tickets.results import AnalysisResult

CORPUS = Path(__file__).parents[1] / "corpus"


def _decided(case: dict[str, Any], directory: Path) -> AnalysisResult:
    write_logs(directory, case["logs"])
    return decide(case["raw_voc"], datetime.fromisoformat(case["received_at"]), directory)


def _right(folder: str, tmp_path: Path) -> tuple[int, int]:
    right = total = 0
    for number, path in enumerate(sorted((CORPUS / folder).glob("*.json"))):
        case = json.loads(path.read_text(encoding="utf-8"))
        directory = tmp_path / str(number)
        directory.mkdir()
        right += _decided(case, directory).primary == case["label"]["primary"]
        total += 1
    return right, total


@pytest.mark.parametrize("folder", ["dev", "held"])
def test_most_labelled_complaints_get_the_right_type(folder: str, tmp_path: Path, record_property: Any) -> None:
    right, total = _right(folder, tmp_path)
    record_property("right", f"{right} of {total}")
    print(f"{folder}: {right} of {total}")
    assert total == 15
    assert right >= (13 if folder == "dev" else 12), f"{right} of {total}"
