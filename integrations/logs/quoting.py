"""Values as literals of query languages that have no parameters. Nothing that a value holds can end its literal."""

# What Datadog's log search syntax gives a meaning outside quotes.
DATADOG_SPECIAL = frozenset("+-=&|><!(){}[]^\"“”~*?:\\#/ \t\n\r\f\v,;'")


def datadog_phrase(text: str) -> str:
    """Words one after another, in quotes; in them only the quote and the backslash mean something."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ").replace("\r", " ") + '"'


def datadog_contained(text: str) -> str:
    """A value that an attribute contains: every special character escaped, wildcards of ours round it."""
    escaped = "".join(f"\\{letter}" if letter in DATADOG_SPECIAL else letter for letter in text)
    return f"*{escaped}*"


def regex_literal(text: str, *, backslash: str = "\\") -> str:
    """A regular expression that matches just `text`: letters and digits as they are, all else by its code point.

    So it holds no quote, slash, bracket or backslash that could mean anything to whatever language it is put into.
    `backslash` is how that language writes one.
    """
    return "".join(letter if letter.isalnum() else f"{backslash}x{{{ord(letter):x}}}" for letter in text)
