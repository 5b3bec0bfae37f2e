"""The colours of the pages: they can be told apart by every eye, in light and in dark, and what is written on them can be read."""

import re
from itertools import pairwise
from pathlib import Path

import pytest

import dq_engine.report.html
from dq_engine.report.html.svg import NAMES

STYLES = (Path(dq_engine.report.html.__file__).parent / "assets" / "colours.css").read_text()
BLOCKS = [dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block)) for block in re.findall(r":root[^{]*\{([^}]*)\}", STYLES)]
THEMES = {"light": BLOCKS[0], "dark": BLOCKS[1]}
EYES = {
    # Machado, Oliveira & Fernandes 2009 (doi:10.1109/TVCG.2009.113), severity 1.0
    "usual": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}


def luminance(colour, eye="usual"):
    """Relative luminance (WCAG 2.2) of a colour as an eye sees it."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    seen = [min(1, max(0, sum(a * b for a, b in zip(line, linear, strict=True)))) for line in EYES[eye]]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), seen, strict=True))


def contrast(one, other, eye="usual"):
    darker, lighter = sorted((luminance(one, eye), luminance(other, eye)))
    return (lighter + 0.05) / (darker + 0.05)


themes = pytest.mark.parametrize("theme", THEMES)


@themes
@pytest.mark.parametrize("eye", EYES)
def test_ratings_are_a_ramp_for_every_eye(theme, eye):
    colours = [THEMES[theme][f"rating-{step}"] for step in (1, 2, 3, 4, 5)]
    seen = [luminance(colour, eye) for colour in colours]
    assert seen == sorted(seen, reverse=theme == "dark")
    assert min(contrast(one, other, eye) for one, other in pairwise(colours)) >= 1.3


@themes
@pytest.mark.parametrize("eye", EYES)
@pytest.mark.parametrize("names", [("valid", "other", "default", "invalid"), ("critical", "warning", "info")])
def test_neighbours_differ_in_luminance_for_every_eye(theme, eye, names):
    assert min(contrast(THEMES[theme][one], THEMES[theme][other], eye) for one, other in pairwise(names)) >= 1.2


@themes
@pytest.mark.parametrize("on", [name for name in THEMES["light"] if name.startswith("on-")])
def test_what_is_written_on_a_colour_can_be_read(theme, on):
    assert contrast(THEMES[theme][on], THEMES[theme][on.removeprefix("on-")]) >= 4.5


@themes
@pytest.mark.parametrize("ink", ["ink", "muted", "link", "pass-ink", "fail-ink", "error-ink", "vacuous-ink", "skipped-ink"])
def test_text_can_be_read_on_what_it_stands_on(theme, ink):
    ground = ink.replace("-ink", "-panel") if "-" in ink else "paper"
    assert contrast(THEMES[theme][ink], THEMES[theme][ground]) >= 4.5
    assert contrast(THEMES[theme][ink], THEMES[theme]["panel"]) >= 4.5


@themes
@pytest.mark.parametrize(
    "name", ["series", "outline", "critical", "warning", "info", "pass", "fail", "error", "vacuous", "skipped"]
)
def test_lines_and_bars_stand_out_from_the_paper(theme, name):
    assert contrast(THEMES[theme][name], THEMES[theme]["paper"]) >= 3


@themes
def test_the_worst_rating_stands_out_most(theme):
    colours = THEMES[theme]
    against = [contrast(colours[f"rating-{step}"], colours["paper"]) for step in (1, 2, 3, 4, 5)]
    assert against == sorted(against, reverse=True)


def test_the_system_and_the_reader_choose_the_same_dark_and_paper_is_light():
    light, dark, by_system, paper = BLOCKS
    assert by_system == dark
    assert paper == light
    assert set(light) == set(dark)


@pytest.mark.parametrize("name", NAMES)
def test_every_colour_of_a_picture_is_one_of_the_page(name):
    assert name in THEMES["light"]
    assert f".c-{name} {{ fill: var(--{name}); }}" in STYLES


@themes
def test_the_tag_of_what_is_waived_can_be_read(theme):
    assert contrast(THEMES[theme]["fail-ink"], THEMES[theme]["vacuous-panel"]) >= 4.5
