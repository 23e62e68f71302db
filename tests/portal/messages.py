"""Finds every msgid of our own code and templates, without gettext's tools.

Python is read with `ast`; templates go through Django's `templatize`, whose output is Python-like calls, read by pattern.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import polib
from django.conf import settings
from django.utils.translation import templatize

ROOT = Path(__file__).resolve().parents[2]
APPS = ("accounts", "feedback", "integrations", "llm", "notifications", "tickets", "voc", "sandbox")
SINGULAR = {"gettext", "gettext_lazy", "gettext_noop", "pgettext", "pgettext_lazy"}
PLURAL = {"ngettext", "ngettext_lazy", "npgettext", "npgettext_lazy"}
# What django.utils.translation names are called where they are imported `as`.
USUAL = {"_": "gettext"}

# (context or None, msgid, plural or None)
Message = tuple[str | None, str, str | None]

_STRING = r"""(u?'(?:[^'\\]|\\.)*'|u?"(?:[^"\\]|\\.)*")"""
_TEMPLATE_CALL = re.compile(
    rf"\b(_|gettext|ngettext|pgettext|npgettext)\(\s*{_STRING}(?:\s*,\s*{_STRING})?(?:\s*,\s*{_STRING})?"
)


def all_messages() -> dict[Message, str]:
    """Each message with a place where it stands."""
    found: dict[Message, str] = {}
    for path in _files(".py"):
        for message in in_python(path.read_text()):
            found.setdefault(message, str(path.relative_to(ROOT)))
    for path in sorted((ROOT / "templates").rglob("*")):
        if path.suffix in {".html", ".txt"}:
            for message in in_template(path.read_text()):
                found.setdefault(message, str(path.relative_to(ROOT)))
    return found


def _files(suffix: str) -> Iterator[Path]:
    for app in APPS:
        yield from (path for path in sorted((ROOT / app).rglob(f"*{suffix}")) if "migrations" not in path.parts)


def in_python(source: str) -> Iterator[Message]:
    tree = ast.parse(source)
    names = _imported_names(tree)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        function = names.get(name, name if isinstance(node.func, ast.Attribute) else "")
        texts = [argument.value for argument in node.args if _is_text(argument)]
        yield from _message(function, texts)


def _imported_names(tree: ast.Module) -> dict[str, str]:
    """{local name: name in django.utils.translation}"""
    return {
        alias.asname or alias.name: alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation"
        for alias in node.names
    }


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def in_template(source: str) -> Iterator[Message]:
    for match in _TEMPLATE_CALL.finditer(templatize(source)):
        name, *strings = match.groups()
        yield from _message(USUAL.get(name, name), [ast.literal_eval(each) for each in strings if each])


def _message(function: str, texts: list[str]) -> Iterator[Message]:
    context = texts.pop(0) if "pgettext" in function and texts else None
    if function in SINGULAR and texts:
        yield context, texts[0], None
    elif function in PLURAL and len(texts) > 1:
        yield context, texts[0], texts[1]


def update_catalogue() -> list[str]:
    """Bring locale/ko in step: drop what is no longer used, add what is new with an empty translation, compile.

    Returns the messages that still want a translation.
    """
    path = ROOT / "locale" / "ko" / "LC_MESSAGES" / "django.po"
    written = polib.pofile(str(path), wrapwidth=120)
    known = {(entry.msgctxt, entry.msgid): entry for entry in written}
    entries = []
    for context, msgid, plural in sorted(all_messages(), key=lambda message: (message[1].lower(), message[1])):
        entry = known.get((context, msgid)) or polib.POEntry(msgctxt=context, msgid=msgid)
        if plural and not entry.msgid_plural:
            entry.msgid_plural, entry.msgstr_plural = plural, {0: entry.msgstr}
        if "%(" in msgid and "python-format" not in entry.flags:
            entry.flags.append("python-format")
        entries.append(entry)
    written[:] = dict.fromkeys(entries)
    written.save()
    written.save_as_mofile(str(path.with_suffix(".mo")))
    return [entry.msgid for entry in written if not entry.translated()]


if __name__ == "__main__":
    settings.configure(USE_I18N=True)
    for wanting in update_catalogue():
        print(wanting)
