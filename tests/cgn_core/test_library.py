"""``import cgn_core as cgn``: files in, effects, forecasts and returns out."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

import cgn_core as cgn
from cgn_core import library
from cgn_core.errors import InvalidInput, NotImportable, TooFewObservations, UnreadableFile, UnsupportedLevel
from cgn_core.stats.fit import Fit
from cgn_core.tables import Daily
from datagen import Creator, generate_many
from datagen.layouts import own_table, write_table

END = date(2026, 6, 28)
HEAVY = ("numpy", "pandas", "scipy", "statsmodels", "sqlalchemy", "celery", "flask", "cgn_core.library")


def written(creators: Sequence[Creator], path: Path) -> Path:
    write_table(own_table(creators), path, kind=path.suffix[1:])
    return path


@pytest.fixture(scope="module")
def creators() -> list[Creator]:
    return generate_many(creators=3, days=182, profile="mid", seed=5, end=END)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, creators: list[Creator]) -> Path:
    """``one.csv`` with the first creator, ``many.csv`` with all three."""
    folder = tmp_path_factory.mktemp("files")
    written(creators[:1], folder / "one.csv")
    written(creators, folder / "many.csv")
    return folder


@pytest.fixture(scope="module")
def daily(folder: Path) -> Daily:
    daily: Daily = cgn.read(folder / "one.csv")
    return daily


@pytest.fixture(scope="module")
def fitted(daily: Daily) -> Fit:
    fitted: Fit = cgn.fit(daily)
    return fitted


def test_importing_loads_nothing_heavy_until_something_is_used() -> None:
    script = (
        "import sys; import cgn_core as cgn\n"
        f"print([name for name in {HEAVY} if name in sys.modules]); cgn.read; print('pandas' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\nTrue\n"


def test_the_package_offers_what_the_library_lists_and_nothing_else() -> None:
    for name in library.__all__:
        assert getattr(cgn, name) is getattr(library, name)
    for name in ("numpy", "Path", "predict_week", "nonsense"):
        with pytest.raises(AttributeError, match=f"module 'cgn_core' has no attribute '{name}'"):
            getattr(cgn, name)


def test_what_is_read_is_what_was_written(daily: Daily, creators: list[Creator]) -> None:
    expected = creators[0].daily
    assert daily.creator == expected.creator == "mid.01"
    assert_frame_equal(daily.frame[expected.frame.columns], expected.frame)
    assert len(daily.weekly()) == 26


def test_a_report_says_what_a_file_holds(folder: Path, tmp_path: Path) -> None:
    reading = cgn.validate(folder / "many.csv")
    assert (reading.format, reading.rows, reading.importable) == ("own", 3 * 182, True)
    assert [each.creator for each in reading.creators] == ["mid.01", "mid.02", "mid.03"]
    (tmp_path / "empty.csv").write_bytes(b"")
    assert not cgn.validate(tmp_path / "empty.csv").importable


def test_several_creators_are_read_by_name_and_one_of_them_by_choice(folder: Path) -> None:
    tables = cgn.read_many(folder / "many.csv")
    assert list(tables) == ["mid.01", "mid.02", "mid.03"]
    for chosen in ("mid.02", "@mid.02"):
        assert_frame_equal(cgn.read(folder / "many.csv", creator=chosen).frame, tables["mid.02"].frame)
    with pytest.raises(InvalidInput, match=r"hold 3 creators: mid\.01, mid\.02, mid\.03\. Choose one with creator\."):
        cgn.read(folder / "many.csv")
    with pytest.raises(InvalidInput, match=r"hold no creator nobody; they hold mid\.01, mid\.02, mid\.03"):
        cgn.read(folder / "many.csv", creator="nobody")


def test_weekly_sums_of_a_plain_file_are_those_of_its_creators_tables(folder: Path, tmp_path: Path) -> None:
    sums = cgn.weekly_sums(folder / "many.csv")
    assert list(sums["creator"].cat.categories) == ["mid.01", "mid.02", "mid.03"]
    for creator, daily in cgn.read_many(folder / "many.csv").items():
        mine = sums[sums["creator"] == creator].reset_index(drop=True)
        days = daily.frame.set_index("date").resample("W-SUN").agg(["sum", "count"])
        whole = days[days[("follows", "count")] == 7]
        assert (mine["week_start"] + pd.Timedelta(days=6)).tolist() == whole.index.tolist()
        np.testing.assert_allclose(mine["follows"], whole[("follows", "sum")])
        np.testing.assert_allclose(mine["followers"], whole[("followers", "sum")] / 7)
    (tmp_path / "odd.csv").write_text("date,follows\n2026-01-05,-3\n", encoding="utf-8")
    with pytest.raises(NotImportable, match=r"^odd\.csv isn't a plain table .* read_many"):
        cgn.weekly_sums(tmp_path / "odd.csv")


def test_several_files_are_read_together_and_those_of_one_creator_joined(
    folder: Path, tmp_path: Path, creators: list[Creator]
) -> None:
    other = written(creators[1:2], tmp_path / "other.csv")
    assert list(cgn.read_many(folder / "one.csv", other)) == ["mid.01", "mid.02"]
    joined = cgn.read_many(folder / "one.csv", folder / "many.csv")
    assert list(joined) == ["mid.01", "mid.02", "mid.03"]
    assert_frame_equal(joined["mid.01"].frame, cgn.read(folder / "one.csv").frame)


def test_a_file_without_a_name_goes_by_its_own(tmp_path: Path) -> None:
    path = tmp_path / "luisa.csv"
    rows = [f"2026-01-{day:02d},{1000 + day * 3}" for day in range(1, 29)]
    path.write_text("\n".join(["date,followers", *rows]), encoding="utf-8")
    assert list(cgn.read_many(path)) == ["luisa"]


def test_a_file_that_is_not_there_or_is_bad_is_refused_with_its_sentence(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(UnreadableFile, match=r"nothing\.csv can't be read: No such file or directory\."):
        cgn.read(tmp_path / "nothing.csv")
    lines = (folder / "one.csv").read_text("utf-8").splitlines()
    bad = tmp_path / "bad.csv"
    bad.write_text("\n".join([*lines, lines[5]]), encoding="utf-8")
    with pytest.raises(NotImportable, match=r"bad\.csv.*rows 6 and 184"):
        cgn.read(bad)


@pytest.mark.parametrize(
    "model", ["daily", "single_lever", "ols", "huber", "tukey", "last_value", "mean", "median", "drift"]
)
def test_every_model_is_fitted_by_its_name(daily: Daily, model: str) -> None:
    assert cgn.fit(daily, model=model).model == model


def test_the_daily_model_is_the_default_and_an_unknown_one_is_refused(daily: Daily, fitted: Fit) -> None:
    assert fitted == cgn.fit(daily, model="daily")
    with pytest.raises(InvalidInput, match="no model 'prophet'"):
        cgn.fit(daily, model="prophet")


def test_a_plan_is_forecast_and_what_it_leaves_out_is_the_mean_of_the_last_four_weeks(
    daily: Daily, fitted: Fit
) -> None:
    usual = daily.weekly()[list(daily.levers)].tail(4).mean()
    (one,) = cgn.predict(fitted, {"reels": 2.0})
    assert one.plan == pytest.approx({**usual, "reels": 2.0})
    assert one.level == 0.9
    first, second = cgn.predict(fitted, [{"reels": 2.0}, {}], level=0.8)
    assert (first.median, first.plan, first.level) == (one.median, one.plan, 0.8)
    assert second.plan == pytest.approx(dict(usual))
    assert first.low is not None
    assert one.low is not None
    assert first.low > one.low


def test_a_plan_or_a_level_that_can_not_be_is_refused(fitted: Fit) -> None:
    with pytest.raises(InvalidInput, match="'tiktoks'"):
        cgn.predict(fitted, {"tiktoks": 1.0})
    with pytest.raises(InvalidInput, match="0 or more for reels"):
        cgn.predict(fitted, {"reels": -1.0})
    with pytest.raises(UnsupportedLevel, match="an interval of 99%, which needs 199"):
        cgn.predict(fitted, {}, level=0.99)


def test_what_if_is_the_difference_of_two_forecasts(fitted: Fit) -> None:
    more = {"reels": fitted.predictor.usual["reels"] + 2.0}
    gain = cgn.what_if(fitted, more)
    planned, usual = cgn.predict(fitted, [more, {}])
    assert planned.expected is not None
    assert usual.expected is not None
    assert gain.estimate == pytest.approx(planned.expected - usual.expected)
    assert gain.low < gain.estimate < gain.high
    assert cgn.what_if(fitted, more, {}) == gain
    back = cgn.what_if(fitted, {}, more)
    assert (back.estimate, back.low, back.high) == pytest.approx((-gain.estimate, -gain.high, -gain.low))
    with pytest.raises(InvalidInput, match="far more than any week of the history"):
        cgn.what_if(fitted, {"reels": 1e6})


def test_cross_validation_and_training_answer_for_a_read_file(daily: Daily) -> None:
    validation = cgn.cross_validate(daily, model="single_lever", grammar=cgn.Grammar(initial=20))
    assert validation.origins == len(validation.forecasts) == int(daily.weekly()["is_target"].sum()) - 20
    training = cgn.train(daily, model="single_lever")
    assert cgn.predict(training, {})[0] == cgn.predict(training.fit, {})[0]
    assert cgn.what_if(training, {"reels": 5.0}) == cgn.what_if(training.fit, {"reels": 5.0})


def test_an_hour_more_on_a_type_is_its_effect_over_the_hours_of_a_piece(daily: Daily, fitted: Fit) -> None:
    effects = {effect.name: effect.estimate for effect in fitted.effects}
    returns = {each.content_type: each for each in cgn.roi(fitted, daily, minutes={"reels": 90.0, "posts": 30.0})}
    assert list(returns) == ["posts", "reels"]
    assert returns["reels"].marginal.estimate == pytest.approx(effects["reels"] / 1.5)
    assert returns["posts"].marginal.estimate == pytest.approx(effects["posts"] / 0.5)
    assert [each.content_type for each in cgn.roi(fitted, daily)] == ["posts", "reels", "stories"]


def test_returns_are_told_in_money_of_a_fit_as_of_its_training(daily: Daily, fitted: Fit) -> None:
    trained = cgn.train(daily, model="daily")
    for each in cgn.roi_in_money(trained, value_of_follower=0.5, cost_of_hour=30.0):
        effect = next(effect for effect in fitted.effects if effect.name == each.content_type)
        assert each.net_per_piece.estimate == pytest.approx(0.5 * effect.estimate - 30 * each.minutes / 60)
    assert cgn.roi(trained, daily) == cgn.roi(fitted, daily)
    with pytest.raises(InvalidInput, match="An hour's cost must be"):
        cgn.roi_in_money(fitted, value_of_follower=1.0, cost_of_hour=-1.0)


def test_competitors_are_compared_with_draws_that_a_seed_decides(folder: Path) -> None:
    tables = cgn.read_many(folder / "many.csv")
    own = tables.pop("mid.01")
    found = cgn.benchmark(own, tables)
    assert [peer.name for peer in found.peers] == ["mid.02", "mid.03"]
    assert cgn.benchmark(own, tables, seed=1) == found
    assert cgn.benchmark(own, tables, seed=2) != found


def test_thirty_days_are_read_and_not_learned_from(tmp_path: Path) -> None:
    (creator,) = generate_many(creators=1, days=30, profile="mid", seed=5, end=END)
    daily = cgn.read(written([creator], tmp_path / "short.csv"))
    assert len(daily.frame) == 30
    for refused in (cgn.fit, cgn.train):
        with pytest.raises(TooFewObservations, match=r"holds 3 complete weeks .* so 5 more are missing"):
            refused(daily)
