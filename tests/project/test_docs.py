"""The documentation leads somewhere: its links, the files it names, the packages it explains."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
LINK = re.compile(r"\]\(([^)\s]+)\)")
# A path in code style that begins with a folder of ours.
NAMED = re.compile(
    r"`((?:voc|accounts|tickets|llm|integrations|notifications|sandbox|templates|static|locale|deploy|tests|benchmarks)"
    r"/[\w./-]*)`"
)
# What the reader makes.
MADE = {"deploy/secrets"}
MODULE = re.compile(r"`((?:voc|accounts|tickets|llm|integrations|notifications)(?:\.[a-z_]+)+)(?:\.[A-Z]\w*)?`")


def anchor(heading: str) -> str:
    """A heading's anchor, as code hosts make it."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def anchors(page: Path) -> set[str]:
    return {anchor(match[1]) for match in re.finditer(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(page: Path) -> None:
    broken = []
    for target in LINK.findall(page.read_text(encoding="utf-8")):
        path, _, fragment = target.partition("#")
        if path.startswith(("http:", "https:", "mailto:")):
            continue
        found = (page.parent / path) if path else page
        if not found.exists() or (fragment and fragment not in anchors(found)):
            broken.append(target)

    assert broken == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_file_and_module_that_is_named_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    files = [name for name in NAMED.findall(text) if name.rstrip("/") not in MADE and not (ROOT / name).exists()]
    modules = [name for name in MODULE.findall(text) if not module_exists(name)]

    assert files + modules == []


def module_exists(dotted: str) -> bool:
    """Whether a dotted path is a module, or a name within one."""
    path = ROOT / dotted.replace(".", "/")
    if path.is_dir() or path.with_suffix(".py").is_file():
        return True
    module, _, name = dotted.rpartition(".")
    source = ROOT / f"{module.replace('.', '/')}.py"
    package = ROOT / module.replace(".", "/") / "__init__.py"
    return any(
        re.search(rf"\b{name}\b", each.read_text(encoding="utf-8")) for each in (source, package) if each.is_file()
    )


def packages(name: str) -> set[str]:
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    return {match[0] for line in lines if (match := re.match(r"[a-z][\w-]*", line))}


def test_every_package_is_explained() -> None:
    text = (ROOT / "docs/decisions/dependencies.md").read_text(encoding="utf-8")
    # What every Python project of this kind has needs no reason.
    usual = {"pytest", "ruff", "mypy", "djlint", "import-linter", "psycopg"}

    asked_for = packages("requirements.in") | packages("requirements-dev.in")
    assert len(asked_for) > 40
    assert sorted(name for name in asked_for - usual if name not in text) == []


def test_every_decision_is_in_the_list() -> None:
    pages = {page.name for page in (ROOT / "docs/decisions").glob("*.md")} - {"README.md"}

    assert pages == set(LINK.findall((ROOT / "docs/decisions/README.md").read_text(encoding="utf-8")))


def test_the_commands_that_the_readme_names_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = {match for page in PAGES for match in re.findall(r"\bmake ([a-z]+)\b", page.read_text(encoding="utf-8"))}

    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    assert {"demo", "test", "help"} <= named
    assert {name for name in named if name in ("demo", "test", "lock", "chaos", "bench", "help")} <= targets
    commands = {
        match for page in PAGES for match in re.findall(r"manage\.py ([a-z_]+)", page.read_text(encoding="utf-8"))
    }
    places = ("*/management/commands/*.py", "*/*/management/commands/*.py", "voc/core/*/management/commands/*.py")
    own = {path.stem for place in places for path in ROOT.glob(place)}
    assert commands - own <= {"migrate", "check", "help", "collectstatic"}
