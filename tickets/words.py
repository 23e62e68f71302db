"""What a complaint is made of, as similar cases compare it: its sentences, their words, the roots of these.

No dictionary is asked. Of a Korean word its first two syllables say what it is about once the particle is off (환불이,
환불을, 환불했는데 → 환불), and a compound's second half (비밀번호 → 비밀, 번호); of an English one what is left without
its ending (refund, refunds, refunded → refund).
"""

import re
from functools import lru_cache
from typing import Final

from tickets.grams import hashed, normalise

# Beyond this, more of a text says little more about what it is about.
MAX_TEXT: Final = 1000
MAX_ROOT: Final = 7
MIN_STEM: Final = 3

# Korean sentences end with such a syllable, often without a full stop.
_SENTENCE: Final = re.compile(r"[.!?…;\n]+(?:\s+|$)|(?<=[요다죠까])\s+(?=[가-힣a-z])")
_WORD: Final = re.compile(r"[가-힣]+|[a-z]+(?:['’-][a-z]+)*|[0-9]+|\S")
# An error code (E-1042, ora-00942).
_CODE: Final = re.compile(r"(?<![a-z0-9])[a-z]{1,9}[-_]?[0-9]{2,6}(?![0-9-])")
# The 25th, 3 months, error 503; not an order's or a telephone's number.
_NUMBER: Final = re.compile(r"(?<![0-9.,_-])[0-9]{1,4}(?![0-9.,_-])")
_PARTICLE: Final = re.compile(
    r"(?:에서는?|으로는?|이라고|라고|까지|부터|한테|에게|처럼|보다|마다|조차|밖에|이나|이랑|하고|은요|는데|인데|들이|들을"
    r"|은|는|이|가|을|를|에|의|로|와|과|도|만|랑|요)$"
)
_ENDING: Final = re.compile(r"(?<=[a-z]{3})(?:ations?|ments?|ings?|edly|ied|ies|ed|es|s|ly|er)$")
_STOP: Final = (
    "a about after again all also always am an and any are as at be because been before but by can cannot could did do "
    "does doesn don done for from get gets got had has have he hello her hi him his how i if in into is isn it its just "
    "like me more my no not now of on one only or other our out over please really she since so some still such than "
    "thank thanks that the their them then there these they this time to too try tried up us very was we were what when "
    "where which who why will with would you your ve ll re didn won wouldn couldn keep keeps every even though"
)
_STOP_KO: Final = (
    "안녕 감사 부탁 제가 저는 저희 우리 그런 그리 그래 그냥 근데 하지 해서 했는 했습 합니 하는 하면 하고 하려 해요 되는 "
    "있습 있는 있어 있다 없습 없는 없어 입니 이거 이게 저기 여기 거기 정말 진짜 너무 계속 자꾸 다시 아직 지금 오늘 어제 "
    "빨리 빠른 확인 문의 고객 주세 해주 바랍 드립 드려 같은 같아 때문 것도 거예 거죠 건가 건지 왜 좀 더 잘 이 그 저 것 수 "
    "때 데 나 너 네 예 뭐 또 참 제 게 걸 건 분 번 후 전 "
    "했더 더니 않습 않아 않는 했어 했습 되어 됐습 돼서 되면 된다 다면 라고 하니 하네 하고 했다 인데 이라 이런 어떤 아무 전부 "
    "모두 항상 매번 분명 나온 나와 나옵 걸로 것으 받지 못했 못하 달에 생깁 가고 여러 누가 무슨 어떻 그대 그냥 이후 이전 관련"
)
# Of one syllable, only nouns say something; the rest are endings and helpers.
_NOUNS: Final = "앱 돈 웹 폰 글 옷 표 차 짐 칸 값 책 방 집 문 빵 약 몰 핀 칩"
ONE_SYLLABLE: Final = frozenset(_NOUNS.split())
STOP_WORDS: Final = frozenset(_STOP.split()) | frozenset(_STOP_KO.split())


def sentences(text: str) -> list[str]:
    """The sentences of the text's beginning, normalised."""
    parts = (part.strip() for part in _SENTENCE.split(normalise(text[:MAX_TEXT])))
    return [part for part in parts if part]


def words(sentence: str) -> list[str]:
    """The words of a normalised sentence, and what else stands in it: numbers, marks."""
    return _WORD.findall(sentence)


def is_korean(word: str) -> bool:
    return "가" <= word[0] <= "힣"


@lru_cache(maxsize=16384)
def bare(word: str) -> str:
    """A Korean word without its particle."""
    return (_PARTICLE.sub("", word) or word) if len(word) > 1 else word


@lru_cache(maxsize=16384)
def roots_of(word: str) -> tuple[str, ...]:
    """What a word is about; nothing for one that every text has, and for what is no word."""
    if is_korean(word):
        found = bare(word)
        parts = (found[:2], found[2:4]) if len(found) > 3 else (found[:2],)
        return tuple(part for part in parts if part not in STOP_WORDS and (len(part) > 1 or part in ONE_SYLLABLE))
    if not word.isalpha() and "'" not in word and "’" not in word and "-" not in word:
        return ()
    return tuple(filter(None, map(_stem, re.split(r"-", re.sub(r"['’].*", "", word)))))


def numbers(sentence: str) -> list[str]:
    """Error codes without their marks, and short numbers."""
    codes = [code.replace("-", "").replace("_", "") for code in _CODE.findall(sentence)]
    return [*codes, *_NUMBER.findall(sentence)]


def roots(text: str) -> list[str]:
    """All that the text is about, in its order, each once."""
    found: dict[str, None] = {}
    for sentence in sentences(text):
        for word in words(sentence):
            found |= dict.fromkeys(roots_of(word))
        found |= dict.fromkeys(numbers(sentence))
    return list(found)


def word_hashes(found: list[str]) -> list[int]:
    return sorted({hashed(root) for root in found})


def _stem(word: str) -> str:
    if len(word) < 2 or word in STOP_WORDS:
        return ""
    left = _ENDING.sub("", word)
    if len(left) > MIN_STEM and left[-1] == left[-2] and left[-1] != "s":
        left = left[:-1]
    if len(left) > MIN_STEM and left[-1] in "eiy":
        left = left[:-1]
    return left[:MAX_ROOT]
