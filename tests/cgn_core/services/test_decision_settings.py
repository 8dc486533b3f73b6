from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.orm import Session

from cgn_core.access import Actor
from cgn_core.db.models import Workspace
from cgn_core.errors import InvalidInput
from cgn_core.services.decision_settings import decision_settings, save_decision_settings
from cgn_core.services.decisions import money_view, plan_view
from cgn_core.services.evidence import evidence_view, imagine_past, insights_view
from cgn_core.services.imports import load_daily
from cgn_core.services.models import current_model
from cgn_core.stats.counterfactual import counterfactual
from cgn_core.stats.money import money_returns
from cgn_core.stats.planner import plan_weeks
from cgn_core.stats.response import response_curves

pytestmark = pytest.mark.usefixtures("sent_jobs")


def test_settings_are_kept_for_the_team_and_what_is_left_out_stays(
    session: Session, strategist: Actor, viewer: Actor, trained: Workspace
) -> None:
    before = decision_settings(session, viewer, trained.id)
    assert (before.value_of_follower, before.hours, before.weeks, before.caution) == (None, None, 1, "bold")
    given: dict[str, Any] = {
        "value_of_follower": 1.2,
        "cost_of_hour": 45,
        "currency": " CHF ",
        "hours": 12.5,
        "weeks": 4,
        "caution": "careful",
        "bounds": {"reels": [1, None], "posts": [None, None]},
        "minutes": {"reels": 90.0},
    }
    save_decision_settings(session, strategist, trained.id, given)
    save_decision_settings(session, strategist, trained.id, {"hours": 8})
    after = decision_settings(session, viewer, trained.id)
    assert (after.value_of_follower, after.cost_of_hour, after.currency) == (1.2, 45.0, "CHF")
    assert (after.hours, after.weeks, after.risk, after.bounds) == (8.0, 4, 0.1, {"reels": (1, None)})
    assert after.minutes["reels"] == 90.0


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"value_of_follower": -1}, "follower's value must be a number from 0"),
        ({"cost_of_hour": float("nan")}, "hour's cost"),
        ({"cost_of_hour": "45"}, "hour's cost"),
        ({"hours": 169}, "Hours a week must be a number from 0 to 168"),
        ({"weeks": 2.5}, "whole number from 1 to 12"),
        ({"weeks": None}, "whole number from 1 to 12"),
        ({"caution": "reckless"}, "careful, middle or bold"),
        ({"currency": "123"}, "currency"),
        ({"currency": "doubloons"}, "currency"),
        ({"bounds": {"podcasts": [0, 1]}}, "no content type"),
        ({"bounds": {"reels": [3, 1]}}, "can't both be"),
        ({"bounds": {"reels": [None, 2.5]}}, "Each bound for reels must be a whole number"),
        ({"minutes": {"reels": 0}}, "Minutes for reels"),
    ],
)
def test_what_makes_no_sense_is_a_sentence_and_changes_nothing(
    session: Session, strategist: Actor, trained: Workspace, given: dict[str, Any], words: str
) -> None:
    before = decision_settings(session, strategist, trained.id)
    with pytest.raises(InvalidInput, match=words):
        save_decision_settings(session, strategist, trained.id, given)
    session.rollback()
    assert decision_settings(session, strategist, trained.id) == before


def test_pages_get_what_the_statistics_say_of_the_same_data(
    session: Session, strategist: Actor, viewer: Actor, trained: Workspace
) -> None:
    model, daily = current_model(session, viewer, trained.id), load_daily(session, viewer, trained.id)
    assert model is not None
    assert money_view(session, viewer, trained.id) is None  # nobody has said what a follower is worth
    usual = plan_view(session, viewer, trained.id)
    assert usual is not None
    given = {"value_of_follower": 2.0, "cost_of_hour": 30, "hours": 9, "weeks": 2, "bounds": {"reels": [1, 3]}}
    save_decision_settings(session, strategist, trained.id, given)
    settings = decision_settings(session, viewer, trained.id)
    money = money_view(session, viewer, trained.id)
    assert money is not None
    assert money.returns == money_returns(
        model.training.fit, minutes=settings.minutes, value_of_follower=2.0, cost_of_hour=30.0
    )
    assert money.break_even_per_hour == 15.0
    assert money.net is not None
    assert money.net.low < money.net.estimate < money.net.high
    plan = plan_view(session, viewer, trained.id)
    assert plan == plan_weeks(
        model.training.fit, hours=9, weeks=2, minutes=settings.minutes, bounds={"reels": (1, 3)}, level=0.9
    )
    evidence = evidence_view(session, viewer, trained.id)
    assert evidence is not None
    assert evidence.curves == response_curves(daily, minutes=settings.minutes)
    assert evidence_view(session, viewer, trained.id) is evidence  # the same data and minutes: worked out once
    weeks = [each.date().isoformat() for each in daily.weekly()["week_start"].iloc[-3:]]
    assert imagine_past(session, viewer, trained.id, weeks, {"reels": 1}) == counterfactual(
        model.training.fit, daily.weekly(), weeks, {"reels": 1}
    )
    assert any(each.anchor == "planner" for each in insights_view(session, viewer, trained.id))
