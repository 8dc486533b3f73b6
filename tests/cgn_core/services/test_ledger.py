from __future__ import annotations

from collections.abc import Callable
from datetime import date
from uuid import UUID

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from cgn_core.access import Actor
from cgn_core.db.models import LedgerEntry, ModelVersion, Workspace
from cgn_core.db.session import make_engine, owner_url
from cgn_core.services import data_history, imports
from cgn_core.services.models import current_model
from cgn_core.services.registry import promote
from cgn_core.services.retrainings import request_retraining
from cgn_core.services.track_records import track_record
from cgn_core.stats.predictive import predict

MakeCsv = Callable[..., bytes]
ImportCsv = Callable[..., list[imports.Imported]]
Work = Callable[[], list[UUID]]

pytestmark = pytest.mark.usefixtures("sent_jobs")
NEXT_WEEK = date(2025, 8, 4)
"""The week after the 210 days that ``trained`` holds."""


def test_the_forecast_that_is_shown_is_kept_with_its_plan_and_model(
    session: Session, strategist: Actor, trained: Workspace
) -> None:
    model = current_model(session, strategist, trained.id)
    assert model is not None
    record = track_record(session, strategist, trained.id)
    (kept,) = record.forecasts
    shown = model.summary.forecast
    assert (kept.median, kept.low, kept.high, kept.level) == (shown.median, shown.low, shown.high, shown.level)
    assert (kept.week_start, kept.model_number, kept.actual) == (NEXT_WEEK, 1, None)
    assert kept.plan == model.training.fit.predictor.usual
    last_week = imports.load_daily(session, strategist, trained.id).weekly()["net_growth"].iloc[-1]
    assert kept.naive == last_week
    assert (record.score, record.next_week_ends, record.is_untouched) == (None, date(2025, 8, 10), True)


def test_a_forecast_is_scored_once_its_week_is_complete_also_for_what_was_really_posted(
    session: Session, strategist: Actor, trained: Workspace, make_csv: MakeCsv, import_csv: ImportCsv, work: Work
) -> None:
    import_csv(strategist, trained, data=make_csv(days=214))  # the week has begun and isn't complete
    work()
    assert track_record(session, strategist, trained.id).score is None
    import_csv(strategist, trained, data=make_csv(days=217))
    work()
    record = track_record(session, strategist, trained.id)
    week = imports.load_daily(session, strategist, trained.id).weekly().set_index("week_start").loc["2025-08-04"]
    first = record.forecasts[-1]
    assert record.score is not None
    assert (record.score.weeks, first.actual) == (1, week["net_growth"])
    assert first.posted == {name: week[name] for name in first.plan}
    version = session.scalars(select(ModelVersion).filter_by(number=1)).one()
    model = current_model(session, strategist, trained.id)
    assert model is not None
    old = type(model.training).from_json(version.training).fit.predictor
    assert first.median_as_posted == predict(old, first.posted or {}, level=first.level, answer_refused=True).median
    last = next(each for each in record.forecasts if each.week_start == NEXT_WEEK)
    assert record.score.mae == abs(week["net_growth"] - last.median)
    assert record.score.naive_mae == abs(week["net_growth"] - last.naive)
    assert record.score.held == int(bool(last.held))


def test_a_week_that_was_forecast_twice_counts_once_by_what_was_shown_last(
    session: Session, strategist: Actor, trained: Workspace, make_csv: MakeCsv, import_csv: ImportCsv, work: Work
) -> None:
    request_retraining(session, strategist, trained.id, key="again")
    session.commit()
    work()
    assert len(track_record(session, strategist, trained.id).forecasts) == 2
    import_csv(strategist, trained, data=make_csv(days=217))
    work()
    record = track_record(session, strategist, trained.id)
    assert record.score is not None
    assert (len(record.forecasts), record.score.weeks) == (3, 1)


def test_what_a_roll_back_or_an_undone_import_shows_again_is_kept_too(
    session: Session, strategist: Actor, trained: Workspace, make_csv: MakeCsv, import_csv: ImportCsv, work: Work
) -> None:
    def kept() -> list[tuple[object, ...]]:
        record = track_record(session, strategist, trained.id)
        assert record.is_untouched
        return [(each.model_number, each.plan, each.median, each.low, each.high) for each in record.forecasts]

    (first,) = kept()
    import_csv(strategist, trained, data=make_csv(per_reel=80.0))
    work()
    assert [each[0] for each in kept()] == [2, 1]
    promote(session, strategist, trained.id, 1, reason="the new file looks wrong")
    assert kept()[0] == first  # to the last bit what was shown before
    promote(session, strategist, trained.id, 2, reason="it was right")
    data_history.undo_import(session, strategist, trained.id, key="undo")
    assert [each[0] for each in kept()] == [1, 2, 1, 2, 1]
    data_history.restore_version(session, strategist, trained.id, 2, key="again")
    promote(session, strategist, trained.id, 1, reason="and back")
    assert [each[0] for each in kept()][:3] == [1, 2, 1]


def test_the_database_refuses_to_change_a_kept_forecast(
    session: Session, strategist: Actor, trained: Workspace
) -> None:
    with pytest.raises(DatabaseError, match="can't be changed"):
        session.execute(update(LedgerEntry).values(median=0.0))
    session.rollback()
    assert track_record(session, strategist, trained.id).is_untouched


def test_a_kept_forecast_that_was_replaced_behind_the_databases_back_shows(
    session: Session, strategist: Actor, trained: Workspace
) -> None:
    session.rollback()
    engine = make_engine(owner_url())
    with Session(engine) as owning:  # as whoever owns the database could; nothing of it is committed
        entry = owning.scalars(select(LedgerEntry)).one()
        if engine.dialect.name == "postgresql":
            owning.execute(text("ALTER TABLE ledger DISABLE TRIGGER USER"))
        else:
            owning.execute(text("DROP TRIGGER ledger_is_kept"))
        owning.execute(update(LedgerEntry).values(median=entry.median + 1))
        owning.expire_all()
        assert not track_record(owning, strategist, trained.id).is_untouched
    engine.dispose()
