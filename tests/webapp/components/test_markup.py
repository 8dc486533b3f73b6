from __future__ import annotations

import math
import re
from pathlib import Path

import pytest

from cgn_core.figures.tokens import DARK, LIGHT
from webapp.components.icons import NAMES, icon
from webapp.components.sparkline import sparkline, sparkline_path
from webapp.components.tables import Column, data_table

ASSETS = Path(__file__).parents[3] / "webapp" / "assets"


def test_a_sparkline_rises_with_its_values_and_keeps_inside_its_box() -> None:
    points = [tuple(map(float, p.split())) for p in re.findall(r"[ML]([\d.]+ [\d.]+)", sparkline_path([0, 5, 10]))]
    assert [x for x, _ in points] == [2.0, 46.0, 90.0]
    assert [y for _, y in points] == [22.0, 12.0, 2.0]


def test_a_sparkline_breaks_where_a_week_is_missing() -> None:
    assert sparkline_path([1, math.nan, 2, 3]).count("M") == 2


def test_a_sparkline_of_one_week_says_so_and_one_of_equals_is_flat() -> None:
    assert sparkline([None, 4], what="Growth").children == "too few weeks"
    assert len(set(re.findall(r" ([\d.]+)", sparkline_path([3, 3, 3])))) == 1


def test_a_sparkline_has_words_for_who_cannot_see_it() -> None:
    words = getattr(sparkline([10, -4, None, 7], what="Followers gained per week"), "aria-label")
    assert words == "Followers gained per week, 4 weeks: from 10 to 7, lowest −4, highest 10"


def test_every_icon_is_drawn_and_every_drawing_is_used() -> None:
    drawn = set(re.findall(r"\.icon-([a-z]+) \{", (ASSETS / "icons.css").read_text()))
    assert drawn == NAMES
    with pytest.raises(KeyError):
        icon("unknown")


def test_each_cell_of_a_table_names_its_column_for_phones() -> None:
    table = data_table(
        [Column("a", "Name", primary=True), Column("b", "Count", numeric=True)], [{"a": "x", "b": "1"}], caption="C"
    )
    row = table.children.children[2].children[0]
    assert row.children[0].scope == "row"
    assert getattr(row.children[1], "data-label") == "Count"


def tokens(theme: str) -> dict[str, str]:
    css = (ASSETS / "tokens.css").read_text()
    block = re.search(rf'\[data-bs-theme="{theme}"\] \{{(.*?)\}}', css, re.DOTALL)
    assert block is not None
    return dict(re.findall(r"--cgn-([a-z-]+): ([^;]+);", block.group(1)))


@pytest.mark.parametrize(("theme", "figures"), [("light", LIGHT), ("dark", DARK)])
def test_the_style_sheet_and_the_figures_speak_the_same_colours(theme: str, figures: dict[str, str]) -> None:
    styles = {name: value.replace(" ", "") for name, value in tokens(theme).items()}
    assert {name: value.replace(" ", "") for name, value in figures.items()}.items() <= styles.items()


def luminance(colour: tuple[float, float, float]) -> float:
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in (part / 255 for part in colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: tuple[float, float, float], other: tuple[float, float, float]) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def rgb(value: str) -> tuple[float, float, float]:
    return float(int(value[1:3], 16)), float(int(value[3:5], 16)), float(int(value[5:7], 16))


def mixed(one: str, share: float, other: str) -> tuple[float, float, float]:
    (r, g, b), (u, v, w) = rgb(one), rgb(other)
    rest = 1 - share
    return r * share + u * rest, g * share + v * rest, b * share + w * rest


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_words_meet_the_contrast_that_the_guidelines_ask_for(theme: str) -> None:
    colour = tokens(theme)
    page, surface = rgb(colour["page"]), rgb(colour["surface"])
    for role in ("text", "muted", "accent", "up", "down", "caution"):
        for ground in (page, surface):
            assert contrast(rgb(colour[role]), ground) >= 4.5, role
    for role in ("accent", "up", "down", "caution", "muted"):  # chips
        ground, words = mixed(colour[role], 0.12, colour["surface"]), mixed(colour[role], 0.8, colour["text"])
        assert contrast(words, ground) >= 4.5, f"chip {role}"
    marked = mixed(colour["accent"], 0.85, colour["text"])
    assert contrast(marked, mixed(colour["accent"], 0.12, colour["surface"])) >= 4.5
    assert contrast(rgb(colour["on-accent"]), rgb(colour["accent"])) >= 4.5
    assert contrast(rgb(colour["on-accent"]), rgb(colour["accent-strong"])) >= 4.5
    assert contrast(rgb(colour["control"]), surface) >= 3.0
