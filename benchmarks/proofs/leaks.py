"""Leaks are refused: growth in disguise always, planned columns hardly ever, unknown ones until they are declared."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import numpy as np
import pandas as pd

from cgn_core.errors import LeakageError
from cgn_core.stats.extra_predictors import check_extra
from cgn_core.stats.feature_table import WEEK_START, as_extra, weekly_features
from cgn_core.stats.features import OUTCOME, check_predictors
from cgn_core.stats.history import read_history
from cgn_core.tables import DAILY_COLUMNS, DEFAULT_MINUTES, Availability, Daily
from datagen.worlds import KINDS, SECOND_KINDS, second_world, world
from proofs.rows import Row

FULL = 20
WEEKS = (26, 104)
CLAIM = "leaks are refused"
NAME = "campaign"
"""What every disguised column calls itself."""
NOISE = 0.15
"""Noise on nearly determined columns, as a share of what the planned features leave of them."""
DECORATED = (
    "{}",
    "log_{}",
    "{}_scaled",
    "{}_next_week",
    "lead_1_{}",
    "{} (total)",
    "Weekly {}",
    "{}_per_hour",
    "avg {}",
)


def measure(worlds: int, *, weeks: tuple[int, ...] = WEEKS) -> list[Row]:
    """The share of columns that are refused, by what they are, on every kind of world of both generators.

    Args:
        worlds: per kind and length.
        weeks: lengths of history.
    """
    rows = [_names()]
    for make, kinds, suffix in ((world, KINDS, ""), (second_world, SECOND_KINDS, ", second generator")):
        for kind in kinds:
            for length in weeks:
                dailies = (make(kind, seed=seed, weeks=length).daily for seed in range(worlds))
                rows += _rows(dailies, f"{kind}, {length} weeks{suffix}", worlds)
    return rows


def _names() -> Row:
    """Known outcomes under any spelling are refused, declared or not."""
    known = sorted(
        OUTCOME | {name for name, column in DAILY_COLUMNS.items() if column.availability is Availability.OUTCOME}
    )
    noise = np.random.default_rng(0).normal(size=(2, 40))
    growth = pd.Series(noise[0])
    refused, tried = 0, 0
    for name in known:
        for decoration in DECORATED if len(name) > len("gained") else DECORATED[:1]:
            for spelling in (decoration.format(name), decoration.format(name).replace("_", " ").title()):
                table = pd.DataFrame({spelling: noise[1]})
                refused += _refused(
                    lambda table=table, spelling=spelling: check_predictors(  # type: ignore[misc]  # bound now
                        table, growth, declared_planned=frozenset({spelling})
                    )
                )
                tried += 1
    return Row(CLAIM, "any", tried, "known outcomes refused by name, whatever is declared", refused / tried, 1.0, 1.0)


def _rows(dailies: Iterable[Daily], where: str, worlds: int) -> list[Row]:
    caught: dict[str, list[bool]] = {}
    for seed, daily in enumerate(dailies):
        rng = np.random.default_rng([seed, len(daily.frame), 7])
        for group, columns in (
            ("growth in disguise refused", _disguises(daily, rng)),
            ("planned columns refused", _planned(daily, rng)),
            ("same-week engagement, reach and saves refused by the rule alone", _soft(daily)),
        ):
            for name, extra in columns.items():
                found = _is_refused(daily, extra, declared=True)
                caught.setdefault(group, []).append(found)
                caught.setdefault(f"{group}: {name}", []).append(found)
        unknown = next(iter(_planned(daily, rng).values()))
        renamed = unknown.set_axis(["date", NAME], axis=1)
        caught.setdefault("undeclared unknown columns refused", []).append(_is_refused(daily, renamed, declared=False))
    targets = {
        "growth in disguise refused": (1.0, 1.0),
        "undeclared unknown columns refused": (1.0, 1.0),
        "planned columns refused": (0.0, 0.02),
    }
    return [
        Row(CLAIM, where, worlds, group, float(np.mean(found)), *targets.get(group, (0.0, 1.0)))
        for group, found in caught.items()
    ]


def _refused(check: Callable[[], None]) -> bool:
    try:
        check()
    except LeakageError:
        return True
    return False


def _is_refused(daily: Daily, extra: pd.DataFrame, *, declared: bool) -> bool:
    history = read_history(daily, extra=extra)
    names = frozenset(map(str, extra.columns)) if declared else frozenset()
    return _refused(lambda: check_extra(daily, history, declared_planned=names))


def _by_week(features: pd.DataFrame, column: pd.Series[float], name: str = NAME) -> pd.DataFrame:
    return as_extra(pd.DataFrame({WEEK_START: features[WEEK_START], name: column}), [name])


def _by_day(daily: Daily, column: pd.Series[float], name: str = NAME) -> pd.DataFrame:
    return pd.DataFrame({"date": daily.frame["date"], name: column})


def _hours(frame: pd.DataFrame) -> pd.Series[float]:
    """By the minutes of a piece, as nobody noted them."""
    names = list(DEFAULT_MINUTES)
    worked = frame[names].mul([DEFAULT_MINUTES[name] / 60 for name in names]).sum(axis=1)
    return worked.where(worked > 0)


def _disguises(daily: Daily, rng: np.random.Generator) -> dict[str, pd.DataFrame]:
    """Growth and its parts, by the week and by the day, under a name that says nothing."""
    features = weekly_features(daily)
    growth, hours = features["net_growth"], _hours(features)
    dates = daily.frame["date"]
    level = daily.frame["followers"].set_axis(pd.DatetimeIndex(dates))
    sundays = pd.DatetimeIndex(features[WEEK_START]) + pd.Timedelta(days=6)
    ends = pd.Series(level.reindex(sundays).to_numpy())
    by_week = {
        "growth scaled": 3.7 * growth + 200,
        "growth logged": np.sign(growth) * np.log1p(growth.abs()),
        "growth led by a week": growth.shift(-1),
        "growth led by two weeks": -0.2 * growth.shift(-2),
        "growth per hour": growth / hours,
        "growth per hour, rounded": (growth / hours).round(1),
        "growth per hour as noted": growth / features["hours"],
        "growth per hour led by a week": (growth / hours).shift(-1),
        "growth per piece": growth / features["posting_frequency"].where(features["posting_frequency"] > 0),
        "growth relative to followers": growth / (ends - growth),
        "followers gained": features["gross_follows"] / 1000,
        "followers gained, logged": np.log1p(features["gross_follows"]),
        "followers gained per hour": features["gross_follows"] / hours,
        "followers lost": features["unfollows"] * 2,
        "followers lost, led by a week": features["unfollows"].shift(-1),
        "followers at the week's end": ends,
        "followers at the week's end, scaled": ends / 1e6 - 3,
        "followers at the week's end, logged": np.log(ends.where(ends > 0)),
        "followers at the next week's end": ends.shift(-1),
        "growth, nearly": _blurred(growth, features, rng),
        "followers gained, nearly": _blurred(features["gross_follows"], features, rng),
    }
    day = daily.frame.assign(growth=daily.net_growth())
    by_day = {
        "growth by day, scaled": day["growth"] / 50,
        "growth by day, logged": np.sign(day["growth"]) * np.log1p(day["growth"].abs()),
        "growth of the next day": day["growth"].shift(-1),
        "growth of a week later, by day": day["growth"].shift(-7),
        "growth of two weeks later, by day": day["growth"].shift(-14),
        "growth per hour by day": day["growth"] / _hours(day),
        "followers gained by day": day["follows"] * 0.3,
        "followers lost by day": day["unfollows"],
        "followers at the day's end": day["followers"],
        "followers at the day's end, logged": np.log(day["followers"].where(day["followers"] > 0)),
    }
    return {name: _by_week(features, column) for name, column in by_week.items()} | {
        name: _by_day(daily, column) for name, column in by_day.items()
    }


def _blurred(column: pd.Series[float], features: pd.DataFrame, rng: np.random.Generator) -> pd.Series[float]:
    """A column that is nearly determined given the planned content."""
    known = features[["posts", "reels", "stories", "ads"]].to_numpy()
    design = np.column_stack([np.ones(len(known)), np.arange(len(known)), known])
    left = column - design @ np.linalg.lstsq(design, column, rcond=None)[0]
    return column + pd.Series(rng.normal(0, NOISE * float(np.std(left)), len(column)))


def _planned(daily: Daily, rng: np.random.Generator) -> Mapping[str, pd.DataFrame]:
    """Columns that really are set in advance."""
    features = weekly_features(daily)
    weeks, days = len(features), len(daily.frame)
    flag = pd.Series((rng.random(weeks) < 0.3).astype(float))
    start = int(rng.integers(weeks // 4, 3 * weeks // 4))
    ordinary = {
        "a campaign flag": _by_week(features, flag),
        "giveaways by day": _by_day(daily, pd.Series((rng.random(days) < 0.1).astype(float)), "giveaways"),
        "a budget in steps": _by_week(features, pd.Series((np.arange(weeks) >= start) * 500.0 + 100), "budget"),
        "a growing team": _by_week(features, pd.Series(1.0 + np.arange(weeks) // 9), "team"),
        "posting from now on": _by_week(features, pd.Series(rng.normal(0, 1, weeks)).cumsum(), "mood"),
    }
    noted = {
        name: _by_week(features, features[name], name)
        for name in (
            "hours",
            "hashtags_per_post",
            "optimal_window_share",
            "posting_variance",
            "days_posted",
            "shannon_diversity",
        )
    }
    by_day = {
        name: _by_day(daily, daily.frame[name], name) for name in ("hashtags", "optimal_window_posts", "minutes_spent")
    }
    return ordinary | noted | by_day


def _soft(daily: Daily) -> dict[str, pd.DataFrame]:
    """Outcomes that only go along with growth, renamed and declared: what no statistical rule catches."""
    features = weekly_features(daily)
    return {
        name: _by_week(features, features[source])
        for name, source in (("engagement", "interactions"), ("reach", "reach"), ("saves", "saves"))
    }
