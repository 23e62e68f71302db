"""`manage.py prompts list|diff|render|activate|rollback`: the versions of each prompt, and which one is in force."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import translation

from llm import activation
from llm.prompts import ACTIVE, CANARY, LATEST, PromptError, prompt_manager
from voc.core.errors import InvalidInput


class Command(BaseCommand):
    help = "Shows and switches the versions of prompts. Running workers follow within ten seconds; runs in flight keep theirs."

    def add_arguments(self, parser: CommandParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True)
        acts.add_parser("list", help="all prompts with their versions")
        diff = acts.add_parser("diff", help="what changed between two versions")
        diff.add_argument("name")
        diff.add_argument("old")
        diff.add_argument("new", nargs="?", default=LATEST)
        render = acts.add_parser("render", help="a version with variables filled in")
        render.add_argument("name")
        render.add_argument("--version-of-prompt", default=ACTIVE, help="default: the active one")
        render.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
        render.add_argument("--json", default="{}", help="variables as a JSON object")
        activate = acts.add_parser("activate", help="put a version in force")
        activate.add_argument("name")
        activate.add_argument("to", help="a version, or latest")
        activate.add_argument("--canary", type=int, metavar="PERCENT", help="only for so many of a hundred tickets")
        acts.add_parser("rollback", help="back to the version before, or end the canary").add_argument("name")

    def handle(self, *_arguments: Any, **options: Any) -> None:
        try:
            # As all that it prints; the portal shows the same refusals in the reader's language.
            with translation.override("en"):
                getattr(self, f"_{options['act']}")(options)
        except PromptError as error:
            raise CommandError(str(error)) from error
        except InvalidInput as error:
            raise CommandError(error.message) from error

    def _list(self, _options: dict[str, Any]) -> None:
        for name in prompt_manager().names():
            choice = activation.choice_of(name)
            for version in prompt_manager().versions(name):
                marks = [ACTIVE] if version == choice.active else []
                marks += [f"{CANARY} {choice.share} %"] if version == choice.canary else []
                prompt = prompt_manager().find(name, version)
                self.stdout.write(f"{name:12} {version:8} {prompt.sha256[:12]} {prompt.schema:14} {', '.join(marks)}")

    def _diff(self, options: dict[str, Any]) -> None:
        self.stdout.write(prompt_manager().diff(options["name"], options["old"], options["new"]) or "no difference")

    def _render(self, options: dict[str, Any]) -> None:
        variables = _variables(options["json"], options["set"])
        version = options["version_of_prompt"]
        if version == ACTIVE:
            version = activation.choice_of(options["name"]).active
        self.stdout.write(prompt_manager().find(options["name"], version).render(variables))

    def _activate(self, options: dict[str, Any]) -> None:
        share, label = (100, ACTIVE) if options["canary"] is None else (options["canary"], CANARY)
        row = activation.activate(name=options["name"], version=options["to"], actor=None, label=label, share=share)
        self.stdout.write(f"{row.name}: {label} is now {row.version}" + (f" for {share} %" if label == CANARY else ""))

    def _rollback(self, options: dict[str, Any]) -> None:
        row = activation.rollback(name=options["name"], actor=None)
        self.stdout.write(f"{row.name}: {ACTIVE} is now {row.version}")


def _variables(text: str, pairs: list[str]) -> dict[str, str]:
    try:
        given = json.loads(text)
    except ValueError as error:
        raise CommandError(f"--json is not JSON: {error}") from error
    if not isinstance(given, dict):
        raise CommandError("--json is not an object")
    if wrong := [pair for pair in pairs if "=" not in pair]:
        raise CommandError(f"--set takes NAME=VALUE, not {wrong[0]!r}")
    return given | dict(pair.split("=", 1) for pair in pairs)
