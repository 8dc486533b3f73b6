from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from cgn_core.access import Actor
from cgn_core.db.models import Workspace
from cgn_core.services import imports
from cgn_core.services.forecasts import LEDGER, VALIDATION, history
from cgn_core.services.models import current_model
from cgn_core.services.notes import pin_note, remove_note
from cgn_core.services.seasons import seasonality_view
from cgn_core.services.timelines import EventKind, events
from cgn_core.services.track_records import track_record
from cgn_core.stats.seasonality import Seasonality

pytestmark = pytest.mark.usefixtures("sent_jobs")


def test_a_week_that_came_stands_beside_what_was_shown_before_it(
    session: Session,
    strategist: Actor,
    trained: Workspace,
    make_csv: Callable[..., bytes],
    import_csv: Callable[..., list[imports.Imported]],
    work: Callable[[], list[UUID]],
) -> None:
    before = history(session, strategist, trained.id)
    assert {week.source for week in before.weeks if week.median is not None} == {VALIDATION}
    import_csv(strategist, trained, data=make_csv(days=217), key="a week more")
    work()
    (shown, *_) = [each for each in track_record(session, strategist, trained.id).forecasts if each.actual is not None]
    after = history(session, strategist, trained.id)
    last = after.weeks[-1]
    assert (last.week_start, last.source) == (shown.week_start.isoformat(), LEDGER)
    assert (last.median, last.expected, last.low, last.high) == (shown.median, shown.expected, shown.low, shown.high)
    assert (last.level, last.forecast_by, last.inside) == (shown.level, 1, shown.held)
    assert {week.forecast_by for week in after.weeks[:-1] if week.median is not None} == {2}
    judged = [week for week in after.weeks if week.inside is not None and week.level == after.level]
    assert (len(judged), after.level) == (after.promised, 0.9)
    assert after.coverage == pytest.approx(sum(bool(week.inside) for week in judged) / len(judged))


def test_breaks_imports_models_and_notes_stand_at_their_weeks(
    session: Session,
    strategist: Actor,
    viewer: Actor,
    workspace: Workspace,
    make_csv: Callable[..., bytes],
    import_csv: Callable[..., list[imports.Imported]],
    work: Callable[[], list[UUID]],
) -> None:
    import_csv(strategist, workspace, data=make_csv(days=315, falls_after=224))
    work()
    note = pin_note(session, strategist, workspace.id, day="2025-03-06", text="A giveaway")
    found = {each.kind: each for each in events(session, viewer, workspace.id)}
    assert set(found) == set(EventKind)
    today = date.today()  # noqa: DTZ011 - any day of this week or the last will do
    for kind, words in ((EventKind.IMPORT, "Data version 1 imported"), (EventKind.MODEL, "Model 1 came into force")):
        assert found[kind].words.startswith(words)
        assert abs(found[kind].week_start - today) <= timedelta(weeks=1, days=1)
    assert found[EventKind.NOTE].week_start == date(2025, 3, 3)
    assert found[EventKind.NOTE].words == f"A giveaway ({strategist.name})"
    model = current_model(session, viewer, workspace.id)
    assert model is not None
    assert found[EventKind.BREAK].week_start.isoformat() == model.training.drift["start_week"]
    remove_note(session, strategist, note)
    assert EventKind.NOTE not in {each.kind for each in events(session, viewer, workspace.id)}


def test_the_season_is_told_from_the_data_in_force_or_why_it_is_not(
    session: Session,
    strategist: Actor,
    workspace: Workspace,
    make_csv: Callable[..., bytes],
    import_csv: Callable[..., list[imports.Imported]],
) -> None:
    assert seasonality_view(session, strategist, workspace.id) == "There are no data yet."
    import_csv(strategist, workspace, data=make_csv(days=28))
    assert "weeks" in str(seasonality_view(session, strategist, workspace.id))
    import_csv(strategist, workspace, data=make_csv(days=210), key="more")
    found = seasonality_view(session, strategist, workspace.id)
    assert isinstance(found, Seasonality)
    assert found.weeks == 30
