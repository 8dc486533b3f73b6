from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import date

import openpyxl
import pytest
from sqlalchemy.orm import Session

from cgn_core.access import Actor
from cgn_core.db.models import Workspace
from cgn_core.errors import NotFound
from cgn_core.ingest.reading import read_bytes
from cgn_core.services import imports
from cgn_core.services.data_versions import change_between
from cgn_core.services.exports import ExportFormat, ExportTable, export_table
from cgn_core.services.forecasts import history, predictor_view
from cgn_core.services.imports import load_daily


@pytest.mark.usefixtures("sent_jobs")
@pytest.mark.parametrize("form", list(ExportFormat))
def test_the_daily_export_imported_again_changes_nothing(
    session: Session,
    strategist: Actor,
    workspace: Workspace,
    import_csv: Callable[..., list[imports.Imported]],
    form: ExportFormat,
) -> None:
    import_csv(strategist, workspace)
    file = export_table(session, strategist, workspace.id, table=ExportTable.DAILY, form=form)
    reading = read_bytes(file.content, file_name=file.name, today=date(2026, 11, 23))
    (back,) = reading.creators
    assert back.creator == workspace.handle
    assert change_between(load_daily(session, strategist, workspace.id), back).nothing


def test_forecasts_stand_beside_what_came_and_end_with_the_next_week(
    session: Session, strategist: Actor, trained: Workspace
) -> None:
    file = export_table(session, strategist, trained.id, table=ExportTable.FORECASTS, form=ExportFormat.CSV)
    rows = list(csv.DictReader(io.StringIO(file.content.decode(), newline="")))
    weeks = history(session, strategist, trained.id).weeks
    coming = predictor_view(session, strategist, trained.id)
    assert coming is not None
    assert [row["week_start"] for row in rows] == [week.week_start for week in weeks] + [coming.week_start]
    for row, week in zip(rows, weeks, strict=False):
        assert (float(row["growth"]) if row["growth"] else None) == week.actual
        assert (float(row["forecast_median"]) if row["forecast_median"] else None) == week.median
        assert row["inside_interval"] == {None: "", True: "yes", False: "no"}[week.inside]
    last = rows[-1]
    assert last["growth"] == ""
    assert coming.prediction.low is not None
    assert float(last["low"]) == coming.prediction.low
    assert float(last["level"]) == coming.prediction.level


def test_weeks_are_those_that_models_see(session: Session, strategist: Actor, trained: Workspace) -> None:
    file = export_table(session, strategist, trained.id, table=ExportTable.WEEKLY, form=ExportFormat.XLSX)
    sheet = openpyxl.load_workbook(io.BytesIO(file.content)).active
    assert sheet is not None
    header, *rows = sheet.iter_rows(values_only=True)
    weekly = load_daily(session, strategist, trained.id).weekly()
    assert [row[header.index("net_growth")] for row in rows] == weekly["net_growth"].tolist()
    assert [row[header.index("week_start")] for row in rows] == weekly["week_start"].dt.to_pydatetime().tolist()
    assert {row[header.index("creator")] for row in rows} == {trained.handle}


@pytest.mark.parametrize("table", list(ExportTable))
def test_nobody_else_gets_a_file(session: Session, outsider: Actor, trained: Workspace, table: ExportTable) -> None:
    with pytest.raises(NotFound):
        export_table(session, outsider, trained.id, table=table, form=ExportFormat.CSV)


@pytest.mark.parametrize("table", list(ExportTable))
def test_without_data_there_is_no_file(
    session: Session, strategist: Actor, workspace: Workspace, table: ExportTable
) -> None:
    with pytest.raises(NotFound, match="no data"):
        export_table(session, strategist, workspace.id, table=table, form=ExportFormat.XLSX)
