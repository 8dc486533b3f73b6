from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cgn_core.errors import InvalidInput
from cgn_core.stats.daily_model import fit_daily_history
from cgn_core.stats.fit import Fit, truncate
from cgn_core.stats.history import read_history, require_weeks
from cgn_core.tables import Daily, Provenance, daily_from_frame
from datagen.worlds import world


def test_days_after_the_last_sunday_are_left_for_later() -> None:
    whole = world("plain", seed=1, weeks=12).daily
    begun = daily_from_frame(pd.concat([whole.frame, _days(whole, 3)], ignore_index=True))
    assert read_history(begun).days.tolist() == read_history(whole).days.tolist()


def test_imputed_and_provisional_days_are_no_targets_and_their_weeks_not_complete() -> None:
    daily = world("plain", seed=2, weeks=12).daily
    provenance = daily.provenance.copy()
    provenance.loc[10, "follows"] = Provenance.IMPUTED
    provenance.loc[40, "unfollows"] = Provenance.PROVISIONAL
    history = read_history(Daily(daily.frame, provenance))
    assert np.flatnonzero(np.isnan(history.growth)).tolist() == [10, 40]
    assert len(require_weeks(history)) == 10


def test_the_difference_of_two_follower_counts_needs_both_days_observed() -> None:
    frame = pd.DataFrame({"date": pd.date_range("2026-01-05", periods=70), "followers": 1000.0 + np.arange(70) ** 1.5})
    daily = daily_from_frame(frame.assign(posts=1.0))
    provenance = daily.provenance.copy()
    provenance.loc[30, "followers"] = Provenance.IMPUTED
    history = read_history(Daily(daily.frame, provenance))
    assert np.flatnonzero(np.isnan(history.growth)).tolist() == [0, 30, 31]
    assert history.target == "net_growth"


def test_follows_alone_are_said_to_be_gross() -> None:
    daily = world("plain", seed=3, weeks=12).daily
    frame = daily.frame.drop(columns=["unfollows", "followers"], errors="ignore")
    fit = fit_daily_history(read_history(daily_from_frame(frame)))
    assert fit.target == "gross_follows"
    assert "gross_follows" in [caution.code for caution in fit.cautions]


def test_a_slice_of_the_arrays_is_the_history_as_it_was_known() -> None:
    daily = world("plain", seed=4, weeks=40).daily
    sunday = daily.frame["date"].iloc[30 * 7 - 1]
    then = read_history(daily).until(int(sunday.to_numpy().astype("datetime64[D]").astype(int)))
    assert fit_daily_history(then) == fit_daily_history(read_history(truncate(daily, sunday)))


def test_nothing_is_left_of_a_history_cut_before_it_began() -> None:
    daily = world("plain", seed=4, weeks=12).daily
    with pytest.raises(InvalidInput, match="starts after 1999-01-01"):
        truncate(daily, "1999-01-01")


def test_a_column_that_is_only_filled_in_when_used_does_not_cost_the_other_days() -> None:
    daily = world("plain", seed=5, weeks=20).daily
    blank = daily.frame.assign(ads=daily.frame["ads"].where(daily.frame["ads"] > 0))
    assert read_history(daily_from_frame(blank)).usable.all()
    unknown = daily.frame.assign(posts=daily.frame["posts"].where(daily.frame.index > 20))
    assert int((~read_history(daily_from_frame(unknown)).usable).sum()) == 21


def test_a_fit_survives_its_journey_through_json() -> None:
    fit = fit_daily_history(read_history(world("plain", seed=6, weeks=20).daily))
    assert Fit.from_json(fit.to_json()) == fit


def _days(daily: Daily, number: int) -> pd.DataFrame:
    more = daily.frame.tail(number).copy()
    more["date"] += pd.Timedelta(days=number)
    return more
