"""What docs/asvs.md and docs/security.md say can be looked up, and no requirement of the standard is left out."""

import re
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
PAGES = {name: (ROOT / "docs" / name).read_text(encoding="utf-8") for name in ("asvs.md", "security.md")}
ROWS = re.findall(r"^\| (V[\d.]+) \| (.+?) \| (.+?) \| (.+?) \|$", PAGES["asvs.md"], re.MULTILINE)
NAMED = re.compile(r"`([\w/.-]+(?:\.(?:py|sh|md|txt|html|js)|/))`")


def requirements() -> dict[str, int]:
    """The standard's numbers at levels 1 and 2 → level."""
    lines = (ROOT / "tests/project/asvs.txt").read_text(encoding="utf-8").splitlines()
    return {number: int(level) for number, level in (line.split() for line in lines if not line.startswith("#"))}


def test_the_list_of_requirements_is_the_standards() -> None:
    assert Counter(requirements().values()) == {1: 70, 2: 183}


def test_every_requirement_stands_there_once_under_its_chapter_with_a_state_and_a_reason() -> None:
    assert [number for number, *_rest in ROWS] == list(requirements())
    assert {state for _number, _asks, state, _where in ROWS} == {"met", "planned", "n/a"}
    assert [number for number, _asks, _state, where in ROWS if len(where) < 4] == []
    chapter = ""
    for line in PAGES["asvs.md"].splitlines():
        if line.startswith("## "):
            chapter = line.split()[1]
        elif line.startswith("| V"):
            assert line.startswith(f"| {chapter}."), line


def test_every_link_of_a_row_leads_to_a_section() -> None:
    sections = {
        heading.lower().replace(" ", "-") for heading in re.findall(r"^## (.+)$", PAGES["security.md"], re.MULTILINE)
    }
    linked = set(re.findall(r"security\.md#([\w-]+)", PAGES["asvs.md"]))
    assert len(linked) > 5
    assert linked <= sections


@pytest.mark.parametrize("page", PAGES)
def test_the_files_that_it_names_are_there(page: str) -> None:
    named = set(NAMED.findall(PAGES[page]))
    assert named
    assert sorted(name for name in named if not (ROOT / name).exists()) == []


def test_the_settings_that_it_names_are_settings() -> None:
    known = set(
        re.findall(r"^\| `([A-Z][A-Z0-9_]+)` \|", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    )
    named = {name for text in PAGES.values() for name in re.findall(r"`([A-Z][A-Z0-9_]{4,})`", text)}
    assert sorted(named - known) == []
