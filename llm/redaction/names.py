"""How people write a name that the system knows: with blanks, without the family name, turned round, in capitals."""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

# What people enter in place of a name: hiding these words would only spoil the complaint.
NOT_NAMES = frozenset(
    re.findall(
        r"\S+",
        "고객 고객님 익명 테스트 관리자 사용자 회원 비회원 없음 무명 담당자 "
        "customer anonymous test user admin guest none unknown client the and order payment refund",
    )
)
TWO_SYLLABLES = ("남궁", "황보", "독고", "선우", "제갈", "사공", "서문", "동방")
_HANGUL = re.compile(r"[가-힣]{2,6}")
_CALLED = r"(?=\s?(?:님|씨|군|양|이[가는도를와랑]|입니다))"


@lru_cache(maxsize=512)
def pattern_of(names: tuple[str, ...]) -> re.Pattern[str] | None:
    """One pattern for all forms of these names; None when none of them is a name."""
    forms = [form for name in names for form in _forms(unicodedata.normalize("NFKC", name).strip())]
    return re.compile("|".join(dict.fromkeys(forms)), re.IGNORECASE) if forms else None


def _forms(name: str) -> Iterable[str]:
    joined = re.sub(r"\s+", "", name)
    if joined.casefold() in NOT_NAMES or len(joined) < 2:
        return
    if _HANGUL.fullmatch(joined):
        yield r"\s?".join(joined)
        given = joined[2:] if joined.startswith(TWO_SYLLABLES) and len(joined) > 2 else joined[1:]
        if len(joined) > 2:
            yield rf"(?<![가-힣]){given}{_CALLED}"
        return
    parts = [part for part in re.split(r"[\s,]+", name) if len(part) > 1 and part.casefold() not in NOT_NAMES]
    if len(parts) > 1:
        yield r"[\s._-]?".join(map(re.escape, parts))
    for part in parts:
        yield rf"(?<![^\W_]){re.escape(part)}(?![^\W_가-힣])"
