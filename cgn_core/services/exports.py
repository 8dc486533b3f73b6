"""A workspace's tables as files: daily numbers, weeks, and forecasts beside what came of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

import pandas as pd
from sqlalchemy.orm import Session

from cgn_core.access import Action, Actor
from cgn_core.db.models import Workspace
from cgn_core.db.session import one_or_not_found
from cgn_core.db.workspaces import readable_workspaces
from cgn_core.ingest.sheets import xlsx_of
from cgn_core.ingest.storage import Cell, csv_of, export_columns, number_cell
from cgn_core.services.data_versions import current_daily
from cgn_core.services.forecasts import history, predictor_view
from cgn_core.stats.predictive import Prediction
from cgn_core.tables import CONTENT_TYPES


class ExportTable(StrEnum):
    """What can be had as a file."""

    DAILY = "daily"
    WEEKLY = "weekly"
    FORECASTS = "forecasts"


DAY_OF = {ExportTable.DAILY: "date", ExportTable.WEEKLY: "week_start", ExportTable.FORECASTS: "week_start"}
"""The column that says when."""


class ExportFormat(StrEnum):
    """As what."""

    CSV = "csv"
    XLSX = "xlsx"


MEDIA_TYPES = {
    ExportFormat.CSV: "text/csv",
    ExportFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@dataclass(frozen=True)
class ExportFile:
    """A file to hand out."""

    name: str
    content: bytes
    media_type: str


def export_table(
    session: Session, actor: Actor, workspace_id: UUID | str, *, table: ExportTable, form: ExportFormat
) -> ExportFile:
    """One of a workspace's tables as a file; the daily one can be imported again and changes nothing.

    Raises:
        NotFound: no such workspace, not the actor's, or nothing was imported yet.
    """
    workspace = one_or_not_found(session, readable_workspaces(actor), workspace_id)
    actor.require(Action.EXPORT)
    columns = _columns(session, actor, workspace, table)
    content = csv_of(columns) if form is ExportFormat.CSV else xlsx_of(columns, title=table.value.capitalize())
    return ExportFile(file_name(workspace.handle, table.value, form.value), content, MEDIA_TYPES[form])


def read_table(
    session: Session,
    actor: Actor,
    workspace_id: UUID | str,
    *,
    table: ExportTable,
    first: date | None = None,
    last: date | None = None,
) -> list[dict[str, Cell]]:
    """Rows of one of a workspace's tables, oldest first, from one day to another; a week counts by its Monday.

    Raises:
        NotFound: no such workspace, not the actor's, or nothing was imported yet.
    """
    workspace = one_or_not_found(session, readable_workspaces(actor), workspace_id)
    columns = _columns(session, actor, workspace, table)
    rows = [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]
    day = DAY_OF[table]
    return [row for row in rows if _is_between(row[day], first, last)]


def _is_between(day: Cell, first: date | None, last: date | None) -> bool:
    assert isinstance(day, date)
    return (first is None or day >= first) and (last is None or day <= last)


def _columns(session: Session, actor: Actor, workspace: Workspace, table: ExportTable) -> dict[str, list[Cell]]:
    made = {ExportTable.DAILY: _daily, ExportTable.WEEKLY: _weekly, ExportTable.FORECASTS: _forecasts}
    return made[table](session, actor, workspace)


def file_name(handle: str, words: str, ending: str) -> str:
    """``lena.moves-daily.csv``, without what a file's name can't have."""
    written = "".join(letter if letter.isalnum() or letter in "._-" else "-" for letter in handle)
    return f"{written}-{words}.{ending}"


def _daily(session: Session, actor: Actor, workspace: Workspace) -> dict[str, list[Cell]]:
    del actor
    return export_columns(replace(current_daily(session, workspace), creator=workspace.handle))


def _weekly(session: Session, actor: Actor, workspace: Workspace) -> dict[str, list[Cell]]:
    """Monday-Sunday weeks as models see them; a week with a missing day has no sum."""
    del actor
    weekly = current_daily(session, workspace).weekly()
    columns: dict[str, list[Cell]] = {
        "creator": [workspace.handle] * len(weekly),
        "week_start": _days(weekly["week_start"]),
    }
    for name in weekly.columns.drop("week_start"):
        cells = weekly[name].tolist()
        columns[name] = _yes(cells) if weekly[name].dtype == bool else _numbers(cells)
    return columns


def _forecasts(session: Session, actor: Actor, workspace: Workspace) -> dict[str, list[Cell]]:
    """Each past week beside the forecast made before it, then the next week's forecast for plans as of late."""
    past = history(session, actor, workspace.id)
    weeks = [each for each in past.weeks if each.median is not None or each.actual is not None]
    columns: dict[str, list[Cell]] = {
        "creator": [workspace.handle] * len(weeks),
        "week_start": [date.fromisoformat(each.week_start) for each in weeks],
        "growth": _numbers([each.actual for each in weeks]),
        "forecast_median": _numbers([each.median for each in weeks]),
        "forecast_mean": _numbers([each.expected for each in weeks]),
        "low": _numbers([each.low for each in weeks]),
        "high": _numbers([each.high for each in weeks]),
        "level": [each.level for each in weeks],
        "forecast_from": [each.source for each in weeks],
        "forecast_by_model": _numbers([each.forecast_by for each in weeks]),
        "repeatable": _numbers([each.repeatable for each in weeks]),
        "viral": _numbers([each.viral for each in weeks]),
        "inside_interval": _yes([each.inside for each in weeks]),
        "viral_week": _yes([each.is_viral for each in weeks]),
        "followers_start": _numbers([each.followers_start for each in weeks]),
    }
    for name in CONTENT_TYPES:
        if any(name in each.counts for each in weeks):
            columns[name] = _numbers([each.counts.get(name) for each in weeks])
    coming = predictor_view(session, actor, workspace.id)
    # A model older than the newest data forecasts a week that has come already.
    if coming is not None and coming.week_start not in {each.week_start for each in weeks}:
        _add_coming(columns, workspace.handle, coming.week_start, coming.prediction, coming.model_number)
    return columns


def _add_coming(
    columns: dict[str, list[Cell]], handle: str, week_start: str, forecast: Prediction, model_number: int
) -> None:
    said: dict[str, Cell] = {
        "creator": handle,
        "week_start": date.fromisoformat(week_start),
        "forecast_median": number_cell(forecast.median),
        "forecast_mean": number_cell(forecast.expected),
        "low": number_cell(forecast.low),
        "high": number_cell(forecast.high),
        "level": forecast.level,
        "forecast_by_model": number_cell(float(model_number)),
        "repeatable": number_cell(forecast.repeatable),
        "viral": number_cell(forecast.viral),
        **{name: number_cell(pieces) for name, pieces in forecast.plan.items()},
    }
    for name, cells in columns.items():
        cells.append(said.get(name))


def _days(dates: pd.Series[Any]) -> list[Cell]:
    return list(dates.to_numpy().astype("datetime64[D]").tolist())


def _numbers(values: Sequence[float | None]) -> list[Cell]:
    return [number_cell(None if value is None else float(value)) for value in values]


def _yes(values: Sequence[bool | None]) -> list[Cell]:
    return [None if value is None else "yes" if value else "no" for value in values]
