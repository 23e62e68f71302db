import json
from pathlib import Path

import pytest

import tickets
from tests.factories import TicketFactory
from tickets.models import Synonyms
from tickets.similar import similar_cases
from tickets.synonyms import Thesaurus

DATA = Path(tickets.__file__).parent / "data"
FILES = [json.loads((DATA / name).read_text(encoding="utf-8")) for name in ("synonyms.json", "more_synonyms.json")]


def groups_of(text, **groups):
    told = Thesaurus(tuple((name, tuple(words)) for name, words in groups.items())).told(text)
    return {name: share for sentence in told for name, share in sentence.groups.items()}


@pytest.mark.parametrize(
    ("word", "accident", "meant"),
    [
        ("가전", "나가 전화했어요", "소형가전 구매"),
        ("아파", "아파트 앱이 느려요", "아파서 못 갔어요"),
        ("기가", "현금지급기가 고장입니다", "기가 인터넷"),
        ("감자", "물감 자체가 새요", "통감자 주문"),
        ("자동결제", "혼자 동결제품을 샀어요", "자동 결제가 됐어요"),
    ],
)
def test_a_word_is_not_found_where_two_others_only_look_like_it(word, accident, meant):
    groups = {"it": [word], "home": ["아파트"]}
    assert "it" not in groups_of(accident, **groups)
    assert "it" in groups_of(meant, **groups)


def test_spaces_are_as_one_pleases_where_a_phrase_has_them():
    assert groups_of("택배 안와요", late=["안 와"]) == groups_of("택배가 안 와요", late=["안 와"]) == {"late": 1.0}


def test_a_word_of_several_groups_says_each_of_them_less():
    groups = {"track": ["위치"], "place": ["위치", "현위치"], "refund": ["환불"]}
    assert groups_of("위치가 틀리고 환불도 안 돼요", **groups) == {"track": 0.5, "place": 0.5, "refund": 1.0}


@pytest.mark.django_db
def test_all_groups_of_both_files_are_there_in_a_new_installation_each_once():
    names = [group["name"] for groups in FILES for group in groups]
    assert len(set(names)) == len(names) > 1000
    assert set(Synonyms.objects.values_list("name", flat=True)) == set(names)
    assert all(word.strip() == word != "" for groups in FILES for group in groups for word in group["words"])


@pytest.mark.django_db
def test_what_is_told_in_one_sentence_comes_before_the_same_in_two():
    scattered = TicketFactory(approved=True, raw_voc="쿠폰이 사라졌어요. 냉장고 소음이 심해요.")
    together = TicketFactory(approved=True, raw_voc="냉장고 쿠폰이 사라졌는데 소음도 심해요.")
    found = [case.ticket_id for case in similar_cases(text="냉장고 쿠폰이 사라지고 소음이 심합니다")]
    assert found == [together.ticket_id, scattered.ticket_id]
