"""One story: a creator is imported, a model trained, and every number that the pages tell is the Python API's.

The file that the portal imports is read again by the library, which trains, judges and compares by itself; nothing is
taken from the database. A panel's numbers must each be one of what the library answers for that panel.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, is_dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from dash import Dash
from forty_weeks import LAST_DAY, add_peers, forty_weeks, import_and_train
from shown_panels import DAYS, Panel, panels

from cgn_core import library as cgn
from cgn_core.access import Actor
from cgn_core.db.models import Workspace
from cgn_core.services.data_versions import hash_daily, overview_of
from cgn_core.services.model_lights import coverage_slack
from cgn_core.stats.benchmarks import growth_benchmark
from cgn_core.stats.diagnostics import diagnose_fit
from cgn_core.stats.drift import detect_drift
from cgn_core.stats.judged_series import judged_series
from cgn_core.stats.judged_weeks import judged_weeks
from cgn_core.stats.returns import overall_return
from cgn_core.stats.seasonality import seasonality
from cgn_core.stats.training import DRIFT_SEED, train
from cgn_core.tables import DEFAULT_MINUTES
from webapp.pages.diagnostic_card import TITLES

NUMBER = re.compile(
    r"(?<![\w.,])([+\N{MINUS SIGN}-]?)(\d+(?:,\d{3})*(?:\.\d+)?)(?:[\s\N{NO-BREAK SPACE}]?(%))?(?![\w])"
)
PEERS = 6
LEVELS = (0.5, 0.8, 0.9, 0.95, 0.99)


def numbers_of(*results: Any) -> Iterable[float]:
    """Every number in a result, however deep, texts' own numbers among them: those are the library's sentences."""
    for each in results:
        if each is None or isinstance(each, bool):
            continue
        if isinstance(each, int | float | np.number):
            yield float(each)
        elif isinstance(each, str):
            yield from (value for _, value, _ in tokens(each))
        elif is_dataclass(each) and not isinstance(each, type):
            yield from numbers_of(asdict(each))
        elif isinstance(each, Mapping):
            yield from numbers_of(*each.values())
        elif isinstance(each, list | tuple | np.ndarray):
            yield from numbers_of(*each)


def tokens(text: str) -> Iterable[tuple[str, float, float]]:
    """Each number in a text as it is written, its value, and half of its last place."""
    for sign, digits, percent in NUMBER.findall(DAYS.sub(" ", text)):
        decimals = len(digits.partition(".")[2]) + (2 if percent else 0)
        value = float(digits.replace(",", "")) / (100 if percent else 1)
        yield f"{sign}{digits}{percent}", -value if sign in {"-", "\N{MINUS SIGN}"} else value, 0.5 * 10**-decimals


def strangers(panel: Panel, pool: Iterable[float]) -> list[str]:
    """Numbers of a panel that the library doesn't answer; a number without a sign may be told of either."""
    known = np.array([*pool])
    found = []
    for token, value, half in tokens(panel.text.replace(panel.title, " ", 1)):
        sides = known if token[0] in "+-\N{MINUS SIGN}" else np.concatenate([known, -known])
        if not (np.abs(sides - value) <= half * 1.0001 + 1e-9).any():
            found.append(token)
    return found


def test_every_number_of_a_story_is_the_python_api_s(
    portal: Dash, browser: Callable[..., Any], workspace: Workspace, owner: Actor, viewer: Actor, tmp_path: Path
) -> None:
    # The portal: import, train, add peers; then a viewer reads the pages.
    import_and_train(owner, workspace)
    add_peers(owner, workspace, peers=PEERS)
    who, wanted = browser(viewer), str(workspace.id)

    def shown(path: str) -> dict[str, Panel]:
        return {panel.title: panel for panel in panels(who.page(path)) if panel.has_numbers}

    def called(name: str, **values: Any) -> dict[str, Panel]:
        output = next(
            output
            for output, declared in portal.callback_map.items()
            if "callback" in declared and declared["callback"].__name__ == name
        )
        form = {key.replace("__", ".").replace("_", "-"): value for key, value in values.items()}
        return {panel.title: panel for panel in panels(who.call(output, form).text) if panel.has_numbers}

    # The library: the same files, read and worked out anew.
    own_file, peers_file = tmp_path / "own.csv", tmp_path / "peers.csv"
    own_file.write_bytes(forty_weeks(workspace.handle))
    names = [f"peer.{number}" for number in range(PEERS)]
    peers_file.write_bytes(forty_weeks(*names, seed=12))
    daily, peers = cgn.read(own_file), cgn.read_many(peers_file)
    training = train(daily)
    validation = training.validation
    weekly = daily.weekly()
    overview = overview_of(daily)
    (next_week,) = cgn.predict(training, {}, level=0.9)
    judged, series = diagnose_fit(daily, training.fit), judged_series(judged_weeks(daily, training.fit))
    drift = detect_drift(daily, rng=np.random.default_rng(DRIFT_SEED))
    seed = int(hash_daily(daily)[:16], 16)
    bench = growth_benchmark(daily, peers, rng=np.random.default_rng(seed), level=0.9)
    hourly = overall_return(weekly, minutes=DEFAULT_MINUTES)
    naive = min(validation.baselines.values(), key=lambda scores: scores["mae"] or np.inf)
    mae, naive_mae = validation.scores["mae"] or 0.0, naive["mae"] or 0.0
    held = validation.coverage[f"{validation.level:g}"]
    slacks = [
        edge
        for level, share in [*((float(k), v) for k, v in validation.coverage.items()), (0.9, 0.9)]
        for slack in [coverage_slack(share, validation.origins)]
        for edge in (level, share, max(share - slack, 0), min(share + slack, 1))
    ]
    age = (datetime.now(UTC).date() - LAST_DAY).days
    common = [1, training.weeks, validation.origins, age, *LEVELS]
    past = [
        *numbers_of(weekly["net_growth"].tolist()),
        *(value for week in validation.forecasts for value in numbers_of(asdict(week))),
        *(week.actual - week.median for week in validation.forecasts),
        *numbers_of(weekly[["posts", "reels", "stories"]].to_numpy()),
    ]
    so_far = np.cumsum([week.low <= week.actual <= week.high for week in validation.forecasts if week.level == 0.9])
    shares = (so_far / np.arange(1, len(so_far) + 1)).tolist()
    glance = [1 - mae / naive_mae, held, len(training.fit.viral_days)]
    season = seasonality(daily, level=0.9)
    accounts = [
        value
        for peer in peers.values()
        for value in (
            *numbers_of(overview_of(peer).followers, overview_of(peer).last_week_growth),
            *numbers_of(peer.weekly()[["posts", "reels", "stories"]].tail(8).mean().tolist()),
        )
    ]
    own_growth = [*numbers_of(overview.last_week_growth, overview.followers)]
    story = {
        "home": shown(f"/workspaces/{wanted}"),
        "health": shown(f"/workspaces/{wanted}/model-health"),
        "lights": called("show_lights", diagnostics_workspace__data=wanted),
        "diagnostics": called(
            "show_diagnostics", diagnostics_workspace__data=wanted, diagnostics_chosen__value=list(TITLES)
        ),
        "history": shown(f"/workspaces/{wanted}/growth-history"),
        "competitors": shown(f"/workspaces/{wanted}/competitors"),
        "portfolio": shown("/"),
    }
    everything_judged = [*numbers_of(judged, series, drift), *shares, drift.false_alarms_per_year, 2]
    told = [*numbers_of(training.reason, training.ranking, training.cautions)]
    pools: dict[tuple[str, str], Iterable[float]] = {
        ("home", "Next week"): numbers_of(next_week, training.fit.effects),
        ("home", "Model health"): glance,
        ("home", "Followers"): own_growth,
        ("home", "Gained in the last complete week"): past,
        ("home", "All growth per hour of work"): numbers_of(hourly),
        ("home", "Compared with"): [PEERS],
        ("home", "Growth, and what we had forecast"): past,
        ("health", "Scores"): numbers_of(validation.scores, naive),
        ("health", "Do the intervals hold?"): slacks,
        ("health", "Every model, on the same unseen weeks"): told,
        ("health", "To keep in mind"): told,
        ("health", "Versions"): [mae, held],
        ("health", "In force"): [0.05],
        ("lights", "Lights"): [*everything_judged, *slacks, *told, mae, naive_mae],
        **{("diagnostics", title): [*everything_judged, *past, held] for title in TITLES.values()},
        ("diagnostics", "Stability"): [
            value + 2 * side * error
            for effect in judged.stability
            for value, error in zip(effect.estimates, effect.std_errors, strict=True)
            for side in (-1, 0, 1)
        ]
        + [*numbers_of(judged.residuals["cusum"])],
        ("diagnostics", "Coefficients"): numbers_of(training.fit.effects),
        ("history", "Followers gained a week"): past,
        ("history", "Forecasts that held"): [so_far[-1] / len(so_far), len(so_far)],
        ("history", "Off by, on average"): [mae],
        ("history", "Viral weeks"): [0, len(weekly)],
        ("history", "By weekday"): numbers_of(season),
        ("history", "By time of year"): numbers_of(season),
        ("history", "Track record"): numbers_of(next_week),
        ("competitors", "Percentile of growth"): numbers_of(bench.percentiles["growth_rate"], PEERS),
        ("competitors", "Growth a week, relative to size"): numbers_of(bench.own),
        ("competitors", "Faster than"): [sum(duel.share > 0.5 for duel in bench.head_to_head), PEERS, bench.weeks],
        ("competitors", "Growth relative to size"): numbers_of(bench.own, bench.peers),
        ("competitors", "Week against week"): numbers_of(bench.head_to_head),
        ("competitors", f"{PEERS} accounts"): accounts,
        ("portfolio", "Followers gained, last week"): own_growth,
        ("portfolio", "Forecasts that held"): [held],
        ("portfolio", "Needs you"): [0],
        ("portfolio", ""): [16, *own_growth, *numbers_of(next_week)],
        ("diagnostics", "Coverage by week"): [*past, *shares, held, len(so_far)],
    }
    wrong = {
        (page, title): found
        for page, shown_panels in story.items()
        for title, panel in shown_panels.items()
        if (found := strangers(panel, [*common, *pools.get((page, title), [])]))
    }
    assert {page: len(panels_shown) for page, panels_shown in story.items() if not panels_shown} == {}
    assert wrong == {}
