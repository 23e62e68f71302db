r"""Datadog's log search syntax, as far as the sandbox knows it; everything else is a QueryError.

Words and phrases (searched in the message, by words), ``key:value`` for the reserved attributes, ``@key:value`` for others
(compared whole, with ``*`` and ``?``), ``AND`` (also unwritten), ``OR``, ``-`` and ``NOT``, parentheses. Special characters
stand in quotes or behind a backslash; a bare one is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from sandbox.logs import Line, QueryError, Tokens, contains_words

Test = Callable[[Line], bool]

# A key ends with its colon; in a bare value every special character is escaped.
GRAMMAR = re.compile(
    r"""(?P<space>\s+)
    |(?P<paren>[()])
    |(?P<not>-(?=[^\s)]))
    |(?P<key>@?[A-Za-z_][\w.\-]*:)
    |"(?P<quoted>(?:[^"\\]|\\.)*)"
    |(?P<word>(?:[^\s()"“”:\\+=&|><!{}\[\]^~#\-]|(?<=[\w*])-|\\.)+)""",
    re.VERBOSE | re.DOTALL,
)
WORD = re.compile(r"[^\W_]+")
RESERVED = {"host", "service", "status", "source", "trace_id"}
# Of these Datadog keeps lower-case letters only, and compares them so.
FOLDED = {"status"}


def parse(query: object) -> Test:
    if not isinstance(query, str):
        raise QueryError("Invalid query: not a text")
    tokens = Tokens(query, GRAMMAR)
    if not tokens.kind:
        return lambda line: True
    test = _either(tokens)
    if tokens.kind:
        raise QueryError(f"Invalid query: unexpected {tokens.text!r}")
    return test


def _either(tokens: Tokens) -> Test:
    parts = [_all(tokens)]
    while tokens.found("OR", "word"):
        parts.append(_all(tokens))
    return parts[0] if len(parts) == 1 else lambda line: any(part(line) for part in parts)


def _all(tokens: Tokens) -> Test:
    parts = [_one(tokens)]
    while tokens.kind and tokens.text != ")" and not (tokens.kind == "word" and tokens.text == "OR"):
        if tokens.kind == "word" and tokens.text == "AND":
            tokens.take()
        parts.append(_one(tokens))
    return parts[0] if len(parts) == 1 else lambda line: all(part(line) for part in parts)


def _one(tokens: Tokens) -> Test:
    if tokens.kind == "not" or (tokens.kind == "word" and tokens.text == "NOT"):
        tokens.take()
        inner = _one(tokens)
        return lambda line: not inner(line)
    if tokens.found("(", "paren"):
        test = _either(tokens)
        tokens.take("paren", ")")
        return test
    if tokens.kind == "key":
        return _attribute(tokens.take()[:-1], tokens)
    if tokens.kind == "quoted":
        return _in_message(_unquoted(tokens.take()))
    if tokens.kind == "word":
        return _word(tokens.take())
    raise QueryError(f"Invalid query: unexpected {tokens.text or 'end'!r}")


def _attribute(key: str, tokens: Tokens) -> Test:
    if not key.startswith("@") and key not in RESERVED:
        raise QueryError(f"Invalid query: the sandbox has no tag {key!r}; attributes are written with an @")
    if tokens.found("(", "paren"):
        tests = [_value(key, tokens)]
        while tokens.found("OR", "word"):
            tests.append(_value(key, tokens))
        tokens.take("paren", ")")
        return lambda line: any(test(line) for test in tests)
    return _value(key, tokens)


def _value(key: str, tokens: Tokens) -> Test:
    name = key.removeprefix("@")
    flags = re.IGNORECASE if name in FOLDED else 0
    if tokens.kind == "quoted":
        wanted = re.compile(re.escape(_unquoted(tokens.take())), flags)
    else:
        wanted = re.compile(_glob(tokens.take("word")), flags | re.DOTALL)

    def test(line: Line) -> bool:
        value = line.value(name)
        values = value if isinstance(value, list) else [value]
        return any(each is not None and wanted.fullmatch(str(each)) is not None for each in values)

    return test


def _word(word: str) -> Test:
    if word == "*":
        return lambda line: True
    if word in ("AND", "OR", "NOT"):
        raise QueryError(f"Invalid query: misplaced {word}")
    if "*" in word or "?" in word:
        wanted = re.compile(_glob(word), re.IGNORECASE)
        return lambda line: any(wanted.fullmatch(each) for each in WORD.findall(str(line.value("message") or "")))
    return _in_message(re.sub(r"\\(.)", r"\1", word, flags=re.DOTALL))


def _in_message(wanted: str) -> Test:
    return lambda line: contains_words(str(line.value("message") or ""), wanted, WORD)


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL)


def _glob(word: str) -> str:
    """The regular expression that a bare value means."""
    parts = re.findall(r"\\.|.", word, flags=re.DOTALL)
    meanings = {"*": ".*", "?": "."}
    return "".join(meanings.get(part) or re.escape(part[-1]) for part in parts)
