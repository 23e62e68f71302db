"""The shape of the hostile texts; tests/corpus/README.md describes them."""

import json
import re
import unicodedata
from collections import Counter
from itertools import combinations
from pathlib import Path

FILE = Path(__file__).parent.parent / "corpus" / "hostile.jsonl"
ENTRIES = [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()]
KEYS = {"id", "kind", "where", "language", "text", "wants"}
DECIDED = {
    "primary": {"integration_error", "code_error", "business_improvement"},
    "urgency": {"low", "medium", "high"},
    "affected_system": {"EmailService", "PaymentGateway", "ShippingAPI"},
}
HANGUL = re.compile(r"[\u1100-\u11ff\u3131-\u318e가-힣]")


def triples(text: str) -> set[str]:
    return {text[start : start + 3] for start in range(max(1, len(text) - 2))}


def test_there_are_two_hundred_entries_in_a_small_file():
    assert len(ENTRIES) == 200
    assert FILE.stat().st_size < 400_000


def test_complaints_and_log_lines_come_in_both_languages():
    places = Counter(entry["where"] for entry in ENTRIES)
    assert places == {"complaint": 130, "log": 70}
    for place in places:
        assert {entry["language"] for entry in ENTRIES if entry["where"] == place} == {"ko", "en", "mixed"}, place


def test_every_entry_has_its_keys_filled():
    for entry in ENTRIES:
        assert entry.keys() - {"repeat", "base", "obeyed"} == KEYS, entry["id"]
        assert all(entry[key] != "" and isinstance(entry[key], str) for key in KEYS), entry["id"]


def test_every_complaint_has_what_is_left_without_the_injection():
    for entry in ENTRIES:
        assert ("base" in entry) == (entry["where"] == "complaint"), entry["id"]
        assert entry.get("base") != entry["text"], entry["id"]
        assert all(value in DECIDED[name] for name, value in entry.get("obeyed", {}).items()), entry["id"]
    assert sum("obeyed" in entry for entry in ENTRIES) >= 20


def test_only_a_few_entries_repeat_their_text():
    repeats = [entry["repeat"] for entry in ENTRIES if "repeat" in entry]
    assert 1 <= len(repeats) <= 3
    assert all(isinstance(times, int) and times > 1 for times in repeats)


def test_no_two_entries_are_alike():
    assert len({entry["id"] for entry in ENTRIES}) == len(ENTRIES)
    grams = {entry["id"]: triples(entry["text"]) for entry in ENTRIES}
    alike = [
        (one, other)
        for one, other in combinations(grams, 2)
        if 2 * len(grams[one] & grams[other]) > len(grams[one] | grams[other])
    ]
    assert alike == []


def test_the_attacks_are_of_many_kinds():
    kinds = Counter(entry["kind"] for entry in ENTRIES)
    assert len(kinds) >= 40
    assert max(kinds.values()) <= 20


def test_an_entry_is_in_the_language_that_it_names():
    for entry in ENTRIES:
        seen = bool(HANGUL.search(unicodedata.normalize("NFC", entry["text"])))
        if entry["language"] == "en":
            assert not seen, entry["id"]
        elif entry["language"] == "ko":
            assert seen, entry["id"]


def test_signs_that_cannot_be_seen_stand_escaped_in_the_file():
    raw = FILE.read_text(encoding="utf-8")
    hidden = {
        f"U+{ord(sign):04X}" for sign in raw if sign != "\n" and unicodedata.category(sign) in {"Cc", "Cf", "Zl", "Zp"}
    }
    assert hidden == set()
