"""Complaints in any number, Korean and English, the same for the same seed: for measuring among many of them.

They are put together from what customers of shops, banks, groupware and ERP complain about: a thing, what is wrong with
it, and around it how it came about, since when, on what device, what it cost, what they ask for. The parts are drawn
unevenly, as real complaints are: a few things fail often. Some are one line, some ramble, some have no spaces or typing
errors, some an order number or an error code.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.phrases import read

PHRASES = Path(__file__).parent / "data" / "complaints.txt"


@dataclass(frozen=True, slots=True)
class Complaint:
    text: str
    customer: str
    korean: bool


class Complaints:
    """An endless supply. The parts come from benchmarks/data/complaints.txt."""

    def __init__(self, seed: int = 1) -> None:
        self._random = random.Random(seed)
        self._parts = read(PHRASES)

    def take(self, number: int) -> Iterator[Complaint]:
        for _ in range(number):
            korean = self._random.random() < 0.7
            language = "ko" if korean else "en"
            yield Complaint(self._text(language), self._customer(language), korean)

    def _text(self, language: str) -> str:
        draw = self._random.random
        thing, wrong = self._thing(language)
        sentences = [self._core(language, thing, wrong)]
        if draw() < 0.35:
            sentences.insert(0, self._one(language, "opening"))
        if draw() < 0.45:
            sentences.append(self._one(language, "detail"))
        if draw() < 0.3:
            sentences.append(self._core(language, *self._thing(language)) if draw() < 0.2 else self._code(language))
        if draw() < 0.35:
            sentences.append(self._one(language, "consequence"))
        if draw() < 0.4:
            sentences.append(self._one(language, "request"))
        return self._as_typed(" ".join(sentences), language)

    def _thing(self, language: str) -> tuple[str, str]:
        topics = self._parts[language].topics
        # A few things are complained about very often, most seldom.
        topic = topics[int(len(topics) * self._random.random() ** 2)]
        return self._random.choice(topic.things), self._random.choice(topic.faults)

    def _core(self, language: str, thing: str, wrong: str) -> str:
        draw = self._random.random
        place = f"{self._one(language, 'place')} " if draw() < 0.3 else ""
        when = f"{self._one(language, 'when')} " if draw() < 0.45 else ""
        occasion = self._one(language, "occasion") if draw() < 0.25 else ""
        if language == "ko":
            return f"{when}{place}{occasion + ' ' if occasion else ''}{thing} {wrong}".strip()
        return (
            f"{when}{thing} {wrong}{' ' + place.strip() if place else ''}{' ' + occasion if occasion else ''}".strip()
        )

    def _code(self, language: str) -> str:
        code = self._random.choice(("E-{}", "ERR_{}", "{}", "HTTP {}", "ORA-0{}"))
        template = self._one(language, "code")
        number = self._random.choice((self._random.randrange(100, 600), self._random.randrange(1000, 9999)))
        order = f"{self._random.randrange(20240101, 20261231)}-{self._random.randrange(10000):04d}"
        return template.replace("{code}", code.format(number)).replace("{order}", order)

    def _one(self, language: str, slot: str) -> str:
        return self._random.choice(self._parts[language].slots[slot])

    def _customer(self, language: str) -> str:
        family, given = self._one(language, "family"), self._one(language, "given")
        return f"{family}{given}" if language == "ko" else f"{given} {family}"

    def _as_typed(self, text: str, language: str) -> str:
        draw = self._random.random()
        if language == "ko" and draw < 0.08:
            return text.replace(" ", "")
        if draw < 0.2:
            # A letter left out or two swapped.
            at = self._random.randrange(1, len(text) - 1)
            text = text[:at] + text[at + 1] + text[at] + text[at + 2 :] if draw < 0.15 else text[:at] + text[at + 1 :]
        return text
