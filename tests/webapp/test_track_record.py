"""What the track record says while nothing, little and enough of it is scored."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from dash import Dash
from plotly.utils import PlotlyJSONEncoder

from cgn_core.services.track_records import KeptForecast, Score, TrackRecord
from webapp.pages.track_record import track_record_cards

FORECAST = KeptForecast(
    number=1, model_number=2, week_start=date(2026, 11, 16), made_at=datetime(2026, 11, 16, 3, tzinfo=UTC),
    plan={"reels": 3.0}, level=0.9, expected=133.0,
    median=120.0, low=80.0, high=160.0, naive=90.0, actual=131.0,
    posted={"reels": 4.0}, median_as_posted=128.0,
)  # fmt: skip
SCORE = Score(
    weeks=12, held=11, coverage=11 / 12, coverage_low=0.615, coverage_high=0.998, promised=0.9, mae=14.2,
    naive_mae=38.7, beats_naive=True,
)  # fmt: skip
RECORD = TrackRecord(forecasts=(FORECAST,), scenarios=(), score=SCORE, next_week_ends=None, is_untouched=True)

pytestmark = pytest.mark.usefixtures("portal")


def shown(portal: Dash, record: TrackRecord) -> str:
    del portal
    return json.dumps(track_record_cards(record), cls=PlotlyJSONEncoder)


def test_before_the_first_forecast_and_before_the_first_score_it_says_when_there_will_be_one(portal: Dash) -> None:
    nothing = replace(RECORD, forecasts=(), score=None)
    assert "No forecast has been shown yet" in shown(portal, nothing)
    waiting = replace(RECORD, score=None, next_week_ends=date(2026, 11, 29))
    assert "No forecast has been scored yet: the first is scored after 29 Nov 2026" in shown(portal, waiting)


def test_coverage_is_shown_with_what_chance_leaves_open_and_the_errors_beside_naive(portal: Dash) -> None:
    said = shown(portal, RECORD)
    for words in ("11 of 12 weeks; promised 90", "62", "100", '"14"', '"39"', "ours is better beyond chance"):
        assert words in said, words
    assert "isn't what was written" not in said


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"beats_naive": None}, "too few weeks to tell which is better"),
        ({"beats_naive": False}, "a lead of ours that chance could give"),
        ({"beats_naive": False, "mae": 40.0}, "ours is no better"),
    ],
)
def test_what_is_not_shown_beyond_chance_is_not_claimed(portal: Dash, changes: dict[str, float], words: str) -> None:
    assert words in shown(portal, replace(RECORD, score=replace(SCORE, **changes)))


def test_a_chain_that_does_not_fit_is_said_aloud(portal: Dash) -> None:
    assert "isn't what was written" in shown(portal, replace(RECORD, is_untouched=False))


def test_plans_that_were_tried_stand_apart_with_what_was_posted_then(portal: Dash) -> None:
    assert "Plans tried on the Predictor" not in shown(portal, RECORD)
    tried = replace(FORECAST, number=2, plan={"reels": 6.0, "posts": 2.5})
    said = shown(portal, replace(RECORD, scenarios=(tried,)))
    for words in ("6 reels, 2.5 posts", "4 reels", "don't count in the track record"):
        assert words in said, words
