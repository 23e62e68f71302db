"""Korean is complete, and what is compiled is what was written."""

import re
from pathlib import Path

import polib
import pytest

from tests.portal.messages import ROOT, all_messages, in_python, in_template

PO = ROOT / "locale" / "ko" / "LC_MESSAGES" / "django.po"
MO = PO.with_suffix(".mo")
PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]|%%")
HANGUL = re.compile(r"[가-힣]")
# Said the same in both languages.
SAME = {"API", "Jira", "Slack"}


@pytest.fixture(scope="module")
def catalogue():
    return {(entry.msgctxt, entry.msgid): entry for entry in polib.pofile(PO)}


def texts_of(entry):
    return list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]


def test_every_text_that_people_read_is_in_korean_too(catalogue):
    missing = [
        f"{place}: {msgid!r}"
        for (context, msgid, _plural), place in all_messages().items()
        if (context, msgid) not in catalogue or not all(texts_of(catalogue[(context, msgid)]))
    ]
    assert not missing, "add them to locale/ko (python -m tests.portal.messages, then translate):\n" + "\n".join(
        missing
    )


def test_no_translation_is_a_guess_or_left_over(catalogue):
    used = {(context, msgid) for context, msgid, _plural in all_messages()}
    assert [entry.msgid for entry in catalogue.values() if entry.fuzzy or entry.obsolete] == []
    assert sorted(msgid for context, msgid in catalogue if (context, msgid) not in used) == []


def test_translations_keep_the_placeholders_of_their_message(catalogue):
    for entry in catalogue.values():
        asked = {match.group(0) for match in PLACEHOLDER.finditer(entry.msgid + entry.msgid_plural)}
        for text in texts_of(entry):
            assert {match.group(0) for match in PLACEHOLDER.finditer(text)} == asked, entry.msgid


def test_translations_are_korean(catalogue):
    foreign = [
        entry.msgid for entry in catalogue.values() if entry.msgid not in SAME and not HANGUL.search(texts_of(entry)[0])
    ]
    assert foreign == []


def test_the_compiled_catalogue_is_the_written_one(catalogue):
    compiled = {(entry.msgctxt, entry.msgid): texts_of(entry) for entry in polib.mofile(MO)}
    assert compiled == {key: texts_of(entry) for key, entry in catalogue.items()}, "run python -m tests.portal.messages"


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("from django.utils.translation import gettext_lazy as _\nx = _('One')", (None, "One", None)),
        (
            "from django.utils.translation import ngettext\nngettext('a %(n)d', 'b %(n)d', 2)",
            (None, "a %(n)d", "b %(n)d"),
        ),
        ("from django.utils.translation import pgettext as p\np('month', 'May')", ("month", "May", None)),
        ("from django.utils import translation\ntranslation.gettext('Two')", (None, "Two", None)),
        ("from django.utils.translation import gettext as _\n_('a ' 'b')", (None, "a b", None)),
    ],
)
def test_messages_are_found_in_python(source, found):
    assert list(in_python(source)) == [found]


def test_a_function_that_is_merely_called_underscore_is_no_translation():
    assert list(in_python("def _(x): return x\n_('not a message')")) == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('{% load i18n %}{% translate "It\'s" %}', (None, "It's", None)),
        ("{% load i18n %}<a title=\"{% translate 'Hi' %}\">", (None, "Hi", None)),
        (
            "{% load i18n %}{% blocktranslate count n=x trimmed %}\n{{ n }} row {% plural %}{{ n }} rows{% endblocktranslate %}",
            (None, "%(n)s row", "%(n)s rows"),
        ),
        ("{% load i18n %}{% blocktranslate %}5 % of {{ x }}{% endblocktranslate %}", (None, "5 %% of %(x)s", None)),
    ],
)
def test_messages_are_found_in_templates(source, found):
    assert list(in_template(source)) == [found]


def test_templates_say_nothing_past_the_translator():
    """Text between tags without a translate tag would stay English for everybody."""
    bare = []
    for path in sorted(Path(ROOT / "templates").rglob("*.html")):
        if path.name == "500.html":  # rendered without a language: it says everything in both
            continue
        text = re.sub(r"{% (?:blocktranslate|comment).*?{% end\w+ %}", " ", path.read_text(), flags=re.DOTALL)
        text = re.sub(r"{%.*?%}|{{.*?}}|{#.*?#}|<!--.*?-->|<kbd.*?</kbd>|<style.*?</style>", " ", text, flags=re.DOTALL)
        for line in re.findall(r">([^<>]+)<", text):
            if re.search(r"[A-Za-z]{3,}", line.replace("VOC", "")):
                bare.append(f"{path.relative_to(ROOT)}: {line.strip()[:60]}")
    assert bare == []
