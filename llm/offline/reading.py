"""A complaint as the offline analyst reads it: what the wordings in it say, and how clearly."""

import re
from dataclasses import dataclass
from functools import lru_cache

from llm.offline.concepts import concepts_in
from llm.offline.keywords import NOT_PAYING, PAYING, SYMPTOMS, TAKEN_BACK, WISHES, WORDINGS, Sense
from llm.offline.language import Language, clean, fold, language_of

_ID = re.compile(
    r"(?<![\w-])(?:\d{8}-\d{3,8}|[a-z]{1,6}[-_]?\d{4,}(?:-\d+)*|\d{2,6}-\d{4,}(?:-\d+)*|\d{8,20}"
    r"|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|#\d{3,})(?![\w-])",
    re.IGNORECASE,
)
_PHONE = re.compile(r"^(?:0\d{1,2}-?\d{3,4}-?\d{4}|\d{4}-\d{4}|\d{4}-\d{2}-\d{2}|(?:19|20)\d{6})$")
MAX_IDS = 8
_NAMED = re.compile(r"(?:no\.?|number|id|ref|번호)\s*:?\s*([a-z0-9-]{5,24})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Reading:
    """`senses` maps what was said to how clearly (0–1); `words` are the customer's words that said it."""

    text: str
    folded: str
    language: Language
    senses: dict[Sense, float]
    words: tuple[str, ...]
    concepts: frozenset[str]
    ids: tuple[str, ...]

    def said(self, sense: Sense) -> float:
        return self.senses.get(sense, 0.0)

    @property
    def symptoms(self) -> frozenset[Sense]:
        return frozenset(sense for sense in self.senses if sense in SYMPTOMS)

    @property
    def failure(self) -> float:
        """How clearly the customer says that something does not work, 0–1."""
        hits = sorted((self.senses[sense] for sense in self.symptoms), reverse=True)
        # "Cannot find" is what people say of a missing button, not of a broken one.
        base = min(1.0, sum(weight / (place + 1) for place, weight in enumerate(hits)) * 0.7)
        return max(base, 0.5 * self.said(Sense.ODD))

    @property
    def wish(self) -> float:
        """How clearly the customer wants something to be otherwise, 0–1."""
        hits = sorted((self.senses[sense] for sense in WISHES if sense in self.senses), reverse=True)
        return min(1.0, sum(weight / (place + 1) for place, weight in enumerate(hits)) * 0.8)

    @property
    def is_about_paying(self) -> bool:
        return bool(PAYING.search(NOT_PAYING.sub(" ", self.folded)))


@lru_cache(maxsize=256)
def read(text: str) -> Reading:
    cleaned, folded = clean(text), fold(text)
    plain = folded
    for pattern in TAKEN_BACK:
        plain = pattern.sub(" ", plain)
    senses: dict[Sense, float] = {}
    words: dict[str, None] = {}
    for wording in WORDINGS:
        # Only symptoms are taken back: "it works fine, but" leaves the wish behind it as it is.
        found = wording.pattern.search(plain if wording.sense in SYMPTOMS else folded)
        if found:
            more = wording.weight if wording.sense not in senses else 0.25 * wording.weight
            senses[wording.sense] = senses.get(wording.sense, 0.0) + more
            if wording.sense is not Sense.QUESTION:
                words.setdefault(found.group().strip(), None)
    return Reading(
        text=cleaned,
        folded=folded,
        language=language_of(cleaned),
        senses=senses,
        words=tuple(word for word in words if word)[:12],
        concepts=concepts_in(folded),
        ids=identifiers(cleaned),
    )


def identifiers(text: str) -> tuple[str, ...]:
    """Order numbers, waybills and the like in a complaint; no phone numbers, dates or amounts."""
    found: dict[str, None] = {}
    candidates = [match.group() for match in _ID.finditer(text)]
    candidates += [match.group(1) for match in _NAMED.finditer(text) if any(char.isdigit() for char in match.group(1))]
    for candidate in candidates:
        identifier = candidate.strip("#-")
        if len(identifier) >= 5 and not _PHONE.match(identifier):
            found.setdefault(identifier, None)
    return tuple(found)[:MAX_IDS]
