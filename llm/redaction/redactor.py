"""Hides personal data behind placeholders, the same value behind the same one, and puts it back."""

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from llm.redaction import names as known_names
from llm.redaction.patterns import KINDS, LABELS, SAFE, SPACED, Near

# Raised with every change of what is hidden: answers that were cached under another version are not used again.
VERSION = "2"
_NAME = "NAME"
_PLACEHOLDER = re.compile(rf"\[({'|'.join(LABELS)})_(\d{{1,4}})\]")
# Zero-width characters, direction marks, soft hyphens: nobody sees them, and they would tear a number apart.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e007f]"
)
_NOISE = re.compile(r"[\s\W_]+")

Span = tuple[int, int, str]
# The forms in which a value was written, by its placeholder; the first one is put back.
Hidden = Mapping[str, Sequence[str]]
NOTHING: Final[Hidden] = MappingProxyType({})


def plain(text: str, keep: Collection[str] = ()) -> str:
    """The text as patterns and models see it: NFKC, nothing invisible, nothing that already looks like a placeholder,
    but for those to `keep`."""
    if not text.isascii():
        text = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text))
        # Half a character, as broken logs hold them, cannot be sent, hashed or stored.
        text = text.encode("utf-8", "replace").decode()
    if "[" not in text:
        return text
    return _PLACEHOLDER.sub(lambda match: match[0] if match[0] in keep else f"({match[1]} {match[2]})", text)


def restore(value: Any, hidden: Hidden) -> Any:
    """The JSON value with the placeholders in all its texts filled in: only for people who may see personal data."""
    if isinstance(value, str):
        return _PLACEHOLDER.sub(lambda match: hidden[match[0]][0] if match[0] in hidden else match[0], value)
    if isinstance(value, dict):
        return {key: restore(each, hidden) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [restore(each, hidden) for each in value]
    return value


class Redactor:
    """One per case, so that a number in the complaint and in the logs has one placeholder.

    `names` are those of the customer, as the system knows them. What an earlier one has `hidden` keeps its placeholders, and
    is hidden wherever it stands. Texts come back normalised (see `plain`).
    """

    def __init__(self, names: Iterable[str] = (), *, hidden: Hidden = NOTHING) -> None:
        self._names = known_names.pattern_of(tuple(names))
        self._labels: dict[tuple[str, str], str] = {}
        self._forms: dict[str, list[str]] = {}
        self._counts: dict[str, int] = {}
        for placeholder, forms in hidden.items():
            if match := _PLACEHOLDER.fullmatch(placeholder):
                self._forms[placeholder] = list(forms)
                self._labels |= {(match[1], _bare(form)): placeholder for form in forms}
                self._counts[match[1]] = max(self._counts.get(match[1], 0), int(match[2]))
        self._known = _pattern_of_forms(self._forms)

    def redact(self, text: str, *, keep: bool = False) -> str:
        """The text with a placeholder such as [PHONE_1] for each piece of personal data.

        `keep` is for texts that were made from redacted ones: placeholders of this redactor stay in them. In others nobody
        can have written one but to deceive.
        """
        text = plain(text, self._forms if keep else ())
        parts, last = [], 0
        for start, end, label in sorted(self._found(text)):
            parts += [text[last:start], self._placeholder(label, text[start:end])]
            last = end
        return "".join([*parts, text[last:]]) if parts else text

    def restore(self, text: str) -> str:
        """The text with its placeholders filled in: only for people who may see personal data."""
        return str(restore(text, self._forms))

    def behind(self, value: Any) -> dict[str, list[str]]:
        """What is behind the placeholders in the texts of a JSON value."""
        found = dict.fromkeys(match[0] for text in _texts(value) for match in _PLACEHOLDER.finditer(text))
        return {placeholder: self._forms[placeholder] for placeholder in found if placeholder in self._forms}

    @property
    def hidden(self) -> int:
        """How many different values are hidden."""
        return len(self._forms)

    def _placeholder(self, label: str, value: str) -> str:
        key = (label, _bare(value))
        if key not in self._labels:
            self._counts[label] = self._counts.get(label, 0) + 1
            self._labels[key] = f"[{label}_{self._counts[label]}]"
        forms = self._forms.setdefault(self._labels[key], [])
        if value not in forms:
            forms.append(value)
        return self._labels[key]

    def _found(self, text: str) -> list[Span]:
        found: list[Span] = []
        # A byte for each character: 1 where something is hidden already.
        taken = bytearray(len(text))
        safe = [match.span() for match in SAFE.finditer(text)]
        for start, end, label in self._candidates(text):
            if taken.find(1, start, end) < 0 and (label in ("IP", "EMAIL") or not _is_safe(safe, start, end, label)):
                found.append((start, end, label))
                taken[start:end] = b"\x01" * (end - start)
        return found

    def _candidates(self, text: str) -> Iterator[Span]:
        if self._known:
            for match in self._known.finditer(text):
                yield match.start(), match.end(), str(match.lastgroup)
        yield from _spaced(text)
        yield from _matches(text)
        if self._names:
            for match in self._names.finditer(text):
                yield match.start(), match.end(), _NAME


def _bare(value: str) -> str:
    return _NOISE.sub("", value).casefold()


def _pattern_of_forms(forms: Hidden) -> re.Pattern[str] | None:
    """One pattern, with a group by label, for all that is hidden already."""
    by_label: dict[str, list[str]] = {}
    for placeholder, written in forms.items():
        by_label.setdefault(placeholder[1:].rpartition("_")[0], []).extend(form for form in written if len(form) > 1)
    groups = [
        f"(?P<{label}>{'|'.join(map(re.escape, sorted(written, key=len, reverse=True)))})"
        for label, written in by_label.items()
        if written
    ]
    return re.compile("|".join(groups)) if groups else None


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _texts(each)


def _matches(text: str) -> Iterator[Span]:
    windows: dict[Near | None, list[tuple[int, int]]] = {None: [(0, len(text))]}
    lowered = text.lower() if len(text.lower()) == len(text) else text
    for kind in KINDS:
        if kind.near is not None and kind.near not in windows:
            windows[kind.near] = _windows(text, lowered, kind.near)
        for start, end in windows[kind.near]:
            for match in kind.pattern.finditer(text, start, end):
                hide = "hide" if match.lastgroup == "hide" else 0
                if kind.check is None or kind.check(match[hide]):
                    yield match.start(hide), match.end(hide), kind.label


def _windows(text: str, lowered: str, near: Near) -> list[tuple[int, int]]:
    """The parts of the text around what announces a kind, merged where they touch."""
    found: list[tuple[int, int]] = []
    for start, end in sorted(_signs(text, lowered, near)):
        start = max(0, start - near.before)
        if found and start <= found[-1][1]:
            start, before = found[-1][0], found.pop()[1]
            found.append((start, max(before, min(end + near.after, len(text)))))
        else:
            found.append((start, min(end + near.after, len(text))))
    return found


def _signs(text: str, lowered: str, near: Near) -> Iterator[tuple[int, int]]:
    if near.pattern:
        yield from (match.span() for match in near.pattern.finditer(text))
    if near.words:
        yield from (match.span() for match in near.words.finditer(lowered))


def _is_safe(safe: Sequence[tuple[int, int]], start: int, end: int, label: str) -> bool:
    """Whether it is part of an id, a time or an address that is nobody's.

    A card's check digit is proof enough against what is only a part of it: 5.5.5.5 alone may be an address.
    """
    if label == "CARD":
        return any(first <= start and end <= last for first, last in safe)
    return any(first < end and start < last for first, last in safe)


def _spaced(text: str) -> Iterator[Span]:
    for match in SPACED.finditer(text):
        found = next(iter(_matches(match[0].replace(" ", ""))), None)
        if found:
            yield match.start(), match.end(), found[2]
