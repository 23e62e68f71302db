"""Text as the offline analyst reads it: cleaned, folded, and which of its two languages it is in."""

import re
import unicodedata
from typing import Literal

Language = Literal["ko", "en"]

_TAG = re.compile(r"<[^<>]{1,200}>")
_INVISIBLE = re.compile(r"[\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\u00ad\ufe00-\ufe0f\U000e0000-\U000e007f]")
_SPACE = re.compile(r"\s+")
# Single Korean letters (ㅋㅋ, ㅠㅠ) would become parts of syllables that no font shows well.
_NOT_JAMO = re.compile(r"[^\u3130-\u318f]+")
_APOSTROPHES = str.maketrans({"’": "'", "‘": "'", "`": "'", "´": "'", "“": '"', "”": '"'})

HANGUL = re.compile(r"[가-힣]")
JAMO = re.compile(r"[ㄱ-ㅎㅏ-ㅣᄀ-ᇿ]")
LATIN_WORD = re.compile(r"[a-z]+(?:'[a-z]+)?")


def clean(text: str) -> str:
    """Composed, without markup, control and invisible characters, white space collapsed."""
    composed = _NOT_JAMO.sub(lambda match: unicodedata.normalize("NFKC", match.group()), text)
    visible = _INVISIBLE.sub("", _TAG.sub(" ", composed))
    printable = "".join(" " if unicodedata.category(char) in ("Cc", "Cs", "Co", "Cn") else char for char in visible)
    return _SPACE.sub(" ", printable).strip()


def fold(text: str) -> str:
    """Cleaned, in lower case, with plain apostrophes: what the wordings are matched against."""
    return clean(text).casefold().translate(_APOSTROPHES)


def language_of(text: str) -> Language:
    """Korean as soon as Hangul carries a fair part of it: customers mix English product words into Korean."""
    hangul = len(HANGUL.findall(text)) + len(JAMO.findall(text))
    latin = sum(len(word) for word in LATIN_WORD.findall(text.casefold()))
    return "ko" if hangul and hangul * 3 >= latin else "en"
