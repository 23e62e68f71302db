"""What substring search and similar cases look up: hashes of a text's characters and pairs of neighbouring characters.

They work for Korean, which has no words to speak of, and need no extension of PostgreSQL: an index over an integer array.
"""

import unicodedata
import zlib
from typing import Final

# Between two fields in the text that is searched: nobody types it, so that no match spans two fields.
SEPARATOR: Final = "\x1f"


def normalise(text: str) -> str:
    """The text as it is compared: compatibility forms made one (NFKC), lower case."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).lower())


def grams(text: str) -> list[int]:
    """The hashes (signed 32 bits, sorted, each once) of the normalised text's characters and pairs of characters."""
    folded = normalise(text)
    return sorted({_hash(char) for char in folded} | _pairs(folded))


def query_grams(text: str) -> list[int]:
    """The hashes that every text with this substring has. Of two characters and more, the pairs say it all."""
    folded = normalise(text)
    return sorted(_pairs(folded) if len(folded) > 1 else {_hash(char) for char in folded})


def _pairs(folded: str) -> set[int]:
    return {_hash(folded[at : at + 2]) for at in range(len(folded) - 1)}


def _hash(gram: str) -> int:
    """Stable over processes and versions, unlike hash()."""
    value = zlib.crc32(gram.encode())
    return value - (1 << 32) if value >= 1 << 31 else value


def searchable(
    *, raw_voc: str, summary: str, customer_name: str, ticket_id: str, external_id: str | None
) -> dict[str, object]:
    """The ticket fields `search_text` and `grams` that belong to these texts."""
    text = normalise(SEPARATOR.join((raw_voc, summary, customer_name, ticket_id, external_id or "")))
    return {"search_text": text, "grams": grams(text)}
