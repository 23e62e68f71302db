"""Whether a complaint can be understood at all, and if not, why."""

import re

from llm.base import Unclear
from llm.offline.language import HANGUL, LATIN_WORD


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_LINK = re.compile(r"https?://\S+|www\.\S+|\b[\w-]+\.(?:com|net|kr|io|xyz|top|click)/\S*")
_LOUD = re.compile(
    r"무료|대박|수익|투자|대출|클릭|광고|홍보|추천인|카지노|바카라|토토|슬롯|도박|선착순|당첨|부업|재택|"
    r"100%|보장|카톡|텔레그램|최저가|성인|코인|상담문의|할인행사"
    r"|\bfree\b|click here|\bwin\b|winner|casino|\bbet(?:ting)?\b|\bloan|crypto|bitcoin|investment|"
    r"guarantee|limited (?:time )?offer"
    r"|earn (?:money|\$)|make money|work from home|viagra|\bseo\b|backlinks?|followers|telegram|whatsapp|"
    r"promo(?:tion)?\b.*http|buy now|cheap(?:est)?\b|act now|subscribe"
)
_STARS = re.compile(r"[★☆◆◇■□▶►●◎※♥♡♣♠→⇒>]{2,}|[!$]{3,}")
_REPEATED = re.compile(r"(.)\1{4,}|(.{2,4})\2{3,}")
# Syllables of ordinary Korean sentences: particles, endings and the commonest words; keyboard mashing has none of them.
_KOREAN_SIGN = re.compile(
    r"[은는이가을를에도의로과와]\s|[은는이가을를에도의로서만]$|요\b|[니습]다|해[서요주]|하[고는지게]|"
    r"[았었겠]|안\s?[되돼]|[네죠까음됨임함]\b|[고서면데]\s|결제|환불|주문|배송|로그인|버튼|오류|에러|취소|"
    r"쿠폰"
)
_ENGLISH_SIGN = _words(
    "the a an i my me you your it is are was be been to of in on at for and or but not no with this that "
    "can cant cannot can't "
    "when how why what where please get got do does did doesn't don't have has had want need try tried "
    "app order payment pay "
    "card refund error login site page button mail email delivery parcel cart coupon account password help wrong slow "
    "work works working broken failed fails fail never still after before just from our we they there so very since "
    "cancel charged twice crash crashes hangs stuck found find tracking checkout system "
    "something anything nothing everything someone somehow thing things feel feels felt seem seems look looks different "
    "same new old more less much many some any all every other another again always often sometimes now today yesterday "
    "day week month time hour minute would could should will may might must if then than because while about over under "
    "out up down off back here who which their his her its as by am im i'm it's that's there's make made give take come "
    "came go went going see saw use used using say says said know think want like good bad better best long short late "
    "early high low right left big small first last one two three people customer customers service support call called "
    "price money buy bought sell item items product products shop store website number address phone screen website"
)
# The commonest small words of other languages in Latin letters, none of them English.
_FOREIGN_SIGN = _words(
    "ich nicht der die das und ist mit kann mein meine wir sie ein eine auf bitte habe wurde beim "
    "je le les ne pas est et mon mes avec pour dans une des du ce qui mais vous "
    "el los las que mi con pero por para está una del muy puedo hola gracias "
    "il lo gli che non per sono una della mio ho ciao "
    "o os as não meu minha uma com para foi você eu "
    "saya tidak yang dan untuk ini itu dengan bisa sudah "
    "tôi không của và là thanh toán cho được "
    "ben bir ve bu için değil ile"
)
_LATIN_TOKEN = re.compile(r"[a-z\u00c0-\u024f\u1e00-\u1eff]+")


def why_unclear(text: str, folded: str, *, says_something: bool = False) -> Unclear | None:
    """`text` is cleaned, `folded` also lower-cased; `says_something` when a wording of customers was recognised in it.

    None when there is something to understand.
    """
    if not text:
        return Unclear.EMPTY
    letters = sum(char.isalpha() for char in text)
    hangul = len(HANGUL.findall(text))
    words = LATIN_WORD.findall(folded)
    latin = sum(len(word) for word in words)
    if letters == 0:
        return Unclear.SYMBOLS
    if hangul == 0 and latin == 0:
        return Unclear.OTHER_LANGUAGE if _is_foreign(text) else Unclear.LAUGHTER
    if _is_spam(folded):
        return Unclear.SPAM
    if hangul + latin < 0.5 * letters and _is_foreign(text):
        return Unclear.OTHER_LANGUAGE
    return _what_is_wrong_with_the_words(folded, hangul, latin, words, says_something=says_something)


def _what_is_wrong_with_the_words(
    folded: str, hangul: int, latin: int, words: list[str], *, says_something: bool
) -> Unclear | None:
    plain = _REPEATED.sub("", folded)
    if not HANGUL.search(plain) and not LATIN_WORD.search(plain):
        return Unclear.LAUGHTER
    if hangul and hangul * 3 >= latin:
        return None if says_something or _KOREAN_SIGN.search(folded) else Unclear.GIBBERISH
    known = sum(word in _ENGLISH_SIGN for word in words)
    if sum(token in _FOREIGN_SIGN for token in _LATIN_TOKEN.findall(folded)) > known:
        return Unclear.OTHER_LANGUAGE
    if says_something or known >= max(1, 0.12 * len(words)):
        return None
    # One English word may be all there is in a short cry for help; a long text without a common one is another language.
    return Unclear.GIBBERISH if len(words) < 4 else Unclear.OTHER_LANGUAGE


def _is_foreign(text: str) -> bool:
    """Letters of a script that is neither Hangul nor Latin."""
    return any(char.isalpha() and not HANGUL.match(char) and not _is_jamo(char) and ord(char) > 0x24F for char in text)


def _is_jamo(char: str) -> bool:
    return "\u1100" <= char <= "\u11ff" or "\u3130" <= char <= "\u318f"


def _is_spam(folded: str) -> bool:
    loud = len(set(_LOUD.findall(folded)))
    signs = bool(_LINK.search(folded)) + bool(_STARS.search(folded))
    return loud >= 2 and (signs >= 1 or loud >= 4)
