"""What substring search looks up: hashes of a text's characters and pairs of neighbouring characters.

They work for Korean, which has no words to speak of, and need no extension of PostgreSQL: an index over an integer array.
"""

import unicodedata
import zlib
from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import lru_cache
from typing import Final

# Between two fields in the text that is searched: nobody types it, so that no match spans two fields.
SEPARATOR: Final = "\x1f"
# Spans of time, as powers of two of a second: 9 hours, 3 days, 24 days, 194 days, and more than 4 years.
SPANS: Final = (15, 18, 21, 24, 27)

# Of more pairs than this, those that share no character are looked up.
MANY: Final = 6


def normalise(text: str) -> str:
    """The text as it is compared: compatibility forms made one (NFKC), lower case."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).lower())


def searchable(texts: Iterable[str]) -> str:
    """Several fields as one text to be searched, normalised."""
    return normalise(SEPARATOR.join(texts))


def grams(*texts: str) -> list[int]:
    """The hashes (signed 32 bits, sorted, each once) of the normalised texts' characters and pairs of characters."""
    found: set[int] = set()
    for text in texts:
        folded = normalise(text)
        found |= {hashed(char) for char in folded} | _pairs(folded)
    return sorted(found)


def query_grams(text: str) -> list[int]:
    """The hashes that every text with this substring has. Of two characters and more, the pairs say it all; of a long one
    every other pair does: each costs a look at all tickets that have it."""
    folded = normalise(text)
    if len(folded) < 2:
        return [hashed(char) for char in folded]
    pairs = [hashed(folded[at : at + 2]) for at in range(len(folded) - 1)]
    return sorted(set(pairs[::2] if len(pairs) > MANY else pairs))


def spans_of(moment: datetime) -> list[int]:
    """The hashes of the spans of time that hold the moment, the short ones first."""
    return [_span(span, int(moment.timestamp()) >> span) for span in SPANS]


def backwards(moment: datetime) -> Iterator[tuple[datetime, list[int]]]:
    """Back from the moment, each time four times as far as before, over all of the spans' time: when that part begins, and
    the hashes of the spans, few of them, that hold its moments and little else. The first one's hold later ones, too."""
    seconds = int(moment.timestamp())
    last = seconds + (1 << SPANS[0])
    for power in range(SPANS[0], SPANS[-1] + 1, 2):
        begins = seconds - (1 << power)
        span = max((each for each in SPANS if each <= power - 2), default=SPANS[0])
        hashes = [_span(span, number) for number in range(begins >> span, (last >> span) + 1)]
        yield datetime.fromtimestamp(begins, tz=moment.tzinfo), hashes
        last = begins


def _span(span: int, number: int) -> int:
    return hashed(f"{SEPARATOR}{span}:{number}")


def _pairs(folded: str) -> set[int]:
    return {hashed(folded[at : at + 2]) for at in range(len(folded) - 1)}


@lru_cache(maxsize=65536)
def hashed(gram: str) -> int:
    """A signed number of 32 bits, the same over processes and versions, unlike hash()."""
    value = zlib.crc32(gram.encode())
    return value - (1 << 32) if value >= 1 << 31 else value
