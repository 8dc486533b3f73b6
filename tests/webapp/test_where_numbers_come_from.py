"""Every number on every page leads to its formula in one click, and to its data and model version in a second."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from dash import Dash
from forty_weeks import add_peers, import_and_train
from shown_panels import Panel, panels, text_of

from cgn_core.access import Actor
from cgn_core.db.models import Workspace
from cgn_core.db.session import reading, transaction
from cgn_core.figures.formulas import FORMULAS
from cgn_core.figures.locales import retold
from cgn_core.jobs import claimed
from cgn_core.services import models, validations
from webapp import routes
from webapp.pages import PAGES
from webapp.pages.diagnostic_card import TITLES

WITHOUT = {
    # What people did and who they are: no number of these is worked out.
    "/audit": {"Lines"},
    "/team": {"Members"},
    # Minutes per piece as somebody set them, with a button that leads to where.
    "/workspaces/<workspace_id>/decisions": {"How this is counted"},
    # The data versions themselves, and the days of the one that stands there as current.
    "/workspaces/<workspace_id>/data": {"Versions", "Where the numbers come from"},
}
"""By page, the panels whose numbers don't come from data or a model."""
SEVERAL = {
    "Followers gained, last week", "Forecasts that held", "Better than naive", "Needs you", "Scores of the versions",
    "Why a model is in force", "Validations",
}  # fmt: skip
"""Numbers of several creators or versions: each row beside them names its own."""


def callback(portal: Dash, name: str) -> str:
    return next(
        output
        for output, declared in portal.callback_map.items()
        if "callback" in declared and f"{declared['callback'].__module__}.{declared['callback'].__name__}" == name
    )


@pytest.fixture
def answers(portal: Dash, browser: Callable[..., Any], workspace: Workspace, owner: Actor) -> dict[str, str]:
    """Every page as it opens, and the parts that fill themselves: forty weeks, a model, peers and a validation."""
    import_and_train(owner, workspace)
    add_peers(owner, workspace)
    with transaction() as session:
        settings = validations.ValidationSettings(model="ols", initial=30)
        job_id = validations.request_validation(session, owner, workspace.id, settings=settings, key="v")
    with claimed(job_id) as claim:
        assert claim is not None
        validations.run(claim)
    who, wanted = browser(owner), str(workspace.id)
    shown = {page.PATH: who.page(page.PATH.replace("<workspace_id>", wanted)) for page in PAGES}
    parts = {
        "model_diagnostics.show_lights": {"diagnostics-workspace.data": wanted},
        "model_diagnostics.show_diagnostics": {
            "diagnostics-workspace.data": wanted,
            "diagnostics-chosen.value": list(TITLES),
        },
        "decision_evidence.show_evidence": {"evidence-workspace.data": wanted},
    }
    for name, values in parts.items():
        whole = f"webapp.pages.{name}"
        shown[whole] = who.call(callback(portal, whole), values).text
    return shown


def with_numbers(answers: dict[str, str]) -> list[tuple[str, Panel]]:
    return [
        (page, panel)
        for page, answer in answers.items()
        for panel in panels(answer)
        if panel.has_numbers and panel.title not in WITHOUT.get(page, set())
    ]


def test_every_number_leads_to_its_formula_and_then_to_its_data_and_its_model(
    browser: Callable[..., Any], answers: dict[str, str], workspace: Workspace, owner: Actor
) -> None:
    with reading() as session:
        model = models.current_model(session, owner, workspace.id)
    assert model is not None
    found = with_numbers(answers)
    assert len(found) > 50
    assert [(page, panel.title, panel.text[:80]) for page, panel in found if not panel.marks] == []
    data, health = routes.data(workspace.id), routes.model_health(workspace.id)
    for page, panel in found:
        for mark in panel.marks:
            # The first click opens the sheet: the formula stands in it, and the versions that the number is of.
            where = (page, panel.title, mark.of)
            assert any(retold(formula) in mark.text for formula in FORMULAS.values()), where
            if mark.of in SEVERAL:
                assert "row" in mark.text, where
                continue
            assert f"version {model.data_version}" in mark.text, where
            # The second click follows it.
            assert mark.links in {(data,), (data, health)}, where
    of_models = [
        (page, panel.title)
        for page, panel in found
        if not any(health in mark.links or mark.of in SEVERAL for mark in panel.marks)
        and page.startswith(("/workspaces/<workspace_id>/predictor", "/workspaces/<workspace_id>/model-health"))
    ]
    assert of_models == [], "what a model says leads to the model"
    # What the links lead to names the versions.
    who = browser(owner)
    assert "Versions" in text_of(who.page(data))
    assert model.data_hash in who.page(health)
    assert f"Model {model.number}" in text_of(who.page(health))


def test_each_row_of_the_portfolio_leads_to_its_own_creator(answers: dict[str, str], workspace: Workspace) -> None:
    marks = [mark for panel in panels(answers[routes.PORTFOLIO]) for mark in panel.marks]
    rows = [mark for mark in marks if mark.of == f"@{workspace.handle}"]
    assert [mark.links for mark in rows] == [(routes.data(workspace.id), routes.model_health(workspace.id))]


def test_what_is_let_off_is_still_there(answers: dict[str, str]) -> None:
    for page, titles in WITHOUT.items():
        assert titles <= {panel.title for panel in panels(answers[page])}, page


def test_every_chart_has_a_table_behind_it(answers: dict[str, str]) -> None:
    """But the calendar, whose days that aren't simply observed are listed below it."""
    charts = [(page, chart) for page, answer in answers.items() for panel in panels(answer) for chart in panel.charts]
    assert len(charts) > 15
    for page, chart in charts:
        if not chart.startswith("data-calendar"):
            assert chart in tables_behind(answers[page]), (page, chart)


def tables_behind(answer: str) -> set[str]:
    """Names of the charts that have a table view."""
    found = set[str]()

    def walk(node: Any) -> None:
        if isinstance(node, list):
            for each in node:
                walk(each)
        elif isinstance(node, dict):
            props = node.get("props")
            if props is not None and props.get("className") == "chart":
                inside = props["children"]
                if any("chart-table" in str(each["props"].get("className")) for each in inside):
                    found.add(inside[0]["props"]["id"]["name"])
            for each in (props or node).values():
                walk(each)

    walk(json.loads(answer))
    return found
