"""Compile the translations (`make messages`): every locale/*/LC_MESSAGES/*.po into the .mo beside it.

Needs no gettext tools. Says which texts have no translation; exit code 1 if there are any or a file is broken.
"""

import sys
from pathlib import Path

import polib  # type: ignore[import-untyped]  # brings no types

from voc.dev.supervise import ROOT


def compile_messages(locale: Path) -> list[str]:
    """Write the compiled files; returns a line per text that lacks a translation."""
    missing: list[str] = []
    for source in sorted(locale.glob("*/LC_MESSAGES/*.po")):
        entries = polib.pofile(str(source))
        entries.save_as_mofile(str(source.with_suffix(".mo")))
        lacking = [*entries.untranslated_entries(), *entries.fuzzy_entries()]
        missing += [f"{source.relative_to(locale)}: no translation of “{entry.msgid}”" for entry in lacking]
        print(f"{source.relative_to(locale)}: {len(entries.translated_entries())} texts")
    return missing


def main() -> int:
    try:
        missing = compile_messages(ROOT / "locale")
    except OSError as error:
        print(error, file=sys.stderr)
        return 1
    for line in missing:
        print(line, file=sys.stderr)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
