from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import cgn_core as cgn
from cgn_core.errors import LeakageError
from cgn_core.ingest.columns import KNOWN_OTHERS, KNOWN_OUTCOMES, PUBLIC39, SYNONYMS
from cgn_core.stats.features import availability_of, check_predictors, is_lagged_by_name
from cgn_core.tables import DAILY_COLUMNS, Availability


def weeks(seed: int = 1, number: int = 60) -> tuple[pd.DataFrame, pd.Series]:
    rng = np.random.default_rng(seed)
    planned = pd.DataFrame({"posts": rng.poisson(4, number), "reels": rng.poisson(3, number)}, dtype="float64")
    planned["hours"] = planned["posts"] * 0.75 + planned["reels"] * 2
    return planned, 50 + 13 * planned["posts"] + 20 * planned["reels"] + pd.Series(rng.normal(0, 60, number))


def test_follows_per_hour_of_the_same_week_is_refused() -> None:
    planned, growth = weeks()
    with pytest.raises(LeakageError, match="follows per hour is only known once the week is over"):
        cgn.check_predictors(planned.assign(**{"follows per hour": growth / planned["hours"]}), growth)


@pytest.mark.parametrize(
    "name",
    [
        "reach",
        "saves",
        "engagement_rate",
        "net_growth",
        "Follower Growth",
        "went_viral",
        "engagementRate",
        "log_reach",
        "Saves per post",
        "reach (next week)",
        "growth_lead_2",
        "7d avg likes",
        "Alcance do Instagram",
        "Curtidas",
        "net_growth_scaled_x3",
        "total followers at the end of the week",
    ],
)
def test_known_outcomes_are_refused_by_any_spelling(name: str) -> None:
    planned, growth = weeks()
    with pytest.raises(LeakageError):
        check_predictors(planned.assign(**{name: growth}), growth, declared_planned=frozenset({name}))


def test_every_synonym_of_an_outcome_that_a_file_may_carry_is_an_outcome() -> None:
    outcomes = {name for name, column in DAILY_COLUMNS.items() if column.availability is Availability.OUTCOME}
    names = outcomes | KNOWN_OUTCOMES | {synonym for name in outcomes for synonym in SYNONYMS[name]}
    assert {name for name in names if availability_of(name) is not Availability.OUTCOME} == set()


def test_the_public_layouts_columns_are_told_apart() -> None:
    planned = {name for name in PUBLIC39 if availability_of(name) is Availability.PLANNED}
    assert planned >= {"posts", "reels", "stories", "share_posts", "minutes_spent", "post_consistency_variance_7d"}
    assert {"month", "quarter"} == {name for name in PUBLIC39 if availability_of(name) is Availability.CALENDAR}
    assert not any(availability_of(name) is Availability.OUTCOME for name in KNOWN_OTHERS)


@pytest.mark.parametrize(
    "name",
    [
        "comments_replied",
        "likes_given",
        "share_of_voice",
        "share of posts",
        "growth_target",
        "campaign",
        "reach_budget",
    ],
)
def test_a_name_that_only_sounds_like_an_outcome_is_unknown_not_refused_for_good(name: str) -> None:
    assert availability_of(name) is Availability.LAGGED
    assert not is_lagged_by_name(name)


def test_planned_calendar_and_lagged_columns_pass() -> None:
    planned, growth = weeks()
    lagged = planned.assign(lag_growth=growth.shift(1).fillna(0.0), month=np.arange(len(growth)) % 12)
    check_predictors(lagged, growth)


def test_an_unknown_column_enters_only_when_declared_planned() -> None:
    planned, growth = weeks()
    unknown = planned.assign(giveaways=np.random.default_rng(2).poisson(1, len(growth)).astype(float))
    with pytest.raises(LeakageError, match="giveaways is not known to be planned"):
        check_predictors(unknown, growth)
    check_predictors(unknown, growth, declared_planned=frozenset({"giveaways"}))


def test_a_declared_column_that_is_growth_in_disguise_is_refused_all_the_same() -> None:
    planned, growth = weeks()
    disguises = {
        "scaled": growth * 3 + 1,
        "logged": np.log1p(growth),
        "hourly": growth / planned["hours"],
        "led": growth.shift(-1),
    }
    for name, column in disguises.items():
        with pytest.raises(LeakageError, match="almost exactly"):
            check_predictors(planned.assign(**{name: column.fillna(0.0)}), growth, declared_planned=frozenset({name}))


def test_honest_planned_columns_are_hardly_ever_refused() -> None:
    refused = 0
    for seed in range(100):
        planned, growth = weeks(seed, 26)
        extra = planned.assign(giveaways=np.random.default_rng(seed + 500).poisson(1, 26).astype(float))
        try:
            check_predictors(extra, growth, declared_planned=frozenset({"giveaways"}))
        except LeakageError:
            refused += 1
    assert refused <= 2


def test_availability_is_stated_for_every_kind() -> None:
    assert availability_of("posts") is Availability.PLANNED
    assert availability_of("month") is Availability.CALENDAR
    assert availability_of("reach") is Availability.OUTCOME
    assert availability_of("lag_reach") is Availability.LAGGED
    assert availability_of("something new") is Availability.LAGGED
