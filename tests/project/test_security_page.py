"""What docs/security.md says is met can be looked up."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
TEXT = (ROOT / "docs/security.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (V\d+(?:\.\d+)?) \| (.+?) \| (.+?) \| (.+?) \|$", TEXT, re.MULTILINE)


def test_every_chapter_of_the_standard_is_there_and_every_line_has_a_state() -> None:
    chapters = {section.partition(".")[0] for section, *_rest in ROWS}
    assert chapters == {f"V{number}" for number in range(1, 18)}
    assert {state for _section, _demand, state, _where in ROWS} == {"met", "planned", "n/a"}
    assert len(ROWS) > 80


@pytest.mark.parametrize("named", sorted(set(re.findall(r"`([\w/.-]+\.(?:py|sh|md|txt))`", TEXT))))
def test_the_files_that_it_names_are_there(named: str) -> None:
    assert (ROOT / named).exists()
