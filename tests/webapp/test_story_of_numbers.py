"""One story: a creator is imported, a model trained, and every number that the pages tell is the Python API's.

The files that the portal imports are read again by the library, which trains, judges, compares and decides by itself;
nothing is taken from the database, and no result is planted in it. Whatever a page tells, in words, fields, charts or
what hovers, must be one of what the library answers for that card; a number that nobody knows fails the test.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from dash import Dash
from forty_weeks import add_peers, import_and_train
from library_answers import LEVEL, Answers
from sqlalchemy import select
from told_numbers import TITLE_OF_AROUND, Told, numbers_of, strangers, told_by

from cgn_core.access import Actor
from cgn_core.db.models import Job, StoredFile, Workspace
from cgn_core.db.session import reading, transaction
from cgn_core.figures.formulas import FORMULAS
from cgn_core.figures.glossary import TERMS
from cgn_core.figures.wording import NAMES
from cgn_core.jobs import claimed
from cgn_core.services import decision_settings, reports, saved_scenarios, validations
from cgn_core.services.data_versions import overview_of
from cgn_core.services.model_lights import coverage_slack
from cgn_core.tables import DEFAULT_MINUTES
from webapp.pages import PAGES
from webapp.pages.diagnostic_card import TITLES

PEERS = 6
LEVELS = (0.5, 0.8, 0.9, 0.95, 0.99)
SETTINGS = {"value_of_follower": 1.5, "cost_of_hour": 40.0, "hours": 8.0, "weeks": 2}
SCENARIO = {"posts": 5.0, "reels": 6.0, "stories": 10.0}
VALIDATED = {"model": "ols", "initial": 30}
EXAMPLES = (1.2, 45.0)
"""Prices that the empty fields name."""
RANGES = (3, 6, 1, 2, 52)
"""Months, years and weeks that a chart can be narrowed to."""
PARTS = {
    "show_lights": {"diagnostics-workspace.data": "{workspace}"},
    "show_diagnostics": {"diagnostics-workspace.data": "{workspace}", "diagnostics-chosen.value": list(TITLES)},
    "show_evidence": {"evidence-workspace.data": "{workspace}"},
    "ask": {
        "past-ask.n_clicks": 1, "past-workspace.data": "{workspace}", "past-weeks.value": "{weeks}",
        "past-way.value": "add", "past-change": [({"name": "reels"}, 1)],
    },
}  # fmt: skip
"""Callbacks that fill parts of pages, with what they are sent."""


@pytest.fixture
def library(workspace: Workspace, tmp_path: Any) -> Answers:
    return Answers(tmp_path, workspace.handle, PEERS, SETTINGS, SCENARIO, VALIDATED)


@pytest.fixture
def story(
    portal: Dash, browser: Callable[..., Any], workspace: Workspace, owner: Actor, viewer: Actor, library: Answers
) -> dict[str, list[Told]]:
    """Every page as a viewer reads it, after an owner has imported, trained, compared, saved and reported."""
    import_and_train(owner, workspace)
    add_peers(owner, workspace, peers=PEERS)
    asked = validations.ValidationSettings(**VALIDATED)
    with transaction() as session:
        decision_settings.save_decision_settings(session, owner, workspace.id, SETTINGS)
        saved_scenarios.save_scenario(session, owner, workspace.id, name="Another week", plan=SCENARIO)
        validation = validations.request_validation(session, owner, workspace.id, settings=asked, key="v")
    with transaction() as session:
        report = reports.request_report(session, owner, workspace.id, key="r")
    for job, work in ((validation, validations.run), (report, reports.run)):
        with claimed(job) as claim:
            assert claim is not None
            work(claim)
    who = browser(viewer)
    told = {page.PATH: told_by(who.page(page.PATH.replace("<workspace_id>", str(workspace.id)))) for page in PAGES}
    outputs = {
        declared["callback"].__name__: output
        for output, declared in portal.callback_map.items()
        if declared.get("callback") is not None
    }
    for name, values in PARTS.items():
        sent = {
            key: library.last_weeks if value == "{weeks}" else str(workspace.id) if value == "{workspace}" else value
            for key, value in values.items()
        }
        told[name] = told_by(who.call(outputs[name], sent).text)
    with reading() as session:
        (kept,) = reports.list_reports(session, viewer, workspace.id)
    (page,) = (file for file in kept.files if file.form == "html")
    text = re.sub(r"<(style|script)\b.*?</\1>|<[^>]*>", " ", who.get(f"/files/{page.id}").text, flags=re.DOTALL)
    told["report"] = [Told(TITLE_OF_AROUND, words=[text])]
    return told


def test_every_number_of_a_story_is_the_python_api_s(
    browser: Callable[..., Any], story: dict[str, list[Told]], library: Answers, workspace: Workspace, viewer: Actor
) -> None:
    known = {**pools_of_results(library), **pools_of_decisions(library), **pools_of_files(library, workspace.id)}
    everywhere = [*numbers_of(1, LEVELS, library.training.weeks, library.validation.origins, library.age)]
    found, wrong = set(), {}
    for page, cards in story.items():
        for card in cards:
            where = (page.replace("/workspaces/<workspace_id>", "~"), card.title)
            found.add(where)
            if strange := strangers(card, [*everywhere, *known.get(where, [])]):
                wrong[where] = strange
    assert set(known) - found == set(), "cards that aren't shown any more"
    assert wrong == {}

    # What marks fold out tells only what formulas, terms and versions say.
    explained = [*numbers_of(1, *FORMULAS.values(), TERMS, library.hourly.weeks)]
    sheets = [(page, card.title, sheet) for page, cards in story.items() for card in cards for sheet in card.sheets]
    assert len(sheets) > 100
    assert all(len(sheet) > 50 for *_, sheet in sheets)
    assert [each for each in sheets if strangers(Told("", words=[each[2]]), explained)] == []

    # The levers: the browser works with the library's own model; that it works as the library does is tested apart.
    answer = json.loads(browser(viewer).page(f"/workspaces/{workspace.id}/predictor"))
    (data,) = (props["data"] for props in stores(answer) if props["id"] == "predictor-page")
    assert data["predictor"] == json.loads(json.dumps(library.fit.predictor.to_json()))
    assert data["start"] == dict(library.fit.predictor.usual)
    assert data["level"] == LEVEL


def stores(node: Any) -> Iterator[dict[str, Any]]:
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        if isinstance(child, dict) and child.get("type") == "Store":
            yield child["props"]
        yield from stores(child)


def pools_of_results(library: Answers) -> dict[tuple[str, str], Iterable[float]]:
    """By page and card: what the model, its validation and the accounts beside it say."""
    training, validation, weekly = library.training, library.validation, library.weekly
    naive = min(validation.baselines.values(), key=lambda scores: scores["mae"] or np.inf)
    mae, naive_mae = validation.scores["mae"] or 0.0, naive["mae"] or 0.0
    held = validation.coverage[f"{validation.level:g}"]
    slacks = [
        edge
        for level, share in [*((float(k), v) for k, v in validation.coverage.items()), (0.9, 0.9)]
        for slack in [coverage_slack(share, validation.origins)]
        for edge in (0, 1, level, share, share - slack, share + slack, max(share - slack, 0), min(share + slack, 1))
    ]
    forecasts = [
        *(value for week in validation.forecasts for value in numbers_of(asdict(week))),
        *(week.actual - week.median for week in validation.forecasts),
    ]
    posted = [*numbers_of(weekly[["posts", "reels", "stories"]].to_numpy())]
    past = [0, *numbers_of(weekly["net_growth"].tolist()), *forecasts, *posted]
    so_far = np.cumsum([week.low <= week.actual <= week.high for week in validation.forecasts if week.level == LEVEL])
    places = [
        gap / (week.high - week.median if gap >= 0 else week.median - week.low)
        for week in validation.forecasts
        for gap in [week.actual - week.median]
        if week.level == LEVEL
    ]
    shares = (so_far / np.arange(1, len(so_far) + 1)).tolist()
    accounts = [
        value
        for peer in library.others.values()
        for value in (
            *numbers_of(overview_of(peer).followers, overview_of(peer).last_week_growth),
            *numbers_of(peer.weekly()[["posts", "reels", "stories"]].tail(8).mean().tolist()),
        )
    ]
    own = [*numbers_of(library.overview.last_week_growth, library.overview.followers)]
    judged = [0, 2, *numbers_of(library.judged, library.series, library.drift), *shares]
    judged += [library.drift.false_alarms_per_year]
    told = [*numbers_of(training.reason, training.ranking, training.cautions)]
    bench, usual = library.bench, library.next_week
    diagnosed = {("show_diagnostics", title): [*judged, *past, held] for title in TITLES.values()}
    return {
        ("/", "Followers gained, last week"): own,
        ("/", "Forecasts that held"): [held],
        ("/", "Needs you"): [0],
        ("/", ""): [16, *own, *numbers_of(usual), *numbers_of(weekly["net_growth"].tail(16).tolist())],
        ("~", "around"): own,
        ("~", "Next week"): numbers_of(usual, library.fit.effects),
        ("~", "Model health"): [1 - mae / naive_mae, held, len(library.fit.viral_days)],
        ("~", "Followers"): own,
        ("~", "Gained in the last full week"): past,
        ("~", "All growth per hour of work"): numbers_of(library.hourly),
        ("~", "Compared with"): [PEERS],
        ("~", "Growth, and what we had forecast"): past,
        ("~/growth-history", "Followers gained a week"): [*past, *RANGES, len(library.daily.frame)],
        ("~/growth-history", "Forecasts that held"): [so_far[-1] / len(so_far), len(so_far)],
        ("~/growth-history", "Off by, on average"): [mae],
        ("~/growth-history", "Viral weeks"): [0, len(weekly)],
        ("~/growth-history", "By weekday"): numbers_of(library.season),
        ("~/growth-history", "Track record"): numbers_of(usual),
        ("~/model-health", "around"): told,
        ("~/model-health", "Scores"): numbers_of(validation.scores, naive),
        ("~/model-health", "Do the intervals hold?"): slacks,
        ("~/model-health", "Every model, on the same unseen weeks"): told,
        ("~/model-health", "Versions"): [mae, held],
        ("~/model-health", "In force"): [0.05],
        ("~/model-health", "Validations"): numbers_of(library.further, VALIDATED),
        ("~/competitors", "Percentile of growth"): numbers_of(bench.percentiles["growth_rate"], PEERS),
        ("~/competitors", "Growth a week, relative to size"): numbers_of(bench.own),
        ("~/competitors", "Faster than"): [sum(duel.share > 0.5 for duel in bench.head_to_head), PEERS, bench.weeks],
        ("~/competitors", "Growth relative to size"): [
            factor * each for each in numbers_of(bench.own, bench.peers) for factor in (1, 100)
        ],
        ("~/competitors", "Week against week"): numbers_of(bench.head_to_head),
        ("~/competitors", f"{PEERS} accounts"): [PEERS, *accounts],
        ("show_lights", "Lights"): [*judged, *slacks, *told, mae, naive_mae],
        **diagnosed,
        ("show_diagnostics", "Stability"): [
            *numbers_of(library.judged.residuals["cusum"]),
            *(
                value + side * 2 * error
                for effect in library.judged.stability
                for value, error in zip(effect.estimates, effect.std_errors, strict=True)
                for side in (-1, 0, 1)
            ),
        ],
        ("show_diagnostics", "Drift"): [*judged, *(-each for each in judged)],
        ("show_diagnostics", "Coefficients"): [0, *numbers_of(library.fit.effects)],
        ("show_diagnostics", "Coverage by week"): [*past, *places, *shares, held, *range(len(so_far) + 1)],
    }


def pools_of_decisions(library: Answers) -> dict[tuple[str, str], Iterable[float]]:
    """By page and card: what the Predictor and Decision Support say."""
    usual, predictor = library.next_week, library.fit.predictor
    hours = {name: minutes / 60 for name, minutes in DEFAULT_MINUTES.items()}
    work = [sum(hours.get(name, 0) * count for name, count in plan.items()) for plan in (predictor.usual, SCENARIO)]
    marginal = [value for each in library.returns for value in numbers_of(each)]
    weeks = library.hourly.weeks
    worked, value, cost = library.hourly.hours * weeks, SETTINGS["value_of_follower"], SETTINGS["cost_of_hour"]
    hourly = library.hourly.follows_per_hour
    net = [worked * (value * each - cost) for each in (hourly.estimate, hourly.low, hourly.high)]
    days = [number for week in library.plan.weeks for day in week.days for number in day.counts.values()]
    minutes_that_pay = [60 * (each.break_even_hours.estimate or 0) for each in library.money]
    curves = {
        ("show_evidence", NAMES[curve.name]): [0, *numbers_of(curve, library.saturation)] for curve in library.curves
    }
    return {
        ("~/predictor", "The week you have in mind"): numbers_of(dict(predictor.usual)),
        ("~/predictor", "Against the last 4 weeks"): [4],
        ("~/predictor", "Saved scenarios"): [
            0, 4, *work, *numbers_of(dict(predictor.usual), usual, SCENARIO, library.tried, library.gain),
        ],
        ("~/decisions", "Plan from the week of 23 Nov 2026"): [
            0, 4, 12, round(2 * work[0]) / 2, *numbers_of(library.plan, dict(predictor.usual), SETTINGS),
            *numbers_of(dict(predictor.support)), *marginal, *days,
        ],
        ("~/decisions", "All growth per hour, last 12 weeks"): [12, *numbers_of(library.hourly)],
        ("~/decisions", "Hours of work"): numbers_of(library.hourly),
        ("~/decisions", "Best next hour"): marginal,
        ("~/decisions", "One hour more, by type"): [weeks, *marginal],
        ("~/decisions", "One piece more"): numbers_of(library.fit.effects),
        ("~/decisions", "Return on time"): [
            *EXAMPLES, *net, weeks, cost / value, *minutes_that_pay,
            *numbers_of(SETTINGS, library.money, DEFAULT_MINUTES),
        ],
        ("~/decisions", "What past weeks could have been"): [
            4, 12, *numbers_of(library.weekly[["net_growth", "posts", "reels", "stories"]].to_numpy()),
        ],
        ("~/decisions", "How this is counted"): numbers_of(DEFAULT_MINUTES),
        ("show_evidence", "What the data say"): numbers_of([each.sentence for each in library.insights]),
        ("show_evidence", "Response and saturation"): numbers_of(library.saturation, library.carry_over),
        **curves,
        ("ask", "around"): [4, *numbers_of(library.past)],
    }  # fmt: skip


def pools_of_files(library: Answers, workspace_id: UUID) -> dict[tuple[str, str], Iterable[float]]:
    """By page and card: what is told of jobs and files, and the client report against the library's own."""
    with reading() as session:
        times = session.execute(select(Job.started_at, Job.finished_at)).all()
        sizes = [*session.scalars(select(StoredFile.size).where(StoredFile.workspace_id == workspace_id))]
    took = [0.1, *((end - start).total_seconds() for start, end in times if start and end)]
    days = len(library.daily.frame)
    return {
        ("/jobs", ""): took,
        ("~/jobs", ""): took,
        ("~/data", "around"): [days],
        ("~/data", "Versions"): [days],
        ("~/data", "Where the numbers come from"): [days],
        ("~/reports", "Made so far"): [30, *(max(1.0, size / 1024) for size in sizes)],
        ("/privacy", "How long"): [30],
        ("report", "around"): [*numbers_of(library.report), PEERS, *numbers_of(library.bench)],
    }
