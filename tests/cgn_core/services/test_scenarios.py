from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from cgn_core.access import Actor
from cgn_core.db.models import LedgerEntry, Workspace
from cgn_core.errors import InvalidInput, NotFound
from cgn_core.services import imports, scenarios
from cgn_core.services.forecasts import predict
from cgn_core.services.scenarios import keep_scenario
from cgn_core.services.track_records import track_record

pytestmark = pytest.mark.usefixtures("sent_jobs")


def test_a_plan_that_was_tried_is_kept_once_with_the_answer_the_page_gave_and_apart_from_the_score(
    session: Session,
    strategist: Actor,
    viewer: Actor,
    trained: Workspace,
    make_csv: Callable[..., bytes],
    import_csv: Callable[..., list[imports.Imported]],
    work: Callable[[], list[UUID]],
) -> None:
    usual = track_record(session, strategist, trained.id).forecasts
    assert keep_scenario(session, viewer, trained.id, {"reels": 6}, model_number=1)
    assert not keep_scenario(session, strategist, trained.id, {"reels": 6.0}, model_number=1)
    assert keep_scenario(session, strategist, trained.id, {"reels": 6, "posts": 1}, model_number=1)
    session.commit()
    record = track_record(session, strategist, trained.id)
    assert (record.forecasts, record.score, record.is_untouched) == (usual, None, True)
    answer = predict(session, strategist, trained.id, {"reels": 6})
    newest, first = record.scenarios
    assert (first.plan, first.median, first.low, first.high) == (answer.plan, answer.median, answer.low, answer.high)
    assert (first.week_start, first.naive, newest.plan["posts"]) == (usual[0].week_start, usual[0].naive, 1.0)
    import_csv(strategist, trained, data=make_csv(days=217))
    work()
    record = track_record(session, strategist, trained.id)
    assert record.score is not None
    assert (record.score.weeks, record.is_untouched) == (1, True)
    assert all(each.actual is not None and each.posted is not None for each in record.scenarios)
    # The week that the old model forecast is over: pages no longer show it.
    assert not keep_scenario(session, strategist, trained.id, {"reels": 7}, model_number=1)
    assert keep_scenario(session, strategist, trained.id, {"reels": 7}, model_number=2)


def test_what_no_page_showed_is_not_kept(
    session: Session, strategist: Actor, trained: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan: Any
    for plan in ({"oracle": 1}, {"reels": -1}, {"reels": "6"}, {"reels": True}, {"reels": float("nan")}):
        with pytest.raises(InvalidInput):
            keep_scenario(session, strategist, trained.id, plan, model_number=1)
    with pytest.raises(NotFound):
        keep_scenario(session, strategist, trained.id, {"reels": 6}, model_number=2)
    assert not keep_scenario(session, strategist, trained.id, {}, model_number=1)  # that is kept already
    assert not keep_scenario(session, strategist, trained.id, {"reels": 9_999}, model_number=1)  # there is no answer
    monkeypatch.setattr(scenarios, "MOST_A_WEEK", 2)
    kept = [keep_scenario(session, strategist, trained.id, {"reels": n}, model_number=1) for n in (5, 6, 7)]
    assert kept == [True, True, False]
    assert len(session.scalars(select(LedgerEntry)).all()) == 3
