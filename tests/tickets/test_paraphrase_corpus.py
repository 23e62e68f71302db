"""The shape of the pairs that judge the search for similar tickets; tests/corpus/README.md says how they were made."""

import json
import re
from collections import Counter
from pathlib import Path

import pytest

CORPUS = Path(__file__).parent.parent / "corpus"


def pairs_of(name: str) -> list[dict[str, str]]:
    return [json.loads(line) for line in (CORPUS / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]


PAIRS = pairs_of("paraphrases")
# Those that the ranking's own authors wrote: some to tune it on, some to see whether that holds for others.
OWN = {name: pairs_of(f"paraphrases_{name}") for name in ("own", "tuning", "checking", "later", "fresh")}
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


def test_the_ranking_s_own_pairs_are_others_than_those_that_judge_it_and_none_stands_in_two_files():
    texts = [squeezed(pair[side]) for pairs in OWN.values() for pair in pairs for side in ("past", "again")]
    assert len(set(texts)) == len(texts)
    shared = len(set(texts) & {squeezed(text) for text in TEXTS})
    assert shared == 0


@pytest.mark.parametrize("name", ["tuning", "checking"])
def test_the_halves_are_of_the_same_make(name):
    counts = Counter(pair["language"] for pair in OWN[name])
    assert counts == {"ko": 59, "en": 28, "mixed": 18}
    assert len({pair["id"] for pair in OWN[name]}) == len(OWN[name])
    assert not [pair["id"] for pair in OWN[name] if PERSONAL.search(pair["past"] + pair["again"])]
