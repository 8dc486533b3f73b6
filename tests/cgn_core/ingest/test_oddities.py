from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cgn_core.ingest.oddities import Oddity, oddities
from cgn_core.ingest.repairs import apply_repairs
from cgn_core.tables import Daily, daily_from_frame

DAYS = 7 * 30
ODD = 100


def history() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    follows, unfollows = rng.poisson(40, DAYS).astype(float), rng.poisson(10, DAYS).astype(float)
    frame = {"date": pd.date_range("2026-01-05", periods=DAYS), "follows": follows, "unfollows": unfollows}
    frame["followers"] = 9_000 + np.cumsum(follows - unfollows)
    frame |= {name: rng.poisson(300 + 5 * follows).astype(float) for name in ("reach", "views", "likes")}
    return pd.DataFrame(frame)


def odd(code: str) -> Daily:
    frame = history()
    if code == "impossible_losses":
        frame.loc[ODD, "unfollows"] = 50_000.0
    elif code == "followers_slip":
        frame.loc[ODD, "followers"] = 12.0
    elif code == "growth_disagrees":
        frame.loc[ODD, "followers"] += 30
    elif code == "zeros_at_the_end":
        frame.loc[DAYS - 3 :, "reach"] = 0.0
    elif code == "changed_definition":
        frame.loc[ODD:, "views"] *= 4
    elif code == "growth_spikes":
        frame.loc[[ODD, ODD + 1, ODD + 9], "follows"] += 4_000
        frame["followers"] = 9_000 + np.cumsum(frame["follows"] - frame["unfollows"])
    return daily_from_frame(frame)


CODES = (
    "impossible_losses", "followers_slip", "growth_disagrees", "zeros_at_the_end", "changed_definition",
    "growth_spikes",
)  # fmt: skip


def named(code: str, daily: Daily) -> list[Oddity]:
    return [each for each in oddities(daily) if each.code == code]


def test_an_ordinary_history_has_nothing_odd() -> None:
    assert oddities(daily_from_frame(history())) == ()


@pytest.mark.parametrize("code", CODES)
def test_what_is_odd_is_found_and_every_way_offered_mends_it(code: str) -> None:
    daily = odd(code)
    (found,) = named(code, daily)
    assert found.choices
    for way in found.choices:
        assert named(code, apply_repairs(daily, way.repairs)) == [], way.label


def test_days_in_a_row_are_one_repair_and_scattered_days_several() -> None:
    (found,) = named("growth_spikes", odd("growth_spikes"))
    spans = [(each.last_day - each.first_day).days + 1 for each in found.choices[0].repairs]
    assert spans == [2, 1] * 2
    labels = [way.label.split(" at ")[0] for way in found.choices]
    assert labels == ["Treat follows and followers as missing", "Cap follows", "Drop these days"]


def test_two_counts_that_never_agree_offer_no_repair_of_days() -> None:
    frame = history()
    frame["followers"] = 9_000 + np.arange(DAYS) * 90.0
    (found,) = named("growth_disagrees", daily_from_frame(frame))
    assert found.choices == ()
