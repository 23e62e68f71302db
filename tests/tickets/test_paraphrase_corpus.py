"""The shape of the pairs that judge the search for similar tickets; tests/corpus/README.md says how they were made."""

import json
import re
from collections import Counter
from pathlib import Path

import pytest

PAIRS = [
    json.loads(line)
    for line in (Path(__file__).parent.parent / "corpus" / "paraphrases.jsonl").read_text(encoding="utf-8").splitlines()
]
TEXTS = [pair[side] for pair in PAIRS for side in ("past", "again")]
KEYS = {"id", "language", "topic", "past", "again", "service"}
PERSONAL = re.compile(r"@|\b0\d{1,2}[- .]?\d{3,4}[- .]?\d{4}\b|\d{6}-?[1-8]\d{6}|(?:\d{4}[ -]?){3}\d{4}")
HANGUL = re.compile("[가-힣]")


def squeezed(text: str) -> str:
    """The letters and digits alone, in lower case."""
    return "".join(sign for sign in text.lower() if sign.isalnum())


def test_there_are_enough_pairs_of_every_language():
    counts = Counter(pair["language"] for pair in PAIRS)
    assert set(counts) == {"ko", "en", "mixed"}
    assert counts["ko"] >= 30
    assert counts["en"] >= 24
    assert counts["mixed"] >= 10


def test_every_pair_has_the_same_filled_keys():
    for pair in PAIRS:
        assert pair.keys() == KEYS
        assert all(isinstance(value, str) and value.strip() == value != "" for value in pair.values()), pair["id"]


def test_no_id_topic_or_text_stands_twice():
    for key in ("id", "topic"):
        assert len({pair[key] for pair in PAIRS}) == len(PAIRS), key
    assert len({squeezed(text) for text in TEXTS}) == len(TEXTS)


def test_the_two_sides_are_told_in_different_words():
    for pair in PAIRS:
        past, again = squeezed(pair["past"]), squeezed(pair["again"])
        assert past not in again, pair["id"]
        assert again not in past, pair["id"]
        words, others = (set(pair[side].lower().split()) for side in ("past", "again"))
        assert len(words & others) < len(words | others) / 2, pair["id"]


def test_a_pair_is_in_the_language_that_it_names():
    for pair in PAIRS:
        hangul = [bool(HANGUL.search(pair[side])) for side in ("past", "again")]
        wanted = {"ko": hangul == [True, True], "en": hangul == [False, False], "mixed": any(hangul)}
        assert wanted[pair["language"]], pair["id"]


@pytest.mark.parametrize("text", ["kim@example.com", "010-1234-5678", "900101-1234567", "4111 1111 1111 1111"])
def test_the_check_for_personal_data_sees_it(text):
    assert PERSONAL.search(text)


def test_no_pair_holds_personal_data():
    assert [text for text in TEXTS if PERSONAL.search(text)] == []
