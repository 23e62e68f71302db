"""What a complaint is made of, as similar cases compare it: the roots of its words, and which stand near each other.

No dictionary is asked. Of a Korean word its first two syllables say what it is about once the particle is off (환불이,
환불을, 환불했는데 → 환불), and a compound's second half (비밀번호 → 비밀, 번호); of an English one its beginning
(refund, refunds, refunded → refun).
"""

import re
from functools import lru_cache
from typing import Final

from tickets.grams import hashed, normalise

# Beyond this, more of a text says little more about what it is about.
MAX_TEXT: Final = 1000
MAX_PAIRS: Final = 320
# How far apart two words may stand, in words, to be a pair.
NEAR: Final = 8
STEM: Final = 5
MIN_LATIN: Final = 3

# An error code (E-1042, ora-00942), a number that is said to be one (오류 503), Hangul, Latin.
_TOKEN: Final = re.compile(
    r"(?P<code>[a-z]{1,6}[-_]?[0-9]{2,6}(?![0-9-]))"
    r"|(?:error|err|code|http|오류|에러|코드|번호)\s?[:#(]?\s?(?P<number>[0-9]{2,6})(?![0-9-])"
    r"|(?P<hangul>[가-힣]+)|(?P<latin>[^\W\d_]+)"
)
_NAMED: Final = re.compile(r"error|err|code|http|오류|에러|코드|번호")
_PARTICLE: Final = re.compile(
    r"(?:에서는?|으로는?|이라고|라고|까지|부터|한테|에게|처럼|보다|마다|조차|밖에|이나|이랑|하고|은요|는데|인데|들이|들을"
    r"|은|는|이|가|을|를|에|의|로|와|과|도|만|랑|요)$"
)
_STOP: Final = (
    "a about after again all also always am an and any are as at be because been before but by can cannot could did do "
    "does doesn don done for from get gets got had has have he hello her hi him his how i if in into is isn it its just "
    "like me more my no not now of on one only or other our out over please really she since so some still such than "
    "thank thanks that the their them then there these they this time to too try tried up us very was we were what when "
    "where which who why will with would you your ve ll re didn won wouldn couldn keep keeps every even though been"
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
ONE_SYLLABLE: Final = frozenset(
    [
        "앱",
        "돈",
        "웹",
        "폰",
        "글",
        "옷",
        "표",
        "차",
        "짐",
        "칸",
        "값",
        "책",
        "방",
        "집",
        "문",
        "빵",
        "약",
        "몰",
        "핀",
        "칩",
    ]
)
STOP_WORDS: Final = frozenset(_STOP.split()) | frozenset(_STOP_KO.split())


def roots(text: str) -> list[str]:
    """The roots of the words that say something, in their order, each once."""
    found: dict[str, None] = {}
    for match in _TOKEN.finditer(normalise(text[:MAX_TEXT])):
        if word := match["hangul"]:
            found |= dict.fromkeys(_korean(word))
        elif code := match["code"]:
            found[code.replace("-", "").replace("_", "")] = None
        elif number := match["number"]:
            found |= dict.fromkeys(roots(_NAMED.search(match[0])[0]))  # type: ignore[index]
            found[number] = None
        elif (word := match["latin"]) and len(word) >= MIN_LATIN and word not in STOP_WORDS:
            found[word[:STEM]] = None
    return list(found)


@lru_cache(maxsize=16384)
def _korean(word: str) -> tuple[str, ...]:
    if len(word) > 1:
        word = _PARTICLE.sub("", word) or word
    parts = (word[:2], word[2:4]) if len(word) > 3 else (word[:2],)
    return tuple(part for part in parts if part not in STOP_WORDS and (len(part) > 1 or part in ONE_SYLLABLE))


def word_hashes(found: list[str]) -> list[int]:
    return sorted({hashed(root) for root in found})


def pair_hashes(found: list[str]) -> list[int]:
    """The hashes of each root by itself and of every two that stand near each other, in whichever order; the first 320."""
    hashes: dict[int, None] = dict.fromkeys(hashed(root) for root in found[:MAX_PAIRS])
    for at, root in enumerate(found):
        for other in found[at + 1 : at + NEAR]:
            if len(hashes) >= MAX_PAIRS:
                return sorted(hashes)
            hashes[pair(root, other)] = None
    return sorted(hashes)


def pair(one: str, other: str) -> int:
    return hashed(f"{one} {other}" if one < other else f"{other} {one}")
