"""The contrast that WCAG 2.2 AA asks for, computed from the colours themselves, in both themes."""

import re

import pytest

from tests.portal.messages import ROOT

TOKENS = (ROOT / "static" / "css" / "tokens.css").read_text()
PAIR = re.compile(r"--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);")
COLOURS = {name: {"light": light, "dark": dark} for name, light, dark in PAIR.findall(TOKENS)}

TEXT, GRAPHIC = 4.5, 3.0
# What is written or drawn on what, as the stylesheets do it.
PAIRS = [
    *((ink, ground, TEXT) for ink in ("ink", "ink-2", "ink-3") for ground in ("ground", "surface", "inset")),
    *((ink, ground, TEXT) for ink in ("accent", "danger") for ground in ("ground", "surface", "inset")),
    *((ink, f"{ink}-soft", TEXT) for ink in ("danger", "warn", "info", "good", "people", "accent")),
    *(("ink", f"{soft}-soft", TEXT) for soft in ("danger", "warn", "info", "good", "people")),
    *(("ink-2", f"{soft}-soft", TEXT) for soft in ("danger", "info", "good", "people")),
    ("on-accent", "accent", TEXT),
    ("on-accent", "accent-strong", TEXT),
    ("on-danger", "danger", TEXT),
    ("people", "surface", TEXT),
    ("people", "inset", TEXT),
    ("good", "surface", TEXT),
    ("warn", "surface", TEXT),
    *((ink, "inset", GRAPHIC) for ink in ("good", "warn", "danger", "info", "people", "accent")),
    *(("line-strong", ground, GRAPHIC) for ground in ("ground", "surface")),
    *(("focus", ground, GRAPHIC) for ground in ("ground", "surface", "inset")),
]


def luminance(colour):
    channels = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def test_black_on_white_has_the_known_contrast():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("ink", "ground", "least"), PAIRS)
def test_inks_stand_out_from_their_grounds(ink, ground, least, theme):
    assert contrast(COLOURS[ink][theme], COLOURS[ground][theme]) >= least


def test_stylesheets_take_their_colours_from_the_tokens():
    """A colour written anywhere else would escape the other theme and this test."""
    strays = [
        f"{path.name}: {line.strip()}"
        for path in sorted((ROOT / "static" / "css").glob("*.css"))
        if path.name != "tokens.css"
        for line in path.read_text().splitlines()
        if re.search(r"#[0-9a-f]{3,8}\b(?=[;\s])|rgb\(|hsl\(", line) and "{" not in line and "/ 45%" not in line
    ]
    assert strays == []
