from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from cgn_core.access import Actor
from cgn_core.db.models import Workspace
from cgn_core.errors import InvalidInput, NotFound, UnsupportedLevel
from cgn_core.services import imports
from cgn_core.services.decisions import returns_view
from cgn_core.services.forecasts import compare_plans, history, predict, predictor_view
from cgn_core.services.imports import load_daily
from cgn_core.services.models import current_model
from cgn_core.services.workspaces import set_minutes


def test_every_week_stands_beside_the_forecast_made_before_it(
    session: Session, strategist: Actor, trained: Workspace
) -> None:
    shown = history(session, strategist, trained.id)
    weekly = load_daily(session, strategist, trained.id).weekly()
    model = current_model(session, strategist, trained.id)
    assert model is not None
    forecasts = {forecast.week_start: forecast for forecast in model.training.validation.forecasts}
    assert [week.actual for week in shown.weeks] == weekly["net_growth"].tolist()
    assert [week.counts["reels"] for week in shown.weeks] == weekly["reels"].tolist()
    joined = {week.week_start: week for week in shown.weeks if week.median is not None}
    assert set(joined) == set(forecasts)
    for week_start, week in joined.items():
        assert (week.actual, week.median, week.low) == (
            forecasts[week_start].actual,
            forecasts[week_start].median,
            forecasts[week_start].low,
        )
    assert [week.inside for week in joined.values()] == [
        forecast.low <= forecast.actual <= forecast.high for forecast in forecasts.values()
    ]
    assert shown.level == model.training.validation.level
    # So early, 90 % isn't supported: those weeks say how wide theirs is, and don't count for the promise.
    assert {week.level for week in joined.values()} > {0.9}
    assert shown.promised < len(joined)
    assert shown.coverage == model.training.validation.coverage[f"{shown.level:g}"]
    errors = [abs(week.actual - week.median) for week in joined.values() if week.actual is not None]
    assert shown.mae == pytest.approx(sum(errors) / len(errors))


@pytest.mark.usefixtures("sent_jobs")
def test_a_workspace_without_a_model_has_a_history_without_forecasts(
    session: Session, strategist: Actor, workspace: Workspace, import_csv: Callable[..., list[imports.Imported]]
) -> None:
    import_csv(strategist, workspace)
    shown = history(session, strategist, workspace.id)
    assert len(shown.weeks) == 30
    assert {week.median for week in shown.weeks} == {None}
    assert predictor_view(session, strategist, workspace.id) is None
    assert returns_view(session, strategist, workspace.id) is None
    with pytest.raises(NotFound, match="no model yet"):
        predict(session, strategist, workspace.id, {})


def test_the_predictor_starts_at_the_mean_of_the_last_four_weeks(
    session: Session, strategist: Actor, trained: Workspace
) -> None:
    view = predictor_view(session, strategist, trained.id)
    assert view is not None
    weekly = load_daily(session, strategist, trained.id).weekly()
    for lever in view.levers:
        assert view.usual[lever] == pytest.approx(weekly[lever].tail(4).mean())
        assert view.support[lever] == weekly[lever].max()
    assert view.prediction == predict(session, strategist, trained.id, view.usual)


def test_plans_are_compared_by_their_difference(session: Session, strategist: Actor, trained: Workspace) -> None:
    gain = compare_plans(session, strategist, trained.id, {"reels": 6}, {"reels": 2})
    assert gain.low <= gain.estimate <= gain.high
    assert gain.estimate > 0


@pytest.mark.parametrize("plan", [{"reels": -1}, {"naps": 3}])
def test_impossible_plans_are_refused(
    session: Session, strategist: Actor, trained: Workspace, plan: dict[str, float]
) -> None:
    with pytest.raises(InvalidInput):
        predict(session, strategist, trained.id, plan)


def test_a_level_that_the_history_cannot_support_is_refused(
    session: Session, strategist: Actor, trained: Workspace
) -> None:
    with pytest.raises(UnsupportedLevel):
        predict(session, strategist, trained.id, {}, level=0.9999)


def test_returns_follow_the_workspaces_minutes_without_training_again(
    session: Session, strategist: Actor, trained: Workspace
) -> None:
    before = returns_view(session, strategist, trained.id)
    set_minutes(session, strategist, trained.id, {"reels": 60})
    after = returns_view(session, strategist, trained.id)
    assert before is not None
    assert after is not None
    assert after.model_number == before.model_number
    marginal = [
        next(row for row in view.returns if row.content_type == "reels").marginal.estimate for view in (before, after)
    ]
    assert marginal[1] == pytest.approx(2 * marginal[0])
