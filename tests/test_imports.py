"""The structure holds: layers, and what import-linter cannot see of them; sizes; who may read the environment."""

import ast
import configparser
import importlib.util
import inspect
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.db import models
from django.utils.module_loading import import_string

from voc.flow import FLOW

ROOT = Path(__file__).resolve().parent.parent
CONFIG = configparser.ConfigParser()
CONFIG.read(ROOT / ".importlinter", encoding="utf-8")

MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 50
# Functions that are longer, as path::name, and why that is better than cutting them up.
LONG_FUNCTIONS: dict[str, str] = {}

# Everything else takes its configuration from voc.settings, which is checked at boot and described in the README.
READ_THE_ENVIRONMENT = (
    "voc/settings/",
    "voc/wsgi.py",
    "voc/celery.py",
    "voc/dev/",
    "manage.py",
    "deploy/",
    "sandbox/",
    "tests/",
    "benchmarks/",
)

NOT_OURS = {".venv", "var", "node_modules", ".git", "vendor", "__pycache__", "staticfiles"}


def files(*suffixes: str) -> list[Path]:
    found = (path for path in ROOT.rglob("*") if path.suffix in suffixes and path.is_file())
    return sorted(path for path in found if not NOT_OURS & set(path.relative_to(ROOT).parts))


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


CODE = [path for path in files(".py") if "migrations" not in path.parts]


def layers() -> dict[str, int]:
    """Module prefix → layer, 0 on top, as the import contract has them."""
    lines = CONFIG["importlinter:contract:layers"]["layers"].split("\n")
    rows = [line.replace("|", ":").split(":") for line in lines if line.strip()]
    return {part.strip(): depth for depth, row in enumerate(rows) for part in row}


def layer(module: str) -> tuple[str, int]:
    """The listed package that holds a module, and its layer."""
    known = layers()
    holders = [prefix for prefix in known if module == prefix or module.startswith(f"{prefix}.")]
    assert holders, f"{module} stands in no layer of .importlinter"
    holder = max(holders, key=len)
    return holder, known[holder]


def may_know(source: str, target: str) -> bool:
    """Whether code in `source` may depend on `target`: its own package, or one that stands below it."""
    if target.split(".")[0] not in ours():
        return True
    (from_package, from_layer), (to_package, to_layer) = layer(source), layer(target)
    return from_package == to_package or to_layer > from_layer


def ours() -> set[str]:
    return set(CONFIG["importlinter"]["root_packages"].split())


def test_the_import_contracts_hold() -> None:
    run = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.returncode == 0, run.stdout + run.stderr
    assert "0 broken" in run.stdout


def test_every_package_is_under_the_contracts() -> None:
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests", "benchmarks"}
    listed = {prefix.split(".")[0] for prefix in layers()}

    assert packages == ours()
    assert packages - listed == {"sandbox"}, "sandbox has a contract of its own; everything else has a layer"


def relations() -> Iterator[tuple[type[models.Model], models.Field, type[models.Model]]]:
    for model in apps.get_models(include_auto_created=True):
        if model.__module__.split(".")[0] in ours():
            for field in model._meta.get_fields():
                if field.is_relation and not field.auto_created and field.related_model:
                    yield model, field, field.related_model


def test_model_relations_point_the_way_that_imports_may() -> None:
    wrong = [
        f"{model._meta.label}.{field.name} → {target._meta.label}"
        for model, field, target in relations()
        if not may_know(model.__module__, target.__module__)
    ]

    assert wrong == []


def test_the_relations_of_tickets_are_among_those_looked_at() -> None:
    seen = {(model._meta.label, target._meta.label) for model, _field, target in relations()}

    assert ("tickets.Ticket", "accounts.User") in seen


def dotted_references(path: Path) -> Iterator[tuple[int, str]]:
    """Modules that a file names in strings, where no import shows it: get_model, import_string, import_module."""
    labels = {config.label: config.name for config in apps.get_app_configs()}
    for call in (node for node in ast.walk(parse(path)) if isinstance(node, ast.Call)):
        function = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        first = call.args[0].value if call.args and isinstance(call.args[0], ast.Constant) else None
        if not isinstance(first, str):
            continue
        if function == "get_model":
            label = first.split(".")[0]
            yield call.lineno, labels.get(label, label)
        elif function in ("import_string", "import_module"):
            yield call.lineno, first


def test_what_is_named_in_strings_points_the_way_that_imports_may() -> None:
    wrong = [
        f"{name(path)}:{line} names {target}"
        for path in CODE
        if path.relative_to(ROOT).parts[0] in ours() - {"sandbox"} and layer_or_none(module_of(path))
        for line, target in dotted_references(path)
        if not may_know(module_of(path), target)
    ]

    assert wrong == []


def layer_or_none(module: str) -> bool:
    """Whether a module stands in a layer; the configuration has a contract of its own."""
    return any(module == prefix or module.startswith(f"{prefix}.") for prefix in layers())


def test_a_reference_against_the_layers_would_be_found(tmp_path: Path) -> None:
    source = tmp_path / "code.py"
    source.write_text('import_string("tickets.services.submit_voc")\napps.get_model("tickets.Ticket")\n')

    assert [target for _line, target in dotted_references(source)] == ["tickets.services.submit_voc", "tickets"]
    assert not may_know("notifications.services", "tickets.models")
    assert not may_know("notifications.services", "llm.base")
    assert may_know("tickets.notify", "notifications.services")


@pytest.mark.parametrize("event", sorted(FLOW))
def test_every_path_in_the_flow_leads_to_a_handler_that_takes_a_job(event: str) -> None:
    for row in FLOW[event]:
        for path in [row["handler"], *([row["on_dead"]] if "on_dead" in row else [])]:
            handler = import_string(path)
            assert [parameter.name for parameter in inspect.signature(handler).parameters.values()] == ["job"], path


def test_the_parts_that_the_documentation_names_exist() -> None:
    for module in ("voc.wsgi", "voc.celery", "voc.dev.demo", "voc.dev.check", "sandbox.__main__"):
        assert importlib.util.find_spec(module), module


def test_no_file_is_longer_than_a_reader_can_keep_in_mind() -> None:
    long = {
        name(path): lines
        for path in [*CODE, *files(".html", ".js", ".css", ".sh")]
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > MAX_FILE_LINES
    }

    assert long == {}


def functions(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(parse(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{name(path)}::{node.name}", (node.end_lineno or node.lineno) - node.lineno + 1


def test_no_function_is_long_without_a_reason() -> None:
    long = {where: lines for path in CODE for where, lines in functions(path) if lines > MAX_FUNCTION_LINES}

    assert long.keys() == LONG_FUNCTIONS.keys()


def reads_of_the_environment(path: Path) -> list[str]:
    found = []
    for node in ast.walk(parse(path)):
        if isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv", "environb"):
            found.append(f"{name(path)}:{node.lineno}")
        if isinstance(node, ast.Import) and any(alias.name.split(".")[0] == "environ" for alias in node.names):
            found.append(f"{name(path)}:{node.lineno}")
        if isinstance(node, ast.ImportFrom) and node.module in ("os", "environ"):
            names = {alias.name for alias in node.names}
            if node.module == "environ" or names & {"environ", "getenv", "environb"}:
                found.append(f"{name(path)}:{node.lineno}")
    return found


def test_the_environment_is_read_in_one_place() -> None:
    elsewhere = [
        read
        for path in CODE
        if not name(path).startswith(READ_THE_ENVIRONMENT)
        for read in reads_of_the_environment(path)
    ]

    assert elsewhere == []
    assert reads_of_the_environment(ROOT / "voc/settings/environment.py"), "the test would see it"
