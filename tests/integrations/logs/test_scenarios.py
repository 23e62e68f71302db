"""Forty questions get the same entries from every log system, through the vendors' own clients over HTTP."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from integrations.logs import cloudwatch, datadog, elasticsearch, splunk
from integrations.logs.base import LogAdapter, LogQuery
from sandbox.client import SandboxClient
from tests.integrations.logs.corpus import LINES, QUESTIONS, expected, searched, stands_as_words
from tests.integrations.logs.harness import Harness, MockHarness, make_harness, native

TRANSLATORS = {"elasticsearch": elasticsearch, "datadog": datadog, "cloudwatch": cloudwatch, "splunk": splunk}


def wrong_answers(adapter: LogAdapter) -> Iterator[str]:
    """The questions that an adapter does not answer as plain Python does."""
    for question in QUESTIONS:
        found = adapter.search_logs(question.query, question.time_range, question.limit)
        if [native(entry.entry_id) for entry in found] != expected(question):
            yield question.name


def test_there_are_forty_questions_and_most_have_answers_that_differ() -> None:
    answers = [tuple(expected(question)) for question in QUESTIONS]

    assert len({question.name for question in QUESTIONS}) == 40
    assert sum(bool(answer) for answer in answers) >= 30
    assert len(set(answers)) >= 28
    assert len({line.at for line in LINES}) == len(LINES)


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.name)
def test_no_question_turns_on_what_systems_may_see_differently(question) -> None:
    """A text that stands within a word is found by some systems only (see LogQuery): the questions keep clear of that."""
    text = question.query.text
    for line in LINES:
        parts = [part for part in (line.message, line.code, line.trace) if part]
        as_words = any(stands_as_words(text, part) for part in parts) if text else True
        assert as_words == (text.casefold() in searched(line).casefold()), line


def test_every_adapter_gives_the_entries_that_plain_python_gives(any_adapter: Harness | MockHarness) -> None:
    any_adapter.store(LINES)

    assert list(wrong_answers(any_adapter.adapter())) == []


def without_text(query: LogQuery) -> LogQuery:
    return replace(query, text="")


def without_service(query: LogQuery) -> LogQuery:
    return replace(query, service="")


def without_levels(query: LogQuery) -> LogQuery:
    return replace(query, levels=())


def without_ids(query: LogQuery) -> LogQuery:
    return replace(query, ids=())


def reversed_text(query: LogQuery) -> LogQuery:
    return replace(query, text=" ".join(reversed(query.text.split())))


@pytest.mark.parametrize("broken", [without_text, without_service, without_levels, without_ids, reversed_text])
@pytest.mark.parametrize("name", TRANSLATORS)
def test_a_broken_translator_is_found_out(
    name: str, broken, sandbox: SandboxClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The translation alone is broken: what comes back is what the vendor was asked for."""
    harness = make_harness(name, sandbox, tmp_path)
    harness.store(LINES)
    right = TRANSLATORS[name].translate

    def wrong(wanted, *rest):
        if isinstance(wanted, LogQuery):
            return right(broken(wanted), *rest)
        return right(replace(wanted, query=broken(wanted.query)), *rest)

    monkeypatch.setattr(TRANSLATORS[name], "translate", wrong)

    assert next(wrong_answers(harness.adapter()), None)
