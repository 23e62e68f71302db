"""What personal data looks like, in texts that are NFKC-normalised and free of zero-width characters.

Each pattern names the part to hide `hide` where that is not all of it. Order is priority: what an earlier pattern has taken,
and what `SAFE` covers, no later one touches. Letters and digits around a number decide, so every pattern looks left and
right: Hangul may stand there without a blank, ASCII letters and digits may not.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

# The last two are a Korean vowel that people type for a dash, as it is and as NFKC leaves it.
DASH = r"\-‐‑‒–—―−ーㅡᅳ"
SEP = rf"[\s._/·{DASH}]"
# Between the digits of a mobile number people put anything.
GAP = rf"[\s._/·~,{DASH}]"
DIGIT = r"\d"
HIDDEN = r"[\d*xX●○•]"
RIGHT = r"(?![0-9A-Za-z])"


def begins(signs: str) -> str:
    """The first sign of a number, one of `signs`, with nothing before it that it belongs to.

    The sign comes before the look back: a pattern that begins with a set is searched for several times as fast.
    """
    return rf"[{signs}](?<![0-9A-Za-z].)(?<![0-9][-.:/].)"


PROVINCES = (
    "서울|부산|대구|인천|광주|대전|울산|세종|경기|강원|충북|충남|전북|전남|경북|경남|제주|"
    "충청[남북]|전라[남북]|경상[남북]"
)
SURNAMES = (
    "김이박최정강조윤장임한오서신권황안송류전홍고문양손배백허유남심노하곽성차주우구민진지엄채원천방공현함변염여추도소석선설마길"
    "연위표명기반왕금옥육인맹제모탁국어은편용"
)
MARKED = r"이름|성함|성명|예금주|고객명|주문자명?|수령인|받는\s?(?:사람|분)|보내는\s?(?:사람|분)|담당자"
# Words that follow "이름" and the like, begin like a surname and are none.
NO_NAME = (
    r"(?!정보|주소|전화|변경|이름|이메일|조회|정정|문의|안내|배송|신청|"
    r"한글|전체|공백|인증|오류|남기|주문|고객|연락|확인|선택|전송)"
)
STREETS = (
    r"Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Dr|Court|Ct|Square|Sq|Place|Pl|Terrace|Highway|"
    r"Hwy|Parkway|Way"
)
MONTHS = r"(?:[Jj]an|[Ff]eb|[Mm]ar|[Aa]pr|[Mm]ay|[Jj]une?|[Jj]uly?|[Aa]ug|[Ss]ep|[Oo]ct|[Nn]ov|[Dd]ec)[a-z]{0,6}\.?"
BIRTH_WORDS = ("생년월일", "생일", "출생", "dob", "date of birth", "born")
BANK_WORDS = re.findall(
    r"\S+",
    "계좌 입금 예금 은행 뱅크 농협 신한 국민 하나 우리 기업 수협 신협 새마을금고 우체국 토스 ibk account acct iban",
)
BANKS = (
    r"계좌(?!이체)|입금|예금|은행|뱅크|농협|신한|국민|하나|우리|기업|수협|신협|새마을금고|우체국|토스|IBK|"
    r"[Aa]ccount\b|ACCOUNT\b|[Aa]cct\b|IBAN|iban"
)


@dataclass(frozen=True, slots=True)
class Near:
    """Something that is cheap to find and without which there is none of a kind: a `pattern`, or one of `words`, which is
    looked for in small letters.

    The dear patterns look only so many characters before and after it.
    """

    before: int
    after: int
    pattern: re.Pattern[str] | None = None
    words: re.Pattern[str] | None = None


@dataclass(frozen=True, slots=True)
class Kind:
    """A sort of personal data: the `label` of its placeholders, and a check of what the pattern alone cannot tell."""

    label: str
    pattern: re.Pattern[str]
    check: Callable[[str], bool] | None = None
    near: Near | None = None


def luhn(text: str) -> bool:
    """ISO/IEC 7812: the check digit of payment cards; only for numbers that begin as a card scheme's do."""
    bare = re.sub(r"\D", "", text)
    if not 13 <= len(bare) <= 19 or not re.match(r"3[0-9]|4|5|6|9[04]|2[2-7]", bare):
        return False
    digits = [int(char) for char in bare]
    total = sum(digits[-1::-2]) + sum(sum(divmod(2 * digit, 10)) for digit in digits[-2::-2])
    return total % 10 == 0


def iban(text: str) -> bool:
    """ISO 13616: the remainder of 97."""
    bare = re.sub(r"\s", "", text).upper()
    return len(bare) >= 15 and int("".join(str(int(char, 36)) for char in bare[4:] + bare[:4])) % 97 == 1


def digits_between(low: int, high: int, text: str) -> bool:
    return low <= len(re.sub(r"\D", "", text)) <= high


def _account(text: str) -> bool:
    # 2026-1122-3344 is somebody's order number.
    return digits_between(10, 14, text) and not re.fullmatch(r"20\d\d-\d{4}-\d{4}", text)


# Six digits close to each other: without them there is no number of a person.
DIGITS = Near(12, 20, re.compile(r"\d(?:[^\d\n]{0,3}\d){5,}"))
AT = Near(
    70, 130, re.compile(r"@|%40|골뱅이|[(\[{][Aa][Tt]?[)\]}]|\s[Aa][Tt]\s[\w-]+\s[Dd][Oo][Tt]\s|_[Aa][Tt]_[\w-]+\.")
)
FLAT = Near(16, 8, re.compile(r"\d동\s?\d"))
TOWN = Near(24, 40, re.compile(r"[시군]\s?[가-힣]{1,4}[구읍면]\s"))
SPOKEN = Near(0, 60, re.compile(r"[공영0]\s?[일1]\s?[공영0]"))


def _of(
    label: str,
    pattern: str,
    check: Callable[[str], bool] | None = None,
    near: Near | None = None,
    flags: int = 0,
) -> Kind:
    return Kind(label, re.compile(pattern, flags), check, near)


def _number(label: str, pattern: str, check: Callable[[str], bool] | None = None) -> Kind:
    return Kind(label, re.compile(pattern), check, DIGITS)


def _after(*words: str, reach: int = 60) -> Near:
    return Near(0, reach, words=_any_of(*words))


def _any_of(*words: str) -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, words)))


SAFE = re.compile(
    r"[\da-fA-F](?:[0-9a-fA-F]{7}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
    r"|(?<=\d)\d{3}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?"
    r"|(?<=\d)(?<![\w.].)\d{0,2}(?:\.\d{1,3}){3}(?::\d+)?(?![\w.]\d))"
)
DOT = r"(?:\s?\.\s?|\s?점\s?|\sdot\s|\s?[(\[{](?:dot|점|\.)[)\]}]\s?)"
EMAIL = _of(
    "EMAIL",
    r"(?:\"[^\"\n]{1,64}\"|[\w.+%&'*=?^{|}~-]{1,64})"
    r"(?:\s?@\s?|\s?[(\[{](?:at|a|@)[)\]}]\s?|\s?골뱅이\s?|%40)"
    rf"[\w-]{{1,63}}(?:{DOT}[\w-]{{1,63}}){{0,4}}(?:{DOT}(?:[A-Za-z]{{2,24}}|한국)|,\s?(?:com|net|kr)\b)"
    r"|[\w.+-]{1,64}_at_[\w-]{1,63}\.(?:com|net|org|co\.kr|kr)\b"
    r"|[\w.+-]{1,64}\sat\s[\w-]{1,63}\sdot\s[A-Za-z]{2,24}",
    flags=re.IGNORECASE,
    near=AT,
)
_NUMBERS = (
    _of(
        "IP",
        r"(?i:client_?ip|remote_?addr(?:ess)?|user[_\s]?ip|x-forwarded-for|x-real-ip|접속\s?IP|고객\s?IP)[\"'\s:=]{1,4}"
        r"(?P<hide>\d{1,3}(?:\.\d{1,3}){3}|[0-9a-fA-F]{0,4}(?::[0-9a-fA-F]{0,4}){2,7})",
        near=Near(20, 70, words=_any_of("ip", "addr", "x-forwarded")),
    ),
    _number(
        "ACCOUNT", rf"[A-Z](?<![0-9A-Za-z].)[A-Z]\d\d(?:\s?[A-Z0-9]{{4}}){{2,7}}(?:\s?[A-Z0-9]{{1,3}})?{RIGHT}", iban
    ),
    _number(
        "RRN",
        rf"{begins(DIGIT)}\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]){SEP}{{0,3}}[1-8]{SEP}?(?:{HIDDEN}{SEP}?){{5}}{HIDDEN}{RIGHT}",
    ),
    _number(
        "CARD",
        rf"{begins('2-69')}(?:(?<!2)\d|(?<=2)[2-7])\d\d(?:{SEP}{{1,3}}{HIDDEN}{{4}}){{2}}{SEP}{{1,3}}\d{{4}}{RIGHT}",
    ),
    _number("CARD", rf"{begins('2-69')}(?:{SEP}{{0,3}}\d){{12,18}}{RIGHT}", luhn),
    _of(
        "CARD",
        r"(?:(?i:\bcv[cv]2?\b)|보안\s?코드|카드\s?비밀번호|유효\s?기간)[^\d\n]{0,6}(?P<hide>\d{3,4}|\d\d\s?/\s?\d\d)(?![\d,원])",
        near=_after("cvc", "cvv", "보안", "비밀번호", "유효"),
    ),
    _number(
        "LICENCE",
        rf"{begins(DIGIT + '가-힣')}(?:(?<=\d)\d|(?<!\d)[가-힣]{SEP}?\d\d){SEP}(?:\d\d{SEP})?\d{{6}}{SEP}\d\d{RIGHT}",
    ),
    # A letter O for the nought is how people get past filters.
    _number(
        "PHONE",
        rf"[+08oO(](?<![0-9A-Za-z].)(?:(?:(?<=\+)82|(?<=0)082|(?<=8)2){SEP}{{0,2}}(?:\(0\){SEP}?|0)?1"
        rf"|(?:(?<=[0oO])|(?<=\()[0oO]){SEP}?1){SEP}?[0oO16789]\)?"
        rf"(?:{GAP}{{0,3}}\d){{7,8}}{RIGHT}",
    ),
    _number(
        "PHONE",
        rf"{begins('(0')}(?:(?<=0)|(?<=\()0)(?:2|[3-6][1-5]|70|80|50\d)(?:\)\s?|{SEP}{{1,3}})\d{{3,4}}{SEP}{{1,3}}\d{{4}}{RIGHT}",
    ),
    _number("PHONE", rf"{begins('0')}(?:2\d{{7,8}}|(?:[3-6][1-5]|70|50\d)\d{{7,8}}){RIGHT}"),
    _number(
        "PHONE",
        rf"[+0](?<![0-9A-Za-z].)(?:(?<=\+)\d{{1,3}}|(?<=0)0\d{{1,3}}[\s{DASH}])(?:[\s().{DASH}]{{0,3}}\d){{6,13}}{RIGHT}",
    ),
    _number("PHONE", rf"{begins('(2-9')}(?:(?<=\()[2-9]\d\d\)\s?|(?<!\()\d\d[-.])\d{{3}}[-.\s]\d{{4}}{RIGHT}"),
    _number("ID", rf"{begins(DIGIT)}\d\d[\s{DASH}]\d\d[\s{DASH}]\d{{4,5}}{RIGHT}"),
    # A person's code for the customs.
    _number("ID", rf"P(?<![0-9A-Za-z].)\d{{12}}{RIGHT}"),
    _number("ACCOUNT", rf"{begins(DIGIT)}(?<![A-Za-z]-.)\d{{2,5}}-\d{{2,6}}-\d{{3,8}}(?:-\d{{1,3}})?{RIGHT}", _account),
    _of(
        "ACCOUNT",
        rf"(?:{BANKS})[^\d\n]{{0,15}}(?P<hide>\d(?:[\s{DASH}]{{0,2}}\d){{9,15}}){RIGHT}",
        near=_after(*BANK_WORDS, reach=80),
    ),
    _of(
        "PASSPORT",
        r"(?:여권|(?i:passport))[^\d\n]{0,12}?(?P<hide>[A-Z]\s?\d{3}[A-Z0-9]\d{4}|[A-Z]{2}\s?\d{7})(?![0-9A-Za-z])",
        near=_after("여권", "passport"),
    ),
    _of(
        "BIRTH",
        r"(?:생년월일|생일|출생일?|(?i:\bdob\b|date of birth|\bborn\b(?: on)?))[^\d\n]{0,6}"
        r"(?P<hide>\d{2,4}\s?[년.\-/]\s?\d{1,2}\s?[월.\-/]\s?\d{1,2}일?|\d{1,2}[./-]\d{1,2}[./-]\d{4}|\d{8}|\d{6}"
        rf"|\d{{1,2}}\s{MONTHS}\s\d{{4}})(?!\d)",
        near=_after(*BIRTH_WORDS),
    ),
    _of(
        "BIRTH",
        rf"(?i:\bdob\b|date of birth|\bborn\b(?: on)?)\W{{0,4}}(?P<hide>{MONTHS}\s\d{{1,2}}(?:st|nd|rd|th)?,?\s\d{{4}})",
        near=_after(*BIRTH_WORDS),
    ),
    _of(
        "BIRTH",
        r"(?<!\d)(?:19|20)?\d\d\s?[년.\-/]\s?\d{1,2}\s?[월.\-/]\s?\d{1,2}일?\s?생(?![가-힣])"
        r"|(?<!\d)(?:(?:19|20)?\d\d년\s?)?\d{1,2}월\s?\d{1,2}일생(?=[\s.,)(]|$|입니다|이[고에라]|인데|인가)",
        near=Near(24, 8, words=_any_of("생")),
    ),
    _number(
        "PLATE",
        r"[\d가-힣](?<![0-9A-Za-z].)(?:(?<=\d)\d{1,2}|(?<!\d)[가-힣]\s\d{2,3})\s?[가나다라마거너더러머버서어저고노도로모보소오조구누두루무부수우주바사아자배하허호]"
        r"\s?\d{4}(?![\d,원개건])",
    ),
)
_WORDS = (
    _of(
        "ADDRESS",
        rf"(?:{PROVINCES})(?:특별자치시|특별자치도|특별시|광역시|시|도)?\s?(?:[가-힣]{{1,6}}[시군구]\s?){{0,2}}(?:[가-힣]{{1,6}}[읍면]\s?)?"
        r"[가-힣\d]{1,12}?(?:로|길|동|리|가)\s?\d{1,5}(?:-\d{1,4})?(?:번?길\s?\d{0,5}(?:-\d{1,4})?)?(?:번지)?"
        r"(?:,?\s?\d{1,4}동)?(?:,?\s?\d{1,4}호)?(?:,?\s?\d{1,3}층)?",
    ),
    _of(
        "ADDRESS",
        r"(?<![가-힣])[가-힣]{1,6}[시군]\s?[가-힣]{1,4}[구읍면]\s[가-힣\d]{1,12}?(?:로|길|동|리)\s?\d{1,5}(?:-\d{1,4})?"
        r"(?:번?길\s?\d{0,5}(?:-\d{1,4})?)?(?:번지)?(?:,?\s?\d{1,4}동)?(?:,?\s?\d{1,4}호)?(?:,?\s?\d{1,3}층)?",
        near=TOWN,
    ),
    _of("ADDRESS", r"[가-힣A-Za-z]{0,12}\s?\d{1,4}동\s?\d{1,4}호", near=FLAT),
    _of(
        "ADDRESS",
        rf"\b\d{{1,5}}[A-Z]?\s(?:[A-Z][\w.'-]{{0,20}}\s){{1,4}}(?:{STREETS})\b\.?(?:\s[NS]?[EW]?\b)?(?:,\s?[A-Z][A-Za-z.]+"
        r"(?:\s[A-Z][A-Za-z.]+){0,2}){0,2}(?:,?\s(?:[A-Z]{2}\s)?\d{5}(?:-\d{4})?)?",
        near=Near(6, 140, re.compile(r"\d[A-Z]?\s[A-Z]")),
    ),
    _of(
        "PHONE",
        rf"[공영0]\s?[일1]\s?[공영0](?:(?:{GAP}{{0,3}}|[에의]\s?)[\d공영일이삼사오육륙칠팔구]){{7,8}}",
        near=SPOKEN,
    ),
    _of(
        "HANDLE",
        r"(?:카톡|카카오톡|텔레그램|인스타(?:그램)?|라인|페이스북|[Kk]akao(?:[Tt]alk)?|KAKAO|[Tt]elegram|[Ii]nstagram)\s?"
        r"(?:(?:아이디|ID|id|계정)\s?[은는이가]?|(?=@))[\s:=]{0,3}(?P<hide>@?[A-Za-z][\w.]{2,30})",
        flags=re.ASCII,
        near=_after("카톡", "카카오톡", "텔레그램", "인스타", "라인", "페이스북", "kakao", "telegram", "instagram"),
    ),
    _of(
        "NAME",
        rf"(?:{MARKED})(?:\s?이름)?(?:[은는]\s?|\s?[:=]\s?|\s){NO_NAME}"
        rf"(?P<hide>(?:남궁|황보|독고|선우|제갈|[{SURNAMES}])[가-힣]{{1,2}}?)"
        r"(?=\s?(?:입니다|이에요|예요|이고|라고|님|씨|고객)|[.,;)\]]|\s|$)(?<![가을를은는도에])",
    ),
    _of(
        "NAME",
        r"(?i:my name is|\bname\s?[:=]|account holder\s?:?|cardholder\s?:?)\s?"
        r"(?P<hide>[A-Z][\w'-]+(?:\s[A-Z][\w'-]+){1,2})",
        near=Near(20, 90, words=_any_of("name", "holder")),
    ),
)
KINDS = (EMAIL, *_NUMBERS, *_WORDS)
# Letters with a blank between each two, as people write to get past filters.
SPACED = re.compile(rf"[0-9A-Za-z@.+_{DASH}] (?:[0-9A-Za-z@.+_{DASH}] ){{6,}}[0-9A-Za-z@.+_]")
LABELS = tuple(dict.fromkeys(kind.label for kind in KINDS))
