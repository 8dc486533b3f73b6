from __future__ import annotations

import json

import plotly.graph_objects as go
import pytest

from cgn_core.figures.competitors import PeerGrowth, peer_growth_figure
from cgn_core.figures.drift import DriftWeek, drift_figure
from cgn_core.figures.formulas import FORMULAS
from cgn_core.figures.glossary import TERMS
from cgn_core.figures.growth_history import EVENT_KINDS, GrowthWeek, WeekEvent, growth_history_figure, week_sentence
from cgn_core.figures.influence import (
    Inflation,
    RecursivePath,
    WeekInfluence,
    inflation_figure,
    influence_figure,
    leverage_figure,
    recursive_figure,
)
from cgn_core.figures.model_health import (
    HeldWeek,
    MeasuredCoverage,
    RankedError,
    coverage_figure,
    held_weeks_figure,
    ranking_figure,
)
from cgn_core.figures.plan import PlannedWeek, plan_figure
from cgn_core.figures.residuals import (
    MemoryBar,
    QuantilePoint,
    Residual,
    memory_figure,
    normal_quantile_figure,
    residuals_by_fitted_figure,
    residuals_over_time_figure,
)
from cgn_core.figures.response import CurvePoint, response_curve_figure
from cgn_core.figures.returns import ReturnBar, returns_figure
from cgn_core.figures.scenarios import ScenarioLine, scenarios_figure
from cgn_core.figures.seasonality import SeasonPoint, season_figure
from cgn_core.figures.tokens import DARK, LIGHT, Figure, resolved, token

WEEKS = [
    GrowthWeek(
        week_start=f"2026-0{month}-0{day}",
        actual=actual,
        median=median,
        low=None if median is None else median - 100.0,
        high=None if median is None else median + 150.0,
        viral=actual > 1000,
        counts={"posts": 3.0, "reels": 2.0},
    )
    for month, day, actual, median in [
        (1, 5, 210.0, None),
        (2, 2, 260.0, 240.0),
        (3, 2, 4000.0, 250.0),
        (4, 6, -30.0, 255.0),
    ]
]
EVENTS = [WeekEvent("2026-02-02", kind, "<b>what & why</b>") for kind in EVENT_KINDS]
FIGURES = {
    "growth history with events": growth_history_figure(
        WEEKS, level=0.9, events=[*EVENTS, WeekEvent("2026-04-13", "note", "the week after")]
    ),
    "scenarios": scenarios_figure(
        [
            ScenarioLine("As the last 4 weeks", 120.0, 60.0, 220.0, is_usual=True),
            ScenarioLine("A name that is much longer than what fits", 150.0, 80.0, 260.0, is_beyond=True),
        ],
        level=0.9,
    ),
    "weekdays": season_figure(
        [SeasonPoint("Monday", -4.0, -6.0, -2.0), SeasonPoint("Sunday", 1.0, -2.0, 4.0)],
        level=0.9,
        unit="followers a day",
    ),
    "growth history": growth_history_figure(WEEKS, level=0.9),
    "growth history alone": growth_history_figure(WEEKS, level=0.9, with_mix=False),
    "one week": growth_history_figure(WEEKS[:1], level=0.9),
    "returns": returns_figure([ReturnBar("reels", 12.0, 8.0, 16.0), ReturnBar("posts", 2.0, -3.0, 7.0)], level=0.9),
    "effect of all pieces": returns_figure([ReturnBar("posting_frequency", 4.0, 1.0, 7.0)], level=0.95),
    "drift": drift_figure(
        [DriftWeek("2026-01-05", 0.5, 0.0), DriftWeek("2026-01-12", 0.0, 4.1)],
        bounds=(3.5, 4.0),
        start_week="2026-01-12",
    ),
    "no drift": drift_figure([DriftWeek("2026-01-05", 0.5, 0.0)], bounds=(3.5, 4.0)),
    "plan": plan_figure([PlannedWeek("2026-01-05", {"posts": 3, "reels": 0, "stories": 10})]),
    "response": response_curve_figure(
        [CurvePoint(0.0, 0.0, 0.0, 0.0), CurvePoint(5.0, 60.0, 40.0, 80.0)],
        content_type="reels",
        today=CurvePoint(2.0, 24.0, 16.0, 32.0),
        level=0.9,
    ),
    "ranking": ranking_figure([RankedError("Daily fit", 80.0, 70.0, 90.0, chosen=True, baseline=False)]),
    "coverage": coverage_figure([MeasuredCoverage(0.9, 0.91, 0.85, 0.95, 78)]),
    "held weeks": held_weeks_figure(
        [
            HeldWeek("2026-01-05", 120.0, 100.0, 50.0, 200.0, 1.0),
            HeldWeek("2026-01-12", 9000.0, 100.0, 50.0, 200.0, 0.5),
            HeldWeek("2026-01-19", 40.0, 100.0, 50.0, 200.0, 1 / 3),
        ],
        level=0.9,
    ),
    "residuals by fitted": residuals_by_fitted_figure([Residual("2026-01-05", 200.0, 2.4)]),
    "residuals over time": residuals_over_time_figure([Residual("2026-01-05", 200.0, -0.4)]),
    "normal quantiles": normal_quantile_figure(
        [QuantilePoint("2026-01-05", -1.0, -3.0, -2.0, 0.0), QuantilePoint("2026-01-12", 1.0, 1.1, 0.0, 2.0)]
    ),
    "memory": memory_figure([MemoryBar(1, 0.1), MemoryBar(2, -0.6)], bound=0.2),
    "influence": influence_figure(
        [WeekInfluence("2026-01-05", 0.02, -1.0, 0.01), WeekInfluence("2026-01-12", 1.0, None, None)],
        listed=0.04,
        moving=0.9,
    ),
    "leverage": leverage_figure([WeekInfluence("2026-01-05", 0.5, -1.0, 0.3)], typical=0.1),
    "inflation": inflation_figure([Inflation("reels", 12.0), Inflation("trend", 1.1)], high=10.0),
    "stability": recursive_figure(RecursivePath("reels", ["2026-01-05"], [12.0], [8.0], [16.0])),
    "peers": peer_growth_figure(
        [PeerGrowth("own", 0.01, 0.005, 0.015, own=True), PeerGrowth("a", 0.02, None, None, own=False)]
    ),
}


def test_events_stand_in_rows_of_their_own_and_their_words_are_no_markup() -> None:
    figure = FIGURES["growth history with events"]
    rows = {trace["name"]: trace for trace in figure["data"] if trace.get("yaxis") == "y3"}
    assert set(rows) == {"Break", "Import", "Model", "Note"}
    assert len({trace["marker"]["symbol"] for trace in rows.values()}) == 4
    assert len({tuple(trace["y"][:1]) for trace in rows.values()}) == 4
    assert "&lt;b&gt;what &amp; why" in rows["Note"]["text"][0]
    assert rows["Note"]["x"] == ["2026-02-02", "2026-04-13"]
    assert figure["layout"]["xaxis"]["range"][1] > "2026-04-13"
    # Nothing of it where nothing happened in these weeks.
    quiet = growth_history_figure(WEEKS, level=0.9, events=[WeekEvent("2025-01-06", "note", "long ago")])
    assert quiet == FIGURES["growth history"]


@pytest.mark.parametrize("name", FIGURES)
def test_plotly_accepts_every_figure_in_both_themes(name: str) -> None:
    for theme in ("light", "dark"):
        drawn = resolved(FIGURES[name], theme=theme)
        assert "token:" not in json.dumps(drawn)
        go.Figure(drawn)


def test_a_week_stands_in_its_interval_and_a_viral_one_at_the_edge() -> None:
    dots, share = FIGURES["held weeks"]["data"]
    assert dots["y"] == [pytest.approx(0.2), 3.0, pytest.approx(-1.2)]
    assert dots["marker"]["symbol"] == ["circle", "triangle-up", "diamond"]
    assert "outside 50 to 200" in dots["text"][1]
    assert "33\N{NO-BREAK SPACE}% of 3" in share["text"][2]


def test_what_stands_out_has_a_shape_of_its_own_beside_its_colour() -> None:
    points = FIGURES["normal quantiles"]["data"][2]["marker"]
    assert points["symbol"] == ["diamond", "circle"]
    assert FIGURES["memory"]["data"][0]["marker"]["color"] == [token("accent"), token("caution")]
    assert FIGURES["residuals by fitted"]["data"][0]["marker"]["symbol"] == ["diamond"]
    assert len(FIGURES["influence"]["data"][0]["x"]) == 1, "a week without a distance isn't drawn"
    assert FIGURES["inflation"]["data"][0]["y"] == ["Trend", "Reels"]


def test_terms_and_formulas_are_whole_sentences() -> None:
    assert all(term.words.endswith(".") and term.name for term in TERMS.values())
    assert all(formula.endswith(".") for formula in FORMULAS.values())


def test_both_themes_name_the_same_roles() -> None:
    assert LIGHT.keys() == DARK.keys()
    with pytest.raises(KeyError):
        token("puce")


def test_a_viral_week_is_clipped_to_the_axis_and_labelled_instead_of_squashing_the_chart() -> None:
    figure = FIGURES["growth history"]
    top: float = figure["layout"]["yaxis"]["range"][1]
    assert top < 1000
    labels = [note["text"] for note in figure["layout"]["annotations"]]
    assert "viral<br>+4,000" in labels
    actual = _trace(figure, "actual")
    assert max(actual["y"]) <= top


def test_a_week_is_told_in_a_sentence_with_its_forecast_and_interval() -> None:
    assert week_sentence(WEEKS[1], level=0.9) == (
        "Week of 2 February 2026: +260 followers;<br>forecast before it +240 (90\N{NO-BREAK SPACE}%: 140 to 390)."
    )
    assert week_sentence(WEEKS[0], level=0.9) == "Week of 5 January 2026: +210 followers."


def test_a_return_that_cannot_be_told_from_nothing_is_drawn_pale() -> None:
    bars = FIGURES["returns"]["data"][0]
    assert bars["y"] == ["Posts", "Reels"]
    assert bars["marker"]["opacity"] == [0.35, 1.0]


def _trace(figure: Figure, name: str) -> Figure:
    return next(trace for trace in figure["data"] if trace.get("name") == name)


def test_the_drift_chart_draws_each_side_s_bound_and_the_new_level() -> None:
    layout = FIGURES["drift"]["layout"]
    assert {3.5, -4.0} <= {shape.get("y0") for shape in layout["shapes"]}
    assert [shape["x0"] for shape in layout["shapes"] if shape["type"] == "rect"] == ["2026-01-12"]
    assert not [shape for shape in FIGURES["no drift"]["layout"]["shapes"] if shape["type"] == "rect"]
    assert FIGURES["drift"]["data"][1]["y"] == [0.0, -4.1]


def test_the_plan_leaves_out_content_that_no_week_holds() -> None:
    assert [trace["name"] for trace in FIGURES["plan"]["data"]] == ["Posts", "Stories"]
