"""A follows file leaves out days: quiet ones in the middle, and the newest. Neither is a collapse on Growth History."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from uuid import UUID

import numpy as np
import pytest
from sqlalchemy.orm import Session

from cgn_core.access import Actor
from cgn_core.db.models import Workspace
from cgn_core.services import forecasts, imports
from cgn_core.services.imports import load_daily
from cgn_core.tables import Provenance

FIRST, DAYS, LATE = date(2026, 1, 5), 7 * 30, 6
"""Monday; the newest six days of the follows aren't there yet."""


def metric_file(title: str, values: dict[date, int]) -> bytes:
    rows = "".join(f'"{day}T00:00:00","{value}"\n' for day, value in values.items())
    return b"\xff\xfe" + f'sep=,\n"{title}"\n"Date","Primary"\n{rows}\n'.encode("utf-16-le")


@pytest.fixture
def series() -> tuple[dict[date, int], dict[date, int]]:
    """Follows of a small account, quiet every ninth day, and its reach."""
    rng = np.random.default_rng(8)
    days = [FIRST + timedelta(days=day) for day in range(DAYS)]
    follows = {day: int(0 if number % 9 == 4 else 3 + rng.poisson(6)) for number, day in enumerate(days)}
    return follows, {day: int(rng.poisson(400)) for day in days}


def test_omitted_quiet_days_count_as_zero_and_the_newest_ones_stay_open_up_to_growth_history(
    session: Session,
    strategist: Actor,
    workspace: Workspace,
    series: tuple[dict[date, int], dict[date, int]],
    work: Callable[[], list[UUID]],
) -> None:
    follows, reach = series
    told = {day: value for day, value in list(follows.items())[:-LATE] if value}
    files = [
        ("Follows.csv", metric_file("Instagram follows", told)),
        ("Reach.csv", metric_file("Instagram reach", reach)),
    ]
    upload = imports.read_uploads(session, strategist, workspace_id=workspace.id, files=files)
    assert upload.id is not None, upload.findings
    imports.import_upload(session, strategist, upload.id, key="k")
    session.commit()
    work()

    daily = load_daily(session, strategist, workspace.id)
    stored = daily.frame["follows"].to_numpy()
    assert stored[:-LATE].tolist() == list(follows.values())[:-LATE]
    assert np.isnan(stored[-LATE:]).all()
    codes = daily.provenance["follows"].to_numpy()
    quiet = np.flatnonzero(stored == 0)
    assert len(quiet) > 20
    assert (codes[quiet] == Provenance.OBSERVED).all()
    assert (codes[-LATE:] == Provenance.MISSING).all()

    weeks = forecasts.history(session, strategist, workspace.id).weeks
    actual = [week.actual for week in weeks]
    assert actual[-1] is None
    assert None not in actual[:-1]
    true_weeks = np.array(list(follows.values())).reshape(-1, 7).sum(axis=1)
    assert actual[:-1] == true_weeks[:-1].tolist()
    assert min(value for value in actual[:-1] if value is not None) > np.median(true_weeks) / 2


def test_without_another_metric_that_proves_the_export_omitted_days_stay_missing(
    session: Session, strategist: Actor, workspace: Workspace, series: tuple[dict[date, int], dict[date, int]]
) -> None:
    follows, _ = series
    told = {day: value for day, value in follows.items() if value}
    upload = imports.read_upload(
        session,
        strategist,
        workspace_id=workspace.id,
        file_name="Follows.csv",
        data=metric_file("Instagram follows", told),
    )
    assert upload.id is not None
    imports.import_upload(session, strategist, upload.id, key="k")
    session.commit()
    stored = load_daily(session, strategist, workspace.id).frame["follows"].to_numpy()
    assert np.isnan(stored[[not value for value in list(follows.values())[: len(stored)]]]).all()
