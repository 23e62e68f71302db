"""Text as people read it."""


def shorten(text: str, limit: int) -> str:
    """At most `limit` characters. What is cut ends with an ellipsis, after a whole word unless that would cost half of it."""
    if len(text) <= limit:
        return text
    kept = text[: limit - 1]
    if not text[limit - 1].isspace():
        words = kept.rpartition(" ")[0]
        kept = words if len(words) >= limit // 2 else kept
    return kept.rstrip(" ,;:") + "…"
