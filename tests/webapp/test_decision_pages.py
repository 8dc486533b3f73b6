"""Predictor and Decisions with a trained model: what they show is what the services answer, and what they keep."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from dash import Dash
from shown_panels import said

from cgn_core.access import Actor
from cgn_core.db.models import Workspace
from cgn_core.db.session import reading
from cgn_core.figures.formulas import FORMULAS
from cgn_core.figures.locales import retold
from cgn_core.figures.wording import count, interval, signed
from cgn_core.jobs import claimed
from cgn_core.services import (
    decision_settings,
    decisions,
    evidence,
    models,
    notes,
    retrainings,
    saved_scenarios,
    seasons,
)
from cgn_core.services.imports import Imported
from webapp import routes


def callback(portal: Dash, name: str) -> str:
    return next(
        output
        for output, declared in portal.callback_map.items()
        if "callback" in declared and f"{declared['callback'].__module__}.{declared['callback'].__name__}" == name
    )


@pytest.fixture
def trained(workspace: Workspace, imported: Imported) -> Workspace:
    """The workspace once its waiting retraining is done."""
    assert imported.job_id is not None
    with claimed(imported.job_id) as claim:
        assert claim is not None
        retrainings.run(claim)
    return workspace


def read(service: Callable[..., Any], *given: Any) -> Any:
    with reading() as session:
        return service(session, *given)


def plan_form(workspace: Workspace, **changed: Any) -> dict[str, Any]:
    form = {"plan-hours.value": 9, "plan-weeks.value": 2, "plan-caution.value": "bold"} | changed
    return {"plan-workspace.data": str(workspace.id), "plan-save.n_clicks": 1, **form}


def test_without_a_model_each_page_says_what_to_do(
    browser: Callable[..., Any], workspace: Workspace, owner: Actor, imported: Imported
) -> None:
    del imported
    for path in ("predictor", "decisions"):
        shown = browser(owner).page(f"/workspaces/{workspace.id}/{path}")
        assert "The model is being trained" in shown


def test_the_planner_answers_what_is_tried_and_keeps_what_is_saved(
    portal: Dash, browser: Callable[..., Any], trained: Workspace, owner: Actor, viewer: Actor
) -> None:
    page = f"/workspaces/{trained.id}/decisions"
    assert "Use this week" in browser(owner).page(page)
    settings = read(decision_settings.decision_settings, owner, trained.id)
    tried = decision_settings.with_changes(settings, {"hours": 9, "weeks": 2})
    plan = read(decisions.plan_view, owner, trained.id, tried)
    answer = browser(viewer).call(callback(portal, "webapp.pages.decision_plan.replan"), plan_form(trained))
    told = said(answer.text)
    assert f"{signed(plan.gain.estimate)} in 2 weeks" in told
    assert f"({interval(plan.gain.low, plan.gain.high)})" in told
    assert retold(plan.sentences[0]) in told
    # Looking stores nothing, and a viewer has no button; a call without one is refused.
    assert read(decision_settings.decision_settings, owner, trained.id) == settings
    assert "Save these settings" not in browser(viewer).page(page)
    save = callback(portal, "webapp.pages.decisions.save_plan")
    assert "yours to see" in said(browser(viewer).call(save, plan_form(trained)).text)
    assert "Saved for everybody" in browser(owner).call(save, plan_form(trained)).text
    assert read(decision_settings.decision_settings, viewer, trained.id) == tried
    for wrong, words in (
        ({"plan-hours.value": 999}, "from 0 to 168"),
        ({"plan-weeks.value": None}, "whole number from 1 to 12"),
        ({"plan-caution.value": "reckless"}, "careful, middle or bold"),
    ):
        answer = browser(owner).call(callback(portal, "webapp.pages.decision_plan.replan"), plan_form(trained, **wrong))
        assert words in said(answer.text)


def test_money_is_counted_as_it_is_typed(
    portal: Dash, browser: Callable[..., Any], trained: Workspace, owner: Actor
) -> None:
    assert "Enter what a follower is worth" in browser(owner).page(f"/workspaces/{trained.id}/decisions")
    form = {"money-workspace.data": str(trained.id), "money-value.value": 2, "money-cost.value": 30,
            "money-currency.value": "CHF"}  # fmt: skip
    told = said(browser(owner).call(callback(portal, "webapp.pages.decision_money.recount"), form).text)
    settings = read(decision_settings.decision_settings, owner, trained.id)
    given = {"value_of_follower": 2, "cost_of_hour": 30, "currency": "CHF"}
    view = read(decisions.money_view, owner, trained.id, decision_settings.with_changes(settings, given))
    assert "15.0 followers an hour" in told
    for each in view.returns:
        assert f"CHF\N{NO-BREAK SPACE}{count(each.cost_per_piece, decimals=2)}" in told
        assert retold(each.sentence) in told
    wrong = browser(owner).call(
        callback(portal, "webapp.pages.decision_money.recount"), form | {"money-value.value": -1}
    )
    assert "follower's value must be a number from 0" in said(wrong.text)


def test_past_weeks_are_imagined_with_the_interval_of_the_difference(
    portal: Dash, browser: Callable[..., Any], trained: Workspace, viewer: Actor
) -> None:
    ask, who = callback(portal, "webapp.pages.past_weeks.ask"), browser(viewer)
    form = {"past-workspace.data": str(trained.id), "past-ask.n_clicks": 1, "past-way.value": "add",
            "past-weeks.value": ["2026-11-09", "2026-11-16"], "past-change": [({"name": "reels"}, 1)]}  # fmt: skip
    told = said(who.call(ask, form).text)
    found = read(evidence.imagine_past, viewer, trained.id, ["2026-11-09", "2026-11-16"], {"reels": 1})
    assert f"{signed(found.difference.estimate)} followers" in told
    assert retold(found.sentence) in told
    refused = said(who.call(ask, form | {"past-weeks.value": ["2019-01-07"]}).text)
    assert "no complete week of the history" in refused


def test_the_curves_stand_with_the_case_for_and_against_a_bend(
    portal: Dash, browser: Callable[..., Any], trained: Workspace, viewer: Actor
) -> None:
    name = callback(portal, "webapp.pages.decision_evidence.show_evidence")
    told = said(browser(viewer).call(name, {"evidence-workspace.data": str(trained.id)}).text)
    found = read(evidence.evidence_view, viewer, trained.id)
    if found.refusal:
        assert found.refusal in told
    else:
        assert retold(found.saturation.sentence) in told
        assert all(retold(curve.sentence) in told for curve in found.curves)
    for each in read(evidence.insights_view, viewer, trained.id):
        assert retold(each.sentence) in told


def test_a_scenario_is_saved_shared_renamed_and_removed_with_undo(
    portal: Dash, browser: Callable[..., Any], trained: Workspace, owner: Actor, viewer: Actor
) -> None:
    who, predictor = browser(owner), f"/workspaces/{trained.id}/predictor"
    save, change = (callback(portal, f"webapp.pages.scenarios.{name}") for name in ("save", "change"))
    levers = {"predictor-lever": [({"name": "posts"}, 2), ({"name": "reels"}, 9), ({"name": "stories"}, 9)]}
    form = {"scenarios-workspace.data": str(trained.id), "scenarios-save.n_clicks": 1, "scenarios-name.value": "Brave"}
    assert "Saved; everybody" in who.call(save, form | levers).text
    assert "choose another name" in said(who.call(save, form | levers).text)
    (kept,) = read(saved_scenarios.list_scenarios, viewer, trained.id)
    assert kept.plan == {"posts": 2.0, "reels": 9.0, "stories": 9.0}
    link = routes.scenario(trained.id, kept.id)
    opened = browser(viewer).page(predictor, f"?{link.partition('?')[2]}")
    assert "The levers show the scenario Brave" in opened
    assert '"value": 9' in opened or '"value":9' in opened
    assert "Save scenario" not in opened

    def press(kind: str) -> str:
        pressed = {"type": f"scenarios-{kind}", "scenario": str(kept.id)}
        values = {f"scenarios-{kind}": [({"scenario": str(kept.id)}, 1)], "scenarios-workspace.data": str(trained.id)}
        changed = json.dumps(pressed, separators=(",", ":"), sort_keys=True) + ".n_clicks"
        return said(who.call(change, values, changed=changed).text)

    assert "Rename Brave" in press("rename")
    renamed = {"scenarios-keep.n_clicks": 1, "scenarios-editing.data": str(kept.id), "scenarios-new-name.value": "Bold"}
    assert "Renamed" in who.call(callback(portal, "webapp.pages.scenarios.rename"), renamed).text
    assert "Bold (copy)" in press("copy")
    assert "is removed" in press("remove")
    assert [each.name for each in read(saved_scenarios.list_scenarios, viewer, trained.id)] == ["Bold (copy)"]
    assert "Not found" in browser(viewer).page(predictor, f"?{link.partition('?')[2]}")
    assert "It is back" in press("undo")


def test_a_link_puts_its_plan_on_the_levers_and_a_broken_one_is_a_sentence(
    browser: Callable[..., Any], trained: Workspace, viewer: Actor
) -> None:
    predictor = f"/workspaces/{trained.id}/predictor"
    address = routes.planned(trained.id, {"posts": 2.0, "reels": 5.0})
    start = re.search(r'"start": ?({[^}]*})', browser(viewer).page(predictor, f"?{address.partition('?')[2]}"))
    assert start is not None
    assert json.loads(start[1]) | {"posts": 2.0, "reels": 5.0} == json.loads(start[1])
    for broken in ("?plan=oracle:1", "?plan=reels:-1", "?plan=reels", "?plan=reels:nan", "?plan=reels:1e99"):
        assert "can't be read" in said(browser(viewer).page(predictor, broken))


def test_every_number_leads_to_its_data_its_model_and_its_formula(
    browser: Callable[..., Any], trained: Workspace, viewer: Actor
) -> None:
    model = read(models.current_model, viewer, trained.id)
    for path, formulas in (
        ("predictor", ("expected", "against_usual", "split")),
        ("decisions", ("plan", "overall_return", "hours", "marginal", "average", "per_piece", "money",
                       "counterfactual")),
    ):  # fmt: skip
        told = said(browser(viewer).page(f"/workspaces/{trained.id}/{path}"))
        assert model.data_hash in told
        assert f"version {model.number}" in told
        for formula in formulas:
            assert FORMULAS[formula] in told, (path, formula)


def test_a_note_is_pinned_to_a_week_edited_and_removed_with_undo(
    portal: Dash, browser: Callable[..., Any], trained: Workspace, owner: Actor, viewer: Actor
) -> None:
    who = browser(owner)
    form = {"notes-workspace.data": str(trained.id), "notes-pin.n_clicks": 1, "notes-week.value": "2026-11-09",
            "notes-text.value": "Giveaway with a friend"}  # fmt: skip
    pin, change = (callback(portal, f"webapp.pages.week_notes.{name}") for name in ("pin", "change"))
    assert "Pinned; the chart marks it" in said(who.call(pin, form).text)
    (note,) = read(notes.list_notes, viewer, trained.id)
    page = f"/workspaces/{trained.id}/growth-history"
    shown = said(browser(viewer).page(page))
    assert f"Giveaway with a friend ({owner.name})" in shown  # in the chart's hover and in its table
    assert "Pin note" not in shown
    span = callback(portal, "webapp.pages.growth_history.show_span")
    drawn = who.call(span, {"history-workspace.data": str(trained.id), "history-span.value": "13"})
    assert "Giveaway with a friend" in said(drawn.text)

    def press(kind: str) -> str:
        pressed = {"type": f"notes-{kind}", "note": str(note.id)}
        values = {f"notes-{kind}": [({"note": str(note.id)}, 1)], "notes-workspace.data": str(trained.id)}
        changed = json.dumps(pressed, separators=(",", ":"), sort_keys=True) + ".n_clicks"
        return said(who.call(change, values, changed=changed).text)

    assert "Note on the week of 9 Nov 2026" in press("edit")
    edited = {"notes-workspace.data": str(trained.id), "notes-save.n_clicks": 1, "notes-editing.data": str(note.id),
              "notes-new-text.value": "A giveaway"}  # fmt: skip
    assert "Saved." in said(who.call(callback(portal, "webapp.pages.week_notes.save"), edited).text)
    assert "is removed" in press("remove")
    assert read(notes.list_notes, viewer, trained.id) == []
    assert "It is back" in press("undo")
    assert [each.text for each in read(notes.list_notes, viewer, trained.id)] == ["A giveaway"]


def test_growth_history_tells_the_season_and_offers_its_tables(
    browser: Callable[..., Any], trained: Workspace, viewer: Actor
) -> None:
    shown = said(browser(viewer).page(f"/workspaces/{trained.id}/growth-history"))
    found = read(seasons.seasonality_view, viewer, trained.id)
    assert retold(found.weekday.sentence) in shown
    for table in ("daily", "weekly", "forecasts"):
        for form in ("csv", "xlsx"):
            assert routes.export_file(trained.id, table, form) in shown
    for formula in ("coverage", "error", "viral_weeks", "growth", "weekday"):
        assert FORMULAS[formula] in shown
