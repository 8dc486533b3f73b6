"""Model Health: its lights and diagnostics are what the services answer, and the choice of diagnostics holds."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from dash import Dash
from forty_weeks import import_and_train, run_training
from shown_panels import said

from cgn_core.access import Actor
from cgn_core.db.models import Workspace
from cgn_core.db.session import reading, transaction
from cgn_core.figures.formulas import FORMULAS
from cgn_core.figures.locales import retold
from cgn_core.figures.wording import count, interval, percent, signed
from cgn_core.services import diagnoses, forecasts, model_lights, models, retrainings, workspaces
from cgn_core.services.imports import Imported
from webapp.pages.diagnostic_card import TITLES

LIGHTS, CARDS = "webapp.pages.model_diagnostics.show_lights", "webapp.pages.model_diagnostics.show_diagnostics"


def callback(portal: Dash, name: str) -> str:
    return next(
        output
        for output, declared in portal.callback_map.items()
        if "callback" in declared and f"{declared['callback'].__module__}.{declared['callback'].__name__}" == name
    )


@pytest.fixture
def trained(owner: Actor, workspace: Workspace) -> Workspace:
    """Forty weeks and the model that their import trained."""
    import_and_train(owner, workspace)
    return workspace


def read(service: Callable[..., Any], *given: Any) -> Any:
    with reading() as session:
        return service(session, *given)


def form(workspace: Workspace, chosen: Any = None) -> dict[str, Any]:
    return {"diagnostics-workspace.data": str(workspace.id), "diagnostics-chosen.value": chosen}


def test_the_lights_are_the_service_s_the_gravest_first(
    portal: Dash, browser: Callable[..., Any], trained: Workspace, viewer: Actor
) -> None:
    told = said(browser(viewer).call(callback(portal, LIGHTS), form(trained)).text)
    found = read(diagnoses.diagnose_model, viewer, trained.id)
    card = read(workspaces.get_workspace, viewer, trained.id).card
    lights = model_lights.model_lights(card, found)
    words = json.loads(json.dumps([[each.cause, each.evidence, each.advice] for each in lights]))
    for cause, evidence, advice in words:
        assert json.dumps(cause, ensure_ascii=False) in told
        assert json.dumps(evidence, ensure_ascii=False) in told
        assert json.dumps(advice, ensure_ascii=False) in told
    grave = [each.cause for each in lights if each.colour != "green"]
    fine = [each.cause for each in lights if each.colour == "green"]
    if grave and fine:
        assert max(told.index(cause) for cause in grave) < min(told.index(cause) for cause in fine)


def test_every_diagnostic_is_a_chart_with_a_table_of_the_library_s_numbers(
    portal: Dash, browser: Callable[..., Any], trained: Workspace, viewer: Actor
) -> None:
    told = said(browser(viewer).call(callback(portal, CARDS), form(trained, list(TITLES))).text)
    found = read(diagnoses.diagnose_model, viewer, trained.id)
    past = read(forecasts.history, viewer, trained.id)
    for name in set(TITLES) - {"stability"}:
        assert f'"diagnostic-{name}"' in told, name
    assert told.count("Show as a table") == len(TITLES) - 1 + 3, "a table behind every chart, three for the effects"
    for week in found.series.weeks:
        assert signed(week.growth) in told
        assert signed(week.fitted) in told
        assert signed(week.residual, decimals=1) in told
        assert count(week.leverage, decimals=3) in told
        assert count(week.cooks_distance, decimals=3) in told
    for point in found.series.quantiles:
        assert interval(point.low, point.high, decimals=2) in told
    for memory in found.series.memory:
        assert f'"{signed(memory.correlation, decimals=2)}"' in told
    for name, factor in found.fit.collinearity.vif.items():
        assert count(factor, decimals=2) in told, name
    for test in found.fit.residuals.values():
        assert retold(test.sentence).rstrip(".") in told
    for effect in found.model.training.fit.effects:
        assert interval(effect.low, effect.high, decimals=1) in told
    assert f"{found.drift.false_alarms_per_year:g} false alarms a year" in told
    assert count(found.drift.threshold_up, decimals=1) in told
    assert f"Held: {percent(past.coverage)} of {past.promised} weeks" in told


def test_only_what_is_chosen_is_shown_and_nonsense_shows_nothing(
    portal: Dash, browser: Callable[..., Any], trained: Workspace, viewer: Actor
) -> None:
    name = callback(portal, CARDS)
    told = said(browser(viewer).call(name, form(trained, ["memory", "drift"])).text)
    assert '"diagnostic-memory"' in told
    assert '"diagnostic-drift"' in told
    assert told.count("Show as a table") == 2
    for nothing in ([], None, "drift", ["oracle"], 7):
        assert "Choose above" in said(browser(viewer).call(name, form(trained, nothing)).text)


def test_twelve_weeks_say_which_diagnostics_they_are_too_few_for(
    portal: Dash, browser: Callable[..., Any], workspace: Workspace, imported: Imported, viewer: Actor
) -> None:
    assert said(browser(viewer).call(callback(portal, LIGHTS), form(workspace)).text).count("Lights") == 0
    run_training(imported.job_id)
    told = said(browser(viewer).call(callback(portal, CARDS), form(workspace, list(TITLES))).text)
    assert "too few or too alike for: " in told
    assert "drift" in told.split("too alike for: ")[1][:60]
    lights = said(browser(viewer).call(callback(portal, LIGHTS), form(workspace)).text)
    assert "What to do" in lights


def test_each_part_leads_to_its_data_its_model_and_its_formula(
    portal: Dash, browser: Callable[..., Any], trained: Workspace, viewer: Actor
) -> None:
    page = said(browser(viewer).page(f"/workspaces/{trained.id}/model-health"))
    charts = said(browser(viewer).call(callback(portal, CARDS), form(trained, list(TITLES))).text)
    model = read(models.current_model, viewer, trained.id)
    for formula in ("scores", "ranking", "coverage_by_level", "challenge"):
        assert json.dumps(retold(FORMULAS[formula]), ensure_ascii=False) in page, formula
    for formula in (
        "drift", "coverage", "per_piece", "inflation", "residual", "normal_quantile", "memory", "cooks_distance",
        "leverage", "stability",
    ):  # fmt: skip
        assert json.dumps(retold(FORMULAS[formula]), ensure_ascii=False) in charts, formula
    assert model.data_hash in page
    assert model.data_hash in charts
    assert "without a champion to beat" in page


def test_after_a_second_training_the_champion_stands_beside_the_challenger(
    browser: Callable[..., Any], trained: Workspace, owner: Actor, viewer: Actor
) -> None:
    with transaction() as session:
        job_id = retrainings.request_retraining(session, owner, trained.id, key="again")
    run_training(job_id)
    page = said(browser(viewer).page(f"/workspaces/{trained.id}/model-health"))
    challenge = read(models.current_model, viewer, trained.id).training.challenge
    assert challenge is not None
    assert retold(challenge.sentence) in page
    assert f'"{count(challenge.champion_mae)}"' in page
    assert f'"{count(challenge.challenger_mae)}"' in page
