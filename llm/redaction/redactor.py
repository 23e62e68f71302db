"""Hides personal data behind placeholders, the same value behind the same one, and puts it back."""

import re
import unicodedata
from collections.abc import Iterable, Iterator

from llm.redaction import names as known_names
from llm.redaction.patterns import DIGITS, KINDS, LABELS, SAFE, SPACED

# Raised with every change of what is hidden: answers that were cached under another version are not used again.
VERSION = "1"
_NAME = "NAME"
# How far a match may reach beyond what announces it: a local part and a bank's name before, a domain behind.
BEFORE, AFTER = 70, 130
_PLACEHOLDER = re.compile(rf"\[({'|'.join(LABELS)})_(\d{{1,4}})\]")
# Zero-width characters, direction marks, soft hyphens: nobody sees them, and they would tear a number apart.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]"
)
_NOISE = re.compile(r"[\s\W_]+")

Span = tuple[int, int, str]


def plain(text: str) -> str:
    """The text as patterns and models see it: NFKC, nothing invisible, nothing that already looks like a placeholder."""
    if not text.isascii():
        text = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text))
    return _PLACEHOLDER.sub(r"(\1 \2)", text) if "[" in text else text


class Redactor:
    """One per case, so that a number in the complaint and in the logs has one placeholder.

    `names` are those of the customer, as the system knows them. Texts come back normalised (see `plain`).
    """

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._names = known_names.pattern_of(tuple(names))
        self._labels: dict[tuple[str, str], str] = {}
        self._values: dict[str, str] = {}
        self._counts: dict[str, int] = {}

    def redact(self, text: str) -> str:
        """The text with a placeholder such as [PHONE_1] for each piece of personal data."""
        text = plain(text)
        parts, last = [], 0
        for start, end, label in sorted(self._found(text)):
            parts += [text[last:start], self._placeholder(label, text[start:end])]
            last = end
        return "".join([*parts, text[last:]]) if parts else text

    def restore(self, text: str) -> str:
        """The text with its placeholders filled in: only for people who may see personal data."""
        return _PLACEHOLDER.sub(lambda match: self._values.get(match[0], match[0]), text)

    @property
    def hidden(self) -> int:
        """How many different values are hidden."""
        return len(self._values)

    def _placeholder(self, label: str, value: str) -> str:
        key = (label, _NOISE.sub("", value).casefold())
        if key not in self._labels:
            self._counts[label] = self._counts.get(label, 0) + 1
            placeholder = f"[{label}_{self._counts[label]}]"
            self._labels[key] = placeholder
            self._values[placeholder] = value
        return self._labels[key]

    def _found(self, text: str) -> list[Span]:
        taken: list[Span] = []
        safe = [(match.start(), match.end(), "") for match in SAFE.finditer(text)] if DIGITS.search(text) else []
        for span in self._candidates(text):
            if not _overlaps(span, taken) and (span[2] in ("IP", "EMAIL") or not _overlaps(span, safe)):
                taken.append(span)
        return taken

    def _candidates(self, text: str) -> Iterator[Span]:
        yield from _spaced(text)
        yield from _matches(text)
        if self._names:
            for match in self._names.finditer(text):
                yield match.start(), match.end(), _NAME


def _matches(text: str) -> Iterator[Span]:
    windows: dict[re.Pattern[str] | None, list[tuple[int, int]]] = {None: [(0, len(text))]}
    for kind in KINDS:
        if kind.near not in windows:
            windows[kind.near] = _windows(text, kind.near)
        for start, end in windows[kind.near]:
            for match in kind.pattern.finditer(text, start, end):
                hide = "hide" if match.lastgroup == "hide" else 0
                if kind.check is None or kind.check(match[hide]):
                    yield match.start(hide), match.end(hide), kind.label


def _windows(text: str, near: re.Pattern[str] | None) -> list[tuple[int, int]]:
    """The parts of the text around what `near` finds, merged where they touch."""
    found: list[tuple[int, int]] = []
    for match in near.finditer(text) if near else ():
        start, end = max(0, match.start() - BEFORE), match.end() + AFTER
        if found and start <= found[-1][1]:
            start = found.pop()[0]
        found.append((start, min(end, len(text))))
    return found


def _spaced(text: str) -> Iterator[Span]:
    for match in SPACED.finditer(text):
        found = next(iter(_matches(match[0].replace(" ", ""))), None)
        if found:
            yield match.start(), match.end(), found[2]


def _overlaps(span: Span, others: list[Span]) -> bool:
    return any(span[0] < end and start < span[1] for start, end, _label in others)
