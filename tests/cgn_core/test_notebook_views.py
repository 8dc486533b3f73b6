"""Results show themselves: as tables in a notebook, and as figures where a picture says it better."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

import cgn_core as cgn
from cgn_core.errors import InvalidInput
from cgn_core.stats.notebook import html_table, number_text
from datagen import generate_many


@pytest.fixture(scope="module")
def results() -> dict[str, Any]:
    """One of each kind."""
    own, *peers = generate_many(creators=7, days=301, profile="mid", seed=4, end=date(2026, 6, 28))
    fit = cgn.fit(own.daily)
    return {
        "fit": fit,
        "training": cgn.train(own.daily, model="huber"),
        "validation": cgn.cross_validate(own.daily, model="single_lever"),
        "comparison": cgn.compare(own.daily, ["single_lever"]),
        "diagnosis": cgn.diagnose(own.daily),
        "drift": cgn.diagnose(own.daily).drift,
        "saturation": cgn.saturation(own.daily),
        "plan": cgn.plan(fit, hours=8, weeks=2),
        "prediction": fit.predict({"reels": 3})[0],
        "difference": cgn.what_if(fit, {"reels": 4}),
        "benchmark": cgn.benchmark(own.daily, {peer.daily.creator: peer.daily for peer in peers}),
        "returns": cgn.roi(fit, own.daily),
        "response": cgn.response_curve(own.daily, "reels"),
    }


TABLES = (
    "fit", "training", "validation", "comparison", "diagnosis", "drift", "saturation", "plan", "prediction",
    "difference", "benchmark",
)  # fmt: skip
FIGURES = ("fit", "training", "validation", "comparison", "diagnosis", "drift", "plan", "returns", "response")


@pytest.mark.parametrize("name", TABLES)
def test_a_result_is_a_table_in_a_notebook(results: dict[str, Any], name: str) -> None:
    html = results[name]._repr_html_()
    assert html.startswith("<table>")
    assert html.count("<table>") == html.count("</table>")
    assert "nan" not in html.lower()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", FIGURES)
def test_a_result_is_a_figure_in_both_themes(results: dict[str, Any], name: str, theme: str) -> None:
    figure = cgn.figure(results[name], theme=theme)
    assert len(figure.data) > 0


@pytest.mark.parametrize("thing", [7, (), ("a",)])
def test_what_has_no_picture_is_refused_by_name(thing: object) -> None:
    with pytest.raises(InvalidInput, match="There is no picture of"):
        cgn.figure(thing)


def test_a_theme_that_is_none_is_refused(results: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput, match="There is no theme 'sepia'; there are light, dark"):
        cgn.figure(results["fit"], theme="sepia")


def test_tables_escape_what_files_bring() -> None:
    assert "<script>" not in html_table("<script>", ("<script>",), [("<script>",)], notes=["<script>"])


@pytest.mark.parametrize(
    ("value", "text"), [(None, "–"), (1234.4, "1,234"), (12.34, "12.3"), (1.234, "1.23"), (0.0123, "0.012"), (3.0, "3")]
)
def test_numbers_have_as_many_decimals_as_their_size_deserves(value: float | None, text: str) -> None:
    assert number_text(value) == text
